//! A book in the journal, and the one way to take steps in it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use countersign_contracts::api::governed::{StepView, VersionsView};
use countersign_eventsourcing::{
    journal::{AppendError, Expected, Journal, JournalError, Metadata, NewEvent, Position, StreamName},
    service::Fault,
};
use countersign_kernel::{Actor, Clock, EventId, Timestamp};
use countersign_runtime::authority::{self, About, permit};

use crate::{Book, BookError, Command, Event, Governed, Guarded, Refusal, Words, sha256, show};

/// How often a step is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;

/// The rest of the stream's name: one book an installation. Stored.
const STREAM_ID: &str = "site";

/// The book of an installation, as far as this process knows it, and the way to take steps in it.
pub struct Governance<T> {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    known: RwLock<Arc<Known<T>>>,
}

/// What was read of the stream so far.
struct Known<T> {
    book: Arc<Book<T>>,
    /// How many events that is.
    events: u64,
    position: Position,
    /// Steps by the id that their key gave them.
    steps: HashMap<EventId, Taken>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { book: Arc::default(), events: 0, position: Position::default(), steps: HashMap::new() }
    }
}

/// A step that was taken.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) event: Arc<Event>,
    pub(crate) at: Timestamp,
    pub(crate) position: Position,
}

/// A step could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum GovernanceError {
    /// The person may not.
    #[error(transparent)]
    NotPermitted(#[from] authority::Refusal),
    /// The rules of governance refuse it.
    #[error("{0} (rule {name})", name = .0.name())]
    Refused(#[from] Refusal),
    /// The key was used for something else.
    #[error("this idempotency key was used for another request: choose a new key for a new request")]
    KeyReused,
    /// Other writers were quicker, again and again.
    #[error("the {0} are being changed by others without pause; try again")]
    Contended(&'static str),
    /// The record cannot be followed.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event could not be encoded.
    #[error("an event cannot be stored: {0}")]
    Encode(#[from] serde_json::Error),
}

impl Fault for GovernanceError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Contended(_) => true,
            Self::Journal(error) => error.is_passing(),
            _ => false,
        }
    }
}

fn stream<T: Governed>() -> StreamName {
    StreamName::new(T::CATEGORY, STREAM_ID)
}

impl<T: Governed> Governance<T> {
    /// Reads the book. On a journal without one, the text `installed` becomes version 1, in force since ever;
    /// several processes that start at once agree on one. Later, `installed` changes nothing by itself.
    ///
    /// # Errors
    /// The journal fails, `installed` cannot be used, or a published version cannot be read.
    pub async fn open(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        installed: &str,
    ) -> Result<Self, GovernanceError> {
        let governance = Self { journal, clock, known: RwLock::default() };
        if governance.refresh().await?.events == 0 {
            governance.install(installed).await?;
        }
        let known = governance.refresh().await?;
        let hash = sha256(installed);
        if known.book.versions().all(|version| version.sha256 != hash) {
            let Words { noun, plural, command, .. } = T::WORDS;
            tracing::info!(
                "the {noun} of this program or its configuration is none of the {plural} on record; it changes \
                 nothing by itself. To propose it: {command} draft FILE --why REASON (--shipped in place of FILE \
                 for what the program brings)"
            );
        }
        Ok(governance)
    }

    async fn install(&self, text: &str) -> Result<(), GovernanceError> {
        let now = self.clock.now();
        let events = Book::<T>::installation(text)?;
        let events: Result<Vec<NewEvent>, _> = events
            .iter()
            .map(|event| {
                let id = EventId::derive(&[T::CATEGORY, "installation", &event.kind::<T>()]);
                encode::<T>(id, event, now)
            })
            .collect();
        match self.journal.append(stream::<T>(), Expected::NoStream, events?).await {
            // A conflict: another process was quicker, and its text is the one.
            Ok(_) | Err(AppendError::Conflict { .. }) => Ok(()),
            Err(AppendError::Journal(error)) => Err(error.into()),
        }
    }

