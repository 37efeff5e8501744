//! Aggregates in the journal: read by stream, kept in memory while they are in use, appended to under the revision that
//! was read.
//!
//! **Effects happen once.** The id of every event is derived from its cause, its stream and the revision it takes, so a
//! decision that is appended again is recognised, and two processes that decide at once cannot both be right: the
//! second one reads what the first one decided, and decides anew.

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_eventsourcing::{
    journal::{
        AppendError, Expected, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent, StreamName,
    },
    service::Fault,
};
use countersign_kernel::{Clock, EventId};
use lru::LruCache;
use serde::Serialize;
use uuid::Uuid;

/// How often a decision is made anew when another writer was quicker.
pub(crate) const ATTEMPTS: usize = 16;

/// Name under which the service's own conclusions stand.
pub(crate) const SELF: &str = "escalation";

/// What a stream is folded to.
pub(crate) trait Aggregate: Clone + Send + Sync + 'static {
    /// Its events.
    type Event: Serialize + Send + Sync;

    /// One of which nothing is known.
    fn new(stream: &StreamName) -> Self;

    /// Decodes by the stored type name; `None` for what only a newer program knows.
    fn decode(kind: &str, data: &[u8]) -> Option<Result<Self::Event, serde_json::Error>>;

    /// The stored type name.
    fn kind(event: &Self::Event) -> &'static str;

    /// The id of an event that has one of its own, whatever caused it.
    fn id(event: &Self::Event) -> Option<EventId>;

    /// Who acted, where a person did.
    fn actor(event: &Self::Event) -> Option<&str>;

    /// What has happened.
    fn evolve(&mut self, event: &Self::Event);
}

/// An aggregate as its stream says.
#[derive(Debug, Clone)]
pub(crate) struct Loaded<A> {
    /// Its state.
    pub(crate) state: Arc<A>,
    /// Revision of its last event; `None`: it has none.
    pub(crate) revision: Option<u64>,
    /// Position of its last event.
    pub(crate) position: Position,
    /// Ids of events whose repetition must be known: they were derived from what somebody else said.
    pub(crate) heard: Arc<HashSet<EventId>>,
}

/// Where a decision comes from: goes into the metadata of its events, and their ids are derived from it.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// The event or the act that set it off.
    pub(crate) id: EventId,
    /// What set the whole chain off.
    pub(crate) correlation: Uuid,
    /// Trace context.
    pub(crate) traceparent: Option<String>,
}

impl Cause {
    /// A cause of this service's own.
    pub(crate) fn own(parts: &[&str]) -> Self {
        let id = EventId::derive(parts);
        Self { id, correlation: id.0, traceparent: None }
    }
}

/// An event, with an id that was derived from what somebody else said.
pub(crate) struct Said<E> {
    /// The event.
    pub(crate) event: E,
    /// Its id; `None`: derived from the cause.
    pub(crate) id: Option<EventId>,
}

impl<E> From<E> for Said<E> {
    fn from(event: E) -> Self {
        Self { event, id: None }
    }
}

/// A stream could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event could not be encoded.
    #[error("an event cannot be stored: {0}")]
    Encode(#[from] serde_json::Error),
    /// Other writers were quicker, again and again.
    #[error("the track is being changed by others without pause")]
    Contended,
}

impl Fault for StreamError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Contended | Self::Journal(JournalError::Unavailable(_)))
    }
}

/// Aggregates of one kind.
pub(crate) struct Streams<A> {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    recent: Mutex<LruCache<StreamName, Loaded<A>>>,
}

impl<A: Aggregate> Streams<A> {
    pub(crate) fn new(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, cached: NonZeroUsize) -> Self {
        Self { journal, clock, recent: Mutex::new(LruCache::new(cached)) }
    }

    fn cache(&self) -> MutexGuard<'_, LruCache<StreamName, Loaded<A>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The aggregate as this process knows it. Another process may have written meanwhile: an append finds out.
    pub(crate) async fn load(&self, stream: &StreamName) -> Result<Loaded<A>, JournalError> {
        let cached = self.cache().get(stream).cloned();
        match cached {
            Some(loaded) => Ok(loaded),
            None => self.read(stream).await,
        }
    }

    /// The aggregate as the journal has it now.
    pub(crate) async fn read(&self, stream: &StreamName) -> Result<Loaded<A>, JournalError> {
        let events = self.journal.read_stream(stream.clone(), 0).await?;
        let loaded = fold(stream, &events)?;
        self.cache().put(stream.clone(), loaded.clone());
        Ok(loaded)
    }

    /// Appends what was decided on what was loaded. `None`: another writer was quicker, or had appended the same; what
    /// is in the stream now has to be read.
    pub(crate) async fn append(
        &self,
        stream: &StreamName,
        loaded: &Loaded<A>,
        events: Vec<Said<A::Event>>,
        cause: &Cause,
    ) -> Result<Option<Loaded<A>>, StreamError> {
        let next = loaded.revision.map_or(0, |revision| revision + 1);
        let now = self.clock.now();
        let mut state = Arc::clone(&loaded.state);
        let mut heard = Arc::clone(&loaded.heard);
        let mut new = Vec::with_capacity(events.len());
        for (revision, Said { event, id }) in (next..).zip(&events) {
            if let Some(id) = id {
                Arc::make_mut(&mut heard).insert(*id);
            }
            let id = id.or_else(|| A::id(event)).unwrap_or_else(|| {
                let parts = [cause.id.to_string(), stream.to_string(), revision.to_string()];
                EventId::derive(&["escalation", &parts[0], &parts[1], &parts[2]])
            });
            let metadata = Metadata {
                correlation: cause.correlation,
                causation: Some(cause.id.0),
                traceparent: cause.traceparent.clone(),
                schema: 1,
                actor: A::actor(event).unwrap_or(SELF).to_owned(),
                occurred_at: now,
                recorded_at: None,
                received_at: now,
            };
            new.push(NewEvent::encode(id, A::kind(event), event, metadata)?);
            Arc::make_mut(&mut state).evolve(event);
        }
        let expected = loaded.revision.map_or(Expected::NoStream, Expected::Revision);
        match self.journal.append(stream.clone(), expected, new).await {
            Ok(appended) if !appended.repeated => {
                let after =
                    Loaded { state, revision: Some(appended.revision), position: appended.position, heard };
                self.cache().put(stream.clone(), after.clone());
                Ok(Some(after))
            }
            Ok(_) | Err(AppendError::Conflict { .. }) => {
                self.cache().pop(stream);
                Ok(None)
            }
            Err(AppendError::Journal(error)) => {
                self.cache().pop(stream);
                Err(error.into())
            }
        }
    }
}

/// Folds the events of one stream.
pub(crate) fn fold<A: Aggregate>(
    stream: &StreamName,
    events: &[RecordedEvent],
) -> Result<Loaded<A>, JournalError> {
    let mut state = A::new(stream);
    let (mut revision, mut position, mut heard) = (None, Position::START, HashSet::new());
    for event in events {
        revision = Some(event.revision);
        position = event.position;
        heard.insert(event.id);
        if let Some(decoded) = A::decode(&event.kind, &event.data) {
            state.evolve(&decoded.map_err(|error| event.undecodable(&error))?);
        }
    }
    Ok(Loaded { state: Arc::new(state), revision, position, heard: Arc::new(heard) })
}
