//! Digests: composed from what is owed at the instant of release, and scheduled for whoever owes something.

use std::{collections::BTreeSet, sync::Arc};

use countersign_contracts::{deficiency::DeficiencyStatus, notice::NoticeItem};
use countersign_eventsourcing::{
    journal::{JournalError, StreamName},
    read_model::ReadModel,
    service::Fault,
    timer::{Due, FireError, Fired, Firing},
};
use countersign_kernel::Timestamp;
use countersign_owed::{ClockRules, Owed};
use jiff::{SignedDuration, tz::TimeZone};
use uuid::Uuid;

use crate::{
    config::Config,
    domain::{
        contact::{self, Contact},
        digest::{Book, Composed, DIGEST, Line, Refusal, compose, state::Owner},
    },
    known::Known,
    naming, projections,
    store::{AppendOutcome, ChangeError, Done, Origin, Store},
};

/// A first digest tells what was done in the week before it.
const FIRST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Digests of all providers.
pub(crate) struct Digests {
    pub(crate) store: Store,
    pub(crate) known: Arc<Known>,
    pub(crate) config: Arc<Config>,
}

/// What a digest would tell now, and when the next one is due.
pub(crate) struct Prepared {
    pub(crate) owner: Option<Owner>,
    pub(crate) composed: Result<Composed, Refusal>,
    pub(crate) next: Option<Timestamp>,
}

/// What a provider owes now, as lines of a digest.
fn lines(owed: &Owed, provider: Uuid, now: Timestamp) -> Vec<Line> {
    let rules = ClockRules::default();
    let mut lines = Vec::new();
    for facility in owed.facilities_of(provider) {
        for item in owed.open_items_of(provider, facility) {
            if item.is_chart_level() {
                continue;
            }
            let clock = owed.directory().clock(item, &rules);
            let item = NoticeItem {
                deficiency: item.changed.id,
                rule: item.changed.rule.clone(),
                document_type: item.changed.document_type.clone(),
                due_at: clock.effective_due_at(),
                age_days: clock.age_days(now),
            };
            lines.push(Line { item, facility: facility.to_owned() });
        }
    }
    lines
}

impl Digests {
    /// What the provider's digest would tell at this instant.
    pub(crate) async fn prepare(
        &self,
        provider: Uuid,
        book: &Book,
        now: Timestamp,
    ) -> Result<Prepared, JournalError> {
        let key = contact::key_of_provider(provider);
        let preferences = self.store.load::<Contact>(&key).await?.state.preferences;
        let folded = self.known.current().await?;
        let owed = &folded.owed;
        let people = owed.people();
        let open = lines(owed, provider, now);
        let facility = open.first().map(|line| line.facility.clone()).unwrap_or_default();
        let zone = if preferences.time_zone.is_empty() {
            naming::zone_of(&self.config, owed, &facility)
        } else {
            preferences.time_zone.clone()
        };
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let owner = people
            .id_of(provider)
            .cloned()
            .or_else(|| owed.items().find(|item| owed.directory().holder_of(item) == Some(provider))?.named())
            .map(|id| Owner { key: provider, id });
        // A record that became part of another one has no digests of its own any more.
        let is_root = people.root(provider) == provider;
        let next = (is_root && !open.is_empty()).then(|| preferences.digest.next_after(now, &zone)).flatten();
        let away =
            people.leave_at(provider, now).is_some() || !people.is_active_at(provider, now) || !is_root;
        let since = book.last.at.unwrap_or_else(|| now.saturating_sub(FIRST).unwrap_or(now));
        let done: BTreeSet<_> = owed
            .closed_between(provider, since, now)
            .into_iter()
            .filter(|item| item.changed.status == DeficiencyStatus::Satisfied && !item.is_chart_level())
            .map(|item| item.changed.id)
            .collect();
        let composed = if away {
            Err(Refusal::Away)
        } else {
            compose(now, open, &done, &book.last).ok_or(Refusal::Nothing)
        };
        Ok(Prepared { owner, composed, next })
    }

