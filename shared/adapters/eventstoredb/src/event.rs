//! Events as we know them, and as the server does.

use bytes::Bytes;
use countersign_eventsourcing::journal::{NewEvent, Position, RecordedEvent, StreamName};
use countersign_kernel::EventId;
use eventstore::EventData;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// Streams of the server's own begin so: metadata, statistics, projections.
pub(crate) fn is_system(stream: &str) -> bool {
    stream.starts_with('$')
}

/// An event on its way to the server, and what it weighs against the server's limit of one append. Our
/// metadata becomes its user metadata.
pub(crate) fn outgoing(event: &NewEvent) -> Result<(EventData, usize), Failure> {
    let unencodable =
        |error: serde_json::Error| Failure::Permanent(format!("an event does not encode: {error}"));
    let data = match serde_json::from_slice::<&RawValue>(&event.data) {
        // Marked as JSON, the server's own pages can show it.
        Ok(json) if json.get().len() == event.data.len() => {
            EventData::json(&event.kind, &json).map_err(unencodable)?
        }
        _ => EventData::binary(&event.kind, event.data.clone()),
    };
    let metadata = serde_json::to_vec(&event.metadata).map_err(unencodable)?;
    // The server stores type names as UTF-16.
    let weight = event.data.len() + metadata.len() + 2 * event.kind.len();
    Ok((data.id(event.id.0).metadata(Bytes::from(metadata)), weight))
}

/// An event that the server gave us.
pub(crate) fn incoming(event: eventstore::ResolvedEvent) -> Option<RecordedEvent> {
    let event = event.event.or(event.link)?;
    Some(RecordedEvent {
        position: Position(event.position.commit),
        stream: StreamName::from_stored(&event.stream_id),
        revision: event.revision,
        id: EventId(event.id),
        kind: event.event_type.into(),
        data: event.data,
        metadata: event.custom_metadata,
    })
}
