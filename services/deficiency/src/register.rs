//! Directory and site as the journal has them now, and the one way to change them.
//!
//! Both are small (some thousand providers), so they are held in memory and brought up to date from the journal
//! before every command. A command's event id is derived from its idempotency key: the same command again finds
//! itself on record. Beside every change its records are stored as they stand after it ([`snapshots`]).

mod snapshots;

use std::{collections::HashMap, sync::Arc};

use countersign_eventsourcing::journal::{
    AppendError, Expected, Filter, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent,
    StreamName,
};
use countersign_kernel::{Clock, EventId, Timestamp};
use serde::Serialize;
use tokio::sync::Mutex;
use uuid::Uuid;

use self::snapshots::{Snapshot, Told};
use crate::domain::{
    people::{
        Directory,
        events::{PROVIDER, PeopleEvent, key_of},
    },
    site::{
        Site,
        events::{DEPARTMENT, FACILITY, SiteEvent},
    },
};

/// How often a command is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;
/// Events read at a time.
const PAGE: usize = 4096;
/// Snapshots that are appended at a time: the journal makes many durable at once.
const AT_ONCE: usize = 256;

/// Categories of the streams that make directory and site.
pub const CATEGORIES: [&str; 3] = [PROVIDER, FACILITY, DEPARTMENT];

/// Directory and site at a position of the journal.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Everybody.
    pub directory: Arc<Directory>,
    /// Facilities and departments.
    pub site: Arc<Site>,
    /// The journal was folded up to here.
    pub position: Position,
}

