//! What the neighbours hear of a message: the facts about charts, the merges of patients and the records of staff in
//! its last reading.

use countersign_contracts::{
    Envelope,
    chart::{self, ChartFactsReported, EncounterKey},
    patient::{self, PatientId, PatientMerged},
    staff::{self, StaffReported},
};
use countersign_eventsourcing::journal::{JournalError, Metadata, RecordedEvent};
use countersign_kernel::{EventId, MessageId, ProviderId, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::MessageRead;

/// Name of this service in envelopes.
pub const SOURCE: &str = "intake";

/// As much of a stored reading as publishing needs: the events themselves are passed on as they are stored.
#[derive(Deserialize)]
struct Published<'a> {
    message: MessageId,
    reading: u32,
    #[serde(borrow, default)]
    facts: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    merges: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    staff: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct FactsKey {
    encounter: EncounterKey,
    received_at: Timestamp,
}

#[derive(Deserialize)]
struct MergeKey {
    retired: PatientId,
    received_at: Timestamp,
}

#[derive(Deserialize)]
struct StaffKey {
    id: ProviderId,
    received_at: Timestamp,
}

/// The contract events in a stored event of the category `message`. Their ids are derived from message, reading and
/// place, so that every delivery of the same fact has the same id.
pub fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    if &*event.kind != MessageRead::KIND {
        return Ok(Vec::new());
    }
    let undecodable = |error: serde_json::Error| event.undecodable(&error);
    let read: Published<'_> = serde_json::from_slice(&event.data).map_err(undecodable)?;
    if read.facts.is_empty() && read.merges.is_empty() && read.staff.is_empty() {
        return Ok(Vec::new());
    }
    let metadata: Metadata = event.metadata()?;
    let message = read.message.to_string();
    let reading = read.reading.to_string();
    let envelope =
        |kind: &'static str, category: &'static str, index: usize, key: Uuid, time, data: &RawValue| {
            Envelope {
                id: EventId::derive(&[SOURCE, kind, &message, &reading, &index.to_string()]),
                source: SOURCE.to_owned(),
                kind: kind.to_owned(),
                category: category.to_owned(),
                key,
                time,
                position: event.position.0,
                correlation: metadata.correlation,
                traceparent: metadata.traceparent.clone(),
                data: data.to_owned(),
            }
        };
    let mut envelopes = Vec::with_capacity(read.facts.len() + read.merges.len() + read.staff.len());
    for (index, data) in read.facts.iter().enumerate() {
        let key: FactsKey = serde_json::from_str(data.get()).map_err(undecodable)?;
        let encounter = key.encounter.id().0;
        envelopes.push(envelope(
            ChartFactsReported::TYPE,
            chart::CATEGORY,
            index,
            encounter,
            key.received_at,
            data,
        ));
    }
    for (index, data) in read.merges.iter().enumerate() {
        let key: MergeKey = serde_json::from_str(data.get()).map_err(undecodable)?;
        let retired = key.retired.key();
        envelopes.push(envelope(
            PatientMerged::TYPE,
            patient::CATEGORY,
            index,
            retired,
            key.received_at,
            data,
        ));
    }
    for (index, data) in read.staff.iter().enumerate() {
        let StaffKey { id, received_at } = serde_json::from_str(data.get()).map_err(undecodable)?;
        let key = staff::key_of(&id);
        envelopes.push(envelope(StaffReported::TYPE, staff::CATEGORY, index, key, received_at, data));
    }
    Ok(envelopes)
}
