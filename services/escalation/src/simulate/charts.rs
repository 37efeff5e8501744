//! The watch over the regulatory limit of charts (guard b), as one policy has it: the same look as in the service.

use std::collections::{BTreeSet, HashMap};

use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{EncounterId, Timestamp};
use countersign_owed::Owed;

use crate::domain::{
    limit::{ChartLimit, Limit, LimitEvent, look},
    policy::PolicySet,
};

/// A chart that went to the offices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Escalated {
    pub(super) chart: EncounterId,
    pub(super) facility: String,
    pub(super) discharged_at: Timestamp,
    pub(super) at: Timestamp,
    pub(super) offices: Vec<String>,
    pub(super) ended_at: Option<Timestamp>,
}

/// Every chart that is watched.
#[derive(Default)]
pub(super) struct Charts {
    watched: HashMap<EncounterId, Limit>,
    coming: BTreeSet<(Timestamp, EncounterId)>,
    /// The escalation that is not over yet, by its place below.
    told: HashMap<EncounterId, usize>,
    /// What went to the offices, in order of time.
    pub(super) escalated: Vec<Escalated>,
}

impl Charts {
    /// Lets the timers fire that come due up to an instant.
    pub(super) fn pass(&mut self, policy: &PolicySet, owed: &Owed, until: Timestamp) {
        while let Some((at, chart)) = self.coming.first().copied().filter(|(at, _)| *at <= until) {
            self.coming.pop_first();
            if let Some(limit) = self.watched.get_mut(&chart) {
                let timer = limit.timer();
                let arming = limit.timers.get(timer).map(|armed| armed.arming);
                if let Some(fired) = arming.and_then(|arming| limit.timers.fire(timer, arming, at, 0)) {
                    limit.evolve(&LimitEvent::Timer(fired));
                }
            }
            self.look(policy, owed, chart, at);
        }
    }

    /// Looks at a chart.
    pub(super) fn look(&mut self, policy: &PolicySet, owed: &Owed, chart: EncounterId, now: Timestamp) {
        let Some(seen) = ChartLimit::of(chart, owed.items_of_chart(chart), true) else { return };
        let (policy, days) = (policy.of(&seen.facility), owed.directory().places.days(&seen.facility));
        let mut limit = self.watched.remove(&chart).unwrap_or_else(|| Limit::new(chart));
        for event in look(&limit, policy, &seen, now, days) {
            if let LimitEvent::Timer(_) = event
                && let Some(armed) = limit.timers.get(limit.timer())
            {
                self.coming.remove(&(armed.due_at, chart));
            }
            limit.evolve(&event);
            self.take_note(chart, event);
        }
        // A chart that nothing is to come of, and that never went anywhere, starts anew if it is reopened.
        if limit.escalations > 0 || limit.timers.armed().next().is_some() {
            self.watched.insert(chart, limit);
        }
    }

    fn take_note(&mut self, chart: EncounterId, event: LimitEvent) {
        match event {
            LimitEvent::Reached(reached) => {
                self.told.insert(chart, self.escalated.len());
                self.escalated.push(Escalated {
                    chart,
                    facility: reached.facility,
                    discharged_at: reached.discharged_at,
                    at: reached.at,
                    offices: Vec::new(),
                    ended_at: None,
                });
            }
            LimitEvent::NoticeRequested(asked) => {
                if let Some(number) = self.told.get(&chart) {
                    self.escalated[*number].offices.push(asked.recipient.role().to_owned());
                }
            }
            LimitEvent::Closed(closed) => {
                if let Some(number) = self.told.remove(&chart) {
                    self.escalated[number].ended_at = Some(closed.at);
                }
            }
            LimitEvent::Timer(TimerEvent::Armed(armed)) => {
                self.coming.insert((armed.due_at, chart));
            }
            _ => {}
        }
    }
}
