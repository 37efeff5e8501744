//! What is asked of the service: tracks and why they stand where they stand, the inbox, the register, runs, the clock.

mod clock;
mod inbox;
mod register;
mod runs;
mod track;

use countersign_kernel::{Actor, ProviderId, Timestamp, TrackId};
use countersign_owed::{Directory, Party};
use uuid::Uuid;

pub(crate) use self::track::MAX_LIMIT;
pub use self::{register::RegisterFilter, track::TrackFilter};
use crate::{authority::Act, lifecycle::LifecycleError, projections::TrackRow, scope, service::Escalation};

fn key_of(directory: &Directory, provider: Option<&String>, authority: Option<&String>) -> Option<Uuid> {
    let id = ProviderId { id: provider?.clone(), authority: authority.cloned().unwrap_or_default() };
    Some(directory.people.key_of(&id))
}

impl Escalation {
    fn now(&self) -> Timestamp {
        self.clock.now()
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
}
