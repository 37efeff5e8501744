//! The promises, as checkers. They look at the record and at the world's truth, and compute by other means than the core:
//! with plain dates, from the answers of the post office, from the items as the world knows them.

use std::collections::BTreeSet;

use countersign_contracts::{
    deficiency::DeficiencyStatus,
    notice::{Channel, NoticeRequested, Outcome},
};
use countersign_escalation::domain::{
    events::{Suspended, TrackEvent},
    policy::{EmailProof, Policy, StepClass},
    track::Track,
};
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{DeficiencyId, NoticeId, Timestamp};
use jiff::{ToSpan, civil::Date};

use crate::world::{PLACE, World, days};

/// Ends the test with everything that happened.
pub(crate) fn fail(what: &str, world: &World) -> ! {
    let told: Vec<String> = world
        .history
        .iter()
        .filter(|entry| !matches!(entry.event, TrackEvent::Timer(_)))
        .map(|entry| format!("{} {}", entry.at, entry.event.kind()))
        .collect();
    panic!("{what} at {}\n{}", world.now, told.join("\n"))
}

/// Checked after every event.
pub(crate) fn after_event(world: &World) {
    let Some(last) = world.history.last() else { return };
    match &last.event {
        TrackEvent::StepTaken(_) => {
            i2_each_step_once(world);
            i3_no_step_early(world);
            i14_no_notice_period_shortened(world);
        }
        TrackEvent::Timer(TimerEvent::Fired(fired)) if fired.due_at > last.at => {
            fail("I3: a timer fired early", world);
        }
        TrackEvent::SuspensionProposed(proposed) => {
            let policy = policy_of(world, proposed.packet.policy.version);
            if !proposed.packet.is_intact() || proposed.carried_by.is_empty() {
                fail("a packet that proves nothing", world);
            }
            i4_due_notice(world, last.at, proposed.cycle, &proposed.carried_by, policy);
        }
        TrackEvent::Suspended(suspended) => {
            let policy = cycle_policy(world, suspended.cycle);
            i4_due_notice(world, last.at, suspended.cycle, &suspended.items, policy);
            i5_justified(world, suspended);
        }
        TrackEvent::NoticeRequested(requested) => i7_no_notice_twice(world, requested),
        _ => {}
    }
}

/// Checked after every append.
pub(crate) fn after_batch(world: &World) {
    i1_the_record_is_the_state(world);
    i6_every_suspension_ends(world);
    i14_one_step_at_a_time(world);
    next_step_is_armed(world);
}

fn policy_of(world: &World, version: u32) -> &Policy {
    let set = world.policies.iter().find(|set| set.everywhere.reference.version == version);
    set.unwrap_or_else(|| fail("a policy that was never published", world)).of(PLACE)
}

fn cycle_policy(world: &World, cycle: u32) -> &Policy {
    let opened = world.history.iter().find_map(|entry| match &entry.event {
        TrackEvent::Opened(opened) if opened.cycle == cycle => Some(opened.policy.version),
        _ => None,
    });
    policy_of(world, opened.unwrap_or_else(|| fail("a cycle that never began", world)))
}

fn day(world: &World, at: Timestamp) -> Date {
    at.to_zoned(world.zone.clone()).date()
}

/// I1 and I9, as far as they concern a track: the fold of the record from zero is the state.
fn i1_the_record_is_the_state(world: &World) {
    let again = Track::of(world.track.id, world.history.iter().map(|entry| &entry.event));
    if again != world.track {
        fail("I1: the fold of the record is another track", world);
    }
    // And what is stored says the same.
    if let Some(last) = world.history.last() {
        let stored = serde_json::to_vec(&last.event).expect("JSON");
        let decoded = TrackEvent::decode(last.event.kind(), &stored).expect("a known kind").expect("decodes");
        if decoded != last.event {
            fail("I1: an event that is stored is not the event that is read", world);
        }
    }
}

/// I2: each step of a cycle at most once.
fn i2_each_step_once(world: &World) {
    let mut seen = BTreeSet::new();
    for entry in &world.history {
        if let TrackEvent::StepTaken(step) = &entry.event
            && !seen.insert((step.cycle, step.rung))
        {
            fail("I2: a step of a cycle was taken twice", world);
        }
    }
}

