//! Reading connections, used on threads that may block and never on async workers.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use countersign_eventsourcing::journal::{Batch, Filter, JournalError, Position, RecordedEvent, StreamName};
use tokio::sync::Semaphore;

use crate::{failure::unavailable, reader::Reader, together::Together};

/// The connections that are not in use, and the right to use so many at once.
pub(crate) struct Readers {
    file: PathBuf,
    patience: Duration,
    idle: Mutex<Vec<Reader>>,
    permits: Semaphore,
    streams: Together,
}

impl Readers {
    pub(crate) fn new(file: PathBuf, patience: Duration, count: usize) -> Self {
        let streams = Together::new(count / 2);
        Self { file, patience, idle: Mutex::default(), permits: Semaphore::new(count.max(1)), streams }
    }

    /// The events of one stream from a revision on, read together with the streams that others ask for.
    pub(crate) async fn stream(
        self: &Arc<Self>,
        stream: StreamName,
        from_revision: u64,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        Together::ask(self, stream, from_revision).await
    }

    pub(crate) fn together(&self) -> &Together {
        &self.streams
    }

    /// Runs a job with a connection on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&mut Reader) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| JournalError::Unavailable("the journal is closed".to_owned()))?;
        let readers = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            let mut reader = readers.take()?;
            let outcome = job(&mut reader);
            // A connection that met an error is not trusted with the next job.
            if outcome.is_ok() {
                readers.give_back(reader);
            }
            outcome
        })
        .await
        .map_err(|error| JournalError::Unavailable(format!("a read was broken off: {error}")))?
        .map_err(|error| unavailable(&error))
    }

    /// A connection, for a thread that may block.
    pub(crate) fn take(&self) -> rusqlite::Result<Reader> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(reader) => Ok(reader),
            None => Reader::open(&self.file, self.patience),
        }
    }

    pub(crate) fn give_back(&self, reader: Reader) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }
}

/// Bytes after which a page ends, however many events were asked for: bounds what a reader of large events
/// holds at once.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// One page of the journal.
pub(crate) async fn read_page(
    readers: &Arc<Readers>,
    after: Position,
    filter: Filter,
    limit: usize,
) -> Result<Batch, JournalError> {
    readers
        .run(move |reader| {
            let mut events = Vec::new();
            let mut bytes = 0;
            let end = reader.page(after, &filter, limit, |event| {
                bytes += event.data.len() + event.metadata.len();
                events.push(event.to_recorded());
                if bytes < PAGE_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok(Batch { events, upto: end.upto, caught_up: end.caught_up })
        })
        .await
}
