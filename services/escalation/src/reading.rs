//! What is asked of the service: tracks and why they stand where they stand, the inbox, the register, runs, the clock.

use std::fmt::Write as _;

use countersign_contracts::api::{
    Page,
    escalation::{
        ClockView, DryRun, DryRunLine, InboxItem, NextStep, PacketView, RegisterTotal, RegisterView, RunLine,
        RunView, TrackDetail, TrackExplanation, TrackView,
    },
};
use countersign_eventsourcing::{journal::RecordedEvent, timer::TrustState};
use countersign_kernel::{Actor, ProviderId, Timestamp, TrackId};
use countersign_owed::{Directory, Party};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    authority::Act,
    domain::{
        events::{SuspensionProposed, TrackEvent},
        explain::{self, Ahead},
        track::Notice,
    },
    lifecycle::LifecycleError,
    policies,
    projections::{self, Place, Scope, Suspension, SuspensionQuery, TrackQuery, TrackRow, Waiting},
    runs::events::{Line, RunPublished},
    scope,
    service::{Escalation, ServiceError},
    show, tracks,
};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
pub(crate) const MAX_LIMIT: usize = 1000;
/// Lists of runs that are shown.
const RUNS: usize = 200;

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

/// Which suspensions are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegisterFilter {
    /// Provider's identifier.
    pub provider: Option<String>,
    /// Who assigned it.
    pub authority: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// Only those that are in force.
    #[serde(default)]
    pub in_force: bool,
    /// Only those that were in force at this instant or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only those that began before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// `json` (the default) or `csv`, for the committee.
    pub format: Option<String>,
}