/// I3: no step before an item is as many days old as the ladder asks, by plain dates; pauses only make it later.
fn i3_no_step_early(world: &World) {
    let Some(TrackEvent::StepTaken(step)) = world.history.last().map(|entry| &entry.event) else { return };
    let policy = cycle_policy(world, step.cycle);
    let rung = usize::try_from(step.rung).expect("a rung");
    let wanted = i64::from(policy.steps[rung].after_days);
    let old = |id: &DeficiencyId| {
        let item = world.items.iter().find(|item| item.id == *id);
        item.is_some_and(|item| {
            let from = day(world, item.anchor_at.unwrap_or(item.opened_at));
            from.saturating_add((wanted + 1).days()) <= day(world, world.now)
        })
    };
    let carries = step.seen.items.iter().filter(|item| item.carries(rung, !step.notices.is_empty(), step.at));
    if step.due_at > world.now || !carries.map(|item| item.deficiency).any(|id| old(&id)) {
        fail("I3: a step was taken early", world);
    }
}

/// When a notice was delivered as the policy defines it, by the post office's answers so far.
fn delivered(world: &World, notice: NoticeId, policy: &Policy) -> Option<Timestamp> {
    let requested = world.history.iter().find_map(|entry| match &entry.event {
        TrackEvent::NoticeRequested(requested) if requested.notice == notice => Some(requested.requested_at),
        _ => None,
    })?;
    let answers = world.history.iter().filter_map(|entry| match &entry.event {
        TrackEvent::NoticeAnswered(answer) if answer.notice == notice => Some(answer),
        _ => None,
    });
    let mut proven: Option<Timestamp> = None;
    let (mut opened, mut back) = (false, false);
    for answer in answers {
        let proof = match (answer.outcome, answer.channel) {
            (Outcome::Read | Outcome::Delivered, _) => {
                opened = true;
                Some(answer.at)
            }
            (Outcome::Accepted, Some(Channel::Email)) => match policy.delivery.email {
                EmailProof::Accepted => Some(answer.at),
                EmailProof::BounceFree => {
                    answer.at.checked_add(days(policy.delivery.bounce_free_days.into())).ok()
                }
                EmailProof::Read => None,
            },
            (Outcome::Bounced | Outcome::Failed, _) => {
                back = true;
                None
            }
            _ => None,
        };
        let proof = proof.map(|at| at.max(requested));
        proven = proven.into_iter().chain(proof).min();
    }
    proven.filter(|at| *at <= world.now && (opened || !back))
}

fn notices_of<'w>(world: &'w World, cycle: u32, kind: &str) -> Vec<&'w NoticeRequested> {
    let mut within = false;
    let mut found = Vec::new();
    for entry in &world.history {
        match &entry.event {
            TrackEvent::Opened(opened) => within = opened.cycle == cycle,
            TrackEvent::NoticeRequested(requested)
                if within && requested.kind == kind && requested.recipient.role() == "provider" =>
            {
                found.push(requested.as_ref());
            }
            _ => {}
        }
    }
    found
}

/// I4: no suspension without a delivered notice that names the day and every item, so many whole days before, under the
/// same policy.
fn i4_due_notice(world: &World, at: Timestamp, cycle: u32, items: &[DeficiencyId], policy: &Policy) {
    if !has_due_notice(world, at, cycle, items, policy) {
        fail("I4: a suspension without due notice", world);
    }
}

fn has_due_notice(world: &World, at: Timestamp, cycle: u32, items: &[DeficiencyId], policy: &Policy) -> bool {
    let Some(warning) = policy.steps.iter().find(|step| step.warns_of_suspension) else { return false };
    notices_of(world, cycle, &warning.kind).into_iter().any(|notice| {
        let named = |id: &DeficiencyId| notice.items.iter().any(|item| item.deficiency == *id);
        let in_time = delivered(world, notice.notice, policy).is_some_and(|delivered| {
            let whole = i64::from(policy.suspension.notice_days) + 1;
            day(world, delivered).saturating_add(whole.days()) <= day(world, at)
        });
        notice.policy == policy.reference
            && notice.names_date.is_some_and(|named| named <= day(world, at))
            && items.iter().all(named)
            && in_time
    })
}

