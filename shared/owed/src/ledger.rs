//! The fold in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use countersign_contracts::{
    Envelope, EnvelopeError,
    deficiency::DeficiencyChanged,
    directory::{DepartmentDescribed, FacilityDescribed, ProviderDescribed},
};
use countersign_eventsourcing::{
    journal::{JournalError, RecordedEvent},
    publish::Publishers,
};
use countersign_kernel::{DeficiencyId, EncounterId, ProviderId, Timestamp};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{
    directory::Directory,
    item::OwedItem,
    people::{People, identifiers},
};

/// A provider at a facility: the unit that escalation and digests work by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Key of the provider, merges followed.
    pub provider: Uuid,
    /// Facility code.
    pub facility: String,
}

/// What an event concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// An item.
    Item {
        /// Which.
        id: DeficiencyId,
        /// Whose it was and whose it is: two after it was assigned to somebody else, none while nobody owes it.
        parties: BTreeSet<Party>,
    },
    /// A provider's record.
    Provider {
        /// Every key whose items, leaves or chairs may be others now: the record's own, and those of records that were
        /// merged with it or are no longer.
        keys: BTreeSet<Uuid>,
    },
    /// A facility's calendar, zone or downtimes.
    Facility {
        /// Its code.
        code: String,
    },
    /// A department.
    Department {
        /// Code of its facility.
        facility: String,
        /// Its code.
        code: String,
    },
}

/// What is owed by whom. Fold the envelopes of [`CATEGORIES`](crate::CATEGORIES) in order per key; one that was folded
/// already changes nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Owed {
    directory: Arc<Directory>,
    items: BTreeMap<DeficiencyId, OwedItem>,
    /// By the identifier under which the feed names who owes them.
    named: BTreeMap<ProviderId, BTreeSet<DeficiencyId>>,
    /// Those of them that are not closed: few, where the closed ones of years may be kept.
    unclosed: BTreeMap<ProviderId, BTreeSet<DeficiencyId>>,
    /// The provider whom each of these identifiers means now, and back.
    keys: BTreeMap<ProviderId, Uuid>,
    names: BTreeMap<Uuid, BTreeSet<ProviderId>>,
    unassigned: BTreeSet<DeficiencyId>,
    of_chart: BTreeMap<EncounterId, BTreeSet<DeficiencyId>>,
}

impl Owed {
    /// Nothing owed. `default_zone`: where days end at facilities that tell no zone.
    pub fn new(default_zone: TimeZone) -> Self {
        Self::with(Directory::new(default_zone))
    }

    /// Nothing owed, with people and places as they are known.
    pub fn with(directory: impl Into<Arc<Directory>>) -> Self {
        Self { directory: directory.into(), ..Self::default() }
    }

    /// These items, with people and places as they are known: for whoever keeps items elsewhere.
    pub fn of(directory: impl Into<Arc<Directory>>, items: impl IntoIterator<Item = OwedItem>) -> Self {
        let mut owed = Self::with(directory);
        for item in items {
            owed.admit(item);
        }
        owed
    }

    /// People and places.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Folds one event. `None`: it is of another type, or was folded already.
    ///
    /// # Errors
    /// The event is not what its type promises.
    pub fn fold(&mut self, event: &Envelope) -> Result<Option<Touched>, EnvelopeError> {
        Ok(match event.kind.as_str() {
            DeficiencyChanged::TYPE => self.fold_changed(event.decode()?, event.time, event.position),
            ProviderDescribed::TYPE => self.fold_provider(event)?,
            FacilityDescribed::TYPE => {
                let FacilityDescribed { code, .. } = event.decode()?;
                Arc::make_mut(&mut self.directory).fold(event)?.then_some(Touched::Facility { code })
            }
            DepartmentDescribed::TYPE => {
                let DepartmentDescribed { facility, code, .. } = event.decode()?;
                Arc::make_mut(&mut self.directory)
                    .fold(event)?
                    .then_some(Touched::Department { facility, code })
            }
            _ => None,
        })
    }

    /// Folds what a stored event says to the neighbours.
    ///
    /// # Errors
    /// The event is not what its type promises.
    pub fn fold_recorded(
        &mut self,
        publishers: &Publishers,
        event: &RecordedEvent,
    ) -> Result<Vec<Touched>, JournalError> {
        let mut touched = Vec::new();
        for envelope in publishers.publish(event)? {
            touched.extend(self.fold(&envelope).map_err(|error| undecodable(event, error))?);
        }
        if self.directory.upto < event.position.0 {
            Arc::make_mut(&mut self.directory).upto = event.position.0;
        }
        Ok(touched)
    }

