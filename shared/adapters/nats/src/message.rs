//! How an event looks as a message: the envelope as JSON, and headers that let a reader place it without
//! opening it.

use async_nats::{HeaderMap, jetstream::message::PublishMessage};
use countersign_contracts::Envelope;
use countersign_eventsourcing::journal::Position;
use countersign_kernel::EventId;

/// Journal position of the stored event that the message was made from.
const POSITION: &str = "Countersign-Position";

/// Journal position of the message before: nothing that is published lies between the two.
const AFTER: &str = "Countersign-After";

/// Categories of the messages made from the same stored event that are still to come, separated by spaces.
const MORE: &str = "Countersign-More";

const TRACEPARENT: &str = "traceparent";

/// Where a message stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Position of the stored event that it was made from.
    pub(crate) position: Position,
    /// Position of the message before; the same position when both were made from one stored event.
    pub(crate) after: Position,
}

impl Place {
    /// Reads it from the headers; `None` when the message was not published by a relay.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let position = |name| headers.get(name)?.as_str().parse().ok().map(Position);
        Some(Self { position: position(POSITION)?, after: position(AFTER)? })
    }
}

/// The position that a reader of these categories has passed when it has this message: not yet that of the
/// message while another one of the same stored event is to come.
pub(crate) fn passed(headers: &HeaderMap, position: Position, categories: &[&str]) -> Position {
    let more = headers.get(MORE).map_or("", |more| more.as_str());
    if more.split(' ').any(|category| categories.contains(&category)) {
        Position(position.0.saturating_sub(1))
    } else {
        position
    }
}

/// The id of the event in a message.
pub(crate) fn id(headers: &HeaderMap) -> Option<EventId> {
    headers.get(async_nats::header::NATS_MESSAGE_ID)?.as_str().parse().ok()
}

/// The message for an event. `more`: the events made from the same stored event that follow it. The server
/// refuses it unless the stream's last message has this number and, where one is named, is this event.
pub(crate) fn publication(
    event: &Envelope,
    after: Position,
    more: &[Envelope],
    expected_last_sequence: u64,
    expected_last: Option<EventId>,
) -> Result<PublishMessage, serde_json::Error> {
    let mut headers = HeaderMap::new();
    headers.insert(POSITION, event.position.to_string());
    headers.insert(AFTER, after.to_string());
    if !more.is_empty() {
        let categories: Vec<&str> = more.iter().map(|event| event.category.as_str()).collect();
        headers.insert(MORE, categories.join(" "));
    }
    if let Some(traceparent) = event.traceparent.as_deref().filter(|value| is_header_safe(value)) {
        headers.insert(TRACEPARENT, traceparent);
    }
    if let Some(expected) = expected_last {
        headers.insert(async_nats::header::NATS_EXPECTED_LAST_MESSAGE_ID, expected.to_string());
    }
    Ok(PublishMessage::build()
        .headers(headers)
        .message_id(event.id.to_string())
        .expected_last_sequence(expected_last_sequence)
        .payload(serde_json::to_vec(event)?.into()))
}

/// The event in a message. The error says where decoding stopped and never what was there: that may be
/// patient data.
pub(crate) fn event(headers: &HeaderMap, payload: &[u8]) -> Result<Envelope, String> {
    let mut event: Envelope = serde_json::from_slice(payload).map_err(|error| {
        format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
    })?;
    if event.traceparent.is_none() {
        event.traceparent = headers.get(TRACEPARENT).map(|value| value.as_str().to_owned());
    }
    Ok(event)
}

/// A header must not break the line.
fn is_header_safe(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    fn envelope(category: &str, position: u64) -> Envelope {
        Envelope {
            id: EventId::derive(&[category, &position.to_string()]),
            source: "test".to_owned(),
            kind: "noted".to_owned(),
            category: category.to_owned(),
            key: countersign_kernel::derive_uuid("key", &["1"]),
            time: countersign_kernel::Timestamp::UNIX_EPOCH,
            position,
            correlation: countersign_kernel::derive_uuid("message", &["1"]),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            data: to_raw_value(&42).expect("a number is JSON"),
        }
    }

    fn headers_of(message: PublishMessage) -> (HeaderMap, bytes::Bytes) {
        let message = message.outbound_message("countersign.v1.facts.00.noted");
        (message.headers.expect("headers"), message.payload)
    }

    #[test]
    fn what_is_published_is_what_is_read() {
        let event_sent = envelope("facts", 7);
        let message = publication(&event_sent, Position(5), &[], 3, None).expect("encodes");

        let (headers, payload) = headers_of(message);

        assert_eq!(Place::read(&headers), Some(Place { position: Position(7), after: Position(5) }));
        assert_eq!(headers.get("Nats-Msg-Id").expect("id").as_str(), event_sent.id.to_string());
        let read = event(&headers, &payload).expect("decodes");
        assert_eq!((read.id, read.position, read.traceparent), (event_sent.id, 7, event_sent.traceparent));
    }

    #[test]
    fn a_position_is_passed_only_with_the_last_wanted_message_made_from_it() {
        let siblings = [envelope("patients", 7)];
        let message = publication(&envelope("facts", 7), Position(5), &siblings, 0, None).expect("encodes");
        let (headers, _) = headers_of(message);

        assert_eq!(passed(&headers, Position(7), &["facts", "patients"]), Position(6));
        assert_eq!(passed(&headers, Position(7), &["facts"]), Position(7));
    }

    #[test]
    fn the_error_of_a_broken_message_does_not_quote_it() {
        let error = event(&HeaderMap::new(), br#"{"id": "DOE^JOHN"}"#).expect_err("no envelope");

        assert!(!error.contains("DOE"), "{error}");
    }

    #[test]
    fn a_trace_context_that_would_break_the_header_is_left_out() {
        let mut event_sent = envelope("facts", 1);
        event_sent.traceparent = Some("00-a\r\nNats-Rollup: all".to_owned());
        let (headers, _) = headers_of(publication(&event_sent, Position(0), &[], 0, None).expect("encodes"));

        assert!(headers.get("traceparent").is_none());
    }
}