fn key_of(directory: &Directory, provider: Option<&String>, authority: Option<&String>) -> Option<Uuid> {
    let id = ProviderId { id: provider?.clone(), authority: authority.cloned().unwrap_or_default() };
    Some(directory.people.key_of(&id))
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
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

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

    /// A track that the caller may see.
    async fn seen(
        &self,
        actor: &Actor,
        track: TrackId,
        act: Act,
    ) -> Result<(TrackRow, Party), LifecycleError> {
        let row = self.row(track).await?;
        let party = row.party();
        let directory = self.desk.known.refresh().await?;
        scope::permit_on(actor, act, &party, &directory, self.now())?;
        Ok((row, party))
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

    fn packet(&self, proposed: &SuspensionProposed) -> PacketView {
        let text = policies::text_of(&self.governance.book(), &proposed.packet.policy);
        show::packet(proposed, text)
    }

    /// What a proposal rests or rested on.
    ///
    /// # Errors
    /// There is no such proposal, the caller may not see it, or the journal fails.
    pub async fn evidence(
        &self,
        actor: &Actor,
        track: TrackId,
        proposal: u32,
    ) -> Result<PacketView, LifecycleError> {
        self.seen(actor, track, Act::ReadRegister).await?;
        let stream = tracks::stream_of(track).to_string();
        let waiting = self
            .model
            .query(move |sql| projections::item_of_proposal(sql, &stream, proposal))
            .await
            .map_err(ServiceError::from)?;
        let proposed = waiting.and_then(|waiting| waiting.proposed);
        let proposed = proposed.ok_or(LifecycleError::Unknown("there is no such proposal of this track"))?;
        Ok(self.packet(&proposed))
    }

    fn inbox_item(&self, waiting: &Waiting, row: Option<&TrackRow>, directory: &Directory) -> InboxItem {
        let packet = waiting.proposed.as_ref().map(|proposed| self.packet(proposed));
        show::inbox_item(waiting, row, packet, directory)
    }

    /// What waits for the caller: proposals, reinstatements, matters; runs that are held, and a doubted clock.
    ///
    /// # Errors
    /// The caller may see nothing, or the read model fails.
    pub async fn inbox(&self, actor: &Actor) -> Result<Vec<InboxItem>, LifecycleError> {
        let directory = self.desk.known.refresh().await?;
        let now = self.now();
        let scope = scope::of(actor, Act::Acknowledge, &directory, now)?;
        let wide = scope.providers.is_none();
        let (waiting, held) = self
            .model
            .query(move |sql| {
                let mut waiting = Vec::new();
                for item in projections::inbox(sql, &scope)? {
                    let row = match show::track_of(&item.stream) {
                        Some(track) => projections::track(sql, track)?,
                        None => None,
                    };
                    waiting.push((item, row));
                }
                Ok((waiting, projections::held_runs(sql)?))
            })
            .await
            .map_err(ServiceError::from)?;
        let mut items = Vec::new();
        for (waiting, row) in &waiting {
            items.push(self.inbox_item(waiting, row.as_ref(), &directory));
        }
        let theirs = |facility: &String| actor.facilities.is_empty() || actor.facilities.contains(facility);
        for run in held.into_iter().filter(|run| wide && run.released.is_none() && theirs(&run.held.facility))
        {
            items.push(InboxItem {
                id: countersign_kernel::derive_uuid("inbox", &["held_run", &run.held.facility]),
                facility: Some(run.held.facility.clone()),
                since: run.held.at,
                text: format!(
                    "{} tracks would move at once, more than {}: look at the dry run, and release it.",
                    run.held.tracks, run.held.limit
                ),
                for_roles: vec!["him_manager".to_owned(), "chief_medical_officer".to_owned()],
                ..of_installation("held_run", now)
            });
        }
        if let TrustState::Doubted { since, doubt } = self.trust.state()
            && wide
        {
            items.push(InboxItem {
                id: countersign_kernel::derive_uuid("inbox", &["clock_doubted", &since.to_string()]),
                since,
                text: format!("{}: nobody is suspended until somebody confirms it.", doubt.why.words()),
                for_roles: vec!["administrator".to_owned(), "chief_medical_officer".to_owned()],
                ..of_installation("clock_doubted", now)
            });
        }
        Ok(items)
    }

    /// The register of suspensions, with totals per provider for the year that ends now.
    ///
    /// # Errors
    /// The caller may not see it, or the read model fails.
    pub async fn register(
        &self,
        actor: &Actor,
        filter: &RegisterFilter,
    ) -> Result<RegisterView, LifecycleError> {
        let directory = self.desk.known.refresh().await?;
        let now = self.now();
        let scope = scope::of(actor, Act::ReadRegister, &directory, now)?;
        let query = SuspensionQuery {
            provider: key_of(&directory, filter.provider.as_ref(), filter.authority.as_ref()),
            facility: filter.facility.clone(),
            in_force: filter.in_force,
            from: filter.from,
            until: filter.until,
        };
        let of_provider = SuspensionQuery { provider: query.provider, ..SuspensionQuery::default() };
        let position = self.model.position().0;
        let (rows, year) = self
            .model
            .query(move |sql| {
                Ok((
                    projections::suspensions(sql, &query, &scope)?,
                    projections::suspensions(sql, &of_provider, &scope)?,
                ))
            })
            .await
            .map_err(ServiceError::from)?;
        let book = self.governance.current().await.map_err(ServiceError::from)?;
        Ok(RegisterView {
            items: rows.iter().map(|row| show::suspension(row, &directory, &book, now)).collect(),
            totals: totals(&year, &directory, now),
            position,
        })
    }

    /// Lists of runs that were published, the latest first, without their lines.
    ///
    /// # Errors
    /// The caller may not see them, or the read model fails.
    pub async fn published_runs(
        &self,
        actor: &Actor,
        facility: Option<String>,
    ) -> Result<Vec<RunView>, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let runs = self
            .model
            .query(move |sql| projections::runs(sql, facility.as_deref(), RUNS))
            .await
            .map_err(ServiceError::from)?;
        let theirs =
            |run: &&RunPublished| actor.facilities.is_empty() || actor.facilities.contains(&run.facility);
        Ok(runs
            .iter()
            .filter(theirs)
            .map(|run| RunView { lines: Vec::new(), ..self.run_view(run) })
            .collect())
    }

    /// One list, with its lines.
    ///
    /// # Errors
    /// There is none, the caller may not see it, or the read model fails.
    pub async fn published_run(
        &self,
        actor: &Actor,
        facility: &str,
        publish_at: Timestamp,
    ) -> Result<RunView, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let code = facility.to_owned();
        let run = self
            .model
            .query(move |sql| projections::run(sql, &code, publish_at))
            .await
            .map_err(ServiceError::from)?;
        let theirs =
            |run: &RunPublished| actor.facilities.is_empty() || actor.facilities.contains(&run.facility);
        let run = run.filter(theirs).ok_or(LifecycleError::Unknown("no such list was published"))?;
        Ok(self.run_view(&run))
    }

    fn run_view(&self, run: &RunPublished) -> RunView {
        let directory = self.desk.known.get();
        let mut lines: Vec<RunLine> = run.lines.iter().map(|line| run_line(line, &directory)).collect();
        lines.sort_by(|a, b| (&a.provider.name, a.track).cmp(&(&b.provider.name, b.track)));
        RunView {
            facility: run.facility.clone(),
            published_at: run.publish_at,
            cutoff_at: run.cutoff_at,
            due: u32::try_from(run.lines.len()).unwrap_or(u32::MAX),
            lines,
        }
    }

    /// What the next run of a facility would do, as things stand.
    ///
    /// # Errors
    /// The caller may not see it, or the journal fails.
    pub async fn dry_run(&self, actor: &Actor, facility: &str) -> Result<DryRun, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let now = self.now();
        let directory = self.desk.known.refresh().await?;
        let book = self.governance.current().await.map_err(ServiceError::from)?;
        let set = policies::kept(&book, None, now).ok_or(crate::DeskError::NoPolicy)?;
        let (_, lines) = self.runs.list(set.of(facility), facility, now).await?;
        let ids: Vec<TrackId> = lines.iter().map(|line| line.track).collect();
        let held = self
            .model
            .query(move |sql| {
                let mut held = Vec::with_capacity(ids.len());
                for id in ids {
                    held.push(projections::track(sql, id)?.and_then(|row| row.held));
                }
                Ok(held)
            })
            .await
            .map_err(ServiceError::from)?;
        let lines = lines
            .iter()
            .zip(held)
            .map(|(line, held)| DryRunLine {
                facility: facility.to_owned(),
                line: run_line(line, &directory),
                held,
            })
            .collect();
        Ok(DryRun { at: now, lines, position: self.model.position().0 })
    }

    /// Whether the clock can be believed, and how the timers do.
    ///
    /// # Errors
    /// The caller may not see it, or the read model fails.
    pub async fn clock_view(&self, actor: &Actor) -> Result<ClockView, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadAudit)
            .or_else(|_| scope::permit_everywhere(actor, Act::ReadTracks))?;
        let now = self.now();
        let numbers = self
            .model
            .query(move |sql| countersign_eventsourcing::timer::table::numbers(sql, now, 1_000))
            .await
            .map_err(ServiceError::from)?;
        let late = numbers.oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs());
        let book = self.governance.book();
        let settles = policies::kept(&book, None, now)
            .and_then(|set| self.desk.settles_until(&set.everywhere))
            .filter(|until| now < *until);
        let (state, because, since) = match self.trust.state() {
            TrustState::Trusted => ("trusted", None, None),
            TrustState::Doubted { since, doubt } => {
                ("doubted", Some(doubt.why.words().to_owned()), Some(since))
            }
        };
        Ok(ClockView {
            now,
            state: state.to_owned(),
            because,
            since,
            high_water: self.trust.mark(),
            settles_until: settles,
            armed: numbers.armed,
            due: numbers.due,
            late_seconds: u64::try_from(late).unwrap_or(0),
        })
    }
}