    /// Folds what was told of an item at an instant. `None`: it was folded already.
    pub fn fold_changed(
        &mut self,
        changed: DeficiencyChanged,
        told_at: Timestamp,
        position: u64,
    ) -> Option<Touched> {
        let id = changed.id;
        let before = match self.items.get(&id) {
            Some(known) if known.position >= position => return None,
            known => known.cloned(),
        };
        let mut parties: BTreeSet<Party> = before.iter().filter_map(|item| self.party_of(item)).collect();
        let known_at = before.as_ref().map_or(told_at, |item| item.known_at);
        if let Some(before) = before {
            self.leave_indexes(&before);
        }
        let item = OwedItem { changed, known_at, told_at, position };
        parties.extend(self.party_of(&item));
        self.admit(item);
        Some(Touched::Item { id, parties })
    }

    /// Takes in an item that is not known yet.
    fn admit(&mut self, item: OwedItem) {
        let id = item.changed.id;
        match item.named() {
            Some(name) => {
                self.resolve(&name);
                if !item.is_closed() {
                    self.unclosed.entry(name.clone()).or_default().insert(id);
                }
                self.named.entry(name).or_default().insert(id);
            }
            None => {
                self.unassigned.insert(id);
            }
        }
        self.of_chart.entry(item.changed.encounter).or_default().insert(id);
        self.items.insert(id, item);
    }

    fn fold_provider(&mut self, event: &Envelope) -> Result<Option<Touched>, EnvelopeError> {
        let described: ProviderDescribed = event.decode()?;
        let people = &self.directory.people;
        let mut keys: BTreeSet<Uuid> = [described.key, people.root(described.key)].into();
        let before = people.record(described.key).cloned();
        if !Arc::make_mut(&mut self.directory).fold(event)? {
            return Ok(None);
        }
        keys.insert(self.directory.people.root(described.key));
        let merges = |record: &ProviderDescribed| record.merged_into;
        let affected: Vec<ProviderId> = if before.as_ref().and_then(merges) == described.merged_into {
            // Only names that share an identifier with the record can mean somebody else now.
            let ids: BTreeSet<&str> = before
                .iter()
                .chain([&described])
                .flat_map(identifiers)
                .map(|identifier| identifier.id.as_str())
                .collect();
            self.keys.keys().filter(|name| ids.contains(name.id.as_str())).cloned().collect()
        } else {
            self.keys.keys().cloned().collect()
        };
        for name in affected {
            let (was, is) = (self.keys.get(&name).copied(), self.resolve(&name));
            if was != Some(is) {
                keys.extend(was.into_iter().chain([is]));
            }
        }
        Ok(Some(Touched::Provider { keys }))
    }

    /// Looks up whom a name means, and takes note of it.
    fn resolve(&mut self, name: &ProviderId) -> Uuid {
        let key = self.directory.people.key_of(name);
        match self.keys.insert(name.clone(), key) {
            Some(was) if was == key => return key,
            Some(was) => self.forget_name(was, name),
            None => {}
        }
        self.names.entry(key).or_default().insert(name.clone());
        key
    }

