//! Rule sets as governed data: the rule book from the journal, steps into it, and what it shows.

mod show;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use countersign_contracts::api::rules::RulesStep;
use countersign_eventsourcing::journal::{
    AppendError, Expected, Journal, JournalError, Metadata, NewEvent, Position, StreamName,
};
use countersign_kernel::{Actor, Clock, EventId, Timestamp};

pub use show::lint;

use crate::{
    authority::{About, Act, Refusal, permit},
    domain::rulebook::{BookError, RULES, RuleBook, RulesCommand, RulesEvent, RulesRefusal, sha256},
};

/// How often a step is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;

/// The rule book of an installation, as far as this process knows it, and the way to take steps in it.
pub struct Governance {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    known: RwLock<Arc<Known>>,
}

/// What was read of the stream so far.
#[derive(Clone, Default)]
struct Known {
    book: Arc<RuleBook>,
    /// How many events that is.
    events: u64,
    position: Position,
    /// Steps by the id that their key gave them.
    steps: HashMap<EventId, Taken>,
}

/// A step that was taken.
#[derive(Clone)]
struct Taken {
    event: Arc<RulesEvent>,
    at: Timestamp,
    position: Position,
}

/// A step could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum GovernanceError {
    /// The person may not.
    #[error(transparent)]
    NotPermitted(#[from] Refusal),
    /// The rules of governance refuse it.
    #[error("{0} (rule {name})", name = .0.name())]
    Refused(#[from] RulesRefusal),
    /// The key was used for something else.
    #[error("this idempotency key was used for another request: choose a new key for a new request")]
    KeyReused,
    /// Other writers were quicker, again and again.
    #[error("the rule sets are being changed by others without pause; try again")]
    Contended,
    /// The record of the rule sets cannot be followed.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event could not be encoded.
    #[error("an event cannot be stored: {0}")]
    Encode(#[from] serde_json::Error),
}

fn stream() -> StreamName {
    StreamName::new(RULES, "site")
}

impl Governance {
    /// Reads the rule book. On a journal without rule sets, `installed` (a rule file's text) becomes version
    /// 1, in force since ever; several processes that start at once agree on one. Later, `installed` changes
    /// nothing by itself.
    ///
    /// # Errors
    /// The journal fails, `installed` is no rule file, or a published set cannot be read.
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
            tracing::info!(
                "the rule file of this program or its configuration is none of the rule sets on record; it \
                 changes nothing by itself. To propose it: countersign rules draft FILE --why REASON (--shipped \
                 in place of FILE for the rules of the program)"
            );
        }
        Ok(governance)
    }

    async fn install(&self, text: &str) -> Result<(), GovernanceError> {
        let now = self.clock.now();
        let events = RuleBook::installation(text)?;
        let events: Result<Vec<NewEvent>, _> = events
            .iter()
            .map(|event| encode(EventId::derive(&["rules", "installation", event.kind()]), event, now))
            .collect();
        match self.journal.append(stream(), Expected::NoStream, events?).await {
            // A conflict: another process was quicker, and its rules are the ones.
            Ok(_) | Err(AppendError::Conflict { .. }) => Ok(()),
            Err(AppendError::Journal(error)) => Err(error.into()),
        }
    }

    /// The rule book, as far as this process knows it.
    pub fn book(&self) -> Arc<RuleBook> {
        Arc::clone(&self.known().book)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The rule book with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal fails, or a published set cannot be read.
    pub async fn current(&self) -> Result<Arc<RuleBook>, GovernanceError> {
        Ok(Arc::clone(&self.refresh().await?.book))
    }

    /// Reads what was added to the stream since.
    async fn refresh(&self) -> Result<Arc<Known>, GovernanceError> {
        let known = self.known();
        let added = self.journal.read_stream(stream(), known.events).await?;
        if added.is_empty() {
            return Ok(known);
        }
        let mut fresh = Known::clone(&known);
        let mut book = RuleBook::clone(&fresh.book);
        for recorded in added {
            fresh.events = recorded.revision + 1;
            fresh.position = recorded.position;
            // Steps that a newer program knows are none of ours.
            let Some(event) = RulesEvent::decode(&recorded.kind, &recorded.data) else { continue };
            let event = event.map_err(|error| recorded.undecodable(&error))?;
            let at = recorded.metadata()?.occurred_at;
            book.evolve(&event, at)?;
            let taken = Taken { event: Arc::new(event), at, position: recorded.position };
            fresh.steps.insert(recorded.id, taken);
        }
        fresh.book = Arc::new(book);
        let fresh = Arc::new(fresh);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another task may have read further meanwhile.
        if known.events < fresh.events {
            *known = Arc::clone(&fresh);
        }
        Ok(fresh)
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
        command: RulesCommand,
    ) -> Result<RulesStep, GovernanceError> {
        let act = match command {
            RulesCommand::Draft { .. } => Act::DraftRules,
            RulesCommand::Check { .. } => Act::CheckRules,
            RulesCommand::Publish { .. } => Act::PublishRules,
            RulesCommand::Withdraw { .. } => Act::WithdrawRules,
        };
        permit(actor, act, &About::everything())?;
        let id = EventId::derive(&["rules", &actor.name, key]);
        for _ in 0..ATTEMPTS {
            let known = self.refresh().await?;
            if let Some(taken) = known.steps.get(&id) {
                let same = command.asked_for(&taken.event, taken.at);
                return if same { Ok(show::step(taken)) } else { Err(GovernanceError::KeyReused) };
            }
            let at = known.book.instant(self.clock.now());
            let event = known.book.decide(command.clone(), &actor.name, at)?;
            let expected = known.events.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
            match self.journal.append(stream(), expected, vec![encode(id, &event, at)?]).await {
                Ok(_) => {
                    tracing::info!(version = event.version(), step = event.kind(), "rule sets changed");
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Journal(error)) => return Err(error.into()),
            }
            // The next round finds the step in the record: ours, or one that came between.
        }
        Err(GovernanceError::Contended)
    }
}

fn encode(id: EventId, event: &RulesEvent, at: Timestamp) -> Result<NewEvent, serde_json::Error> {
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
    NewEvent::encode(id, event.kind(), event, metadata)
}
