//! The feed port: contract events, in order per key.

use std::{sync::Arc, time::Duration};

use countersign_contracts::Envelope;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    journal::{Batch, Journal, JournalError, Position},
    publish::SharedPublishers,
};

/// How far a consumer has come in a feed. Opaque to the consumer; ordered within one `epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Identity of the transport's storage (creation time of a JetStream stream; 0 for the journal's tail).
    /// When it differs, `sequence` means nothing and the reader starts from the transport's beginning.
    pub epoch: u64,
    /// Place in the transport.
    pub sequence: u64,
    /// Journal position of the event: comparable across epochs.
    pub position: Position,
}

/// One event delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Where it stands in the feed.
    pub cursor: Cursor,
    /// The event.
    pub event: Envelope,
}

/// The feed cannot be read now. It goes on by itself.
#[derive(Debug, thiserror::Error)]
#[error("the feed is interrupted: {0}")]
pub struct FeedError(pub String);

/// Some deliveries, in order.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    /// The events.
    pub events: Vec<Delivery>,
    /// Everything before this journal position that the consumer asked for has been delivered, now or before.
    pub upto: Position,
    /// There was nothing more at this moment.
    pub caught_up: bool,
}

/// Where a consumer begins.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Name of the consumer, for people who look at the transport.
    pub consumer: String,
    /// Categories of contract events wanted (`facts`, `patients`, ...).
    pub categories: Vec<&'static str>,
    /// The consumer's own checkpoint; `None` = from the beginning.
    pub after: Option<Cursor>,
}

/// Delivers contract events at least once, in order per key.
pub trait Feed: Send + Sync + 'static {
    /// Everything after the checkpoint and then whatever comes, without end.
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>>;
}

/// The feed inside one process: the journal's own tail, published on the fly.
pub struct JournalTail {
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
}

impl JournalTail {
    /// A feed over this journal.
    pub fn new(journal: Arc<dyn Journal>, publishers: SharedPublishers) -> Self {
        Self { journal, publishers }
    }
}

/// From one read of the tail to the next, at least: under load every append moves the head, and a few larger
/// batches cost far less than many small ones. The first event after a pause never waits.
const BREATH: Duration = Duration::from_millis(2);
/// Longest wait before an event that could not be published is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Feed for JournalTail {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let tail = Tail {
            journal: Arc::clone(&self.journal),
            publishers: Arc::clone(&self.publishers),
            categories: subscription.categories,
            passed: subscription.after.map_or(Position::START, |cursor| cursor.position),
            batches: None,
            failed: None,
            wait: Duration::ZERO,
            rests_until: Instant::now(),
        };
        stream::unfold(tail, |mut tail| async move { tail.next().await.map(|item| (item, tail)) }).boxed()
    }
}

/// One subscription. It does not pass an event that cannot be published: it reads from there again.
struct Tail {
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
    categories: Vec<&'static str>,
    passed: Position,
    batches: Option<BoxStream<'static, Result<Batch, JournalError>>>,
    failed: Option<JournalError>,
    wait: Duration,
    /// Not read again before.
    rests_until: Instant,
}

impl Tail {
    async fn next(&mut self) -> Option<Result<Deliveries, FeedError>> {
        if let Some(error) = self.failed.take() {
            self.batches = None;
            self.wait = (self.wait * 2).clamp(Duration::from_millis(50), LONGEST_WAIT);
            return Some(Err(FeedError(error.to_string())));
        }
        if self.batches.is_none() {
            tokio::time::sleep(self.wait).await;
            self.batches = Some({
                let filter = self.publishers.filter_for(&self.categories);
                self.journal.subscribe(self.passed, filter)
            });
        }
        tokio::time::sleep_until(self.rests_until).await;
        let batch = match self.batches.as_mut()?.next().await? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(FeedError(error.to_string()))),
        };
        if batch.caught_up {
            self.rests_until = Instant::now() + BREATH;
        }
        let mut deliveries = Deliveries { events: Vec::new(), upto: self.passed, caught_up: false };
        for recorded in &batch.events {
            let cursor = Cursor { epoch: 0, sequence: recorded.position.0, position: recorded.position };
            match self.publishers.publish(recorded) {
                Ok(published) => deliveries.events.extend(
                    published
                        .into_iter()
                        .filter(|event| self.categories.contains(&event.category.as_str()))
                        .map(|event| Delivery { cursor, event }),
                ),
                Err(error) => {
                    self.failed = Some(error);
                    deliveries.upto = self.passed;
                    return Some(Ok(deliveries));
                }
            }
            self.passed = recorded.position;
        }
        self.passed = batch.upto;
        self.wait = Duration::ZERO;
        Some(Ok(Deliveries { upto: batch.upto, caught_up: batch.caught_up, ..deliveries }))
    }
}
