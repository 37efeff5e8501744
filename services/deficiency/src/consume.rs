//! Contract events in, commands to charts.
//!
//! Effects happen once: the chart's stream is the inbox. A delivered event becomes one append under the
//! revision that was read; when it comes again, the decision finds it recorded and appends nothing.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use countersign_contracts::{
    Envelope,
    chart::{ChartFactsReported, EncounterKey},
    patient::PatientMerged,
};
use countersign_eventsourcing::{
    consumer::{HandleError, Handler},
    journal::{
        AppendError, Appended, Expected, Journal, JournalError, Metadata, NewEvent, PortFuture, Position,
        StreamName,
    },
    service::Fault,
};
use countersign_kernel::{Clock, EncounterId, EventId, Timestamp};
use countersign_runtime::telemetry::{current_traceparent, span_from_traceparent};
use lru::LruCache;
use tracing::{Instrument, Span};

use crate::{
    domain::{
        acts::command::{Refusal, Request},
        decide::{Command, carry_out, carry_out_act, facts_to_hand_over},
        events::{CHART, ChartEvent, IdentifierRetired, PATIENT},
        state::ChartState,
    },
    lookup::Lookup,
};

/// How often a command is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;

/// A chart with the revision it was read at.
struct Loaded {
    state: Arc<ChartState>,
    revision: Option<u64>,
}

/// Where a command comes from: goes into the metadata of its events, and their ids are derived from it.
struct Cause<'a> {
    id: EventId,
    correlation: uuid::Uuid,
    traceparent: Option<&'a str>,
    actor: &'a str,
}

/// Name under which the service's own conclusions stand.
const SELF: &str = "deficiency";

/// What came of somebody's decision.
#[derive(Debug, Clone)]
pub struct Acted {
    /// The chart as it stands now.
    pub state: Arc<ChartState>,
    /// Its revision: the next decision may ask that nobody was quicker.
    pub revision: u64,
    /// Position in the journal of the last event; `None` when the decision was on record already.
    pub position: Option<Position>,
}

/// A decision that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// It may not be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The chart could not be changed.
    #[error(transparent)]
    Chart(#[from] ChartError),
}

/// Charts as a service: loads, decides, appends.
pub struct Charts {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    lookup: Arc<Lookup>,
    recent: Mutex<LruCache<EncounterId, Loaded>>,
}

/// A chart could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Other writers were quicker, again and again.
    #[error("the chart is being changed by others without pause")]
    Contended,
    /// An event could not be encoded.
    #[error("an event cannot be stored: {0}")]
    Encode(#[from] serde_json::Error),
}

impl Fault for ChartError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Journal(error) => error.is_passing(),
            Self::Contended => true,
            Self::Encode(_) => false,
        }
    }
}

impl From<ChartError> for HandleError {
    fn from(error: ChartError) -> Self {
        if error.is_passing() { Self::Retry(error.to_string()) } else { Self::Poison(error.to_string()) }
    }
}

