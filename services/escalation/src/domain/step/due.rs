//! When a step of the ladder may be taken.

use countersign_kernel::{CountedDays, DayCount, NoticeId, Timestamp};
use jiff::{SignedDuration, civil::Date};

use super::Turn;
use crate::domain::{
    events::Withheld,
    policy::{Mode, Moment, PROVIDER, StepClass},
    track::{Delivery, Notice, TakenStep},
};

/// When something may happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    /// At this instant, if nothing changes.
    At {
        /// When.
        at: Timestamp,
        /// What it waits for, where its item was old enough earlier.
        waits: Option<Wait>,
    },
    /// Something has to happen first, and nobody knows when it will. It is worth looking again at the instant, if one
    /// is known.
    Held {
        /// What holds it.
        by: Wait,
        /// When to look again.
        look_again: Option<Timestamp>,
    },
    /// No item comes to it.
    NotComing,
}

impl Due {
    /// When it may happen, or when it is worth looking again.
    pub const fn wake(&self) -> Option<Timestamp> {
        match self {
            Self::At { at, .. } => Some(*at),
            Self::Held { look_again, .. } => *look_again,
            Self::NotComing => None,
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        matches!(self, Self::At { at, .. } if *at <= now)
    }
}

/// What something waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wait {
    /// For what is recorded as the reason why a step was withheld.
    Withheld(Withheld),
    /// A lower step comes first: the policy wants a delivered notice before this one.
    LowerStepFirst,
    /// A human rejected the proposal.
    Rejected {
        /// Until when; nothing: not in this cycle.
        until: Option<Timestamp>,
    },
}

