//! People and places together.

use countersign_contracts::{
    Envelope, EnvelopeError,
    directory::{DepartmentDescribed, FacilityDescribed, ProviderDescribed},
};
use countersign_kernel::{ProviderId, Timestamp};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{
    clock::{ClockRules, ItemClock},
    item::OwedItem,
    people::People,
    places::Places,
};

/// People and places, folded up to a position of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    /// Everybody.
    pub people: People,
    /// Facilities and departments.
    pub places: Places,
    /// Everything up to this position of the journal is in it. Whoever folds knows how far it read.
    pub upto: u64,
}

impl Directory {
    /// Empty. `default_zone`: where days end at facilities that tell no zone.
    pub fn new(default_zone: TimeZone) -> Self {
        Self { places: Places::new(default_zone), ..Self::default() }
    }

    /// Folds an event about people or places. Returns whether it is news; events of other types are not.
    ///
    /// # Errors
    /// The event is not what its type promises.
    pub fn fold(&mut self, event: &Envelope) -> Result<bool, EnvelopeError> {
        let news = match event.kind.as_str() {
            ProviderDescribed::TYPE => self.people.fold(event.decode()?, event.position),
            FacilityDescribed::TYPE => self.places.fold_facility(event.decode()?, event.position),
            DepartmentDescribed::TYPE => self.places.fold_department(event.decode()?, event.position),
            _ => false,
        };
        self.upto = self.upto.max(event.position);
        Ok(news)
    }

    /// Who heads the provider at a facility at an instant: the chair of the first of the provider's departments that
    /// has one there. Nobody is their own chair: for somebody who heads a department the next department's chair is
    /// asked, and where there is none the policy has to name an office.
    pub fn chair_of(&self, provider: Uuid, facility: &str, at: Timestamp) -> Option<&ProviderId> {
        let own = self.people.root(provider);
        self.people
            .departments_of(provider, at)
            .iter()
            .filter_map(|code| self.places.department(facility, code, at)?.chair.as_ref())
            .find(|chair| self.people.key_of(chair) != own)
    }

    /// The key of the provider who owes an item; `None` for HIM's queue.
    pub fn holder_of(&self, item: &OwedItem) -> Option<Uuid> {
        item.named().map(|id| self.people.key_of(&id))
    }

    /// The clock of an item by these rules: with the leaves of whoever owes it, and its facility's downtimes and days.
    pub fn clock<'a>(&'a self, item: &'a OwedItem, rules: &'a ClockRules) -> ItemClock<'a> {
        let leaves = self.holder_of(item).map_or(&[][..], |key| self.people.leaves_of(key));
        let facility = &item.changed.facility;
        ItemClock::new(item, leaves, self.places.downtimes(facility), rules, self.places.days(facility))
    }
}