    /// Lets a digest's timer fire.
    pub(crate) async fn fire(&self, due: &Due, at: Firing) -> Result<Fired, FireError> {
        let provider: Uuid = due
            .stream
            .id()
            .parse()
            .map_err(|_| FireError::Poison("a digest without a provider".to_owned()))?;
        let loaded = self.store.load::<Book>(due.stream.id()).await?;
        let prepared = self.prepare(provider, &loaded.state, at.now).await?;
        let owner = prepared.owner.unwrap_or(Owner {
            key: provider,
            id: countersign_kernel::ProviderId { id: provider.to_string(), authority: String::new() },
        });
        let composed = prepared.composed.as_ref().map_err(|refusal| *refusal);
        let events = loaded.state.fire(&owner, (due.arming, at.epoch), composed, prepared.next, at.now);
        if events.is_empty() {
            return Ok(Fired::Gone);
        }
        let stream = StreamName::new(DIGEST, provider);
        match self.store.append::<Book>(&stream, loaded.revision, &Origin::own(), &events).await {
            Ok(position) => Ok(Fired::At(position)),
            Err(AppendOutcome::Conflict) => Err(FireError::Retry("somebody else was quicker".to_owned())),
            Err(AppendOutcome::Journal(error)) => Err(error.into()),
            Err(AppendOutcome::Encode(error)) => Err(FireError::Poison(error.to_string())),
        }
    }

    /// Arms the digests of everybody who owes something and has none armed. Returns how many.
    pub(crate) async fn schedule_missing(&self, model: &Arc<ReadModel>) -> Result<usize, DigestError> {
        let armed = model.query(projections::digest_timers).await?;
        let owing: BTreeSet<Uuid> = {
            let folded = self.known.current().await?;
            folded.owed.parties_with_open_items().into_iter().map(|party| party.provider).collect()
        };
        let mut scheduled = 0;
        for provider in owing.difference(&armed) {
            scheduled += usize::from(self.reschedule(*provider).await?.changed);
        }
        Ok(scheduled)
    }

    /// Arms, moves or cancels the provider's next digest as cadence and items say now.
    pub(crate) async fn reschedule(&self, provider: Uuid) -> Result<Done, DigestError> {
        let id = provider.to_string();
        let book = self.store.load::<Book>(&id).await?.state;
        let now = self.store.now();
        let next = self.prepare(provider, &book, now).await?.next;
        let decide = |book: &Book, _| Ok::<_, Refusal>(book.schedule(provider, next));
        Ok(self.store.change::<Book, Refusal>(&id, &Origin::own(), decide).await?)
    }

    /// Somebody wants a digest now.
    pub(crate) async fn run_now(&self, provider: Uuid, origin: &Origin) -> Result<Done, DigestError> {
        let id = provider.to_string();
        let book = self.store.load::<Book>(&id).await?.state;
        let prepared = self.prepare(provider, &book, self.store.now()).await?;
        let Some(owner) = prepared.owner else { return Err(ChangeError::Refused(Refusal::Nothing).into()) };
        let composed = prepared.composed.as_ref().map_err(|refusal| *refusal);
        let decide = |book: &Book, now| book.run_now(&owner, composed, now);
        Ok(self.store.change::<Book, Refusal>(&id, origin, decide).await?)
    }
}

/// Why a digest was not scheduled or run.
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// A rule, or the journal.
    #[error(transparent)]
    Change(#[from] ChangeError<Refusal>),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The read model.
    #[error(transparent)]
    ReadModel(#[from] countersign_eventsourcing::read_model::ReadModelError),
}

impl Fault for DigestError {
    fn is_passing(&self) -> bool {
        match self {
            Self::ReadModel(error) => error.is_passing(),
            Self::Journal(error) | Self::Change(ChangeError::Journal(error)) => error.is_passing(),
            Self::Change(error) => matches!(error, ChangeError::Contended),
        }
    }
}
