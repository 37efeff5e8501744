//! The one timer of a track: the next instant at which anything could happen.

use countersign_kernel::Timestamp;

use super::{
    Turn,
    due::{Due, days_later},
};
use crate::domain::{events::TrackEvent, standing::StandingItem, track::Track};

/// What the timer is for.
const PURPOSE: &str = "ladder";

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// When, if nothing changes before.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}

/// The next instant at which anything could happen on a track, as its last look found.
pub(super) fn armed_for(track: &Track) -> Option<Timestamp> {
    track.timers.get(track.ladder_timer()).map(|armed| armed.due_at)
}

impl Turn<'_> {
    /// Arms, moves or cancels the timer.
    pub(super) fn set_timer(&mut self, ended: bool) {
        let timer = self.track.ladder_timer();
        let owed = self.context.standing.items.iter().any(StandingItem::is_theirs);
        let next = if ended && owed {
            // The next cycle begins with the policy that is in force: at once.
            Some(Next { at: self.now(), what: "the next cycle begins".to_owned() })
        } else {
            self.next()
        };
        let event = match next {
            Some(next) => self.track.timers.arm(timer, next.at, PURPOSE, &next.what),
            None => self.track.timers.cancel(timer, "nothing is to come"),
        };
        if let Some(event) = event {
            self.push(TrackEvent::Timer(event));
        }
    }

    /// What comes next.
    pub(super) fn next(&self) -> Option<Next> {
        let mut instants: Vec<(Timestamp, String)> =
            self.instants_of_suspension().into_iter().map(|(at, what)| (at, what.to_owned())).collect();
        if let Some(proposal) = &self.track.proposal {
            let expires = days_later(proposal.at, self.policy.suspension.proposal_days);
            instants.push((expires, "the proposal lapses when nobody decides".to_owned()));
        }
        if self.track.proposal.is_none() && self.track.suspension().is_none() {
            if let Some(at) = self.shielded_until() {
                instants.push((at, "another item is as old as the last step asks".to_owned()));
            }
            for (rung, step) in self.policy.steps.iter().enumerate().skip(self.next_rung()) {
                if let Some(at) = self.due_of(rung).wake() {
                    instants.push((at, format!("the step {} is due", step.name)));
                }
            }
            if let Due::At { at, .. } | Due::Held { look_again: Some(at), .. } = self.due_of_proposal() {
                instants.push((at, "a suspension may be proposed".to_owned()));
            }
        }
        if let Some(at) = self.stops_counting() {
            instants.push((at, "what this is about stops counting".to_owned()));
        }
        if let Some(at) = self.next_mending() {
            instants.push((at, "an undelivered notice is looked after".to_owned()));
        }
        let now = self.now();
        instants
            .into_iter()
            .filter(|(at, _)| *at > now && *at < Timestamp::MAX)
            .min()
            .map(|(at, what)| Next { at, what })
    }

    /// When the first of the items that the open proposal, or else the last step, is about stops to count: a proposal
    /// lapses, or they shield others no more. A leave that is known long before does then what one does that is told
    /// on its first day.
    fn stops_counting(&self) -> Option<Timestamp> {
        let proposal = self.track.proposal.as_ref();
        let about = |item: &&StandingItem| match proposal {
            Some(proposal) => proposal.carried_by.contains(&item.deficiency),
            None => self.track.last_step().is_some_and(|step| step.items.contains(&item.deficiency)),
        };
        self.context.standing.items.iter().filter(about).filter_map(|item| item.counts_until).min()
    }
}
