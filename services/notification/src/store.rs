//! Aggregates and their streams: read, decide, append under the revision that was read.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::{
        AppendError, Expected, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent, StreamName,
    },
    timer::{TimerEvent, TimerFired},
};
use countersign_kernel::{Clock, EventId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    contact::{CONTACT, Contact, ContactEvent},
    digest::{Book, DIGEST, DigestEvent},
    notice::{NOTICE, Notice, NoticeEvent},
    operator::{Decided, OPERATOR, OperatorEvent},
};

/// How often a command is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;

/// Something that is kept as a stream of events.
pub(crate) trait Aggregate: Default + Send {
    /// Its events.
    type Event: Serialize + Send + Sync;
    /// Category of its streams.
    const CATEGORY: &'static str;

    /// Decodes an event by its stored type name.
    fn decode(kind: &str, data: &[u8]) -> Result<Self::Event, serde_json::Error>;
    /// The stored type name.
    fn kind(event: &Self::Event) -> &'static str;
    /// What happened to a timer, where that is what the event tells.
    fn timer(event: &Self::Event) -> Option<&TimerEvent>;
    /// Takes note of an event.
    fn evolve(&mut self, event: &Self::Event);
}

macro_rules! aggregate {
    ($state:ty, $event:ident, $category:expr, $timer:expr) => {
        impl Aggregate for $state {
            type Event = $event;
            const CATEGORY: &'static str = $category;

            fn decode(kind: &str, data: &[u8]) -> Result<$event, serde_json::Error> {
                $event::decode(kind, data)
            }
            fn kind(event: &$event) -> &'static str {
                event.kind()
            }
            fn timer(event: &$event) -> Option<&TimerEvent> {
                let timer: fn(&$event) -> Option<&TimerEvent> = $timer;
                timer(event)
            }
            fn evolve(&mut self, event: &$event) {
                Self::evolve(self, event);
            }
        }
    };
}

aggregate!(Notice, NoticeEvent, NOTICE, |event| match event {
    NoticeEvent::Timer(timer) => Some(timer),
    _ => None,
});
aggregate!(Book, DigestEvent, DIGEST, |event| match event {
    DigestEvent::Timer(timer) => Some(timer),
    _ => None,
});
aggregate!(Contact, ContactEvent, CONTACT, |_| None);
aggregate!(Decided, OperatorEvent, OPERATOR, |_| None);

/// An aggregate as its stream tells it.
pub(crate) struct Loaded<A> {
    /// The aggregate.
    pub(crate) state: A,
    /// Revision of its last event; `None` when there is none.
    pub(crate) revision: Option<u64>,
    /// Its events as they are stored.
    pub(crate) events: Vec<RecordedEvent>,
}

impl<A> Loaded<A> {
    /// Position of its last event.
    pub(crate) fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position)
    }
}

/// Where a command comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Who or what acts.
    pub(crate) actor: String,
    /// Under this name it has its effect once.
    pub(crate) key: Option<String>,
    /// The event that caused it.
    pub(crate) causation: Option<Uuid>,
    /// What set the chain off; nothing: this command.
    pub(crate) correlation: Option<Uuid>,
    /// W3C trace context.
    pub(crate) traceparent: Option<String>,
}

/// Name under which the service's own conclusions stand.
const SELF: &str = "notification";

impl Origin {
    /// The service itself.
    pub(crate) fn own() -> Self {
        Self { actor: SELF.to_owned(), key: None, causation: None, correlation: None, traceparent: None }
    }

    /// The service itself, because of an event: it has its effect once.
    pub(crate) fn caused_by(event: &countersign_contracts::Envelope) -> Self {
        Self {
            key: Some(event.id.to_string()),
            causation: Some(event.id.0),
            correlation: Some(event.correlation),
            traceparent: event.traceparent.clone(),
            ..Self::own()
        }
    }

