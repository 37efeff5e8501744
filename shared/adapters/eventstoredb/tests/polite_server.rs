//! A server, or something before it, that ends a subscription without an error: the client spins for ever.
//! In a process of its own, because the lost thread stays busy until the process ends.

use std::time::Duration;

use countersign_eventsourcing::journal::{
    Expected, Filter, Journal, Metadata, NewEvent, Position, StreamName,
};
use countersign_eventstoredb::{EventStoreJournal, Options};
use countersign_kernel::{EventId, Timestamp};
use countersign_testkit::eventstore_stand_in::EventStoreStandIn;
use futures::StreamExt;

fn event(n: u32) -> NewEvent {
    let instant = Timestamp::from_second(1_750_000_000).expect("an instant of this century");
    let metadata = Metadata {
        correlation: EventId::derive(&["correlation"]).0,
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "test".to_owned(),
        occurred_at: instant,
        recorded_at: None,
        received_at: instant,
    };
    let id = EventId::derive(&["polite", &n.to_string()]);
    NewEvent { id, kind: "test.happened".into(), data: "{}".into(), metadata }
}

#[tokio::test]
async fn a_subscription_that_the_server_ends_politely_goes_on() {
    let stand_in = EventStoreStandIn::start().await.expect("a free loopback port");
    let options = Options { quiet: Duration::from_millis(200), ..Options::default() };
    let journal =
        EventStoreJournal::connect_with(&stand_in.connection_string(), options).await.expect("a connection");
    let stream = StreamName::new("facts", "one");
    let mut batches = journal.subscribe(Position::START, Filter::All);
    journal.append(stream.clone(), Expected::Any, vec![event(0)]).await.expect("appended");
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen.extend(batches.next().await.expect("no end").expect("a batch").events);
    }

    stand_in.end_subscriptions();
    journal.append(stream, Expected::Any, vec![event(1)]).await.expect("appended");

    let mut errors = Vec::new();
    while seen.len() < 2 {
        let next = tokio::time::timeout(Duration::from_mins(1), batches.next()).await;
        match next.expect("something within a minute").expect("no end") {
            Ok(batch) => seen.extend(batch.events),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(seen.iter().map(|event| event.id).collect::<Vec<_>>(), [event(0).id, event(1).id]);
    assert_eq!(errors.len(), 1, "{errors:?}");
}
