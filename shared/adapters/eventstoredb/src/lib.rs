//! The journal on `EventStoreDB` (23.10 or newer), through the `eventstore` crate.
//!
//! - [`append`](Journal::append) is exactly once, whatever happens to the answer: see `append.rs`.
//! - [`subscribe`](Journal::subscribe) follows `$all`, filtered by the server, and comes back by itself after
//!   any failure without losing or repeating an event: see `subscription.rs`. Persistent subscriptions of the
//!   server, which promise neither order nor once, are never used.
//! - Every request has a deadline and is tried again while that may help ([`Options`]).
//!
//! The database belongs to Countersign alone: every stream in it that is not the server's own counts as ours.
//!
//! **Connect first.** The client crate installs its TLS provider (rustls on aws-lc-rs) for the whole process when
//! the first connection is made, and cannot live with one that is installed already. So a process connects here
//! before anything else may install one, and nothing else does so unconditionally. [`ConnectError`] tells when
//! that went wrong.

mod append;
mod connection;
mod event;
mod failure;
mod known;
mod options;
mod read;
mod subscription;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture, Position,
    RecordedEvent, StreamName,
};
use futures::stream::BoxStream;

pub use self::options::Options;
use self::{connection::Connection, known::KnownStreams};

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The connection string is not understood. Nothing of it is repeated here: it may hold a password.
    #[error("the EventStoreDB connection string is not valid: {0}")]
    ConnectionString(String),
    /// Something in this process installed a TLS provider before.
    #[error("a TLS provider is installed already: connect to EventStoreDB before anything else installs one")]
    ProviderInstalled,
    /// The server is too old to tell what the journal needs to know.
    #[error("EventStoreDB {found} is too old: 23.10 or newer is needed")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server cannot be reached. Trying again later may help.
    #[error("EventStoreDB is unavailable: {0}")]
    Unavailable(String),
}

/// The journal on `EventStoreDB`. Clones share one connection.
#[derive(Clone)]
pub struct EventStoreJournal {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    known: KnownStreams,
    /// A position at which there is an event of ours, the last as far as we know.
    head: AtomicU64,
}

impl EventStoreJournal {
    /// Connects with default [`Options`], and finds out whether the server will do. The connection string is the
    /// server's own: `esdb://user:password@host:2113`, several hosts for a cluster, `?tls=false` without TLS.
    pub async fn connect(connection_string: &str) -> Result<Self, ConnectError> {
        Self::connect_with(connection_string, Options::default()).await
    }

    /// Connects with the given patience.
    pub async fn connect_with(connection_string: &str, options: Options) -> Result<Self, ConnectError> {
        let connection = Connection::open(connection_string, options).await?;
        let inner = Inner { connection, known: KnownStreams::default(), head: AtomicU64::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Inner {
    fn head_at_least(&self) -> Position {
        Position(self.head.load(Ordering::Relaxed))
    }

    fn note_head(&self, position: Position) {
        self.head.fetch_max(position.0, Ordering::Relaxed);
    }
}

impl Journal for EventStoreJournal {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        Box::pin(self.inner.append(stream, expected, events))
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        Box::pin(async move { self.inner.read_stream(&stream, from_revision).await })
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        Box::pin(async move { self.inner.read_all(after, &filter, limit).await })
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        subscription::follow(self.inner.clone(), after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        Box::pin(self.inner.head())
    }
}
