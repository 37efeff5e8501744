//! Charts close to the federal limit, as people see them: which they are, and who has seen them.

use std::time::Duration;

use countersign_contracts::api::escalation::{LimitView, Recorded};
use countersign_kernel::{Actor, EncounterId, derive_uuid};

use crate::{
    authority::Act,
    domain::events::ByWhom,
    lifecycle::{LifecycleError, reason},
    projections,
    projections::Watch,
    scope,
    service::{Escalation, ServiceError},
    show,
    watches::Acknowledged,
};

/// What is said where no chart of the caller's facilities waits.
const UNKNOWN: &str = "no chart of a facility of yours went to the offices under this id";

impl Escalation {
    /// Charts whose regulatory clock went to the offices.
    ///
    /// # Errors
    /// The caller may not see them, or the read model fails.
    pub async fn limits(
        &self,
        actor: &Actor,
        facility: Option<String>,
        all: bool,
    ) -> Result<Vec<LimitView>, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let within = actor.facilities.clone();
        let watches = self
            .model
            .query(move |sql| projections::watches(sql, facility.as_deref(), &within, all))
            .await
            .map_err(ServiceError::from)?;
        Ok(watches.into_iter().map(view).collect())
    }

    /// Records that somebody has seen that a chart is close to the limit. Stops nothing: only its completion does. The
    /// same key again changes nothing.
    ///
    /// # Errors
    /// The caller may not, the chart did not go to the offices or is complete, or the journal fails.
    pub async fn acknowledge_limit(
        &self,
        actor: &Actor,
        key: &str,
        chart: EncounterId,
        why: &str,
    ) -> Result<Recorded, LifecycleError> {
        scope::permit_everywhere(actor, Act::Acknowledge)?;
        reason(why)?;
        let watches =
            self.model.query(move |sql| projections::watch(sql, chart)).await.map_err(ServiceError::from)?;
        if !watches.is_some_and(|watch| is_of(actor, &watch)) {
            return Err(LifecycleError::Unknown(UNKNOWN));
        }
        let by = ByWhom {
            name: actor.name.clone(),
            roles: actor.roles.clone(),
            at: self.clock.now(),
            why: why.to_owned(),
            act: Some(derive_uuid("escalation-act", &[&actor.name, key, &chart.to_string()])),
        };
        let acknowledged = self.desk.acknowledge_limit(chart, &by).await?;
        let recorded = match acknowledged {
            Acknowledged::Now(position) => Recorded { position: position.0, repeated: false },
            Acknowledged::Before(position) => Recorded { position: position.0, repeated: true },
            Acknowledged::Complete => {
                return Err(LifecycleError::Nothing(
                    "the chart is complete: there is nothing to acknowledge",
                ));
            }
        };
        self.model
            .wait_for(countersign_eventsourcing::journal::Position(recorded.position), Duration::from_secs(2))
            .await;
        Ok(recorded)
    }
}

fn is_of(actor: &Actor, watch: &Watch) -> bool {
    actor.facilities.is_empty() || actor.facilities.contains(&watch.facility)
}

fn view(watch: Watch) -> LimitView {
    LimitView {
        chart: watch.chart,
        facility: watch.facility,
        counts_from: watch.times.discharged_at,
        escalated_at: Some(watch.times.reached_at),
        due_at: Some(watch.times.due_at),
        ended_at: watch.times.closed_at,
        open: watch.open,
        acknowledged: watch.acknowledged.as_ref().map(show::by_whom),
    }
}
