//! The feed port: contract events, in order per key.

use std::sync::Arc;

use countersign_contracts::Envelope;
use futures::{StreamExt, stream::BoxStream};
use serde::{Deserialize, Serialize};

use crate::{
    journal::{Journal, Position},
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

impl Feed for JournalTail {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let publishers = Arc::clone(&self.publishers);
        let after = subscription.after.map_or(Position::START, |cursor| cursor.position);
        self.journal
            .subscribe(after, publishers.filter())
            .map(move |batch| {
                let batch = batch.map_err(|error| FeedError(error.to_string()))?;
                let mut deliveries =
                    Deliveries { events: Vec::new(), upto: batch.upto, caught_up: batch.caught_up };
                for recorded in &batch.events {
                    let cursor =
                        Cursor { epoch: 0, sequence: recorded.position.0, position: recorded.position };
                    let published =
                        publishers.publish(recorded).map_err(|error| FeedError(error.to_string()))?;
                    deliveries.events.extend(
                        published
                            .into_iter()
                            .filter(|event| subscription.categories.contains(&event.category.as_str()))
                            .map(|event| Delivery { cursor, event }),
                    );
                }
                Ok(deliveries)
            })
            .boxed()
    }
}
