//! What waits for somebody, and what a proposal rests on.

use countersign_contracts::api::escalation::{InboxItem, PacketView};
use countersign_eventsourcing::timer::TrustState;
use countersign_kernel::{Actor, Timestamp, TrackId};
use countersign_owed::Directory;
use uuid::Uuid;

use crate::{
    authority::Act,
    domain::events::SuspensionProposed,
    lifecycle::LifecycleError,
    policies,
    projections::{self, TrackRow, Waiting},
    scope,
    service::{Escalation, ServiceError},
    show, tracks,
};

impl Escalation {
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

    pub(super) fn inbox_item(
        &self,
        waiting: &Waiting,
        row: Option<&TrackRow>,
        directory: &Directory,
    ) -> InboxItem {
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
