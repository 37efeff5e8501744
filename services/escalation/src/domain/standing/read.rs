//! From what is owed, as the deficiency service tells it, to what a step sees.

use std::collections::BTreeSet;

use countersign_contracts::deficiency::DeficiencyStatus;
use countersign_kernel::{DayCount, DeficiencyId, Timestamp};
use countersign_owed::{
    Directory, ItemClock, Owed, OwedItem, Party,
    clock::{DOWNTIME, LEAVE, NOT_STARTED, WAITING},
};
use jiff::SignedDuration;

use super::{Away, Gone, GoneItem, NotCounted, Standing, StandingItem};
use crate::domain::policy::{AgingBase, Policy};

/// What is told of an item when it is told of first.
const OPENED: &str = "opened";
/// Cause of a pause while HIM answers a dispute.
const DISPUTE: &str = "dispute_under_review";

/// What a provider owes at a facility, as this policy sees it.
///
/// `position`: up to where the journal was read. `rechecked`: from the journal itself, not from a read model that may
/// lag. `asked_about`: items that earlier steps were about ([`Track::asked_about`](crate::domain::track::Track)): what
/// became of them is told.
pub fn standing(
    owed: &Owed,
    party: &Party,
    policy: &Policy,
    now: Timestamp,
    (position, rechecked): (u64, bool),
    asked_about: &BTreeSet<DeficiencyId>,
) -> Standing {
    let rules = policy.clock_rules();
    let directory = owed.directory();
    let open: Vec<&OwedItem> = owed
        .items_of(party.provider, &party.facility)
        .into_iter()
        .filter(|item| !item.is_chart_level())
        .collect();
    let mut items: Vec<StandingItem> =
        open.iter().map(|item| one(item, &directory.clock(item, &rules), policy, now)).collect();
    items.sort_by_key(|item| (item.counts_from, item.deficiency));
    let theirs: BTreeSet<DeficiencyId> = open.iter().map(|item| item.changed.id).collect();
    let gone = asked_about
        .difference(&theirs)
        .filter_map(|id| owed.item(*id))
        .filter(|item| {
            item.is_closed() || directory.holder_of(item) != Some(directory.people.root(party.provider))
        })
        .map(became)
        .collect();
    let away = policy.leave.counts.then(|| directory.people.leave_at(party.provider, now)).flatten();
    Standing {
        at: now,
        position,
        rechecked,
        items,
        away: away.map(|leave| Away { from: leave.from, until: leave.until }),
        gone,
    }
}

/// One item that was just opened, or just closed, as it stands while it is open. `None`: more may have changed of it
/// than that.
pub fn alone(
    directory: &Directory,
    item: &OwedItem,
    policy: &Policy,
    now: Timestamp,
) -> Option<StandingItem> {
    let opened = item.is_open() && item.changed.change == OPENED;
    if !(opened || item.is_closed()) || item.is_chart_level() {
        return None;
    }
    let mut open = item.clone();
    open.changed.status = DeficiencyStatus::Open;
    open.changed.closed_at = None;
    Some(one(&open, &directory.clock(&open, &policy.clock_rules()), policy, now))
}

fn one(item: &OwedItem, clock: &ItemClock<'_>, policy: &Policy, now: Timestamp) -> StandingItem {
    let changed = &item.changed;
    let known = item
        .known_at
        .saturating_add(SignedDuration::from_hours(24 * i64::from(policy.guards.known_days)))
        .unwrap_or(Timestamp::MAX);
    let due_at = clock.effective_due_at();
    let opened = changed.reopened_at.unwrap_or(changed.opened_at);
    let counts_from = match policy.aging.base {
        AgingBase::Anchor => changed.anchor_at.unwrap_or(opened),
        AgingBase::Due => due_at.unwrap_or(opened),
        AgingBase::Opened => opened,
    };
    let reach = |days: u16| clock.reached(DayCount(days)).map(|at| at.max(known));
    let not_counted = why_not(item, clock, policy, now, known);
    let counts_again_at = match &not_counted {
        None
        | Some(NotCounted::WaitsForSomebodyElse | NotCounted::NotOfThisPolicy | NotCounted::Exempted) => None,
        Some(NotCounted::Disputed) if !policy.guards.disputed_counts_when_unanswered => None,
        Some(_) => runs_again(clock, now).map(|at| at.max(known)),
    };
    let counts_until = not_counted.is_none().then(|| stands_next(clock, now)).flatten();
    StandingItem {
        deficiency: changed.id,
        encounter: changed.encounter,
        rule: changed.rule.clone(),
        document_type: changed.document_type.clone(),
        counts_from,
        known_at: item.known_at,
        due_at,
        age_days: clock.age_days(now),
        reaches: policy.days_for(&changed.rule, &changed.document_type).into_iter().map(reach).collect(),
        not_counted,
        counts_again_at,
        counts_until,
    }
}

fn why_not(
    item: &OwedItem,
    clock: &ItemClock<'_>,
    policy: &Policy,
    now: Timestamp,
    known: Timestamp,
) -> Option<NotCounted> {
    let changed = &item.changed;
    if !policy.is_about(&changed.rule, &changed.document_type) {
        return Some(NotCounted::NotOfThisPolicy);
    }
    if changed.status == DeficiencyStatus::Dormant {
        return Some(NotCounted::WaitsForSomebodyElse);
    }
    if changed.disputed_since.is_some() && !policy.guards.disputed_counts_when_unanswered {
        return Some(NotCounted::Disputed);
    }
    match clock.standing_at(now) {
        Some(WAITING) => Some(NotCounted::WaitsForSomebodyElse),
        Some(LEAVE) => Some(NotCounted::OnLeave),
        Some(DOWNTIME) => Some(NotCounted::Downtime),
        Some(DISPUTE) => Some(NotCounted::Disputed),
        Some(NOT_STARTED) => Some(NotCounted::JustKnown),
        Some(cause) => Some(NotCounted::OnHold { cause: cause.to_owned() }),
        None => (now < known).then_some(NotCounted::JustKnown),
    }
}

/// The first instant from `now` on that no standstill covers, if it is known.
fn runs_again(clock: &ItemClock<'_>, now: Timestamp) -> Option<Timestamp> {
    let mut at = now;
    // They come by their beginning: one pass meets every stretch that follows on an earlier one.
    for stretch in clock.stretches() {
        if stretch.still.covers(at) {
            at = stretch.still.until?;
        }
    }
    Some(at)
}

/// The beginning of the next standstill, if one is known.
fn stands_next(clock: &ItemClock<'_>, now: Timestamp) -> Option<Timestamp> {
    clock.stretches().iter().map(|stretch| stretch.still.from).find(|from| *from > now)
}

fn became(item: &OwedItem) -> GoneItem {
    let disputed = item.changed.pauses.iter().any(|pause| pause.cause == DISPUTE);
    let how = match item.changed.status {
        DeficiencyStatus::Satisfied => Gone::Done,
        DeficiencyStatus::Voided => Gone::NeverOwed,
        DeficiencyStatus::Waived => Gone::Waived,
        DeficiencyStatus::Dormant | DeficiencyStatus::Open if disputed => Gone::NeverTheirs,
        DeficiencyStatus::Dormant | DeficiencyStatus::Open => Gone::Reassigned,
    };
    GoneItem { deficiency: item.changed.id, how, at: item.closed_at().unwrap_or(item.told_at) }
}
