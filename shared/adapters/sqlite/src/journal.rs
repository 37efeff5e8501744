//! The journal port on one `SQLite` file.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture, Position,
    RecordedEvent, StreamName,
};
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::{
    DataFolder,
    append::{EncodedEvent, Wanted},
    follow::follow,
    reader::head,
    readers::{Readers, read_page},
    schema,
    watcher::Watcher,
    writer::Writer,
};

/// Called when the outcome of a write cannot be known. The default logs and ends the process: whatever is on
/// the disk is found at the next start, and nobody was told of anything that is not.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Exit code when the disk fails (`EX_IOERR` of sysexits.h).
const EXIT_IO_ERROR: i32 = 74;

/// How the journal is run. The defaults are right for production.
#[derive(Clone)]
pub struct Options {
    /// Appends that may wait for the writer before callers wait for a place.
    pub queue: usize,
    /// Most appends that share a transaction.
    pub group_appends: usize,
    /// Bytes of events after which a transaction takes no more appends.
    pub group_bytes: usize,
    /// Largest event taken: content and metadata, in bytes.
    pub largest_event: usize,
    /// Largest size of the file in bytes; `None`: the disk is the limit.
    pub largest_file: Option<u64>,
    /// Pages in the write-ahead log, not yet in the file, at which the writer moves them there.
    pub checkpoint_pages: u32,
    /// Pages that may be read at once. Half as many threads read streams beside them.
    pub readers: usize,
    /// How long a writer waits for another process on the same file.
    pub patience: Duration,
    /// What happens when the outcome of a write cannot be known.
    pub on_fatal: FatalHook,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: 1_024,
            group_appends: 256,
            group_bytes: 4 * 1024 * 1024,
            largest_event: 16 * 1024 * 1024,
            largest_file: None,
            // 16 MiB at 4 KiB: pages written many times are moved once, and the pause stays short.
            checkpoint_pages: 4_000,
            readers: 4,
            patience: Duration::from_secs(10),
            on_fatal: Arc::new(end_process),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("queue", &self.queue)
            .field("group_appends", &self.group_appends)
            .field("group_bytes", &self.group_bytes)
            .field("largest_event", &self.largest_event)
            .field("largest_file", &self.largest_file)
            .field("checkpoint_pages", &self.checkpoint_pages)
            .field("readers", &self.readers)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

fn end_process(reason: &str) {
    // Logs may be buffered or sent elsewhere; this must be seen.
    eprintln!("countersign: {reason}; ending the process, start it again once the disk is sound");
    process::exit(EXIT_IO_ERROR);
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is an `SQLite` database of something else.
    #[error("the file is not a journal of Countersign")]
    Foreign,
    /// The file was written by a version of Countersign that this one does not know.
    #[error("the journal's format is {found}, this program knows {known}: use the newer program")]
    Version {
        /// Format of the file.
        found: i32,
        /// Format of this program.
        known: i32,
    },
    /// The folder or its threads failed.
    #[error("the journal's folder failed: {0}")]
    Folder(#[source] io::Error),
    /// `SQLite` failed.
    #[error("the journal cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// The journal in a data folder. Dropping the last handle and the last subscription closes the file.
pub struct SqliteJournal {
    shared: Arc<Shared>,
}

/// What a journal and its subscriptions share. The writer is dropped last: the last connection to close
/// moves the log into the file, which those that only read cannot.
pub(crate) struct Shared {
    _watcher: Option<Watcher>,
    readers: Arc<Readers>,
    writer: Writer,
    heads: watch::Sender<Position>,
    folder: Arc<DataFolder>,
    file: PathBuf,
    options: Options,
}

impl Shared {
    pub(crate) fn heads(&self) -> watch::Receiver<Position> {
        self.heads.subscribe()
    }

    pub(crate) fn readers(&self) -> &Arc<Readers> {
        &self.readers
    }
}

impl SqliteJournal {
    /// Opens the journal of a folder, creating it if there is none. Blocks for as long as recovery of the
    /// last run takes. In a shared folder appends of other processes are noticed within 20 ms.
    pub fn open(folder: Arc<DataFolder>, options: Options) -> Result<Arc<Self>, OpenError> {
        let file = folder.journal_file();
        let connection = schema::open_writer(&file, options.patience)?;
        if let Some(bytes) = options.largest_file {
            schema::limit_size(&connection, bytes)?;
        }
        let heads = watch::Sender::new(head(&connection)?);
        let writer = Writer::start(connection, Arc::clone(&folder), heads.clone(), &options)?;
        let watcher =
            folder.is_shared().then(|| Watcher::start(&file, options.patience, heads.clone())).transpose()?;
        let readers = Arc::new(Readers::new(file.clone(), options.patience, options.readers));
        let shared = Shared { writer, _watcher: watcher, readers, heads, folder, file, options };
        Ok(Arc::new(Self { shared: Arc::new(shared) }))
    }

    /// The journal's file.
    pub fn file(&self) -> &Path {
        &self.shared.file
    }

    pub(crate) fn patience(&self) -> Duration {
        self.shared.options.patience
    }

    pub(crate) fn readers(&self) -> &Arc<Readers> {
        &self.shared.readers
    }

    /// Encodes on the caller's thread what the writer would otherwise have to.
    fn encode(&self, events: Vec<NewEvent>) -> Result<(Vec<EncodedEvent>, usize), JournalError> {
        let limit = self.shared.options.largest_event;
        let mut total = 0;
        let mut encoded = Vec::with_capacity(events.len());
        for event in events {
            let metadata = serde_json::to_vec(&event.metadata)
                .map_err(|error| JournalError::Unavailable(format!("metadata does not encode: {error}")))?;
            let bytes = metadata.len() + event.data.len();
            if bytes > limit {
                return Err(JournalError::TooLarge { bytes, limit });
            }
            total += bytes;
            encoded.push(EncodedEvent { id: event.id.0, kind: event.kind, data: event.data, metadata });
        }
        Ok((encoded, total))
    }
}

impl Journal for SqliteJournal {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            let (events, bytes) = self.encode(events)?;
            self.shared.writer.append(Wanted { stream, expected, events }, bytes).await
        })
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        Box::pin(self.shared.readers.stream(stream, from_revision))
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        Box::pin(read_page(&self.shared.readers, after, filter, limit))
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        follow(Arc::clone(&self.shared), after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        if self.shared.folder.is_shared() {
            return Box::pin(self.shared.readers.run(|reader| reader.head()));
        }
        // Nobody else writes, and our writer tells before it acknowledges.
        let head = *self.shared.heads.borrow();
        Box::pin(std::future::ready(Ok(head)))
    }
}
