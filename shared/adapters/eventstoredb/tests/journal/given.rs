//! What the tests start from.

use std::time::Duration;

use bytes::Bytes;
use countersign_eventsourcing::journal::{Metadata, NewEvent, StreamName};
use countersign_eventstoredb::{EventStoreJournal, Options};
use countersign_kernel::{EventId, Timestamp};
use countersign_testkit::eventstore_stand_in::EventStoreStandIn;

/// Impatient, because the stand-in is near; but a busy machine must not look like a fault.
pub(crate) fn options() -> Options {
    Options {
        deadline: Duration::from_secs(10),
        retries: 4,
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(100),
        quiet: Duration::from_millis(150),
        ..Options::default()
    }
}

pub(crate) async fn a_stand_in() -> EventStoreStandIn {
    EventStoreStandIn::start().await.expect("a free loopback port")
}

pub(crate) async fn a_journal_on(stand_in: &EventStoreStandIn, options: Options) -> EventStoreJournal {
    EventStoreJournal::connect_with(&stand_in.connection_string(), options).await.expect("a connection")
}

pub(crate) fn stream(category: &str) -> StreamName {
    StreamName::new(category, "one")
}

/// `count` events whose ids follow from the label.
pub(crate) fn events(label: &str, count: usize) -> Vec<NewEvent> {
    let instant = Timestamp::from_second(1_750_000_000).expect("an instant of this century");
    (0..count)
        .map(|n| NewEvent {
            id: EventId::derive(&["eventstoredb", label, &n.to_string()]),
            kind: "test.happened".into(),
            data: Bytes::from(format!(r#"{{"label":"{label}","n":{n}}}"#)),
            metadata: Metadata {
                correlation: EventId::derive(&["correlation"]).0,
                causation: None,
                traceparent: None,
                schema: 1,
                actor: "test".to_owned(),
                occurred_at: instant,
                recorded_at: None,
                received_at: instant,
            },
        })
        .collect()
}

pub(crate) fn uuids(events: &[NewEvent]) -> Vec<uuid::Uuid> {
    events.iter().map(|event| event.id.0).collect()
}
