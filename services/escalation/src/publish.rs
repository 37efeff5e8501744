//! What the escalation service tells its neighbours: who is to be told what, and what is no longer wanted. No patient
//! data.

use countersign_contracts::{
    Envelope,
    notice::{CATEGORY, NoticeRequested, NoticeWithdrawn},
};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use serde::{Serialize, de::DeserializeOwned};

/// The envelopes of one event of a track or of a regulatory watch.
///
/// # Errors
/// The event is not what its type promises.
pub fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    Ok(match &*event.kind {
        NoticeRequested::TYPE => vec![envelope::<NoticeRequested>(event, NoticeRequested::TYPE)?],
        NoticeWithdrawn::TYPE => vec![envelope::<NoticeWithdrawn>(event, NoticeWithdrawn::TYPE)?],
        _ => Vec::new(),
    })
}

/// Stored and told are one type here: it is read and written again, so that what leaves is what the contract says.
fn envelope<T: DeserializeOwned + Serialize>(
    event: &RecordedEvent,
    kind: &str,
) -> Result<Envelope, JournalError> {
    let undecodable = |error| event.undecodable(&error);
    let said: T = event.decode()?;
    let metadata = event.metadata()?;
    Ok(Envelope {
        id: event.id,
        source: "escalation".to_owned(),
        kind: kind.to_owned(),
        category: CATEGORY.to_owned(),
        // A notice and its withdrawal come from one stream: its key keeps them in order.
        key: event.stream.id().parse().map_err(|_| JournalError::Undecodable {
            position: event.position,
            kind: event.kind.to_string(),
            reason: "the id of its stream is no UUID".to_owned(),
        })?,
        time: metadata.received_at,
        position: event.position.0,
        correlation: metadata.correlation,
        traceparent: metadata.traceparent,
        data: serde_json::value::to_raw_value(&said).map_err(undecodable)?,
    })
}