impl Charts {
    /// Charts in this journal, decided by what is looked up. Keeps up to `cached` charts in memory.
    pub fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        lookup: Arc<Lookup>,
        cached: NonZeroUsize,
    ) -> Self {
        Self { journal, clock, lookup, recent: Mutex::new(LruCache::new(cached)) }
    }

    /// Takes note of what a message says about a chart, and hands it on when the chart continues elsewhere.
    pub async fn record(&self, event: &Envelope, reported: ChartFactsReported) -> Result<(), ChartError> {
        let cause = Cause {
            id: event.id,
            correlation: event.correlation,
            traceparent: event.traceparent.as_deref(),
            actor: SELF,
        };
        let state = self
            .execute(
                &reported.encounter.clone(),
                Command::RecordFacts { reported, adopted_from: None },
                &cause,
            )
            .await?;
        self.hand_over(state, &cause).await
    }

    /// Lets the requirement arise that a chart was waiting for.
    pub async fn pass_time(&self, encounter: &EncounterKey, now: Timestamp) -> Result<(), ChartError> {
        let id = EventId::derive(&["time", &encounter.id().to_string(), &now.to_string()]);
        let cause = Cause { id, correlation: id.0, traceparent: None, actor: SELF };
        self.execute(encounter, Command::PassTime { now }, &cause).await.map(|_| ())
    }

    /// Looks at a chart again, because people, places or rules have changed.
    pub async fn reconsider(&self, encounter: &EncounterKey) -> Result<(), ChartError> {
        let revision = self.load(encounter.id()).await?.revision;
        // The same look by two processes at once is one.
        let seen = revision.map_or_else(String::new, |revision| revision.to_string());
        let id = EventId::derive(&["reconsidered", &encounter.id().to_string(), &seen]);
        let cause = Cause { id, correlation: id.0, traceparent: None, actor: SELF };
        self.execute(encounter, Command::Reconsider, &cause).await.map(|_| ())
    }

    /// Records somebody's decision about a chart, with what follows from it. `seen`: the revision that the
    /// caller decided on; when the chart has moved on since, nothing is recorded.
    pub async fn act(
        &self,
        id: EncounterId,
        request: &Request,
        seen: Option<u64>,
    ) -> Result<Acted, ActError> {
        let cause = Cause {
            id: EventId::derive(&["act", &request.id.to_string()]),
            correlation: request.id.0,
            traceparent: None,
            actor: &request.by.name,
        };
        for _ in 0..ATTEMPTS {
            let Loaded { state, revision } = self.load(id).await?;
            let Some(revision) = revision else { return Err(Refusal::UnknownChart.into()) };
            let reference = self.lookup.get();
            // Its own repetition is not somebody else's change.
            if let Some(expected) = seen.filter(|seen| *seen != revision)
                && !state.acts.contains_key(&request.id)
            {
                return Err(Refusal::Changed { expected, actual: revision }.into());
            }
            let (events, after) =
                carry_out_act(Arc::unwrap_or_clone(state), request, self.clock.now(), &reference)?;
            if events.is_empty() {
                return Ok(Acted { state: Arc::new(after), revision, position: None });
            }
            if let Some((state, appended)) = self.append(id, after, Some(revision), &events, &cause).await? {
                let acted = Acted {
                    state: Arc::clone(&state),
                    revision: appended.revision,
                    position: Some(appended.position),
                };
                self.hand_over(state, &cause).await?;
                return Ok(acted);
            }
        }
        Err(ChartError::Contended.into())
    }

    /// A renumbered visit continues in another chart, which must know everything; that one may have been
    /// renumbered again. A number that was visited before ends the walk: two numbers that name each other.
    async fn hand_over(&self, mut state: Arc<ChartState>, cause: &Cause<'_>) -> Result<(), ChartError> {
        let mut seen: Vec<EncounterKey> = state.encounter.iter().cloned().collect();
        while let Some((to, handed_over)) = facts_to_hand_over(&state) {
            if seen.contains(&to) {
                return Ok(());
            }
            let mut next = Arc::clone(&state);
            for (reported, reported_for) in handed_over {
                let parts = [
                    cause.id.to_string(),
                    to.id().to_string(),
                    reported_for.id().to_string(),
                    reported.message.to_string(),
                ];
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                let own = Cause { id: EventId::derive(&parts), ..*cause };
                let command = Command::RecordFacts { reported, adopted_from: Some(reported_for) };
                next = self.execute(&to, command, &own).await?;
            }
            for act in state.acts.values() {
                let parts = [cause.id.to_string(), to.id().to_string(), act.id.to_string()];
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                let own = Cause { id: EventId::derive(&parts), ..*cause };
                next = self.execute(&to, Command::AdoptAct { act: act.clone() }, &own).await?;
            }
            state = next;
            seen.push(to);
        }
        Ok(())
    }

    async fn execute(
        &self,
        encounter: &EncounterKey,
        command: Command,
        cause: &Cause<'_>,
    ) -> Result<Arc<ChartState>, ChartError> {
        let id = encounter.id();
        for _ in 0..ATTEMPTS {
            let Loaded { state, revision } = self.load(id).await?;
            let (events, after) = carry_out(Arc::unwrap_or_clone(state), command.clone(), &self.lookup.get());
            if events.is_empty() {
                let state = Arc::new(after);
                self.cache().put(id, Loaded { state: Arc::clone(&state), revision });
                return Ok(state);
            }
            if let Some((state, _)) = self.append(id, after, revision, &events, cause).await? {
                return Ok(state);
            }
        }
        Err(ChartError::Contended)
    }

    /// Appends what was decided on this revision, and keeps the chart as it stands after that; `None` when another
    /// writer was quicker.
    async fn append(
        &self,
        id: EncounterId,
        after: ChartState,
        revision: Option<u64>,
        events: &[ChartEvent],
        cause: &Cause<'_>,
    ) -> Result<Option<(Arc<ChartState>, Appended)>, ChartError> {
        let new_events = self.encode(events, cause)?;
        let expected = revision.map_or(Expected::NoStream, Expected::Revision);
        match self.journal.append(StreamName::new(CHART, id), expected, new_events).await {
            Ok(appended) => {
                let state = Arc::new(after);
                let loaded = Loaded { state: Arc::clone(&state), revision: Some(appended.revision) };
                self.cache().put(id, loaded);
                Ok(Some((state, appended)))
            }
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(AppendError::Journal(error)) => Err(error.into()),
        }
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, LruCache<EncounterId, Loaded>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the chart out of the cache, or reads it. Whoever has changed it puts it back; one that was not
    /// put back is read again.
    async fn load(&self, id: EncounterId) -> Result<Loaded, ChartError> {
        let cached = self.cache().pop(&id);
        if let Some(loaded) = cached {
            return Ok(loaded);
        }
        let (state, revision) = read_chart(self.journal.as_ref(), id).await?;
        Ok(Loaded { state: Arc::new(state), revision })
    }

    fn encode(&self, events: &[ChartEvent], cause: &Cause<'_>) -> Result<Vec<NewEvent>, ChartError> {
        let now = self.clock.now();
        let cause_id = cause.id.to_string();
        let traceparent =
            cause.traceparent.and_then(|parent| current_traceparent().or_else(|| Some(parent.to_owned())));
        events
            .iter()
            .enumerate()
            .map(|(index, event)| {
                let facts = match event {
                    ChartEvent::FactsRecorded(recorded) => recorded.facts.first(),
                    _ => None,
                };
                let metadata = Metadata {
                    correlation: cause.correlation,
                    causation: Some(cause.id.0),
                    traceparent: traceparent.clone(),
                    schema: 1,
                    actor: match event {
                        ChartEvent::Act(_) => cause.actor,
                        _ => SELF,
                    }
                    .to_owned(),
                    occurred_at: facts.map_or(now, |fact| fact.occurred_at),
                    recorded_at: facts.map(|fact| fact.recorded_at),
                    received_at: now,
                };
                let id = EventId::derive(&["chart", &cause_id, &index.to_string()]);
                Ok(NewEvent::encode(id, event.kind(), event, metadata)?)
            })
            .collect()
    }

    async fn retire_identifier(&self, event: &Envelope, merged: PatientMerged) -> Result<(), ChartError> {
        let retired = IdentifierRetired {
            message: merged.message,
            retired: merged.retired,
            survivor: merged.survivor,
            occurred_at: merged.occurred_at,
        };
        let metadata = Metadata {
            correlation: event.correlation,
            causation: Some(event.id.0),
            traceparent: event.traceparent.clone(),
            schema: 1,
            actor: SELF.to_owned(),
            occurred_at: retired.occurred_at,
            recorded_at: None,
            received_at: merged.received_at,
        };
        let id = EventId::derive(&["retired", &event.id.to_string()]);
        let stream = StreamName::new(PATIENT, retired.retired.key());
        let stored = NewEvent::encode(id, IdentifierRetired::KIND, &retired, metadata)?;
        // The id is derived from the cause, so a repetition is recognised by the journal itself.
        match self.journal.append(stream, Expected::Any, vec![stored]).await {
            Ok(_) => Ok(()),
            Err(AppendError::Conflict { .. }) => Err(ChartError::Contended),
            Err(AppendError::Journal(error)) => Err(error.into()),
        }
    }
}

