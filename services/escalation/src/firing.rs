//! How a track's timer fires: in one append with everything that follows from it.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::PortFuture,
    service::Fault,
    timer::{Due, FireError, Fired, Firing, Owner},
};

use crate::{
    desk::{Desk, DeskError},
    domain::limit::LIMIT,
};

impl From<DeskError> for FireError {
    fn from(error: DeskError) -> Self {
        if error.is_passing() { Self::Retry(error.to_string()) } else { Self::Poison(error.to_string()) }
    }
}

/// Owner of all timers of this service.
pub(crate) struct Timekeeper(pub(crate) Arc<Desk>);

impl Owner for Timekeeper {
    fn fire<'a>(&'a self, due: &'a Due, at: Firing) -> PortFuture<'a, Result<Fired, FireError>> {
        Box::pin(async move {
            let fired = if due.stream.category() == LIMIT {
                self.0.fire_limit(due, at).await?
            } else {
                self.0.fire_track(due, at).await?
            };
            Ok(fired.map_or(Fired::Gone, Fired::At))
        })
    }
}
