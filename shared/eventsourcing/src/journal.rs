//! The journal port: the only truth.
//!
//! What every adapter promises (and `spec::journal` checks):
//! 1. Positions strictly increase, may have gaps, and never arrive late: what a reader has passed stays passed.
//! 2. Appending the same event ids again gives the same answer; a partial overlap is a conflict.
//! 3. A conflict tells the actual revision.
//! 4. An append of several events is atomic.
//! 5. Events are immutable.
//! 6. An acknowledged append is durable: it survives SIGKILL and loss of power.

use std::{borrow::Cow, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use countersign_kernel::{EventId, Timestamp};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A future that a port returns: ports are used as trait objects.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Place of an event in the whole journal. Zero is before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of a stream: `<category>-<id>`. The category is everything before the first hyphen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// The stream of one thing of a category. Categories are lower-case ASCII letters.
    pub fn new(category: &str, id: impl fmt::Display) -> Self {
        debug_assert!(category.bytes().all(|b| b.is_ascii_lowercase()), "category {category}");
        Self(format!("{category}-{id}").into())
    }

    /// A stream by its stored name.
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes before the first hyphen.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    /// What comes after the first hyphen.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the writer believes of the stream it appends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// That it does not exist.
    NoStream,
    /// That its last event has this revision (the first is 0).
    Revision(u64),
}

/// What is known about an event beside its content. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// What set the whole chain off: the received message.
    pub correlation: Uuid,
    /// The event that directly caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Uuid>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Version of the event's stored format, from 1.
    pub schema: u16,
    /// Who or what acted: a service, or a person's account.
    pub actor: String,
    /// When it happened in the hospital.
    pub occurred_at: Timestamp,
    /// When the source recorded it, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
    /// When it was received or decided here.
    pub received_at: Timestamp,
}

/// An event to be appended.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id, derived from its cause wherever there is one.
    pub id: EventId,
    /// Its stored type name.
    pub kind: Cow<'static, str>,
    /// Its content as JSON.
    pub data: Bytes,
    /// What is known beside it.
    pub metadata: Metadata,
}

impl NewEvent {
    /// Encodes an event. Fails only for types that JSON cannot hold.
    pub fn encode<T: Serialize>(
        id: EventId,
        kind: impl Into<Cow<'static, str>>,
        event: &T,
        metadata: Metadata,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { id, kind: kind.into(), data: serde_json::to_vec(event)?.into(), metadata })
    }
}

/// An event as the journal holds it.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// Place in the whole journal.
    pub position: Position,
    /// Its stream.
    pub stream: StreamName,
    /// Place in its stream, from 0.
    pub revision: u64,
    /// Its id.
    pub id: EventId,
    /// Its stored type name.
    pub kind: Arc<str>,
    /// Its content as JSON.
    pub data: Bytes,
    /// Its metadata as JSON, decoded on demand: most readers need none of it.
    pub metadata: Bytes,
}

impl RecordedEvent {
    /// The content, decoded.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, JournalError> {
        serde_json::from_slice(&self.data).map_err(|error| self.undecodable(&error))
    }

    /// The metadata, decoded.
    pub fn metadata(&self) -> Result<Metadata, JournalError> {
        serde_json::from_slice(&self.metadata).map_err(|error| self.undecodable(&error))
    }

    /// The error for content or metadata that is not what its type promises. What the decoder itself says may
    /// quote patient data, so only kind and place of its complaint are kept.
    pub fn undecodable(&self, error: &serde_json::Error) -> JournalError {
        let reason =
            format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
        JournalError::Undecodable { position: self.position, kind: self.kind.to_string(), reason }
    }
}

/// Answer to a successful append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Revision of the last event of this append.
    pub revision: u64,
    /// Position of the last event of this append.
    pub position: Position,
    /// The events were there already: this append was a repetition.
    pub repeated: bool,
}

/// Why an append was refused.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not as the writer believed.
    #[error("stream {stream} is at revision {actual:?}, not as expected")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// Revision of its last event; `None` when it does not exist.
        actual: Option<u64>,
    },
    /// The journal itself failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store failed, or cannot be reached. Trying again later may help.
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
    /// What is stored is not what its type promises.
    #[error("the event at {position} of type {kind} does not decode: {reason}")]
    Undecodable {
        /// Where it is.
        position: Position,
        /// Its type.
        kind: String,
        /// Where decoding stopped, without a word of the content.
        reason: String,
    },
    /// An event is larger than the store takes.
    #[error("an event of {bytes} bytes is larger than the journal takes ({limit} bytes)")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// Which events a reader wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those of streams in these categories.
    Categories(Vec<&'static str>),
}

impl Filter {
    /// Whether an event of this category is wanted.
    pub fn admits(&self, category: &str) -> bool {
        match self {
            Self::All => true,
            Self::Categories(wanted) => wanted.contains(&category),
        }
    }
}

/// A run of events in journal order.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The events that the filter admits.
    pub events: Vec<RecordedEvent>,
    /// The reader has now passed everything up to here, admitted or not.
    pub upto: Position,
    /// There was nothing more when this batch was read.
    pub caught_up: bool,
}

/// The record of everything that happened.
pub trait Journal: Send + Sync + 'static {
    /// Appends events to one stream, all or none. Returns when they are durable.
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>>;

    /// The events of one stream from a revision on, in order; empty when there is no such stream.
    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>>;

    /// At most `limit` admitted events after a position, in journal order.
    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>>;

    /// Everything admitted after a position, and then whatever is appended, without end. Reconnects by
    /// itself; an error item means that it is trying again.
    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>>;

    /// Position of the last event.
    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>>;
}
