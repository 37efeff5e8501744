//! Contract events in: what changed in what is owed, in the directory, in the fate of notices.
//!
//! The track's stream is the inbox: a delivery that comes again finds nothing to do. What an event concerned is asked of
//! the read model, once it has come that far; many events about one provider that wait in a row are one look.

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use countersign_contracts::{
    Envelope,
    deficiency::{self, DeficiencyChanged},
    directory,
    notice::{self, NoticeOutcome},
};
use countersign_eventsourcing::{
    consumer::{HandleError, Handler},
    journal::{PortFuture, Position},
    service::Fault,
};
use countersign_kernel::EventId;
use countersign_owed::{Party, tables as owed};
use lru::LruCache;

use crate::{
    desk::{AsOf, Desk, DeskError},
    domain::{
        events::{NoticeAnswered, TrackEvent},
        step::Why,
    },
    projections,
    streams::{Cause, Said},
    tracks::track_of,
    watches::chart_of,
};

/// Categories of contract events that this service wants.
pub(crate) const CATEGORIES: [&str; 3] = [deficiency::CATEGORY, directory::CATEGORY, notice::CATEGORY];
/// Longest wait for the read model to come as far as an event; then the event is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Parties of which the last look is remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

impl From<DeskError> for HandleError {
    fn from(error: DeskError) -> Self {
        if error.is_passing() { Self::Retry(error.to_string()) } else { Self::Poison(error.to_string()) }
    }
}

/// Where delivered events go.
pub(crate) struct Inbox {
    desk: Arc<Desk>,
    /// Up to which position of the journal a party was looked at.
    looked: Mutex<LruCache<Party, u64>>,
}

impl Inbox {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk, looked: Mutex::new(LruCache::new(REMEMBERED)) }
    }

    fn looked(&self) -> std::sync::MutexGuard<'_, LruCache<Party, u64>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the read model has folded the event.
    async fn folded(&self, event: &Envelope) -> Result<(), HandleError> {
        if self.desk.model.wait_for(Position(event.position), PATIENCE).await {
            return Ok(());
        }
        Err(HandleError::Retry(format!("the read model has not come to position {} yet", event.position)))
    }

    async fn concerns(&self, event: &Envelope) -> Result<(), HandleError> {
        self.folded(event).await?;
        let cause = cause(event);
        let changed: Option<DeficiencyChanged> = match event.kind.as_str() {
            DeficiencyChanged::TYPE => {
                Some(event.decode().map_err(|error| HandleError::Poison(error.to_string()))?)
            }
            _ => None,
        };
        let item = changed.as_ref().map(|changed| changed.id);
        let position = event.position;
        // So far behind that nobody remembers: everybody is looked at, once.
        let forgotten = self.desk.model.position().0.saturating_sub(position) >= projections::KEPT;
        let (parties, told) = self
            .desk
            .model
            .query(move |sql| {
                let mut parties: BTreeSet<Party> = if forgotten {
                    projections::everybody(sql)?
                } else {
                    projections::concerned(sql, position)?
                };
                if let Some(item) = item {
                    for track in projections::suspended_by(sql, item)? {
                        parties.extend(projections::track(sql, track)?.map(|row| row.party()));
                    }
                }
                let told = match item {
                    Some(id) if !forgotten => owed::item(sql, id)?,
                    _ => None,
                };
                Ok((parties, told))
            })
            .await
            .map_err(DeskError::from)?;
        for party in parties {
            // What is read now is newer than what was folded up to here.
            let upto = self.desk.model.position();
            let as_of = AsOf::Position(upto);
            let looked = self.looked().get(&party).is_some_and(|looked| *looked >= event.position);
            // A look for another reason did not ask for what became of this item, unless the running cycle does.
            let why = match item {
                Some(id) if looked && !self.desk.remembers(&party, id).await? => continue,
                Some(id) => Why::Item(id),
                None if looked => continue,
                None => Why::Anything,
            };
            if let Some(item) = &told
                && !self.desk.may_matter(&party, item, as_of).await?
            {
                continue;
            }
            self.desk.look(&party, why, &cause, as_of).await?;
            self.looked().put(party, upto.0);
        }
        if let Some(changed) = changed {
            let as_of = AsOf::Position(self.desk.model.position());
            self.desk.watch_chart(&changed, &cause, as_of).await?;
        }
        Ok(())
    }

    async fn outcome(&self, event: &Envelope) -> Result<(), HandleError> {
        let outcome: NoticeOutcome =
            event.decode().map_err(|error| HandleError::Poison(error.to_string()))?;
        self.folded(event).await?;
        let notice = outcome.notice;
        let asked_by = self
            .desk
            .model
            .query(move |sql| {
                let Some(stream) = projections::stream_of_notice(sql, notice)? else { return Ok(None) };
                let row = match track_of(&stream) {
                    Some(track) => projections::track(sql, track)?,
                    None => None,
                };
                Ok(Some((stream, row)))
            })
            .await
            .map_err(DeskError::from)?;
        // A digest, or a notice of somebody else.
        let Some((stream, row)) = asked_by else { return Ok(()) };
        let answered = NoticeAnswered {
            notice,
            channel: outcome.channel,
            outcome: outcome.outcome,
            at: outcome.at,
            sha256: outcome.sha256,
            detail: outcome.detail,
        };
        let Some(row) = row else {
            if let Some(chart) = chart_of(&stream) {
                self.desk.chart_notice_answered(chart, answered, event, &cause(event)).await?;
            }
            return Ok(());
        };
        let id = EventId::derive(&["notice-answered", &event.id.to_string()]);
        self.desk
            .decide(&row.party(), Why::Time, &cause(event), AsOf::Now, |loaded, _| {
                if loaded.heard.contains(&id) {
                    return Ok(Vec::new());
                }
                Ok(vec![Said { event: TrackEvent::NoticeAnswered(answered.clone()), id: Some(id) }])
            })
            .await?;
        Ok(())
    }
}

fn cause(event: &Envelope) -> Cause {
    Cause { id: event.id, correlation: event.correlation, traceparent: event.traceparent.clone() }
}

impl Handler for Inbox {
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            match event.category.as_str() {
                deficiency::CATEGORY | directory::CATEGORY => self.concerns(event).await,
                notice::CATEGORY if event.kind == NoticeOutcome::TYPE => self.outcome(event).await,
                // What this service said itself, or what a newer neighbour says.
                _ => Ok(()),
            }
        })
    }
}
