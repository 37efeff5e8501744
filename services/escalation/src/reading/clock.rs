//! Whether the clock can be believed, and how the timers do.

use countersign_contracts::api::escalation::ClockView;
use countersign_eventsourcing::timer::TrustState;
use countersign_kernel::Actor;

use crate::{
    authority::Act,
    lifecycle::LifecycleError,
    policies, scope,
    service::{Escalation, ServiceError},
};

impl Escalation {
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
