//! A partition that stands before an event it cannot process, and the operator's ways out: try again after a
//! fix, or pass over the event, on record.

use countersign_contracts::Partition;
use countersign_eventsourcing::{
    consumer::Stopped,
    journal::{AppendError, Expected, JournalError, Metadata, NewEvent, StreamName},
    read_model::ReadModelError,
};
use countersign_kernel::EventId;

use crate::{
    domain::events::{DeliverySkipped, OPERATOR},
    service::{CONSUMER, Deficiency, ServiceError},
};

fn stream() -> StreamName {
    StreamName::new(OPERATOR, CONSUMER)
}

impl Deficiency {
    /// The partitions that stand still, with the reason.
    pub fn stopped_partitions(&self) -> Result<Vec<Stopped>, ServiceError> {
        Ok(self.consumer().stopped()?)
    }

    /// Lets every stopped partition try its event again.
    pub fn retry_partitions(&self) {
        self.consumer().resume();
    }

    /// Passes over the event at which a partition stands. Who and why is in the journal, for ever. `None`
    /// when the partition does not stand still.
    pub async fn skip(
        &self,
        partition: Partition,
        actor: &str,
        why: &str,
    ) -> Result<Option<DeliverySkipped>, ServiceError> {
        let Some(stop) = self.stopped_partitions()?.into_iter().find(|stop| stop.partition == partition)
        else {
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
        let now = self.clock.now();
        let id = EventId::derive(&["skipped", CONSUMER, &skipped.event.to_string()]);
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
        let unavailable = |error: String| ReadModelError::from(JournalError::Unavailable(error));
        let event = NewEvent::encode(id, DeliverySkipped::KIND, &skipped, metadata)
            .map_err(|error| unavailable(error.to_string()))?;
        match self.journal.append(stream(), Expected::Any, vec![event]).await {
            // A conflict means that the same event was passed over before: it is on record.
            Ok(_) | Err(AppendError::Conflict { .. }) => {}
            Err(AppendError::Journal(error)) => return Err(ReadModelError::from(error).into()),
        }
        self.consumer().pass_over(skipped.event)?;
        self.retry_partitions();
        Ok(Some(skipped))
    }

    /// What operators decided to pass over, from the record: the consumer's own file may have been deleted.
    pub(crate) async fn recall_skips(&self) -> Result<(), ServiceError> {
        let recorded = self.journal.read_stream(stream(), 0).await.map_err(ReadModelError::from)?;
        for event in recorded.iter().filter(|event| &*event.kind == DeliverySkipped::KIND) {
            let skipped: DeliverySkipped = event.decode().map_err(ReadModelError::from)?;
            self.consumer().pass_over(skipped.event)?;
        }
        Ok(())
    }
}
