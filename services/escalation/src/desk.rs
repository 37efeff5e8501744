//! Where tracks are decided about: what is owed is looked up, what follows is appended.
//!
//! **Twice looked at.** Whether anything follows is asked of the read model, which may lag. Before anything grave does,
//! the same is asked of the journal itself, chart by chart ([`countersign_owed::recheck`]): an item that was signed a
//! moment ago stops a step, whatever the read model knows by then.

mod case;
mod explained;

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicU64},
};

use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::SharedPublishers,
    read_model::{ReadModel, ReadModelError},
    service::Fault,
    timer::{Due, Firing, TimerFired, Trust, TrustState},
};
use countersign_kernel::{Clock, DeficiencyId, EncounterId, EventId, ProviderId, Timestamp};
use countersign_owed::{Directory, Owed, OwedItem, Party, recheck, tables as owed};
use jiff::SignedDuration;

pub(crate) use case::AsOf;
use case::Case;

use crate::{
    domain::{
        acts::{Act, Refusal, decide_act},
        coverage::guarded,
        events::TrackEvent,
        limit::Limit,
        policy::Policy,
        standing::{Standing, alone, standing},
        step::{self, Context, Recipients, Why},
        track::{Track, track_id},
    },
    known::Known,
    policies::{self, Governance, GovernanceError},
    projections::{self, Held},
    runs::Runs,
    streams::{ATTEMPTS, Cause, Loaded, Said, StreamError, Streams},
    tracks::{stream_of, track_of},
};

/// Tracks kept in memory: a few kB each, and more than there are providers in a large hospital.
const CACHED: NonZeroUsize = NonZeroUsize::new(4_000).expect("not zero");
/// The services were away for so long, at least, before it counts as an outage: a restart is none.
const OUTAGE: SignedDuration = SignedDuration::from_mins(30);

/// A track could not be decided about.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Its stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The read model.
    #[error(transparent)]
    ReadModel(#[from] ReadModelError),
    /// The book of policies.
    #[error(transparent)]
    Policies(#[from] GovernanceError),
    /// There is no policy.
    #[error("no escalation policy is in force")]
    NoPolicy,
}

impl From<JournalError> for DeskError {
    fn from(error: JournalError) -> Self {
        Self::Stream(error.into())
    }
}

impl Fault for DeskError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Stream(error) => error.is_passing(),
            Self::Policies(error) => error.is_passing(),
            Self::ReadModel(error) => error.is_passing(),
            Self::NoPolicy => false,
        }
    }
}

/// Decides about tracks.
pub(crate) struct Desk {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publishers: SharedPublishers,
    pub(crate) governance: Arc<Governance>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) known: Known,
    pub(crate) tracks: Streams<Track>,
    pub(crate) limits: Streams<Limit>,
    pub(crate) trust: Arc<Trust>,
    /// The book of policies was read when the journal reached to here, at least.
    policies_read: AtomicU64,
    /// When this process began to decide.
    began: Timestamp,
}

