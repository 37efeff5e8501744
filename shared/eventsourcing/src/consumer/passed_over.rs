//! The operator's way past an event that cannot be processed, on record.

use countersign_contracts::Partition;
use countersign_kernel::EventId;
use serde::{Deserialize, Serialize};

use super::{CheckpointError, Consumer};
use crate::journal::{AppendError, Expected, Journal, JournalError, Metadata, NewEvent, StreamName};

/// Category of the streams in which operators' decisions are kept.
pub const OPERATOR: &str = "operator";

/// An operator let a service pass over an event that it could not process. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverySkipped {
    /// The event.
    pub event: EventId,
    /// Its type.
    pub kind: String,
    /// The partition that stood still.
    pub partition: Partition,
    /// Why it could not be processed.
    pub reason: String,
    /// Who decided to pass over it.
    pub actor: String,
    /// Why.
    pub why: String,
}

impl DeliverySkipped {
    /// The stored type name.
    pub const KIND: &'static str = "delivery-skipped";
}

/// The decision is not on record, or the consumer does not know it.
#[derive(Debug, thiserror::Error)]
pub enum SkipError {
    /// The consumer's own file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The record.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A service that works through a feed.
pub trait Consuming: Send + Sync + 'static {
    /// Its consumer.
    fn consumer(&self) -> &Consumer;

    /// The record.
    fn journal(&self) -> &dyn Journal;

    /// Where decisions to pass over events stand: a stream of [`OPERATOR`] that holds nothing else.
    fn skips(&self) -> StreamName {
        StreamName::new(OPERATOR, self.consumer().name)
    }

    /// Lets the stopped partitions try again, and whatever else the service has set aside, after whatever was wrong has
    /// been put right.
    fn retry(&self) {
        self.consumer().resume();
    }
}

/// Passes over the event at which a partition stands. Who and why is in the journal, for ever. `None` when the partition
/// does not stand still.
///
/// # Errors
/// The journal or the consumer's own file.
pub async fn skip<S: Consuming + ?Sized>(
    service: &S,
    partition: Partition,
    actor: &str,
    why: &str,
) -> Result<Option<DeliverySkipped>, SkipError> {
    let consumer = service.consumer();
    let Some(stop) = consumer.stopped()?.into_iter().find(|stop| stop.partition == partition) else {
        return Ok(None);
    };
    let skipped = DeliverySkipped {
        event: stop.event,
        kind: stop.kind,
        partition,
        reason: stop.reason,
        actor: actor.to_owned(),
        why: why.to_owned(),
    };
    let now = consumer.clock.now();
    let id = EventId::derive(&["skipped", consumer.name, &skipped.event.to_string()]);
    let metadata = Metadata {
        correlation: skipped.event.0,
        causation: Some(skipped.event.0),
        traceparent: None,
        schema: 1,
        actor: actor.to_owned(),
        occurred_at: now,
        recorded_at: None,
        received_at: now,
    };
    let event = NewEvent::encode(id, DeliverySkipped::KIND, &skipped, metadata)
        .map_err(|error| JournalError::Unavailable(error.to_string()))?;
    match service.journal().append(service.skips(), Expected::Any, vec![event]).await {
        // A conflict means that the same event was passed over before: it is on record.
        Ok(_) | Err(AppendError::Conflict { .. }) => {}
        Err(AppendError::Journal(error)) => return Err(error.into()),
    }
    tracing::info!(consumer = consumer.name, %partition, event = %skipped.event, "an operator passes over an event");
    consumer.pass_over(skipped.event)?;
    consumer.resume();
    Ok(Some(skipped))
}

/// Tells the consumer what operators decided to pass over, from the record: the consumer's own file may have been
/// deleted.
///
/// # Errors
/// The journal or the consumer's own file.
pub async fn recall_skips<S: Consuming + ?Sized>(service: &S) -> Result<(), SkipError> {
    let recorded = service.journal().read_stream(service.skips(), 0).await?;
    for event in recorded.iter().filter(|event| &*event.kind == DeliverySkipped::KIND) {
        let skipped: DeliverySkipped = event.decode()?;
        service.consumer().pass_over(skipped.event)?;
    }
    Ok(())
}