/// Reads a chart from its stream.
pub async fn read_chart(
    journal: &dyn Journal,
    id: EncounterId,
) -> Result<(ChartState, Option<u64>), JournalError> {
    let mut state = ChartState::default();
    let mut revision = None;
    for event in journal.read_stream(StreamName::new(CHART, id), 0).await? {
        revision = Some(event.revision);
        let decoded =
            ChartEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
        state.evolve(decoded);
    }
    Ok((state, revision))
}

impl Handler for Charts {
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
        // A message that is traced goes on being traced here; all others cost nothing.
        let span = event
            .traceparent
            .as_deref()
            .map_or_else(Span::none, |parent| span_from_traceparent("deficiency.decide", Some(parent)));
        let work = async move {
            match event.kind.as_str() {
                ChartFactsReported::TYPE => {
                    let reported = event.decode().map_err(|error| HandleError::Poison(error.to_string()))?;
                    Ok(self.record(event, reported).await?)
                }
                PatientMerged::TYPE => {
                    let merged = event.decode().map_err(|error| HandleError::Poison(error.to_string()))?;
                    Ok(self.retire_identifier(event, merged).await?)
                }
                // Another service's event of a later version: not ours to judge.
                _ => Ok(()),
            }
        };
        Box::pin(work.instrument(span))
    }
}
