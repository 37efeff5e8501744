//! Taking a step, or saying why it is not taken.

use std::mem::discriminant;

use super::{
    Turn,
    due::{Due, Wait, rung_purpose},
    turn::{Message, listed},
};
use crate::domain::{
    events::{StepTaken, StepWithheld, TrackEvent, Withheld},
    standing::NotCounted,
};

impl Turn<'_> {
    /// Takes the highest step that may be taken now: at most one. Returns whether one was.
    pub(super) fn take_step(&mut self) -> bool {
        let Some(cycle) = self.track.cycle.as_ref().map(|cycle| cycle.number) else { return false };
        if self.track.suspension().is_some() || self.track.proposal.is_some() {
            return false;
        }
        let lowest = self.next_rung();
        let Some(rung) = (lowest..self.policy.steps.len()).rev().find(|rung| self.may_take(*rung)) else {
            self.say_why_not(lowest);
            return false;
        };
        let (Some(step), Due::At { at: due_at, .. }) = (self.policy.steps.get(rung), self.due_of(rung))
        else {
            return false;
        };
        let rung_number = u32::try_from(rung).unwrap_or(u32::MAX);
        let recipients = self.resolve(&step.to);
        let purpose = rung_purpose(cycle, rung_number);
        let skipped = self.policy.steps[lowest..rung].iter().map(|step| step.name.clone()).collect();
        let notices = match step.class.notice() {
            Some(_) => recipients.iter().map(|to| self.notice_id(&purpose, to.role(), 0)).collect(),
            None => Vec::new(),
        };
        let items = listed(self.carrying(rung));
        self.push(TrackEvent::StepTaken(StepTaken {
            cycle,
            rung: rung_number,
            step: step.name.clone(),
            at: self.now(),
            due_at,
            notices,
            skipped,
            seen: self.context.standing.clone(),
        }));
        if let Some(class) = step.class.notice() {
            let message = Message {
                purpose,
                attempt: 0,
                kind: &step.kind,
                class,
                channels: &step.channels,
                on_all: step.on_all,
                at_any_hour: step.at_any_hour,
                items,
                names_date: step.warns_of_suspension.then(|| self.day_to_name()),
                suspension: step.warns_of_suspension.then(|| self.suspension_facts()),
            };
            for recipient in recipients {
                self.tell(recipient, &message);
            }
        }
        true
    }

    /// Records why the next step is not taken although an item is old enough: once per reason.
    fn say_why_not(&mut self, lowest: usize) {
        let now = self.now();
        let old_enough = |rung: usize| {
            self.context.standing.items.iter().filter(|item| item.is_theirs()).any(|item| {
                item.reached(rung, self.wants_overdue(rung)).is_some_and(|reached| reached <= now)
            })
        };
        // The lowest of those that are due tells the reason that has to go first.
        let Some(rung) = (lowest..self.policy.steps.len()).find(|rung| old_enough(*rung)) else {
            self.say_why_no_proposal();
            return;
        };
        let because = match self.due_of(rung) {
            Due::At { waits: Some(Wait::Withheld(because)), .. }
            | Due::Held { by: Wait::Withheld(because), .. }
                if self.carrying(rung).next().is_some() =>
            {
                because
            }
            Due::NotComing | Due::At { .. } | Due::Held { .. } => {
                if self.carrying(rung).next().is_some() {
                    return;
                }
                self.nothing_counts()
            }
        };
        self.withhold(rung, because);
    }

    fn say_why_no_proposal(&mut self) {
        let Some(rung) = self.policy.warning_rung() else { return };
        let warned = self.track.last_step().is_some_and(|step| usize::try_from(step.rung) == Ok(rung));
        if !warned || self.carrying(rung).next().is_none() {
            return;
        }
        match self.due_of_proposal() {
            Due::At { at, .. } if at <= self.now() => {}
            Due::At { waits: Some(Wait::Withheld(because)), .. }
            | Due::Held { by: Wait::Withheld(because), .. } => self.withhold(rung, because),
            Due::At { .. } | Due::Held { .. } | Due::NotComing => {}
        }
    }

    fn nothing_counts(&self) -> Withheld {
        let away =
            |item: &crate::domain::standing::StandingItem| item.not_counted == Some(NotCounted::OnLeave);
        if self.context.standing.items.iter().any(away) { Withheld::OnLeave } else { Withheld::NothingCounts }
    }

    fn withhold(&mut self, rung: usize, because: Withheld) {
        let (Some(cycle), Some(step)) = (&self.track.cycle, self.policy.steps.get(rung)) else { return };
        let number = u32::try_from(rung).unwrap_or(u32::MAX);
        let known = cycle.withheld.get(&number).is_some_and(|known| match (known, &because) {
            // The number of tracks is no new reason.
            (Withheld::ManyWouldMove { .. }, Withheld::ManyWouldMove { .. }) => true,
            (known, because) => discriminant(known) == discriminant(because) && known == because,
        });
        if known {
            return;
        }
        let event = StepWithheld {
            cycle: cycle.number,
            rung: number,
            step: step.name.clone(),
            at: self.now(),
            because,
            seen: self.context.standing.clone(),
        };
        self.push(TrackEvent::StepWithheld(event));
    }
}
