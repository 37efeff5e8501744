//! Cycles begin and end.

use countersign_kernel::Timestamp;

use super::Turn;
use crate::domain::{
    events::{TrackClosed, TrackEvent, TrackOpened},
    standing::{NotCounted, StandingItem},
};

impl Turn<'_> {
    /// Begins a cycle when something is owed and none runs.
    pub(super) fn begin_cycle(&mut self) {
        if self.track.cycle.is_some() || !self.context.standing.items.iter().any(StandingItem::is_theirs) {
            return;
        }
        let event = TrackOpened {
            provider: self.context.recipients.provider.clone(),
            provider_key: self.context.provider_key,
            facility: self.context.facility.to_owned(),
            cycle: self.track.cycles + 1,
            policy: self.policy.reference.clone(),
            at: self.now(),
        };
        self.push(TrackEvent::Opened(event));
    }

    /// Ends the cycle when what it was about is over. Returns whether it did: the next one begins with the policy that
    /// is in force then.
    pub(super) fn end_cycle(&mut self) -> bool {
        let Some(because) = self.why_over() else { return false };
        let Some(cycle) = self.track.cycle.as_ref().map(|cycle| cycle.number) else { return false };
        // A notice of a cycle that is over is of no use to anybody; those of suspensions stay.
        self.withdraw(|_| false, because);
        let at = self.now();
        self.push(TrackEvent::Closed(TrackClosed { cycle, at, because: because.to_owned() }));
        true
    }

    fn why_over(&self) -> Option<&'static str> {
        let cycle = self.track.cycle.as_ref()?;
        if self.track.suspension().is_some() || self.track.proposal.is_some() {
            return None;
        }
        let items = &self.context.standing.items;
        if self.track.suspensions.iter().any(|suspension| suspension.cycle == cycle.number) {
            return Some("its suspension is over");
        }
        if !items.iter().any(StandingItem::is_theirs) {
            return Some("nothing is owed any more");
        }
        let step = self.track.last_step()?;
        if step.superseded {
            return Some("its last step would not have been taken");
        }
        let mut about = items.iter().filter(|item| step.items.contains(&item.deficiency) && item.is_theirs());
        if about.next().is_none() {
            return Some("everything that its last step was about is done");
        }
        let others = self.shielded_until().is_some_and(|until| until <= self.now());
        others.then_some("what its last step was about is on hold, and something else is as old")
    }

    /// Items on hold or in dispute must not shield others that nobody was warned about: while all that the last step was
    /// about stands, the instant at which another item is as old as that step asks.
    pub(super) fn shielded_until(&self) -> Option<Timestamp> {
        let step = self.track.last_step()?;
        let rung = usize::try_from(step.rung).ok()?;
        let (about, others): (Vec<&StandingItem>, Vec<&StandingItem>) = self
            .context
            .standing
            .items
            .iter()
            .filter(|item| item.is_theirs())
            .partition(|item| step.items.contains(&item.deficiency));
        let stands = |item: &&StandingItem| {
            matches!(item.not_counted, Some(NotCounted::Disputed | NotCounted::OnHold { .. }))
        };
        if !about.iter().all(stands) {
            return None;
        }
        others.into_iter().filter_map(|item| item.supports(rung, self.wants_overdue(rung))).min()
    }
}