    /// A person's command under an idempotency key. `what` names the kind of command: under one key a person may ask
    /// for different things.
    pub(crate) fn command(actor: &str, what: &str, key: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            key: Some(format!("{actor}\u{0}{what}\u{0}{key}")),
            traceparent: countersign_runtime::telemetry::current_traceparent(),
            ..Self::own()
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// Position after which its effect is visible.
    pub position: Position,
    /// Something changed: by this call, or by an earlier one under the same key.
    pub changed: bool,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<R: std::error::Error> {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(R),
    /// The journal.
    #[error(transparent)]
    Journal(JournalError),
    /// Other writers were quicker, again and again.
    #[error("the record is being changed by others without pause: try again")]
    Contended,
    /// An event could not be encoded.
    #[error("an event cannot be stored: {0}")]
    Encode(serde_json::Error),
}

/// Streams of a journal.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Store {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads an aggregate.
    pub(crate) async fn load<A: Aggregate>(&self, id: &str) -> Result<Loaded<A>, JournalError> {
        let events = self.journal.read_stream(StreamName::new(A::CATEGORY, id), 0).await?;
        let mut state = A::default();
        for event in &events {
            let decoded = A::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
            state.evolve(&decoded);
        }
        Ok(Loaded { state, revision: events.last().map(|event| event.revision), events })
    }

    /// Decides on what is on record, and appends the events.
    pub(crate) async fn change<A: Aggregate, R: std::error::Error>(
        &self,
        id: &str,
        origin: &Origin,
        decide: impl Fn(&A, Timestamp) -> Result<Vec<A::Event>, R>,
    ) -> Result<Done, ChangeError<R>> {
        let stream = StreamName::new(A::CATEGORY, id);
        for _ in 0..ATTEMPTS {
            let loaded = self.load::<A>(id).await.map_err(ChangeError::Journal)?;
            let first = origin.key.as_ref().map(|key| keyed_id(&stream, key, 0));
            if let Some(known) = loaded.events.iter().find(|event| Some(event.id) == first) {
                return Ok(Done { position: known.position, changed: true });
            }
            let events = decide(&loaded.state, self.now()).map_err(ChangeError::Refused)?;
            if events.is_empty() {
                return Ok(Done { position: loaded.position(), changed: false });
            }
            match self.append::<A>(&stream, loaded.revision, origin, &events).await {
                Ok(position) => return Ok(Done { position, changed: true }),
                Err(AppendOutcome::Conflict) => {}
                Err(AppendOutcome::Journal(error)) => return Err(ChangeError::Journal(error)),
                Err(AppendOutcome::Encode(error)) => return Err(ChangeError::Encode(error)),
            }
        }
        Err(ChangeError::Contended)
    }

    /// Appends under the revision that was read.
    pub(crate) async fn append<A: Aggregate>(
        &self,
        stream: &StreamName,
        revision: Option<u64>,
        origin: &Origin,
        events: &[A::Event],
    ) -> Result<Position, AppendOutcome> {
        let now = self.now();
        let mut encoded = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let id = match (A::timer(event), &origin.key) {
                (Some(TimerEvent::Fired(TimerFired { timer, arming, .. })), _) => {
                    TimerFired::event_id(*timer, *arming)
                }
                (_, Some(key)) => keyed_id(stream, key, index),
                (_, None) => {
                    let content = serde_json::to_string(event).map_err(AppendOutcome::Encode)?;
                    own_id(stream, revision, index, &content)
                }
            };
            let metadata = Metadata {
                correlation: origin.correlation.unwrap_or(id.0),
                causation: origin.causation,
                traceparent: origin.traceparent.clone(),
                schema: 1,
                actor: origin.actor.clone(),
                occurred_at: now,
                recorded_at: None,
                received_at: now,
            };
            encoded
                .push(NewEvent::encode(id, A::kind(event), event, metadata).map_err(AppendOutcome::Encode)?);
        }
        let expected = revision.map_or(Expected::NoStream, Expected::Revision);
        match self.journal.append(stream.clone(), expected, encoded).await {
            // Without a key somebody else has said the same at the same place, and acts on it.
            Ok(appended) if appended.repeated && origin.key.is_none() => Err(AppendOutcome::Conflict),
            Ok(appended) => Ok(appended.position),
            Err(AppendError::Conflict { .. }) => Err(AppendOutcome::Conflict),
            Err(AppendError::Journal(error)) => Err(AppendOutcome::Journal(error)),
        }
    }
}

/// Why nothing was appended.
pub(crate) enum AppendOutcome {
    Conflict,
    Journal(JournalError),
    Encode(serde_json::Error),
}

/// The id of an event of a command under a key: the same for the same command.
fn keyed_id(stream: &StreamName, key: &str, index: usize) -> EventId {
    EventId::derive(&["notification", stream.as_str(), key, &index.to_string()])
}

/// The id of an event that the service concludes by itself: that of its place and of what it says. Two who conclude
/// different things at one place, as the legs of a notice do that are sent side by side, must not pass for one.
fn own_id(stream: &StreamName, revision: Option<u64>, index: usize, content: &str) -> EventId {
    let after = revision.map_or_else(String::new, |revision| revision.to_string());
    EventId::derive(&["notification", stream.as_str(), "after", &after, &index.to_string(), content])
}

#[cfg(test)]
mod tests {
    use countersign_kernel::FixedClock;
    use countersign_sqlite::{DataFolder, Options, SqliteJournal};

    use super::*;
    use crate::domain::{
        act::Act,
        operator::{ModeSet, STREAM, StoredMode},
    };

    #[tokio::test]
    async fn two_who_conclude_different_things_at_one_place_do_not_pass_for_one() {
        // given two who have read the same
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "a test").expect("a data folder");
        let journal = SqliteJournal::open(data, Options::default()).expect("a journal");
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
        let store = Store { journal, clock };
        let stream = StreamName::new(OPERATOR, STREAM);
        let said = |mode| {
            let act = Act { by: "kim".to_owned(), at: Timestamp::UNIX_EPOCH, why: String::new() };
            [OperatorEvent::ModeSet(ModeSet { mode: Some(mode), act })]
        };
        let own = Origin::own();
        let say = |mode| {
            let (store, stream, own, events) = (&store, &stream, &own, said(mode));
            async move { store.append::<Decided>(stream, None, own, &events).await }
        };
        // when both append, then the second is told that somebody was quicker, whatever it says
        assert!(say(StoredMode::Live).await.is_ok());
        assert!(matches!(say(StoredMode::Shadow).await, Err(AppendOutcome::Conflict)));
        assert!(matches!(say(StoredMode::Live).await, Err(AppendOutcome::Conflict)));
        // but a command under a key that comes again has had its effect
        let (keyed, other) = (Origin::command("kim", "mode", "k"), StreamName::new(OPERATOR, "other"));
        for _ in 0..2 {
            let again = store.append::<Decided>(&other, None, &keyed, &said(StoredMode::Live)).await;
            assert!(again.is_ok());
        }
    }
}
