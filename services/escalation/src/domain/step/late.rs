//! Late facts: what was known when a step was taken has turned out otherwise.

use std::collections::BTreeSet;

use countersign_kernel::{DeficiencyId, Timestamp};

use super::{Turn, due::days_later};
use crate::domain::{
    events::{LeadershipAsked, Matter, StepSuperseded, TrackEvent},
    standing::{Gone, NotCounted},
    track::{Delivery, TakenStep},
};

/// Steps are looked at again for so long. Nothing that comes to light later changes what follows from them.
const LOOKED_AT_DAYS: u16 = 400;

impl Turn<'_> {
    /// Marks steps that would not have been taken on what is known now, and asks leadership to correct what came of
    /// them. Nothing is deleted.
    pub(super) fn supersede(&mut self) {
        let now = self.now();
        let found: Vec<(TakenStep, Vec<DeficiencyId>)> = self
            .track
            .steps
            .iter()
            .filter(|step| !step.superseded && days_later(step.at, LOOKED_AT_DAYS) > now)
            // As long as one item carries it, it would have been taken all the same.
            .filter(|step| !step.items.is_empty() && step.items.iter().all(|id| self.is_wrong(step, *id)))
            .map(|step| (step.clone(), step.items.clone()))
            .collect();
        for (step, items) in found {
            let because = format!(
                "what the step {} was about was not owed as it seemed: done before, moved, or never owed",
                step.step
            );
            self.push(TrackEvent::StepSuperseded(StepSuperseded {
                cycle: step.cycle,
                rung: step.rung,
                step: step.step.clone(),
                at: now,
                because: because.clone(),
                items: items.clone(),
            }));
            let gone: BTreeSet<DeficiencyId> = items.into_iter().collect();
            self.withdraw(|about| about.iter().any(|item| !gone.contains(item)), &because);
            let proposal = self.track.suspension().filter(|suspension| suspension.cycle == step.cycle);
            let proposal = proposal.map(|suspension| suspension.proposal);
            self.push(TrackEvent::LeadershipAsked(LeadershipAsked {
                matter: Matter::Correction,
                proposal,
                notice: None,
                at: now,
                text: format!(
                    "The step {} of cycle {} would not have been taken on what is known now. Correct what came of it: \
                     tell those who were told.",
                    step.step, step.cycle
                ),
            }));
        }
        self.question_suspension();
    }

    fn is_wrong(&self, step: &TakenStep, id: DeficiencyId) -> bool {
        let standing = &self.context.standing;
        if let Some(gone) = standing.gone.iter().find(|gone| gone.deficiency == id) {
            return match gone.how {
                Gone::NeverOwed | Gone::NeverTheirs => true,
                Gone::Done => gone.at <= step.at,
                Gone::Waived | Gone::Reassigned => false,
            };
        }
        // Ages of another cycle were counted by another policy, perhaps.
        if self.track.cycle.as_ref().is_none_or(|cycle| cycle.number != step.cycle) {
            return false;
        }
        let Some(item) = standing.items.iter().find(|item| item.deficiency == id) else { return false };
        if item.not_counted == Some(NotCounted::WaitsForSomebodyElse) {
            return false;
        }
        let rung = usize::try_from(step.rung).unwrap_or(usize::MAX);
        match item.reaches.get(rung) {
            Some(Some(reached)) => *reached > step.at,
            // It stands without an end from an instant before the step on.
            Some(None) => true,
            None => false,
        }
    }

    /// A suspension in force whose notice turns out not to have been delivered in time: a human looks at it.
    fn question_suspension(&mut self) {
        let Some(suspension) = self.track.suspension() else { return };
        let (number, from) = (suspension.proposal, suspension.from);
        if self.track.asked(Matter::Correction, |asked| asked.proposal == Some(number)) {
            return;
        }
        let Some(warned) = self.track.last_step() else { return };
        let in_time = |at: Timestamp| self.notice_over(at, None) <= from;
        let undelivered = match self.provider_notice(warned) {
            Some((_, _, Delivery::Delivered(at))) => !in_time(at),
            Some(_) => true,
            None => false,
        };
        if undelivered {
            let at = self.now();
            self.push(TrackEvent::LeadershipAsked(LeadershipAsked {
                matter: Matter::Correction,
                proposal: Some(number),
                notice: None,
                at,
                text: "The notice that this suspension rests on came back after all. Decide whether it stays in force."
                    .to_owned(),
            }));
        }
    }
}