/// Whether the suspension that begins with the world's last append, if one does, had due notice.
pub(crate) fn last_suspension_had_due_notice(world: &World) -> bool {
    world.history.iter().filter(|entry| entry.at == world.now).all(|entry| match &entry.event {
        TrackEvent::Suspended(event) => {
            has_due_notice(world, entry.at, event.cycle, &event.items, cycle_policy(world, event.cycle))
        }
        _ => true,
    })
}

/// I5: no suspension while everything that it rests on is done, on leave, disputed, held, or somebody else's.
fn i5_justified(world: &World, suspended: &Suspended) {
    let now = world.now;
    let policy = cycle_policy(world, suspended.cycle);
    let on_leave = policy.leave.counts
        && !policy.leave.not_for_already_overdue
        && policy.leave.shortest_days == 0
        && world
            .provider
            .leaves
            .iter()
            .any(|leave| leave.from <= now && leave.until.is_none_or(|until| now < until));
    let owed = |id: &DeficiencyId| {
        world.items.iter().any(|item| {
            item.id == *id
                && item.status == DeficiencyStatus::Open
                && item.disputed_since.is_none()
                && item.responsible.as_ref().is_some_and(|person| person.id.as_deref() == Some("D1"))
                && !item
                    .pauses
                    .iter()
                    .any(|pause| pause.from <= now && pause.until.is_none_or(|until| now < until))
        })
    };
    if on_leave || suspended.items.is_empty() || !suspended.items.iter().all(owed) {
        fail("I5: a suspension that nothing justifies", world);
    }
    if suspended.authority.is_empty()
        || suspended.authority.iter().any(|by| by.why.is_empty() || by.act.is_none())
    {
        fail("a suspension that no named human confirmed", world);
    }
}

/// I6: when the last item of a suspension is done, its end is proposed or executed at once; and everybody who was told of
/// the suspension is told of the end.
fn i6_every_suspension_ends(world: &World) {
    let told = |kind: &str, proposal: u32| -> BTreeSet<_> {
        let mut current = 0;
        let mut recipients = BTreeSet::new();
        for entry in &world.history {
            match &entry.event {
                TrackEvent::Suspended(event) => current = event.proposal,
                TrackEvent::NoticeRequested(requested) if requested.kind == kind && current == proposal => {
                    recipients.insert(requested.recipient.clone());
                }
                _ => {}
            }
        }
        recipients
    };
    for suspension in &world.track.suspensions {
        let over = suspension.items.iter().all(|id| {
            !world.items.iter().any(|item| {
                item.id == *id
                    && item.status == DeficiencyStatus::Open
                    && item.responsible.as_ref().is_some_and(|person| person.id.as_deref() == Some("D1"))
            })
        });
        if suspension.until.is_none()
            && over
            && suspension.end_proposed_at.is_none()
            && world.down_until.is_none()
        {
            fail("I6: everything is done, and the suspension does not end", world);
        }
        let (of_it, of_its_end) =
            (told("suspended", suspension.proposal), told("reinstated", suspension.proposal));
        if suspension.until.is_some() && of_it != of_its_end {
            fail("I6: somebody was told of a suspension and not of its end", world);
        }
    }
}

