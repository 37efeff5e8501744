use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign_contracts::Envelope;
use countersign_kernel::{Clock, EventId, Timestamp};
use futures::{StreamExt, stream, stream::BoxStream};
use serde_json::value::to_raw_value;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Checkpoints, Consumer, HandleError, Handler};
use crate::{
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::{PortFuture, Position},
};

const PATIENCE: Duration = Duration::from_secs(10);

/// An event of a partition, and the place it is delivered from.
fn event(partition: u8, position: u64) -> Delivery {
    let mut key = [0; 16];
    key[0] = partition;
    Delivery {
        cursor: Cursor { epoch: 0, sequence: position, position: Position(position) },
        event: Envelope {
            id: EventId::derive(&["test", &partition.to_string(), &position.to_string()]),
            source: "test".to_owned(),
            kind: "noted".to_owned(),
            category: "facts".to_owned(),
            key: Uuid::from_bytes(key),
            time: Timestamp::UNIX_EPOCH,
            position,
            correlation: Uuid::nil(),
            traceparent: None,
            data: to_raw_value(&position).expect("a number is JSON"),
        },
    }
}

/// Delivers everything after the checkpoint, a few events at a time, and then nothing more for ever.
struct Told {
    events: Vec<Delivery>,
    at_once: usize,
}

impl Feed for Told {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let after = subscription.after.map_or(Position::START, |cursor| cursor.position);
        let rest: Vec<Delivery> =
            self.events.iter().filter(|event| event.cursor.position > after).cloned().collect();
        let last = rest.len().div_ceil(self.at_once).saturating_sub(1);
        let batches: Vec<_> = rest
            .chunks(self.at_once)
            .enumerate()
            .map(|(number, events)| {
                let upto = events.last().map_or(after, |event| event.cursor.position);
                Ok(Deliveries { events: events.to_vec(), upto, caught_up: number == last })
            })
            .collect();
        stream::iter(batches).chain(stream::pending()).boxed()
    }
}

/// Notes what it handles. Partitions can be held until they are let go; one event can be poison.
#[derive(Default)]
struct Noted {
    handled: Mutex<Vec<(u8, u64)>>,
    held: BTreeMap<u8, Semaphore>,
    poison: Mutex<Option<u64>>,
    panic: Option<u64>,
    busy: Mutex<BTreeMap<u8, bool>>,
}

impl Noted {
    fn holding(partitions: &[u8]) -> Self {
        Self { held: partitions.iter().map(|n| (*n, Semaphore::new(0))).collect(), ..Self::default() }
    }

    fn let_go(&self, partition: u8, events: usize) {
        self.held[&partition].add_permits(events);
    }

    fn of(&self, partition: u8) -> Vec<u64> {
        self.handled.lock().unwrap().iter().filter(|(p, _)| *p == partition).map(|(_, n)| *n).collect()
    }
}

impl Handler for Noted {
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let partition = event.partition().number();
            assert_ne!(
                self.busy.lock().unwrap().insert(partition, true),
                Some(true),
                "two at once in partition {partition}"
            );
            if let Some(held) = self.held.get(&partition) {
                held.acquire().await.unwrap().forget();
            }
            tokio::task::yield_now().await;
            self.busy.lock().unwrap().insert(partition, false);
            if *self.poison.lock().unwrap() == Some(event.position) {
                return Err(HandleError::Poison("does not decode".to_owned()));
            }
            assert_ne!(self.panic, Some(event.position), "a handler that does not know what to do");
            self.handled.lock().unwrap().push((partition, event.position));
            Ok(())
        })
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn ran(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::ZERO
    }
}

/// A consumer of these events whose checkpoint is in the folder.
fn consumer(folder: &TempDir, events: Vec<Delivery>, handler: &Arc<Noted>) -> Arc<Consumer> {
    let checkpoints = Arc::new(Checkpoints::open(&folder.path().join("consumers.db")).unwrap());
    let feed = Arc::new(Told { events, at_once: 3 });
    let handler = Arc::clone(handler) as Arc<dyn Handler>;
    Arc::new(Consumer::new("test", vec!["facts"], feed, checkpoints, handler, Arc::new(Fixed)).unwrap())
}

fn run(consumer: &Arc<Consumer>) -> tokio::task::JoinHandle<()> {
    let consumer = Arc::clone(consumer);
    tokio::spawn(async move { consumer.run().await.unwrap() })
}

async fn until(mut holds: impl FnMut() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.expect("what was waited for came");
}

#[tokio::test]
async fn a_slow_partition_holds_up_its_own_events_and_the_place_but_no_other_partition() {
    // given a partition whose first event takes long
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Noted::holding(&[1]));
    let events = vec![event(1, 1), event(2, 2), event(2, 3), event(1, 4), event(2, 5), event(2, 6)];
    let consumer = consumer(&folder, events, &handler);
    // when the feed is worked through
    let running = run(&consumer);
    until(|| handler.of(2) == [2, 3, 5, 6]).await;
    // then the place stays before the event that is not done
    assert_eq!(handler.of(1), [0_u64; 0]);
    assert_eq!(consumer.place().position, Position::START);
    // and moves past it, as far as everything is done, when it is
    handler.let_go(1, 1);
    assert!(consumer.wait_for(Position(3), PATIENCE).await);
    assert_eq!(consumer.place().position, Position(3));
    handler.let_go(1, 1);
    assert!(consumer.wait_for(Position(6), PATIENCE).await);
    assert_eq!(handler.of(1), [1, 4]);
    running.abort();
}

