//! Records as they stand, stored beside the changes that made them so: what the neighbours are told.
//!
//! A snapshot goes into the same append as its change. What one append cannot guard is a person with several records,
//! whose streams several processes may write at once, and a journal from before there were snapshots: there the last
//! snapshot is compared with the record, and one that differs is appended anew. The last one in the journal counts.

use std::collections::HashMap;

use countersign_contracts::directory::{FacilityDescribed, ProviderDescribed};
use countersign_eventsourcing::journal::{JournalError, Metadata, NewEvent, RecordedEvent, StreamName};
use countersign_kernel::{EventId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Known;
use crate::domain::{
    people::events::{PROVIDER, PeopleEvent},
    site::events::{FACILITY, SiteEvent, facility_key},
};

type Hash = [u8; 32];

/// A record as it stands, as it is stored.
pub(crate) struct Snapshot {
    /// Key of the record and of its own stream.
    key: Uuid,
    category: &'static str,
    kind: &'static str,
    data: Vec<u8>,
}

impl Snapshot {
    fn new(
        category: &'static str,
        key: Uuid,
        kind: &'static str,
        event: &impl Serialize,
    ) -> serde_json::Result<Self> {
        Ok(Self { key, category, kind, data: serde_json::to_vec(event)? })
    }

    pub(crate) fn of_provider(described: ProviderDescribed) -> serde_json::Result<Self> {
        let key = described.key;
        let event = PeopleEvent::Snapshot(Box::new(described));
        Self::new(PROVIDER, key, event.kind(), &event)
    }

    pub(crate) fn of_facility(described: FacilityDescribed) -> serde_json::Result<Self> {
        let key = facility_key(&described.code);
        let event = SiteEvent::Snapshot(Box::new(described));
        Self::new(FACILITY, key, event.kind(), &event)
    }

    /// Every record that is known, or those with these keys.
    pub(super) fn all(known: &Known, wanted: Option<&[Uuid]>) -> serde_json::Result<Vec<Self>> {
        let is_wanted = |key: Uuid| wanted.is_none_or(|keys| keys.contains(&key));
        let providers = known.directory.all_described().filter(|described| is_wanted(described.key));
        let facilities =
            known.site.all_described().filter(|described| is_wanted(facility_key(&described.code)));
        providers.map(Self::of_provider).chain(facilities.map(Self::of_facility)).collect()
    }

    pub(super) fn key(&self) -> Uuid {
        self.key
    }

    /// The record's own stream.
    pub(super) fn stream(&self) -> StreamName {
        StreamName::new(self.category, self.key)
    }

    fn hash(&self) -> Hash {
        Sha256::digest(&self.data).into()
    }

    /// The event that goes with the change that made the record so. A change is on record once, so its snapshots are.
    pub(super) fn beside(self, change: EventId, metadata: &Metadata) -> NewEvent {
        let metadata = Metadata { causation: Some(change.0), ..metadata.clone() };
        let id = EventId::derive(&["snapshot", &change.to_string(), &self.key.to_string()]);
        NewEvent { id, kind: self.kind.into(), data: self.data.into(), metadata }
    }

    /// The event that takes the place of a snapshot that is missing or differs. Two processes that see the same agree on
    /// its id.
    pub(super) fn mending(self, told: &Told, now: Timestamp) -> NewEvent {
        let before = told.0.get(&self.key).map(|last| last.event.to_string()).unwrap_or_default();
        let content = String::from_utf8_lossy(&self.data);
        let id = EventId::derive(&["snapshot", &self.key.to_string(), &before, &content]);
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "deficiency".to_owned(),
            occurred_at: now,
            recorded_at: None,
            received_at: now,
        };
        NewEvent { id, kind: self.kind.into(), data: self.data.into(), metadata }
    }
}

/// Whether the event repeats a record instead of changing it.
pub(super) fn is_snapshot(event: &RecordedEvent) -> bool {
    matches!(&*event.kind, "provider-snapshot" | "facility-snapshot")
}

/// The last snapshot of every record.
#[derive(Default)]
pub(super) struct Told(HashMap<Uuid, Last>);

struct Last {
    hash: Hash,
    event: EventId,
}

#[derive(Deserialize)]
struct ProviderKey {
    key: Uuid,
}

#[derive(Deserialize)]
struct FacilityCode {
    code: String,
}

impl Told {
    /// Takes note of an event, if it is a snapshot.
    pub(super) fn note(&mut self, event: &RecordedEvent) -> Result<(), JournalError> {
        let key = match &*event.kind {
            "provider-snapshot" => event.decode::<ProviderKey>()?.key,
            "facility-snapshot" => facility_key(&event.decode::<FacilityCode>()?.code),
            _ => return Ok(()),
        };
        self.0.insert(key, Last { hash: Sha256::digest(&event.data).into(), event: event.id });
        Ok(())
    }

    /// Whether it differs from the last one, or is the first.
    pub(super) fn is_news(&self, snapshot: &Snapshot) -> bool {
        self.0.get(&snapshot.key).is_none_or(|last| last.hash != snapshot.hash())
    }
}
