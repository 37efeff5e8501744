//! An event that cannot be processed stops its partition, visibly; an operator passes over it, on record.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::Duration};

use countersign_contracts::{Envelope, Partition, chart};
use countersign_deficiency::{
    domain::rules::RuleSet,
    governance::Governance,
    service::{Deficiency, Ports},
};
use countersign_eventsourcing::{
    consumer::skip,
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::{Journal, Position, StreamName},
};
use countersign_kernel::{EventId, FixedClock, Timestamp, derive_uuid};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use futures::{StreamExt, stream::BoxStream};

/// A feed that holds one event whose content is not what its type promises.
struct Poisoned(Envelope);

impl Feed for Poisoned {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let cursor = Cursor { epoch: 1, sequence: 1, position: Position(1) };
        let seen = subscription.after.is_some_and(|after| after.sequence >= 1);
        let events = if seen { Vec::new() } else { vec![Delivery { cursor, event: self.0.clone() }] };
        let first = Deliveries { events, upto: Position(1), caught_up: true };
        futures::stream::iter([Ok(first)]).chain(futures::stream::pending()).boxed()
    }
}

fn poison() -> Envelope {
    Envelope {
        id: EventId::derive(&["poison"]),
        source: "intake".to_owned(),
        kind: chart::ChartFactsReported::TYPE.to_owned(),
        category: chart::CATEGORY.to_owned(),
        key: derive_uuid("encounter", &["poison"]),
        time: Timestamp::UNIX_EPOCH,
        position: 1,
        correlation: derive_uuid("message", &["poison"]),
        traceparent: None,
        data: serde_json::value::to_raw_value(&serde_json::json!({ "encounter": "MARKER" })).unwrap(),
    }
}

async fn service(journal: &Arc<SqliteJournal>, state: &std::path::Path) -> Arc<Deficiency> {
    let clock = Arc::new(FixedClock::at("2026-01-05T10:00:00Z".parse().unwrap()));
    let record = Arc::clone(journal) as Arc<dyn Journal>;
    let governance = Governance::open(record, clock.clone(), RuleSet::DEFAULT_FILE).await.unwrap();
    let ports = Ports {
        journal: Arc::clone(journal) as Arc<dyn Journal>,
        feed: Arc::new(Poisoned(poison())),
        clock,
        state: state.to_owned(),
        governance: Arc::new(governance),
    };
    Arc::new(Deficiency::open(ports).unwrap())
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about within five seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_stops_its_partition_until_an_operator_passes_over_it_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let opened = DataFolder::open_exclusive(folder.path(), "test").unwrap();
    let journal = SqliteJournal::open(opened, Options::default()).unwrap();
    let partition = Partition::of(poison().key);

    // given a running service whose feed holds an event that does not decode
    let running = service(&journal, &folder.path().join("state")).await;
    let consumer = Arc::clone(&running);
    let task = tokio::spawn(async move { consumer.consume().await });

    // then that partition stands, and says why without quoting the event
    until(|| !running.consumer().stopped().unwrap().is_empty()).await;
    let stop = running.consumer().stopped().unwrap().remove(0);
    assert_eq!((stop.partition, stop.event), (partition, poison().id));
    assert!(stop.reason.contains("does not decode") && !stop.reason.contains("MARKER"), "{}", stop.reason);

    // when another partition is named, nothing happens
    let other = Partition::new((partition.number() + 1) % 64).unwrap();
    assert!(skip(running.as_ref(), other, "kim", "typing error").await.unwrap().is_none());

    // when an operator passes over it, it goes on
    let skipped =
        skip(running.as_ref(), partition, "kim", "test message of the vendor").await.unwrap().unwrap();
    assert_eq!((skipped.actor.as_str(), skipped.event), ("kim", poison().id));
    until(|| running.consumer().stopped().unwrap().is_empty() && running.consumer().place().sequence == 1)
        .await;
    task.abort();
    drop(running);

    // and the journal keeps who and why, so that a service with no files of its own knows it too
    let recorded = journal.read_stream(StreamName::new("operator", "deficiency"), 0).await.unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].metadata().unwrap().actor, "kim");
    let anew = service(&journal, &folder.path().join("another state")).await;
    tokio::time::timeout(Duration::from_secs(5), anew.catch_up()).await.unwrap().unwrap();
    assert!(anew.consumer().stopped().unwrap().is_empty());
}