impl Turn<'_> {
    /// Place of the lowest step that was not taken in this cycle and is above those that were.
    pub(in crate::domain) fn next_rung(&self) -> usize {
        let last = self.track.last_step().and_then(|step| usize::try_from(step.rung).ok());
        last.map_or(0, |rung| rung + 1)
    }

    /// Whether a step may be taken at this instant.
    pub(super) fn may_take(&self, rung: usize) -> bool {
        self.due_of(rung).is_due(self.now())
    }

    /// When a step may be taken.
    pub(in crate::domain) fn due_of(&self, rung: usize) -> Due {
        let Some(step) = self.policy.steps.get(rung) else { return Due::NotComing };
        let overdue = self.wants_overdue(rung);
        let reached =
            self.context.standing.items.iter().filter_map(|item| item.supports(rung, overdue)).min();
        let Some(reached) = reached else { return Due::NotComing };
        let (mut at, mut waits) = (reached, None);
        let notice_step = self.last_notice_step();
        let below = self.notice_below(rung);
        let taken = notice_step.and_then(|taken| usize::try_from(taken.rung).ok());
        if step.days_after_previous.is_some() && below.is_some() && taken != below {
            return Due::Held { by: Wait::LowerStepFirst, look_again: None };
        }
        if let Some(taken) = notice_step {
            let days = step.days_after_previous.unwrap_or(0);
            match self.provider_notice(taken) {
                Some((notice, _, Delivery::Delivered(delivered_at))) if days > 0 => {
                    let until = self.after_days(delivered_at, days);
                    if until > at {
                        at = until;
                        waits =
                            Some(Wait::Withheld(Withheld::NoticePeriodRuns { notice, delivered_at, until }));
                    }
                }
                Some((_, _, Delivery::Delivered(delivered_at))) => at = at.max(delivered_at),
                Some((id, notice, delivery)) => {
                    let by = Withheld::NoticeNotDelivered { notice: id, outcome: notice.last_outcome() };
                    return Due::Held { by: Wait::Withheld(by), look_again: wait_of(delivery) };
                }
                // Withdrawn: there is nothing to wait for.
                None => {}
            }
        }
        if let Some(held) = self.held(&mut at, &mut waits) {
            return held;
        }
        if step.at == Moment::Run && self.policy.cadence.mode == Mode::Weekly {
            self.wait_for_run(&self.policy.cadence.publish, &mut at, &mut waits);
        }
        if step.warns_of_suspension && !self.context.clock_trusted {
            return Due::Held { by: Wait::Withheld(Withheld::ClockDoubted), look_again: None };
        }
        self.after_outage(at, waits)
    }

    /// When a suspension may be proposed.
    pub(in crate::domain) fn due_of_proposal(&self) -> Due {
        let Some(rung) = self.policy.warning_rung() else { return Due::NotComing };
        let Some(warned) = self.track.last_step().filter(|step| usize::try_from(step.rung) == Ok(rung))
        else {
            return Due::NotComing;
        };
        if self.track.proposal.is_some()
            || self.track.suspension().is_some()
            || !self.policy.suspension.enabled
        {
            return Due::NotComing;
        }
        let Some((id, notice, delivery)) = self.provider_notice(warned) else { return Due::NotComing };
        let listed = |item: &&crate::domain::standing::StandingItem| {
            notice.requested.items.iter().any(|named| named.deficiency == item.deficiency)
        };
        let items = self.context.standing.items.iter().filter(listed);
        let Some(carried) = items.filter_map(|item| item.supports(rung, true)).min() else {
            return Due::NotComing;
        };
        let Delivery::Delivered(delivered_at) = delivery else {
            let by = Withheld::NoticeNotDelivered { notice: id, outcome: notice.last_outcome() };
            return Due::Held { by: Wait::Withheld(by), look_again: wait_of(delivery) };
        };
        let (mut at, mut waits) = (carried, None);
        let until = self.notice_over(delivered_at, notice.requested.names_date);
        if until > at {
            at = until;
            waits = Some(Wait::Withheld(Withheld::NoticePeriodRuns { notice: id, delivered_at, until }));
        }
        match self.track.cycle.as_ref().and_then(|cycle| cycle.rejected) {
            Some(None) => return Due::Held { by: Wait::Rejected { until: None }, look_again: None },
            Some(Some(until)) if until > at => {
                (at, waits) = (until, Some(Wait::Rejected { until: Some(until) }));
            }
            Some(Some(_)) | None => {}
        }
        if let Some(held) = self.held(&mut at, &mut waits) {
            return held;
        }
        if self.policy.suspension.at == Moment::Run && self.policy.cadence.mode == Mode::Weekly {
            self.wait_for_run(&self.policy.cadence.cutoff, &mut at, &mut waits);
        }
        if !self.context.clock_trusted {
            return Due::Held { by: Wait::Withheld(Withheld::ClockDoubted), look_again: None };
        }
        self.after_outage(at, waits)
    }

    /// When the period after a pre-suspension notice is over: the days of notice after its delivery, and not before the
    /// day that it named.
    pub(super) fn notice_over(&self, delivered_at: Timestamp, names_date: Option<Date>) -> Timestamp {
        let period = self.after_days(delivered_at, self.policy.suspension.notice_days);
        names_date.map_or(period, |date| self.begins(date).max(period))
    }

    /// The day that a pre-suspension notice names: the first on which a suspension may be proposed if the notice is
    /// delivered today.
    pub(super) fn day_to_name(&self) -> Date {
        let over = self.after_days(self.now(), self.policy.suspension.notice_days);
        let weekly = self.policy.suspension.at == Moment::Run && self.policy.cadence.mode == Mode::Weekly;
        let at = if weekly { self.policy.cadence.cutoff.on_or_after(over, self.context.days) } else { over };
        self.day_of(at)
    }

    /// The last step of this cycle that told the provider something.
    pub(super) fn last_notice_step(&self) -> Option<&TakenStep> {
        let cycle = self.track.cycle.as_ref()?.number;
        self.track
            .steps
            .iter()
            .rev()
            .filter(|step| step.cycle == cycle)
            .find(|step| self.policy.step(step.rung).is_some_and(|step| step.class != StepClass::None))
    }

    /// The next lower step that tells the provider something.
    fn notice_below(&self, rung: usize) -> Option<usize> {
        (0..rung).rev().find(|lower| self.wants_overdue(*lower))
    }

    /// The newest notice of a step to the provider that was not withdrawn, and where it stands.
    pub(super) fn provider_notice(&self, step: &TakenStep) -> Option<(NoticeId, &Notice, Delivery)> {
        let (id, _) = self.newest(&rung_purpose(step.cycle, step.rung), PROVIDER)?;
        let notice = self.track.notices.get(&id).filter(|notice| notice.withdrawn_at.is_none())?;
        Some((id, notice, notice.delivery(&self.policy.delivery, self.now())))
    }

    fn held(&self, at: &mut Timestamp, waits: &mut Option<Wait>) -> Option<Due> {
        match self.track.grant {
            Some(grant) if grant.until.is_none() => {
                let by = Wait::Withheld(Withheld::Granted { until: None });
                Some(Due::Held { by, look_again: None })
            }
            Some(grant) => {
                if let Some(until) = grant.until.filter(|until| until > at) {
                    *at = until;
                    *waits = Some(Wait::Withheld(Withheld::Granted { until: Some(until) }));
                }
                None
            }
            None => None,
        }
    }

    fn wait_for_run(&self, run: &crate::domain::policy::Run, at: &mut Timestamp, waits: &mut Option<Wait>) {
        let until = run.on_or_after(*at, self.context.days);
        if until > *at {
            *at = until;
            *waits = Some(Wait::Withheld(Withheld::WaitsForRun { until }));
        }
    }

    fn after_outage(&self, at: Timestamp, waits: Option<Wait>) -> Due {
        let now = self.now();
        if at > now {
            return Due::At { at, waits };
        }
        if let Some(tracks) = self.context.many_would_move {
            return Due::Held { by: Wait::Withheld(Withheld::ManyWouldMove { tracks }), look_again: None };
        }
        match self.context.settles_until {
            Some(until) if until > now => {
                Due::At { at: until, waits: Some(Wait::Withheld(Withheld::SettlesAfterOutage { until })) }
            }
            _ => Due::At { at, waits },
        }
    }

    /// The end of that many days of business, for whoever lifts a suspension.
    pub(super) fn next_business_day(&self, at: Timestamp) -> Timestamp {
        let end = self.context.days.end_after(at, DayCount(1), CountedDays::Business);
        self.begins(self.day_of(end))
    }
}

/// What the notices of a step belong to.
pub(super) fn rung_purpose(cycle: u32, rung: u32) -> String {
    format!("cycle-{cycle}/rung-{rung}")
}

const fn wait_of(delivery: Delivery) -> Option<Timestamp> {
    match delivery {
        Delivery::Waits(until) => until,
        Delivery::Delivered(_) | Delivery::Failed { .. } => None,
    }
}

/// An instant so many days of 24 hours later.
pub(super) fn days_later(at: Timestamp, days: u16) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}
