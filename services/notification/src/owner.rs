//! Lets the timers of notices and digests fire.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::PortFuture,
    timer::{Due, FireError, Fired, Firing, Owner},
};

use crate::{
    config::Config,
    digests::Digests,
    domain::{
        digest::DIGEST,
        notice::{Change, NOTICE, Notice},
    },
    store::{AppendOutcome, Origin, Store},
};

/// Everything of this service that owns timers.
pub(crate) struct Timed {
    pub(crate) store: Store,
    pub(crate) config: Arc<Config>,
    pub(crate) digests: Arc<Digests>,
}

impl Timed {
    async fn fire_notice(&self, due: &Due, at: Firing) -> Result<Fired, FireError> {
        let loaded = self.store.load::<Notice>(due.stream.id()).await?;
        let change = Change::Fire { timer: due.timer, arming: due.arming, epoch: at.epoch };
        let events = match loaded.state.decide(&change, &self.config.patience, at.now) {
            Ok(events) if !events.is_empty() => events,
            _ => return Ok(Fired::Gone),
        };
        match self.store.append::<Notice>(&due.stream, loaded.revision, &Origin::own(), &events).await {
            Ok(position) => Ok(Fired::At(position)),
            Err(AppendOutcome::Conflict) => Err(FireError::Retry("somebody else was quicker".to_owned())),
            Err(AppendOutcome::Journal(error)) => Err(error.into()),
            Err(AppendOutcome::Encode(error)) => Err(FireError::Poison(error.to_string())),
        }
    }
}

impl Owner for Timed {
    fn fire<'a>(&'a self, due: &'a Due, at: Firing) -> PortFuture<'a, Result<Fired, FireError>> {
        Box::pin(async move {
            match due.stream.category() {
                NOTICE => self.fire_notice(due, at).await,
                DIGEST => self.digests.fire(due, at).await,
                other => Err(FireError::Poison(format!("no timers are kept in streams of {other}"))),
            }
        })
    }
}
