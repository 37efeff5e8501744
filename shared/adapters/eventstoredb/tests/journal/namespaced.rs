//! A part of a real server that looks empty: a real log cannot be wiped for every case of the contract.

use std::sync::Arc;

use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture, Position,
    RecordedEvent, StreamName,
};
use countersign_eventstoredb::EventStoreJournal;
use futures::stream::{BoxStream, StreamExt};

/// Keeps to streams of one namespace and to what was written after it was made. Nobody else may write
/// meanwhile.
pub(crate) struct Namespaced {
    inner: Arc<EventStoreJournal>,
    namespace: Arc<str>,
    begin: Position,
}

impl Namespaced {
    pub(crate) fn new(inner: EventStoreJournal, begin: Position, namespace: &str) -> Self {
        Self { inner: Arc::new(inner), namespace: namespace.into(), begin }
    }

    fn inside(&self, stream: &StreamName) -> StreamName {
        StreamName::new(stream.category(), format!("{}.{}", self.namespace, stream.id()))
    }

    fn after(&self, position: Position) -> Position {
        position.max(self.begin)
    }
}

fn outside(namespace: &str, stream: &StreamName) -> StreamName {
    let id = stream.id().strip_prefix(namespace).and_then(|id| id.strip_prefix('.'));
    StreamName::new(stream.category(), id.expect("nobody else writes"))
}

fn all_outside(namespace: &str, mut events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    for event in &mut events {
        event.stream = outside(namespace, &event.stream);
    }
    events
}

impl Journal for Namespaced {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            self.inner.append(self.inside(&stream), expected, events).await.map_err(|error| match error {
                AppendError::Conflict { actual, .. } => AppendError::Conflict { stream, actual },
                error @ AppendError::Journal(_) => error,
            })
        })
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        Box::pin(async move {
            let events = self.inner.read_stream(self.inside(&stream), from_revision).await?;
            Ok(all_outside(&self.namespace, events))
        })
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        Box::pin(async move {
            let batch = self.inner.read_all(self.after(after), filter, limit).await?;
            Ok(Batch { events: all_outside(&self.namespace, batch.events), ..batch })
        })
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        let namespace = self.namespace.clone();
        self.inner
            .subscribe(self.after(after), filter)
            .map(move |batch| {
                let batch = batch?;
                Ok(Batch { events: all_outside(&namespace, batch.events), ..batch })
            })
            .boxed()
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        self.inner.head()
    }
}
