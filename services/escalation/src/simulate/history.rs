//! The history as far as it was replayed, and the worlds that live through it.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::{Envelope, deficiency::DeficiencyChanged};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use countersign_kernel::{EncounterId, Timestamp};
use countersign_owed::{Owed, Party, Touched};
use jiff::{SignedDuration, tz::TimeZone};

use super::world::World;
use crate::domain::step::Why;

/// From one time to the next that what closed long ago is let go of.
const PRUNED_EVERY: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Items that nobody asks about are kept for so long after they closed. One that is reopened later counts as new.
const KEPT_CLOSED: SignedDuration = SignedDuration::from_hours(24 * 120);

/// The history as far as it was replayed.
pub(super) struct History {
    pub(super) owed: Owed,
    pub(super) worlds: Vec<World>,
    /// From when on steps are taken.
    from: Option<Timestamp>,
    now: Option<Timestamp>,
    /// Whom events at this instant concerned, and why: looked at when time goes on.
    dirty: BTreeMap<Party, Why>,
    /// Charts whose own item events at this instant told of.
    charts: BTreeSet<EncounterId>,
    /// When closed items were let go of last.
    pruned: Option<Timestamp>,
}

impl History {
    pub(super) fn new(default_zone: TimeZone, from: Option<Timestamp>, worlds: Vec<World>) -> Self {
        Self {
            owed: Owed::new(default_zone),
            worlds,
            from,
            now: None,
            dirty: BTreeMap::new(),
            charts: BTreeSet::new(),
            pruned: None,
        }
    }

    /// Up to when time has passed.
    pub(super) const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Takes note of what a stored event says, at the present instant.
    pub(super) fn fold(&mut self, event: &RecordedEvent, said: &Envelope) -> Result<(), JournalError> {
        let touched = self.owed.fold(said).map_err(|error| JournalError::Undecodable {
            position: event.position,
            kind: error.kind,
            reason: error.reason,
        })?;
        if let Some(touched) = touched {
            self.note(&touched);
        }
        Ok(())
    }

    /// Takes note of what is told of an item at the present instant.
    pub(super) fn tell(&mut self, changed: DeficiencyChanged, at: Timestamp, position: u64) {
        if let Some(touched) = self.owed.fold_changed(changed, at, position) {
            self.note(&touched);
        }
    }

    fn note(&mut self, touched: &Touched) {
        if let Touched::Item { id, .. } = touched
            && let Some(item) = self.owed.item(*id).filter(|item| item.is_chart_level())
        {
            self.charts.insert(item.changed.encounter);
        }
        let parties = self.owed.parties_of(touched);
        let why = match touched {
            // Given to somebody else: more has changed than that it is open or not.
            Touched::Item { id, parties } if parties.len() == 1 => Why::Item(*id),
            Touched::Item { .. }
            | Touched::Provider { .. }
            | Touched::Facility { .. }
            | Touched::Department { .. } => Why::Anything,
        };
        for party in parties {
            self.dirty
                .entry(party)
                .and_modify(|known| {
                    if *known != why {
                        *known = Why::Anything;
                    }
                })
                .or_insert(why);
        }
    }

    /// Lets go of what closed long ago and no track asks about: memory does not grow with the years.
    fn prune(&mut self) {
        let Some(now) = self.now else { return };
        // Whoever asks about the end of time asks about an instant behind which there is none.
        let due = self.pruned.get_or_insert(now).saturating_add(PRUNED_EVERY).unwrap_or(Timestamp::MAX);
        if now < due {
            return;
        }
        self.pruned = Some(now);
        let asked: BTreeSet<_> = self.worlds.iter().flat_map(World::asked_about).collect();
        let before = now.checked_sub(KEPT_CLOSED).unwrap_or(Timestamp::MIN);
        self.owed.forget_closed_before_but(before, |id| asked.contains(&id));
    }

    /// Lets time pass up to an instant: what waited for it happens at its own.
    pub(super) fn reach(&mut self, at: Timestamp) {
        if self.now.is_some_and(|now| at <= now) {
            return;
        }
        self.settle();
        if let Some(begins) = self.from.filter(|from| *from <= at && self.now.is_none_or(|now| now < *from)) {
            let everybody = self.owed.parties_with_open_items();
            let charts: BTreeSet<EncounterId> =
                self.owed.chart_level_items().map(|item| item.changed.encounter).collect();
            for world in &mut self.worlds {
                for party in &everybody {
                    world.look(&self.owed, party, Why::Anything, begins);
                }
                for chart in &charts {
                    world.look_at_chart(&self.owed, *chart, begins);
                }
            }
        }
        for world in &mut self.worlds {
            world.pass(&self.owed, at);
        }
        self.now = Some(at);
    }

    /// Looks at everybody and every chart that the events of this instant concerned.
    pub(super) fn settle(&mut self) {
        let (dirty, charts) = (std::mem::take(&mut self.dirty), std::mem::take(&mut self.charts));
        let Some(now) = self.now.filter(|now| self.from.is_none_or(|from| from <= *now)) else { return };
        for world in &mut self.worlds {
            for (party, why) in &dirty {
                match *why {
                    Why::Item(id) => world.look_at_item(&self.owed, party, id, now),
                    Why::Time | Why::Anything => world.look(&self.owed, party, *why, now),
                }
            }
            for chart in &charts {
                world.look_at_chart(&self.owed, *chart, now);
            }
        }
        self.prune();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_up_to_the_last_instant_there_is() {
        // given a question about as long as anybody can ask
        let mut history = History::new(TimeZone::UTC, None, Vec::new());
        let day_before = Timestamp::MAX.checked_sub(SignedDuration::from_hours(24)).expect("an instant");
        for at in [day_before, Timestamp::MAX] {
            // when time has passed
            history.reach(at);
            history.settle();
            // then it has
            assert_eq!(history.now(), Some(at));
        }
    }
}
