//! Tracks: which there are, what was decided about one, and why it stands where it stands.

use std::fmt::Write as _;

use countersign_contracts::api::{
    Page,
    escalation::{NextStep, TrackDetail, TrackExplanation, TrackView},
};
use countersign_eventsourcing::journal::RecordedEvent;
use countersign_kernel::{Actor, Timestamp, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::key_of;
use crate::{
    authority::Act,
    domain::{
        events::TrackEvent,
        explain::{self, Ahead},
        track::Notice,
    },
    lifecycle::LifecycleError,
    projections::{self, Place, Scope, Suspension, SuspensionQuery, TrackQuery},
    scope,
    service::{Escalation, ServiceError},
    show, tracks,
};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
pub(crate) const MAX_LIMIT: usize = 1000;

/// Which tracks are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrackFilter {
    /// Provider's identifier.
    pub provider: Option<String>,
    /// Who assigned it; left out, the directory must know only one provider with this identifier.
    pub authority: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// `idle`, `open`, `proposed` or `suspended`; left out, all but idle ones.
    pub state: Option<String>,
    /// Why nothing followed last, e.g. `notice_not_delivered`.
    pub held: Option<String>,
    /// `json` (the default: a page) or `csv` (all rows at once).
    pub format: Option<String>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// The events of a track with revision and instant.
fn decoded(events: &[RecordedEvent]) -> Result<Vec<(u64, Timestamp, TrackEvent)>, ServiceError> {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events {
        let Some(read) = TrackEvent::decode(&event.kind, &event.data) else { continue };
        let read = read.map_err(|error| event.undecodable(&error))?;
        decoded.push((event.revision, event.metadata()?.occurred_at, read));
    }
    Ok(decoded)
}

impl Escalation {
    /// A page of tracks, the most severe first.
    ///
    /// # Errors
    /// The caller may see none, the filter makes no sense, or the read model fails.
    pub async fn tracks(
        &self,
        actor: &Actor,
        filter: &TrackFilter,
    ) -> Result<Page<TrackView>, LifecycleError> {
        let directory = self.desk.known.refresh().await?;
        let scope = scope::of(actor, Act::ReadTracks, &directory, self.now())?;
        let after = filter.cursor.as_deref().map(str::parse::<Place>).transpose().map_err(|()| {
            LifecycleError::Word {
                field: "cursor",
                found: filter.cursor.clone().unwrap_or_default(),
                allowed: "`next` of an earlier page, unchanged",
            }
        })?;
        if let Some(state) = &filter.state
            && !["idle", "open", "proposed", "suspended"].contains(&state.as_str())
        {
            return Err(LifecycleError::Word {
                field: "state",
                found: state.clone(),
                allowed: "idle, open, proposed, suspended",
            });
        }
        let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
        let query = TrackQuery {
            provider: key_of(&directory, filter.provider.as_ref(), filter.authority.as_ref()),
            facility: filter.facility.clone(),
            state: filter.state.clone(),
            held: filter.held.clone(),
            limit: limit.saturating_add(1),
            after,
        };
        let position = self.model.position().0;
        let (mut rows, total) = self
            .model
            .query(move |sql| projections::tracks(sql, &query, &scope))
            .await
            .map_err(ServiceError::from)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.place().to_string());
        let items = rows.iter().map(|row| show::track(row, &directory, self.now())).collect();
        Ok(Page { items, next, total, position })
    }

    /// One track with everything that was decided about it.
    ///
    /// # Errors
    /// There is no such track, the caller may not see it, or the journal fails.
    pub async fn track(&self, actor: &Actor, track: TrackId) -> Result<TrackDetail, LifecycleError> {
        let (row, party) = self.seen(actor, track, Act::ReadTracks).await?;
        let directory = self.desk.known.get();
        let stream = tracks::stream_of(track);
        let events = decoded(&self.journal.read_stream(stream.clone(), 0).await?)?;
        let explained = self.desk.explained(&party).await?;
        let rules = &explained.policy().delivery;
        let notices = &explained.loaded.state.notices;
        let now = self.now();
        let delivered = |notice: &Notice| notice.delivery(rules, now).delivered_at();
        let (waiting, suspensions) = self
            .model
            .query(move |sql| {
                let of_track = SuspensionQuery::default();
                let suspensions = projections::suspensions(sql, &of_track, &Scope::default())?;
                let suspensions: Vec<Suspension> =
                    suspensions.into_iter().filter(|suspension| suspension.track == track).collect();
                Ok((projections::inbox_of(sql, stream.as_str())?, suspensions))
            })
            .await
            .map_err(ServiceError::from)?;
        let may_decide = scope::permit_on(actor, Act::ReadRegister, &party, &directory, now).is_ok();
        let mut inbox = Vec::new();
        for waiting in waiting.iter().filter(|_| may_decide) {
            inbox.push(self.inbox_item(waiting, Some(&row), &directory));
        }
        let suspensions = suspensions.iter().filter(|_| may_decide);
        let book = self.governance.current().await.map_err(ServiceError::from)?;
        Ok(TrackDetail {
            track: show::track(&row, &directory, now),
            standing: show::standing(explained.standing()),
            log: show::log(&events),
            notices: show::notices(&events, |asked| delivered(notices.get(&asked.notice)?)),
            inbox,
            suspensions: suspensions.map(|row| show::suspension(row, &directory, &book, now)).collect(),
            position: self.model.position().0,
        })
    }

    /// Why a track stands where it stands: what comes next and when, what holds it, what would stop it, and every past
    /// decision.
    ///
    /// # Errors
    /// There is no such track, the caller may not see it, or the journal fails.
    pub async fn explain(&self, actor: &Actor, track: TrackId) -> Result<TrackExplanation, LifecycleError> {
        let (row, party) = self.seen(actor, track, Act::ReadTracks).await?;
        let directory = self.desk.known.get();
        let events = decoded(&self.journal.read_stream(tracks::stream_of(track), 0).await?)?;
        let explained = self.desk.explained(&party).await?;
        let now = self.now();
        let told = explain::explain(&explained.loaded.state, explained.policy(), &explained.context());
        let counting = explained.standing().counting().count();
        let place = if row.state() == "suspended" { "is suspended" } else { "is on the ladder" };
        let mut summary = format!(
            "{} {} at {}: {} of {} open items count.",
            show::staff(&row.provider, &directory).name,
            if row.state() == "idle" { "is not on the ladder" } else { place },
            row.facility,
            counting,
            explained.standing().items.len()
        );
        match &told.next {
            Some(next) => {
                let _ = write!(summary, " Next, at {}: {}.", next.at, next.what);
            }
            None => summary.push_str(" Nothing is to come by itself."),
        }
        let mut held_by: Vec<String> =
            told.ahead.iter().map(|Ahead { step, waits, .. }| format!("{step} waits: {waits}")).collect();
        if !explained.around.clock_trusted {
            held_by
                .insert(0, "the clock was set, and nobody has confirmed it: nobody is suspended".to_owned());
        }
        if let Some(until) = explained.around.settles_until {
            held_by.insert(0, format!("the services were away: no step before {until}"));
        }
        if let Some(tracks) = explained.around.many_would_move {
            held_by.insert(0, format!("{tracks} tracks would move at once: a human looks first"));
        }
        let next = told.next.map(|next| NextStep {
            step: told
                .ahead
                .iter()
                .find(|ahead| ahead.at == Some(next.at))
                .map_or_else(|| next.what.clone(), |ahead| ahead.step.clone()),
            text: next.what,
            not_before: Some(next.at),
        });
        Ok(TrackExplanation {
            track,
            provider: show::staff(&row.provider, &directory),
            facility: row.facility.clone(),
            at: now,
            summary,
            next,
            held_by,
            stopped_by: told.stops,
            standing: show::standing(explained.standing()),
            past: show::log(&events),
            position: explained.standing().position,
        })
    }
}