    fn forget_name(&mut self, key: Uuid, name: &ProviderId) {
        if let Some(names) = self.names.get_mut(&key) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(&key);
            }
        }
    }

    fn leave_indexes(&mut self, item: &OwedItem) {
        let id = item.changed.id;
        if let Some(items) = self.of_chart.get_mut(&item.changed.encounter) {
            items.remove(&id);
            if items.is_empty() {
                self.of_chart.remove(&item.changed.encounter);
            }
        }
        self.unassigned.remove(&id);
        let Some(name) = item.named() else { return };
        if let Some(items) = self.unclosed.get_mut(&name) {
            items.remove(&id);
            if items.is_empty() {
                self.unclosed.remove(&name);
            }
        }
        let Some(items) = self.named.get_mut(&name) else { return };
        items.remove(&id);
        if items.is_empty() {
            self.named.remove(&name);
            if let Some(key) = self.keys.remove(&name) {
                self.forget_name(key, &name);
            }
        }
    }

    fn party_of(&self, item: &OwedItem) -> Option<Party> {
        let provider = self.directory.holder_of(item)?;
        Some(Party { provider, facility: item.changed.facility.clone() })
    }

    /// The item with this id.
    pub fn item(&self, id: DeficiencyId) -> Option<&OwedItem> {
        self.items.get(&id)
    }

    /// Every item that is known: open, waiting, and closed as far as it was not forgotten.
    pub fn items(&self) -> impl Iterator<Item = &OwedItem> {
        self.items.values()
    }

    /// Everything of a provider, in order of ids.
    fn all_of(&self, provider: Uuid) -> Vec<&OwedItem> {
        self.of_names(provider, &self.named)
    }

    /// Everything of a provider that is not closed, in order of ids.
    fn unclosed_of(&self, provider: Uuid) -> Vec<&OwedItem> {
        self.of_names(provider, &self.unclosed)
    }

    fn of_names(
        &self,
        provider: Uuid,
        by_name: &BTreeMap<ProviderId, BTreeSet<DeficiencyId>>,
    ) -> Vec<&OwedItem> {
        let key = self.directory.people.root(provider);
        let names = self.names.get(&key).into_iter().flatten();
        let ids: BTreeSet<&DeficiencyId> = names.filter_map(|name| by_name.get(name)).flatten().collect();
        ids.into_iter().filter_map(|id| self.items.get(id)).collect()
    }

    /// What a provider owes at a facility, open and waiting for others, in order of ids.
    pub fn items_of(&self, provider: Uuid, facility: &str) -> Vec<&OwedItem> {
        let mut items = self.unclosed_of(provider);
        items.retain(|item| item.changed.facility == facility);
        items
    }

    /// The open ones of them.
    pub fn open_items_of(&self, provider: Uuid, facility: &str) -> Vec<&OwedItem> {
        let mut items = self.items_of(provider, facility);
        items.retain(|item| item.is_open());
        items
    }

    /// Codes of the facilities at which a provider has something open.
    pub fn facilities_of(&self, provider: Uuid) -> BTreeSet<&str> {
        let items = self.unclosed_of(provider).into_iter().filter(|item| item.is_open());
        items.map(|item| item.changed.facility.as_str()).collect()
    }

    /// Every provider with something open, at each facility.
    pub fn parties_with_open_items(&self) -> BTreeSet<Party> {
        self.parties(OwedItem::is_open)
    }

    fn parties(&self, wanted: impl Fn(&OwedItem) -> bool) -> BTreeSet<Party> {
        self.items.values().filter(|item| wanted(item)).filter_map(|item| self.party_of(item)).collect()
    }

    /// Open items that nobody owes: HIM's queue, in order of ids. Chart-level items are the hospital's own and not here.
    pub fn unassigned(&self) -> Vec<&OwedItem> {
        let items = self.unassigned.iter().filter_map(|id| self.items.get(id));
        items.filter(|item| item.is_open() && !item.is_chart_level()).collect()
    }

    /// Every item of a chart, in order of ids.
    pub fn items_of_chart(&self, encounter: EncounterId) -> Vec<&OwedItem> {
        let ids = self.of_chart.get(&encounter).into_iter().flatten();
        ids.filter_map(|id| self.items.get(id)).collect()
    }

    /// Open items about charts as a whole: the regulatory clock, in order of ids.
    pub fn chart_level_items(&self) -> impl Iterator<Item = &OwedItem> {
        self.items.values().filter(|item| item.is_open() && item.is_chart_level())
    }

    /// What a provider had closed from an instant on up to but without another, by closing.
    pub fn closed_between(&self, provider: Uuid, from: Timestamp, until: Timestamp) -> Vec<&OwedItem> {
        let mut items = self.all_of(provider);
        items.retain(|item| item.closed_at().is_some_and(|at| from <= at && at < until));
        items.sort_by_key(|item| (item.closed_at(), item.changed.id));
        items
    }

    /// The providers at their facilities whose ladder or digest an event may change: for an item those who owe and owed
    /// it, for a provider all of their facilities, for a facility everybody who owes something there. Nobody for a
    /// department: its chair is looked up when a notice goes out.
    pub fn parties_of(&self, touched: &Touched) -> BTreeSet<Party> {
        match touched {
            Touched::Item { parties, .. } => parties.clone(),
            Touched::Provider { keys } => keys
                .iter()
                .flat_map(|key| self.unclosed_of(*key))
                .filter_map(|item| self.party_of(item))
                .collect(),
            Touched::Facility { code } => {
                self.parties(|item| !item.is_closed() && item.changed.facility == *code)
            }
            Touched::Department { .. } => BTreeSet::new(),
        }
    }

    /// Lets go of items that closed before an instant. One that is reopened later is known again, from then on.
    pub fn forget_closed_before(&mut self, at: Timestamp) {
        self.forget_closed_before_but(at, |_| false);
    }

    /// The same, but those stay that somebody still asks about.
    pub fn forget_closed_before_but(&mut self, at: Timestamp, asked: impl Fn(DeficiencyId) -> bool) {
        let old: Vec<OwedItem> = self
            .items
            .values()
            .filter(|item| item.closed_at().is_some_and(|closed| closed < at) && !asked(item.changed.id))
            .cloned()
            .collect();
        for item in old {
            self.leave_indexes(&item);
            self.items.remove(&item.changed.id);
        }
    }

    /// People, for looking up names and keys.
    pub fn people(&self) -> &People {
        &self.directory.people
    }
}

/// A contract event that does not decode, as an error of the stored event that said it.
pub(crate) fn undecodable(event: &RecordedEvent, error: EnvelopeError) -> JournalError {
    JournalError::Undecodable { position: event.position, kind: error.kind, reason: error.reason }
}