impl Desk {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        publishers: SharedPublishers,
        governance: Arc<Governance>,
        model: Arc<ReadModel>,
        trust: Arc<Trust>,
        default_zone: jiff::tz::TimeZone,
    ) -> Self {
        Self {
            known: Known::new(Arc::clone(&journal), Arc::clone(&publishers), default_zone),
            tracks: Streams::new(Arc::clone(&journal), Arc::clone(&clock), CACHED),
            limits: Streams::new(Arc::clone(&journal), Arc::clone(&clock), CACHED),
            began: clock.now(),
            journal,
            clock,
            publishers,
            governance,
            model,
            trust,
            policies_read: AtomicU64::new(0),
        }
    }

    /// The services were away: until when nothing grave is done by this policy.
    pub(crate) fn settles_until(&self, policy: &Policy) -> Option<Timestamp> {
        self.trust.gap().filter(|gap| *gap >= OUTAGE)?;
        let settled = SignedDuration::from_hours(i64::from(policy.outage.settle_hours));
        self.began.checked_add(settled).ok()
    }

    pub(crate) fn is_clock_doubted(&self) -> bool {
        matches!(self.trust.state(), TrustState::Doubted { .. })
    }

    /// Looks at the track of a provider at a facility, as the read model has it.
    pub(crate) async fn look(
        &self,
        party: &Party,
        why: Why,
        cause: &Cause,
        as_of: AsOf,
    ) -> Result<Option<Position>, DeskError> {
        self.decide(party, why, cause, as_of, |_, _| Ok(Vec::new())).await
    }

    /// Whether a step of a track was about an item.
    pub(crate) async fn remembers(&self, party: &Party, item: DeficiencyId) -> Result<bool, DeskError> {
        let loaded = self.tracks.load(&stream_of(track_id(party.provider, &party.facility))).await?;
        Ok(loaded.state.steps.iter().any(|step| step.items.contains(&item)))
    }

    /// Whether a track has to be looked at because an item changed ([`step::may_matter`]).
    pub(crate) async fn may_matter(
        &self,
        party: &Party,
        item: &OwedItem,
        as_of: AsOf,
    ) -> Result<bool, DeskError> {
        let loaded = self.tracks.load(&stream_of(track_id(party.provider, &party.facility))).await?;
        if loaded.state.cycle.is_none() {
            return Ok(true);
        }
        let now = self.clock.now();
        let case = self.case(party, &loaded.state, now, as_of).await?;
        let Some(alone) = alone(&case.directory, item, case.policy(), now) else { return Ok(true) };
        if step::may_matter(&loaded.state, case.policy(), &alone, true, now) {
            return Ok(true);
        }
        if item.is_open() {
            return Ok(false);
        }
        // It was closed: only what is left tells whether the cycle goes on.
        let asked = party.clone();
        let left =
            self.model.query(move |sql| owed::kinds_open_of(sql, asked.provider, &asked.facility)).await?;
        Ok(!left.iter().any(|(rule, document_type)| case.policy().is_about(rule, document_type)))
    }

    /// Records what is said of a track first, if anything, and then looks at it. `first` is asked again for the track as
    /// it is when another writer was quicker; `Err` ends the matter: nothing is appended.
    pub(crate) async fn decide<F>(
        &self,
        party: &Party,
        why: Why,
        cause: &Cause,
        as_of: AsOf,
        mut first: F,
    ) -> Result<Option<Position>, DeskError>
    where
        F: FnMut(&Loaded<Track>, Timestamp) -> Result<Vec<Said<TrackEvent>>, DeskError> + Send,
    {
        let id = track_id(party.provider, &party.facility);
        let stream = stream_of(id);
        for attempt in 0..ATTEMPTS {
            let loaded = match attempt {
                0 => self.tracks.load(&stream).await?,
                _ => self.tracks.read(&stream).await?,
            };
            let now = self.clock.now();
            let mut said = first(&loaded, now)?;
            let mut track = Arc::clone(&loaded.state);
            for said in &said {
                Arc::make_mut(&mut track).evolve(&said.event);
            }
            // Who was quicker knew more.
            let as_of = if attempt == 0 { as_of } else { AsOf::Now };
            let case = self.case(party, &track, now, as_of).await?;
            said.extend(self.follows(&case, &track, why, now).await?.into_iter().map(Said::from));
            if said.is_empty() {
                return Ok(None);
            }
            if let Some(after) = self.tracks.append(&stream, &loaded, said, cause).await? {
                return Ok(Some(after.position));
            }
        }
        Err(StreamError::Contended.into())
    }

    /// What is owed by the read model: everything of the party, and what earlier steps were about.
    async fn owed_by_model(
        &self,
        case: &Case,
        track: &Track,
        why: Why,
    ) -> Result<(Owed, Position), DeskError> {
        let (party, mut asked) = (case.party.clone(), track.asked_about(why));
        let kept = Self::kept_items(case, track);
        let position = self.model.position();
        let items = self
            .model
            .query(move |sql| {
                let mut items = owed::items_of(sql, party.provider, &party.facility)?;
                for item in &items {
                    asked.remove(&item.changed.id);
                }
                for id in &asked {
                    items.extend(owed::item(sql, *id)?);
                }
                Ok(items)
            })
            .await?;
        let items = items.into_iter().filter(|item| Self::keeps(kept.as_ref(), item));
        Ok((Owed::of(Arc::clone(&case.directory), items), position))
    }

    /// Where a record was merged into another one: only what its suspension is about. All else is found there.
    fn kept_items(case: &Case, track: &Track) -> Option<BTreeSet<DeficiencyId>> {
        case.is_merged_away().then(|| {
            track
                .suspension()
                .map(|suspension| suspension.items.iter().copied().collect())
                .unwrap_or_default()
        })
    }

    fn keeps(kept: Option<&BTreeSet<DeficiencyId>>, item: &OwedItem) -> bool {
        kept.is_none_or(|kept| kept.contains(&item.changed.id))
    }

    /// What is owed by the journal itself, on every chart that the read model's answer names.
    async fn owed_by_journal(
        &self,
        case: &Case,
        track: &Track,
        by_model: &Owed,
    ) -> Result<(Owed, Position), DeskError> {
        let charts: BTreeSet<EncounterId> = by_model.items().map(|item| item.changed.encounter).collect();
        let (rechecked, head) =
            recheck(self.journal.as_ref(), &self.publishers, &charts, Arc::clone(&case.directory)).await?;
        let Some(kept) = Self::kept_items(case, track) else { return Ok((rechecked, head)) };
        let items: Vec<OwedItem> =
            rechecked.items().filter(|item| Self::keeps(Some(&kept), item)).cloned().collect();
        Ok((Owed::of(Arc::clone(&case.directory), items), head))
    }

    fn standing(
        case: &Case,
        track: &Track,
        owed: &Owed,
        (position, rechecked): (Position, bool),
        (why, now): (Why, Timestamp),
    ) -> Standing {
        standing(owed, &case.party, case.policy(), now, (position.0, rechecked), &track.asked_about(why))
    }

    fn recipients(case: &Case, track: &Track, owed: &Owed, now: Timestamp) -> Recipients {
        let (directory, key) = (owed.directory(), case.party.provider);
        let people = &directory.people;
        let named = || owed.items_of(key, &case.party.facility).into_iter().find_map(OwedItem::named);
        let provider = people.id_of(key).cloned().or_else(|| track.provider.clone()).or_else(named);
        Recipients {
            provider: provider
                .unwrap_or_else(|| ProviderId { id: key.to_string(), authority: String::new() }),
            chair: directory.chair_of(key, &case.party.facility, now).cloned(),
            delegate: people.delegate_of(key, now).cloned(),
        }
    }

    /// Services of the policy that would have nobody left at the facility: nobody else of the specialty or department who
    /// is active, not away and not suspended.
    async fn uncovered(&self, case: &Case, now: Timestamp) -> Result<Vec<String>, DeskError> {
        let Some(guarded) = guarded(case.policy(), &case.directory, &case.party, now) else {
            return Ok(Vec::new());
        };
        let query = projections::SuspensionQuery {
            facility: Some(case.party.facility.clone()),
            in_force: true,
            ..projections::SuspensionQuery::default()
        };
        let suspended: BTreeSet<uuid::Uuid> = self
            .model
            .query(move |sql| projections::suspensions(sql, &query, &projections::Scope::default()))
            .await?
            .into_iter()
            .map(|suspension| suspension.provider_key)
            .collect();
        Ok(guarded.uncovered_without(&suspended))
    }

    /// The facts beside what is owed.
    async fn surroundings(&self, case: &Case, now: Timestamp) -> Result<Surroundings, DeskError> {
        Ok(Surroundings {
            many_would_move: self.many_would_move(&case.party.facility, now).await?,
            uncovered: self.uncovered(case, now).await?,
            ..self.moment(case, now)
        })
    }

    /// Those of them that this process knows without asking anybody.
    fn moment(&self, case: &Case, now: Timestamp) -> Surroundings {
        Surroundings {
            clock_trusted: !self.is_clock_doubted(),
            settles_until: self.settles_until(case.policy()).filter(|until| now < *until),
            many_would_move: None,
            uncovered: Vec::new(),
        }
    }

    /// What follows at this instant: on the read model's facts, and where anything would, on those of the journal.
    async fn follows(
        &self,
        case: &Case,
        track: &Track,
        why: Why,
        now: Timestamp,
    ) -> Result<Vec<TrackEvent>, DeskError> {
        let (by_model, position) = self.owed_by_model(case, track, why).await?;
        if track.cycles == 0 && by_model.items_of(case.party.provider, &case.party.facility).is_empty() {
            // Nothing is owed by somebody who never was on a ladder.
            return Ok(Vec::new());
        }
        let seen = Self::standing(case, track, &by_model, (position, false), (why, now));
        let recipients = Self::recipients(case, track, &by_model, now);
        // Who else would move, and who would be left, only keeps something back: it is asked when there is something.
        let alone = self.moment(case, now);
        if !step::wants(track, case.policy(), &alone.context(case, by_model.directory(), &seen, recipients)) {
            return Ok(Vec::new());
        }
        let around = self.surroundings(case, now).await?;
        let facts = self.checked(case, track, &by_model, (why, now)).await?;
        let context = around.context(case, facts.owed.directory(), &facts.standing, facts.recipients.clone());
        Ok(step::look(track, case.policy(), &context))
    }

    /// The facts of the journal itself.
    async fn checked(
        &self,
        case: &Case,
        track: &Track,
        by_model: &Owed,
        (why, now): (Why, Timestamp),
    ) -> Result<Checked, DeskError> {
        let (owed, head) = self.owed_by_journal(case, track, by_model).await?;
        let standing = Self::standing(case, track, &owed, (head, true), (why, now));
        let recipients = Self::recipients(case, track, &owed, now);
        Ok(Checked { owed, standing, recipients })
    }

    /// A timer of a track fires, with everything that follows. `None`: it is not armed any more.
    pub(crate) async fn fire_track(&self, due: &Due, at: Firing) -> Result<Option<Position>, DeskError> {
        let Some(id) = track_of(&due.stream) else { return Ok(None) };
        let Some(row) = self.model.query(move |sql| projections::track(sql, id)).await? else {
            return Ok(None);
        };
        let party = row.party();
        let cause = Cause {
            id: TimerFired::event_id(due.timer, due.arming),
            correlation: TimerFired::event_id(due.timer, due.arming).0,
            traceparent: None,
        };
        for attempt in 0..ATTEMPTS {
            let loaded = match attempt {
                0 => self.tracks.load(&due.stream).await?,
                _ => self.tracks.read(&due.stream).await?,
            };
            let Some(fired) = loaded.state.timers.fire(due.timer, due.arming, at.now, at.epoch) else {
                if attempt == 0 {
                    // What is in memory may be older than the stream.
                    continue;
                }
                return Ok(None);
            };
            let fired = TrackEvent::Timer(fired);
            let mut track = Track::clone(&loaded.state);
            track.evolve(&fired);
            let case = self.case(&party, &track, at.now, AsOf::Now).await?;
            let mut said = vec![Said::from(fired)];
            said.extend(self.follows(&case, &track, Why::Time, at.now).await?.into_iter().map(Said::from));
            if let Some(after) = self.tracks.append(&due.stream, &loaded, said, &cause).await? {
                return Ok(Some(after.position));
            }
        }
        Err(StreamError::Contended.into())
    }

    /// Somebody decides about a track.
    pub(crate) async fn act(
        &self,
        party: &Party,
        act: &Act,
        seen: Option<u64>,
    ) -> Result<Result<Acted, ActRefused>, DeskError> {
        let stream = stream_of(track_id(party.provider, &party.facility));
        let cause = Cause { id: EventId(act.id), correlation: act.id, traceparent: None };
        for _ in 0..ATTEMPTS {
            let loaded = self.tracks.read(&stream).await?;
            let track = &loaded.state;
            let Some(revision) = loaded.revision else { return Ok(Err(ActRefused::UnknownTrack)) };
            if track.acts.contains(&act.id) {
                return Ok(Ok(Acted { position: loaded.position, repeated: true }));
            }
            if let Some(expected) = seen.filter(|seen| *seen != revision) {
                return Ok(Err(ActRefused::Changed { expected, actual: revision }));
            }
            let now = self.clock.now();
            let case = self.case(party, track, now, AsOf::Now).await?;
            let (by_model, _) = self.owed_by_model(&case, track, Why::Anything).await?;
            let around = self.surroundings(&case, now).await?;
            let facts = self.checked(&case, track, &by_model, (Why::Anything, now)).await?;
            let context =
                around.context(&case, facts.owed.directory(), &facts.standing, facts.recipients.clone());
            let events = match decide_act(track, case.policy(), act, &context) {
                Ok(events) => events,
                Err(refusal) => return Ok(Err(ActRefused::Domain(refusal))),
            };
            let said: Vec<Said<TrackEvent>> = events.into_iter().map(Said::from).collect();
            if said.is_empty() {
                return Ok(Ok(Acted { position: loaded.position, repeated: true }));
            }
            if let Some(after) = self.tracks.append(&stream, &loaded, said, &cause).await? {
                return Ok(Ok(Acted { position: after.position, repeated: false }));
            }
        }
        Err(StreamError::Contended.into())
    }

    /// How many tracks of a facility would move at once, where that is more than the policy lets move without a human,
    /// and none has looked. Recorded when it begins.
    pub(crate) async fn many_would_move(
        &self,
        facility: &str,
        now: Timestamp,
    ) -> Result<Option<u32>, DeskError> {
        let book = self.governance.current().await?;
        let Some(set) = policies::kept(&book, None, now) else { return Ok(None) };
        let limit = set.of(facility).outage.many_tracks;
        if limit == 0 {
            return Ok(None);
        }
        let code = facility.to_owned();
        let (due, held) = self
            .model
            .query(move |sql| {
                Ok((projections::due_tracks(sql, &code, now)?, projections::held_run(sql, &code)?))
            })
            .await?;
        let mut released = None;
        match held {
            Some(Held { released: Some((until, _)), .. }) if now < until => return Ok(None),
            // Held, and nobody has looked: it stays so, however few are left.
            Some(Held { released: None, held }) => return Ok(Some(held.tracks.max(due))),
            Some(Held { released: Some((until, _)), .. }) => released = Some(until),
            None => {}
        }
        if due <= limit {
            return Ok(None);
        }
        Runs::hold(self, facility, (due, limit), released, now).await?;
        Ok(Some(due))
    }
}

