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
    journal::{AppendError, Expected, Journal, JournalError, Metadata, NewEvent, PortFuture, StreamName},
};
use countersign_kernel::{Clock, EncounterId, EventId, Timestamp};
use countersign_runtime::telemetry::{current_traceparent, span_from_traceparent};
use lru::LruCache;
use tracing::{Instrument, Span};

use crate::domain::{
    decide::{Command, decide, facts_to_hand_over},
    events::{CHART, ChartEvent, IdentifierRetired, PATIENT},
    rules::RuleSet,
    state::ChartState,
};

/// How often a command is tried again when another writer was quicker.
const ATTEMPTS: usize = 16;

/// A chart with the revision it was read at.
#[derive(Clone, Default)]
struct Loaded {
    state: Arc<ChartState>,
    revision: Option<u64>,
}

/// Where a command comes from: goes into the metadata of its events, and their ids are derived from it.
struct Cause<'a> {
    id: EventId,
    correlation: uuid::Uuid,
    traceparent: Option<&'a str>,
}

/// Charts as a service: loads, decides, appends.
pub struct Charts {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    rules: Arc<RuleSet>,
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

impl From<ChartError> for HandleError {
    fn from(error: ChartError) -> Self {
        match error {
            ChartError::Journal(JournalError::Unavailable(_)) | ChartError::Contended => {
                Self::Retry(error.to_string())
            }
            _ => Self::Poison(error.to_string()),
        }
    }
}

impl Charts {
    /// Charts in this journal, decided by these rules. Keeps up to `cached` charts in memory.
    pub fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        rules: Arc<RuleSet>,
        cached: NonZeroUsize,
    ) -> Self {
        Self { journal, clock, rules, recent: Mutex::new(LruCache::new(cached)) }
    }

    /// Takes note of what a message says about a chart, and hands it on when the chart continues elsewhere.
    pub async fn record(&self, event: &Envelope, reported: ChartFactsReported) -> Result<(), ChartError> {
        let cause =
            Cause { id: event.id, correlation: event.correlation, traceparent: event.traceparent.as_deref() };
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
        let cause = Cause { id, correlation: id.0, traceparent: None };
        self.execute(encounter, Command::PassTime { now }, &cause).await.map(|_| ())
    }

    /// A renumbered visit continues in another chart, which must know everything; that one may have been
    /// renumbered again. A number that was visited before ends the walk: two numbers that name each other.
    async fn hand_over(&self, mut state: Arc<ChartState>, cause: &Cause<'_>) -> Result<(), ChartError> {
        let mut seen: Vec<EncounterKey> = state.encounter.iter().cloned().collect();
        while let Some((to, handed_over)) = facts_to_hand_over(&state) {
            if seen.contains(&to) {
                return Ok(());
            }
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
                state = self.execute(&to, command, &own).await?;
            }
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
            let events = decide(&state, command.clone(), &self.rules);
            if events.is_empty() {
                return Ok(state);
            }
            let new_events = self.encode(&events, cause)?;
            let expected = revision.map_or(Expected::NoStream, Expected::Revision);
            match self.journal.append(StreamName::new(CHART, id), expected, new_events).await {
                Ok(appended) => {
                    let mut next = (*state).clone();
                    for event in events {
                        next.evolve(event);
                    }
                    let state = Arc::new(next);
                    let loaded = Loaded { state: Arc::clone(&state), revision: Some(appended.revision) };
                    self.cache().put(id, loaded);
                    return Ok(state);
                }
                Err(AppendError::Conflict { .. }) => {
                    self.cache().pop(&id);
                }
                Err(AppendError::Journal(error)) => {
                    self.cache().pop(&id);
                    return Err(error.into());
                }
            }
        }
        Err(ChartError::Contended)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, LruCache<EncounterId, Loaded>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, id: EncounterId) -> Result<Loaded, ChartError> {
        if let Some(loaded) = self.cache().get(&id) {
            return Ok(loaded.clone());
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
                    actor: "deficiency".to_owned(),
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
            actor: "deficiency".to_owned(),
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