fn run_line(line: &Line, directory: &Directory) -> RunLine {
    RunLine {
        track: line.track,
        provider: show::staff(&line.provider, directory),
        step: line.step.clone(),
        counting: line.counting,
        oldest_days: line.oldest_days,
    }
}

fn of_installation(kind: &str, since: Timestamp) -> InboxItem {
    InboxItem {
        id: Uuid::nil(),
        kind: kind.to_owned(),
        track: None,
        provider: None,
        facility: None,
        proposal: None,
        cycle: None,
        rung: None,
        chart: None,
        since,
        text: String::new(),
        packet: None,
        first_confirmed_by: None,
        acknowledged: None,
        for_roles: Vec::new(),
        revision: None,
    }
}

/// Per provider, duplicates merged: what began within the year that ends now, and the days of it.
fn totals(rows: &[Suspension], directory: &Directory, now: Timestamp) -> Vec<RegisterTotal> {
    use std::collections::BTreeMap;
    let mut by_key: BTreeMap<Uuid, RegisterTotal> = BTreeMap::new();
    for row in rows {
        let zone = directory.places.zone(&row.facility);
        let Ok(year_ago) = now.to_zoned(zone.clone()).checked_sub(jiff::Span::new().years(1)) else {
            continue;
        };
        let year_ago = year_ago.timestamp();
        let until = row.until.unwrap_or(now);
        if until < year_ago {
            continue;
        }
        let key = directory.people.root(row.provider_key);
        let total = by_key.entry(key).or_insert_with(|| RegisterTotal {
            provider: show::staff(&row.provider, directory),
            within_year: 0,
            days: 0,
            in_force: false,
        });
        total.within_year += u32::from(row.suspended.from > year_ago);
        total.days += show::days_of(row.suspended.from.max(year_ago), until, zone);
        total.in_force |= row.until.is_none();
    }
    let mut totals: Vec<RegisterTotal> = by_key.into_values().collect();
    totals.sort_by(|a, b| (b.within_year, &a.provider.name).cmp(&(a.within_year, &b.provider.name)));
    totals
}
