//! The weekly cycle: who is due is published before each cutoff, and a human looks first when many would move at once.

pub mod events;

use std::sync::Arc;

use countersign_eventsourcing::journal::{AppendError, Expected, Metadata, NewEvent, Position, StreamName};
use countersign_kernel::{EventId, Timestamp};
use jiff::SignedDuration;

use crate::{
    desk::{AsOf, Desk, DeskError},
    domain::{
        events::ByWhom,
        policy::{Mode, Policy},
        step::Why,
    },
    policies,
    projections::{self, Scope, TrackQuery},
    streams::{Cause, SELF, StreamError},
};
use events::{Line, RUN, RunEvent, RunHeld, RunPublished, RunReleased};

/// For how long a release holds: nothing is held again before.
const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// The longest stretch that a list is looked for in: runs come at least that often. A publication that lies further back
/// is not made up for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Tracks on a list, at most.
const MOST: usize = 100_000;

/// The runs of all facilities.
pub(crate) struct Runs {
    desk: Arc<Desk>,
}

impl Runs {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    /// Facilities that have tracks or are described.
    async fn facilities(&self) -> Result<Vec<String>, DeskError> {
        let directory = self.desk.known.refresh().await?;
        let mut codes: Vec<String> =
            directory.places.facilities().map(|facility| facility.code.clone()).collect();
        codes.extend(self.desk.model.query(projections::facilities_with_tracks).await?);
        codes.sort();
        codes.dedup();
        Ok(codes)
    }

    /// Publishes the lists whose instant has come. Each one is an event of which there is one, whoever publishes.
    pub(crate) async fn publish_due(&self) -> Result<usize, DeskError> {
        let now = self.desk.clock.now();
        let book = self.desk.governance.current().await?;
        let Some(set) = policies::kept(&book, None, now) else { return Ok(0) };
        let mut published = 0;
        for facility in self.facilities().await? {
            let policy = set.of(&facility);
            if policy.cadence.mode != Mode::Weekly {
                continue;
            }
            let Some(publish_at) = self.last_publication(policy, &facility, now) else { continue };
            let known = {
                let facility = facility.clone();
                self.desk.model.query(move |sql| projections::run(sql, &facility, publish_at)).await?
            };
            if known.is_some() {
                continue;
            }
            let (cutoff_at, lines) = self.list(policy, &facility, publish_at).await?;
            let event = RunEvent::Published(RunPublished {
                facility: facility.clone(),
                publish_at,
                at: now,
                cutoff_at,
                policy: policy.reference.clone(),
                lines,
            });
            let id = EventId::derive(&["run-published", &facility, &publish_at.to_string()]);
            self.append(&facility, id, &event, SELF, now).await?;
            published += 1;
        }
        Ok(published)
    }

    /// The last instant of publication that has come, if it is not too long ago.
    fn last_publication(&self, policy: &Policy, facility: &str, now: Timestamp) -> Option<Timestamp> {
        let directory = self.desk.known.get();
        let days = directory.places.days(facility);
        let first = now.checked_sub(LOOK_BACK).ok()?;
        let mut last = None;
        let mut at = policy.cadence.publish.on_or_after(first, days);
        while at <= now {
            last = Some(at);
            at = policy.cadence.publish.on_or_after(at.checked_add(SignedDuration::from_secs(1)).ok()?, days);
        }
        last
    }

    /// Who is due at the cutoff that follows on an instant.
    pub(crate) async fn list(
        &self,
        policy: &Policy,
        facility: &str,
        after: Timestamp,
    ) -> Result<(Timestamp, Vec<Line>), DeskError> {
        let directory = self.desk.known.get();
        // A list that is published with a cutoff is for the next one.
        let later = after.checked_add(SignedDuration::from_secs(1)).unwrap_or(after);
        let cutoff_at = policy.cadence.cutoff.on_or_after(later, directory.places.days(facility));
        let query = TrackQuery { facility: Some(facility.to_owned()), limit: MOST, ..TrackQuery::default() };
        let (rows, _) =
            self.desk.model.query(move |sql| projections::tracks(sql, &query, &Scope::default())).await?;
        let mut lines = Vec::new();
        for row in rows {
            // Whoever is suspended already, or waits for leadership, is on other lists.
            if row.suspended.is_some() || row.proposed.is_some() {
                continue;
            }
            if let Some(line) = self.desk.due_by(&row, cutoff_at).await? {
                lines.push(line);
            }
        }
        Ok((cutoff_at, lines))
    }

    /// How many tracks of a facility would move now, and the policy's limit; `None` where there is none, or a human
    /// has looked.
    pub(crate) async fn watch(&self) -> Result<(), DeskError> {
        let now = self.desk.clock.now();
        for facility in self.facilities().await? {
            self.desk.many_would_move(&facility, now).await?;
        }
        Ok(())
    }

    /// Records that many would move. `after`: until when the last one was released; so that one backlog is one event,
    /// whoever notices it.
    pub(crate) async fn hold(
        desk: &Desk,
        facility: &str,
        (tracks, limit): (u32, u32),
        after: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let event = RunEvent::Held(RunHeld { facility: facility.to_owned(), at: now, tracks, limit });
        let after = after.map_or_else(|| "first".to_owned(), |after| after.to_string());
        let id = EventId::derive(&["run-held", facility, &after]);
        append(desk, facility, id, &event, SELF, now).await.map(|_| ())
    }

    /// Lets a facility's tracks move. The same key again changes nothing.
    pub(crate) async fn release(
        &self,
        facility: &str,
        by: ByWhom,
        id: EventId,
    ) -> Result<Position, DeskError> {
        let until = by.at.checked_add(RELEASED_FOR).unwrap_or(Timestamp::MAX);
        let (at, name) = (by.at, by.name.clone());
        let event = RunEvent::Released(RunReleased { facility: facility.to_owned(), until, by });
        self.append(facility, id, &event, &name, at).await
    }

    /// Looks at tracks again of which something was held for this reason.
    pub(crate) async fn look_again(&self, held: &'static str, cause: &Cause) -> Result<usize, DeskError> {
        let tracks = self
            .desk
            .model
            .query(move |sql| {
                let mut rows = Vec::new();
                for track in projections::held_because(sql, held)? {
                    rows.extend(projections::track(sql, track)?);
                }
                Ok(rows)
            })
            .await?;
        for row in &tracks {
            self.desk.look(&row.party(), Why::Time, cause, AsOf::Now).await?;
        }
        Ok(tracks.len())
    }

    async fn append(
        &self,
        facility: &str,
        id: EventId,
        event: &RunEvent,
        actor: &str,
        now: Timestamp,
    ) -> Result<Position, DeskError> {
        append(&self.desk, facility, id, event, actor, now).await
    }
}

/// Runs are not decided on what was decided before: the id says what an event is, and the journal knows it again.
async fn append(
    desk: &Desk,
    facility: &str,
    id: EventId,
    event: &RunEvent,
    actor: &str,
    now: Timestamp,
) -> Result<Position, DeskError> {
    let metadata = Metadata {
        correlation: id.0,
        causation: None,
        traceparent: None,
        schema: 1,
        actor: actor.to_owned(),
        occurred_at: now,
        recorded_at: None,
        received_at: now,
    };
    let event = NewEvent::encode(id, event.kind(), event, metadata).map_err(StreamError::Encode)?;
    match desk.journal.append(StreamName::new(RUN, facility), Expected::Any, vec![event]).await {
        Ok(appended) => Ok(appended.position),
        Err(AppendError::Conflict { .. }) => Err(StreamError::Contended.into()),
        Err(AppendError::Journal(error)) => Err(error.into()),
    }
}