/// I7: no notice twice: never the same id, never a second one for the same step and part unless the first failed, and
/// none about something that is done.
fn i7_no_notice_twice(world: &World, requested: &NoticeRequested) {
    let mut same = 0;
    let mut within = 0;
    let mut step_began = Timestamp::MIN;
    for entry in &world.history {
        match &entry.event {
            TrackEvent::Opened(opened) => within = opened.cycle,
            TrackEvent::StepTaken(step) if step.cycle == within => step_began = entry.at,
            TrackEvent::NoticeRequested(other) => {
                if other.notice == requested.notice {
                    same += 1;
                } else if other.kind == requested.kind
                    && other.recipient == requested.recipient
                    && other
                        .names_date
                        .is_none_or(|_| requested.suspension.as_ref().is_none_or(|f| f.from.is_none()))
                    && entry.at >= step_began
                    && requested.suspension.as_ref().is_none_or(|facts| facts.from.is_none())
                    && policy_of(world, requested.policy.version)
                        .steps
                        .iter()
                        .any(|step| step.kind == requested.kind)
                    && within == world.track.cycles
                {
                    // Asked for again: only what came back is.
                    let back = world.history.iter().any(|entry| {
                        matches!(&entry.event, TrackEvent::NoticeAnswered(answer) if answer.notice == other.notice
                            && matches!(answer.outcome, Outcome::Bounced | Outcome::Failed))
                    });
                    if !back && entry.at > step_began {
                        fail("I7: a notice that did not come back was asked for again", world);
                    }
                }
            }
            _ => {}
        }
    }
    if same != 1 {
        fail("I7: the same notice was asked for twice", world);
    }
    let open = |id: &DeficiencyId| {
        world.items.iter().any(|item| item.id == *id && item.status == DeficiencyStatus::Open)
    };
    let formal_step = requested.suspension.as_ref().is_none_or(|facts| facts.from.is_none());
    if formal_step && !requested.items.iter().all(|item| open(&item.deficiency)) {
        fail("I7: a notice lists something that is done", world);
    }
}

/// I14: at most one step, or one proposal, of a cycle at an instant.
fn i14_one_step_at_a_time(world: &World) {
    let Some(now) = world.history.last().map(|entry| entry.at) else { return };
    let moved = |entry: &crate::world::Entry| match &entry.event {
        TrackEvent::StepTaken(step) => Some(step.cycle),
        TrackEvent::SuspensionProposed(proposed) => Some(proposed.cycle),
        _ => None,
    };
    let mut cycles: Vec<u32> =
        world.history.iter().rev().take_while(|entry| entry.at == now).filter_map(moved).collect();
    cycles.dedup();
    let moves = world.history.iter().rev().take_while(|entry| entry.at == now).filter_map(moved).count();
    if moves > cycles.len() {
        fail("I14: a track moved by more than one step at once", world);
    }
}

/// I14: no notice period is shortened: before a step above another notice, that one was delivered, and the days that the
/// policy asks for have passed since.
fn i14_no_notice_period_shortened(world: &World) {
    let Some(TrackEvent::StepTaken(taken)) = world.history.last().map(|entry| &entry.event) else { return };
    let policy = cycle_policy(world, taken.cycle);
    let step = &policy.steps[usize::try_from(taken.rung).expect("a rung")];
    let previous = world.track.steps.iter().rev().find(|other| {
        other.cycle == taken.cycle
            && other.rung < taken.rung
            && policy.step(other.rung).is_some_and(|step| step.class != StepClass::None)
    });
    let Some(previous) = previous else {
        return;
    };
    let kind = &policy.steps[usize::try_from(previous.rung).expect("a rung")].kind;
    let wait = step.days_after_previous.map_or(0, |wait| i64::from(wait) + 1);
    let waited = notices_of(world, taken.cycle, kind).into_iter().any(|notice| {
        delivered(world, notice.notice, policy)
            .is_some_and(|at| day(world, at).saturating_add(wait.days()) <= day(world, world.now))
    });
    if !waited {
        fail("I14: a step follows a notice that was not delivered long enough ago", world);
    }
}

/// No track without a next step: while something can still come by itself, a timer is armed.
fn next_step_is_armed(world: &World) {
    let last = world.history.last().map(|entry| &entry.event);
    // Only what a look ends with is a state of rest.
    let at_rest = matches!(last, Some(TrackEvent::Timer(TimerEvent::Armed(_) | TimerEvent::Cancelled(_))));
    if at_rest && world.track.suspension().is_some() && world.track.timers.armed().next().is_none() {
        let asked = world.track.matters.iter().filter(|asked| asked.proposal.is_some()).count();
        if asked < 2 {
            fail("a suspension without a next step", world);
        }
    }
}