    /// The book, as far as this process knows it.
    pub fn book(&self) -> Arc<Book<T>> {
        Arc::clone(&self.known().book)
    }

    fn known(&self) -> Arc<Known<T>> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The book with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal fails, or a published version cannot be read.
    pub async fn current(&self) -> Result<Arc<Book<T>>, GovernanceError> {
        Ok(Arc::clone(&self.refresh().await?.book))
    }

    /// Reads what was added to the stream since.
    async fn refresh(&self) -> Result<Arc<Known<T>>, GovernanceError> {
        let known = self.known();
        let added = self.journal.read_stream(stream::<T>(), known.events).await?;
        if added.is_empty() {
            return Ok(known);
        }
        let mut book = Book::clone(&known.book);
        let mut steps = known.steps.clone();
        let (mut events, mut position) = (known.events, known.position);
        for recorded in added {
            events = recorded.revision + 1;
            position = recorded.position;
            // Steps that a newer program knows are none of ours.
            let Some(event) = Event::decode::<T>(&recorded.kind, &recorded.data) else { continue };
            let event = event.map_err(|error| recorded.undecodable(&error))?;
            let at = recorded.metadata()?.occurred_at;
            book.evolve(&event, at)?;
            let taken = Taken { event: Arc::new(event), at, position: recorded.position };
            steps.insert(recorded.id, taken);
        }
        let fresh = Arc::new(Known { book: Arc::new(book), events, position, steps });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another task may have read further meanwhile.
        if known.events < fresh.events {
            *known = Arc::clone(&fresh);
        }
        Ok(fresh)
    }

    /// The present instant, by the clock of the governance.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every version, and which is in force when.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn list(&self) -> Result<VersionsView, GovernanceError> {
        let known = self.refresh().await?;
        Ok(show::versions(&known.book, known.position, self.now()))
    }

    /// Takes a step in somebody's name. The same key again changes nothing and answers the same.
    ///
    /// # Errors
    /// The person may not, the rules of governance refuse it, the key was used for something else, or the
    /// journal fails.
    pub async fn execute(
        &self,
        actor: &Actor,
        key: &str,
        command: Command,
    ) -> Result<StepView, GovernanceError>
    where
        T: Guarded,
    {
        permit(actor, T::act(command.step()), &About::everything())?;
        let id = EventId::derive(&[T::CATEGORY, &actor.name, key]);
        for _ in 0..ATTEMPTS {
            let known = self.refresh().await?;
            if let Some(taken) = known.steps.get(&id) {
                let same = command.asked_for::<T>(&taken.event, taken.at);
                return if same { Ok(show::step(taken)) } else { Err(GovernanceError::KeyReused) };
            }
            let at = known.book.instant(self.clock.now());
            let event = known.book.decide(command.clone(), &actor.name, at)?;
            let expected = known.events.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
            match self.journal.append(stream::<T>(), expected, vec![encode::<T>(id, &event, at)?]).await {
                Ok(_) => {
                    tracing::info!(
                        version = event.version(),
                        step = event.kind::<T>(),
                        "{} changed",
                        T::WORDS.plural
                    );
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Journal(error)) => return Err(error.into()),
            }
            // The next round finds the step in the record: ours, or one that came between.
        }
        Err(GovernanceError::Contended(T::WORDS.plural))
    }
}

fn encode<T: Governed>(id: EventId, event: &Event, at: Timestamp) -> Result<NewEvent, serde_json::Error> {
    let metadata = Metadata {
        correlation: id.0,
        causation: None,
        traceparent: countersign_runtime::telemetry::current_traceparent(),
        schema: 1,
        actor: event.by().to_owned(),
        occurred_at: at,
        recorded_at: None,
        received_at: at,
    };
    NewEvent::encode(id, event.kind::<T>(), event, metadata)
}