#[tokio::test]
async fn a_place_from_which_several_events_came_is_passed_when_all_of_them_are_done() {
    // given a stored event that says something to two partitions, one of which is slow
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Noted::holding(&[2]));
    let consumer = consumer(&folder, vec![event(1, 7), event(2, 7), event(1, 8)], &handler);
    let running = run(&consumer);
    // when the quick partition is done
    until(|| handler.of(1) == [7, 8]).await;
    // then the place is still before that event
    assert_eq!(consumer.place().position, Position::START);
    handler.let_go(2, 1);
    assert!(consumer.wait_for(Position(8), PATIENCE).await);
    running.abort();
}

#[tokio::test]
async fn after_a_crash_every_event_that_was_not_done_comes_again() {
    // given a consumer that ends while one partition is held up
    let folder = TempDir::new().unwrap();
    let events: Vec<Delivery> = (1..=40).map(|n| event(u8::try_from(n % 5).unwrap(), n)).collect();
    let handler = Arc::new(Noted::holding(&[3]));
    let first = consumer(&folder, events.clone(), &handler);
    handler.let_go(3, 3);
    let running = run(&first);
    until(|| handler.of(3).len() == 3 && handler.of(4).len() == 8).await;
    running.abort();
    drop((running.await, first));
    let before = handler.of(3);
    // when it starts again
    let handler = Arc::new(Noted::default());
    consumer(&folder, events, &handler).catch_up().await.unwrap();
    // then nothing is missing, and in each partition the order is the feed's
    assert_eq!(before, [3, 8, 13]);
    let again = handler.of(3);
    assert!(again.ends_with(&[18, 23, 28, 33, 38]), "{again:?}");
    for partition in 0..5 {
        assert!(handler.of(partition).is_sorted());
    }
}

#[tokio::test]
async fn catching_up_returns_when_the_last_event_is_done() {
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Noted::default());
    let events: Vec<Delivery> = (1..=100).map(|n| event(u8::try_from(n % 7).unwrap(), n)).collect();
    let consumer = consumer(&folder, events, &handler);
    consumer.catch_up().await.unwrap();
    assert_eq!(handler.handled.lock().unwrap().len(), 100);
    assert_eq!(consumer.place().position, Position(100));
}

#[tokio::test]
async fn a_poison_event_stops_its_partition_until_somebody_says_what_to_do() {
    // given an event that cannot be processed
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Noted::default());
    *handler.poison.lock().unwrap() = Some(2);
    let events = vec![event(1, 1), event(1, 2), event(2, 3), event(1, 4), event(2, 5), event(1, 6)];
    let consumer = consumer(&folder, events, &handler);
    let running = run(&consumer);
    // then its partition stands before it and the other goes on, to the end
    assert!(consumer.wait_for(Position(6), PATIENCE).await);
    assert_eq!(handler.of(1), [1]);
    assert_eq!(handler.of(2), [3, 5]);
    let stopped = consumer.stopped().unwrap();
    assert_eq!(stopped.len(), 1);
    assert_eq!((stopped[0].partition.number(), stopped[0].before.position), (1, Position(2)));
    // and trying again without a change stops there again
    consumer.resume();
    until(|| handler.of(2).len() >= 4).await;
    until(|| consumer.stopped().unwrap().len() == 1).await;
    assert_eq!(handler.of(1), [1]);
    // and once it is to be passed over, the partition goes on behind it
    consumer.pass_over(stopped[0].event).unwrap();
    consumer.resume();
    until(|| handler.of(1) == [1, 4, 6]).await;
    assert_eq!(consumer.stopped().unwrap(), []);
    running.abort();
}

#[tokio::test]
async fn an_event_over_which_the_handler_panics_stops_its_partition_and_nothing_else() {
    // given an event over which the handler panics
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Noted { panic: Some(2), ..Noted::default() });
    let events = vec![event(1, 1), event(1, 2), event(2, 3), event(1, 4), event(2, 5)];
    let consumer = consumer(&folder, events, &handler);
    // when the feed is worked through
    consumer.catch_up().await.unwrap();
    // then its partition stands before it, with the reason, and the other is done
    assert_eq!((handler.of(1), handler.of(2)), (vec![1], vec![3, 5]));
    let stopped = consumer.stopped().unwrap();
    assert_eq!(stopped.len(), 1);
    assert_eq!((stopped[0].partition.number(), stopped[0].before.position), (1, Position(2)));
    // and nothing of what was said in the panic is shown
    assert_eq!(stopped[0].reason, super::PANICKED);
}

#[tokio::test]
async fn what_is_only_unavailable_is_tried_until_it_works() {
    /// Fails the first time.
    struct Unavailable(Noted, std::sync::atomic::AtomicU32);
    impl Handler for Unavailable {
        fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
            Box::pin(async move {
                if self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                    return Err(HandleError::Retry("away".to_owned()));
                }
                self.0.handle(event).await
            })
        }
    }
    let folder = TempDir::new().unwrap();
    let handler = Arc::new(Unavailable(Noted::default(), 0.into()));
    let checkpoints = Arc::new(Checkpoints::open(&folder.path().join("consumers.db")).unwrap());
    let feed = Arc::new(Told { events: vec![event(1, 1), event(1, 2)], at_once: 2 });
    let shared = Arc::clone(&handler) as Arc<dyn Handler>;
    let consumer = Consumer::new("test", vec!["facts"], feed, checkpoints, shared, Arc::new(Fixed)).unwrap();
    consumer.catch_up().await.unwrap();
    assert_eq!(handler.0.of(1), [1, 2]);
}