impl Known {
    /// Folds one event; others than those of [`CATEGORIES`] change nothing.
    ///
    /// # Errors
    /// The event is not what its type promises.
    pub fn evolve(&mut self, event: &RecordedEvent) -> Result<(), JournalError> {
        let undecodable = |error: serde_json::Error| event.undecodable(&error);
        match event.stream.category() {
            PROVIDER => {
                let decoded = PeopleEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                Arc::make_mut(&mut self.directory).evolve(&decoded);
            }
            FACILITY | DEPARTMENT => {
                let decoded = SiteEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                Arc::make_mut(&mut self.site).evolve(&decoded);
            }
            _ => {}
        }
        self.position = self.position.max(event.position);
        Ok(())
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Position after which the command's effect is visible.
    pub position: Position,
    /// Something changed: by this call, or by an earlier one under the same key.
    pub changed: bool,
    /// An earlier call under the same key had done it already.
    pub repeated: bool,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R: std::error::Error> {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(R),
    /// The key was used for something else.
    #[error("this idempotency key was used for another request: choose a new key for a new request")]
    KeyReused,
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

/// An event to record, with the records that it changes.
pub(crate) struct Decided {
    stream: StreamName,
    kind: &'static str,
    data: serde_json::Result<Vec<u8>>,
    snapshots: serde_json::Result<Vec<Snapshot>>,
}

impl Decided {
    fn new(
        (category, key): (&'static str, Uuid),
        kind: &'static str,
        event: &impl Serialize,
        snapshots: serde_json::Result<Vec<Snapshot>>,
    ) -> Self {
        Self { stream: StreamName::new(category, key), kind, data: serde_json::to_vec(event), snapshots }
    }

    /// A change of people's records.
    pub(crate) fn of_people(directory: &Directory, event: &PeopleEvent) -> Self {
        let snapshots = directory.described_after(event).into_iter().map(Snapshot::of_provider).collect();
        Self::new((PROVIDER, key_of(event.provider())), event.kind(), event, snapshots)
    }

    /// A change of a facility or a department. A department's events are whole already.
    pub(crate) fn of_site(site: &Site, event: &SiteEvent) -> Self {
        let snapshots = site.described_after(event).into_iter().map(Snapshot::of_facility).collect();
        Self::new(event.stream(), event.kind(), event, snapshots)
    }
}

/// Where a command comes from: goes into the metadata of its event.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The event's id.
    pub(crate) id: EventId,
    pub(crate) correlation: uuid::Uuid,
    pub(crate) causation: Option<uuid::Uuid>,
    pub(crate) traceparent: Option<String>,
    pub(crate) actor: String,
    /// When it takes effect in the hospital.
    pub(crate) occurred_at: Timestamp,
    /// When the source recorded it.
    pub(crate) recorded_at: Option<Timestamp>,
}

impl Origin {
    /// A person's command under an idempotency key. Keys are the person's own: two people may use the same.
    pub(crate) fn command(actor: &str, key: &str, at: Timestamp) -> Self {
        let id = EventId::derive(&["register", actor, key]);
        Self {
            id,
            correlation: id.0,
            causation: None,
            traceparent: countersign_runtime::telemetry::current_traceparent(),
            actor: actor.to_owned(),
            occurred_at: at,
            recorded_at: None,
        }
    }
}

#[derive(Default)]
struct State {
    known: Known,
    revisions: HashMap<StreamName, u64>,
    recorded: HashMap<EventId, (StreamName, u64)>,
    told: Told,
}

/// Directory and site, with their journal.
pub struct Register {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Register {
    /// Over this journal; nothing is read before it is needed.
    pub fn new(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> Self {
        Self { journal, clock, state: Mutex::default() }
    }

    /// The present instant, by the service's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Directory and site with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal.
    pub async fn current(&self) -> Result<Known, JournalError> {
        let mut state = self.state.lock().await;
        self.refresh(&mut state).await?;
        Ok(state.known.clone())
    }

    async fn refresh(&self, state: &mut State) -> Result<(), JournalError> {
        loop {
            let after = state.known.position;
            let batch = self.journal.read_all(after, Filter::Categories(CATEGORIES.to_vec()), PAGE).await?;
            for event in &batch.events {
                state.known.evolve(event)?;
                state.told.note(event)?;
                state.revisions.insert(event.stream.clone(), event.revision);
                state.recorded.insert(event.id, (event.stream.clone(), event.revision));
            }
            state.known.position = state.known.position.max(batch.upto);
            if batch.caught_up {
                return Ok(());
            }
        }
    }

    /// Tells of every record whose last snapshot is missing or differs: those of a journal from before there were
    /// snapshots, and those that two processes changed at once. Returns how many there were.
    ///
    /// # Errors
    /// The journal.
    pub async fn describe(&self) -> Result<usize, JournalError> {
        let mut state = self.state.lock().await;
        self.mend(&mut state, None).await
    }

    /// The same for the records with these keys.
    async fn mend(&self, state: &mut State, wanted: Option<&[Uuid]>) -> Result<usize, JournalError> {
        let mut mended = 0;
        for _ in 0..ATTEMPTS {
            self.refresh(state).await?;
            let mut missing = match Snapshot::all(&state.known, wanted) {
                Ok(all) => all,
                Err(error) => {
                    tracing::error!(%error, "records cannot be told");
                    return Ok(mended);
                }
            };
            missing.retain(|snapshot| state.told.is_news(snapshot));
            if missing.is_empty() {
                return Ok(mended);
            }
            let now = self.clock.now();
            let mut missing = missing.into_iter();
            loop {
                let appends = missing.by_ref().take(AT_ONCE).map(|snapshot| {
                    let stream = snapshot.stream();
                    let revision = state.revisions.get(&stream);
                    let expected =
                        revision.map_or(Expected::NoStream, |revision| Expected::Revision(*revision));
                    self.journal.append(stream, expected, vec![snapshot.mending(&state.told, now)])
                });
                let appended = futures::future::join_all(appends).await;
                if appended.is_empty() {
                    break;
                }
                for result in appended {
                    match result {
                        Ok(_) => mended += 1,
                        // Another process was quicker: compare again with what it recorded.
                        Err(AppendError::Conflict { .. }) => {}
                        Err(AppendError::Journal(error)) => return Err(error),
                    }
                }
            }
        }
        tracing::warn!("records are being changed without pause; the next start compares them again");
        Ok(mended)
    }

    /// Decides on what is known now and records the event, under the revision that was read. `is_of` tells whether an
    /// event that is on record under the same key came of the same command.
    pub(crate) async fn execute<R: std::error::Error>(
        &self,
        origin: &Origin,
        is_of: impl Fn(&RecordedEvent) -> bool,
        decide: impl Fn(&Known) -> Result<Option<Decided>, R>,
    ) -> Result<Done, CommandError<R>> {
        let mut state = self.state.lock().await;
        for _ in 0..ATTEMPTS {
            self.refresh(&mut state).await.map_err(CommandError::Journal)?;
            if let Some((stream, revision)) = state.recorded.get(&origin.id) {
                let found = self.journal.read_stream(stream.clone(), *revision).await;
                let found = found.map_err(CommandError::Journal)?;
                let Some(recorded) = found.first().filter(|recorded| is_of(recorded)) else {
                    return Err(CommandError::KeyReused);
                };
                let position = last_beside(recorded, &found).map_err(CommandError::Journal)?;
                return Ok(Done { position, changed: true, repeated: true });
            }
            let Some(Decided { stream, kind, data, snapshots }) =
                decide(&state.known).map_err(CommandError::Refused)?
            else {
                return Ok(Done { position: state.known.position, changed: false, repeated: false });
            };
            let metadata = Metadata {
                correlation: origin.correlation,
                causation: origin.causation,
                traceparent: origin.traceparent.clone(),
                schema: 1,
                actor: origin.actor.clone(),
                occurred_at: origin.occurred_at,
                recorded_at: origin.recorded_at,
                received_at: self.clock.now(),
            };
            let data = data.map_err(CommandError::Encode)?.into();
            let mut snapshots = snapshots.map_err(CommandError::Encode)?;
            snapshots.retain(|snapshot| state.told.is_news(snapshot));
            let told: Vec<Uuid> = snapshots.iter().map(Snapshot::key).collect();
            let beside: Vec<NewEvent> =
                snapshots.into_iter().map(|snapshot| snapshot.beside(origin.id, &metadata)).collect();
            let event = NewEvent { id: origin.id, kind: kind.into(), data, metadata };
            let events = std::iter::once(event).chain(beside).collect();
            let revision = state.revisions.get(&stream);
            let expected = revision.map_or(Expected::NoStream, |revision| Expected::Revision(*revision));
            match self.journal.append(stream, expected, events).await {
                Ok(appended) => {
                    // Another process may have changed another record of the same person since this one was read.
                    if let Err(error) = self.mend(&mut state, Some(&told)).await {
                        tracing::warn!(%error, "not compared with what was told; the next start does it");
                    }
                    return Ok(Done {
                        position: appended.position,
                        changed: true,
                        repeated: appended.repeated,
                    });
                }
                // Another process was quicker: decide again on what it recorded.
                Err(AppendError::Conflict { .. }) => {}
                Err(AppendError::Journal(error)) => return Err(CommandError::Journal(error)),
            }
        }
        Err(CommandError::Contended)
    }
}

/// Where the append of a change ended: at the last snapshot that went with it.
fn last_beside(change: &RecordedEvent, found: &[RecordedEvent]) -> Result<Position, JournalError> {
    let mut last = change.position;
    for next in &found[1..] {
        if !snapshots::is_snapshot(next) || next.metadata()?.causation != Some(change.id.0) {
            break;
        }
        last = next.position;
    }
    Ok(last)
}