/// What somebody decided is on record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acted {
    /// Position of its last event.
    pub(crate) position: Position,
    /// It was already.
    pub(crate) repeated: bool,
}

/// Why what somebody wants is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActRefused {
    /// There is no such track.
    #[error("there is no such track")]
    UnknownTrack,
    /// Somebody was quicker.
    #[error("the track is at revision {actual}, not at {expected}: read it again and decide on that")]
    Changed {
        /// What the caller had seen.
        expected: u64,
        /// What it is at.
        actual: u64,
    },
    /// The rules of the track refuse it.
    #[error(transparent)]
    Domain(#[from] Refusal),
}

/// The facts beside what is owed.
pub(crate) struct Surroundings {
    pub(crate) clock_trusted: bool,
    pub(crate) settles_until: Option<Timestamp>,
    pub(crate) many_would_move: Option<u32>,
    uncovered: Vec<String>,
}

impl Surroundings {
    fn context<'a>(
        &self,
        case: &'a Case,
        directory: &'a Directory,
        standing: &'a Standing,
        recipients: Recipients,
    ) -> Context<'a> {
        Context {
            standing,
            days: directory.places.days(&case.party.facility),
            facility: &case.party.facility,
            provider_key: case.party.provider,
            recipients,
            clock_trusted: self.clock_trusted,
            settles_until: self.settles_until,
            many_would_move: self.many_would_move,
            uncovered: self.uncovered.clone(),
        }
    }
}

/// What the journal says about a case.
struct Checked {
    owed: Owed,
    standing: Standing,
    recipients: Recipients,
}
