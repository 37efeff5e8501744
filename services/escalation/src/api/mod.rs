//! The service's part of the public API, one endpoint a file. Everything here is fenced: who asks must be known.

mod act;
mod auditor;
mod clock;
mod clock_trust;
mod csv;
mod dry_run;
mod explanation;
mod held_runs;
mod inbox;
mod limit_acknowledged;
mod limits;
mod packet;
mod register;
mod release;
mod run;
mod runs;
mod simulations;
mod track;
mod tracks;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use countersign_contracts::api::escalation as dto;
use countersign_eventsourcing::journal::Position;
use countersign_governance::api::Description;
use countersign_kernel::TrackId;
use countersign_runtime::http::{MinPosition, Problem, partitions};
use utoipa::OpenApi;

use crate::{
    desk::ActRefused,
    domain::{acts::Refusal, policy::PolicySet},
    lifecycle::LifecycleError,
    service::Escalation,
};

/// The endpoints.
pub fn routes(service: Arc<Escalation>) -> Router {
    let policies = countersign_governance::api::routes(Arc::clone(&service.governance));
    Router::new()
        .route("/api/v1/escalation/tracks", get(tracks::handle))
        .route("/api/v1/escalation/tracks/{track}", get(track::handle))
        .route("/api/v1/escalation/tracks/{track}/explanation", get(explanation::handle))
        .route("/api/v1/escalation/tracks/{track}/proposals/{proposal}", get(packet::handle))
        .route("/api/v1/escalation/tracks/{track}/acts", post(act::handle))
        .route("/api/v1/escalation/inbox", get(inbox::handle))
        .route("/api/v1/escalation/suspensions", get(register::handle))
        .route("/api/v1/escalation/limits", get(limits::handle))
        .route("/api/v1/escalation/limits/{chart}/acknowledgement", post(limit_acknowledged::handle))
        .route("/api/v1/escalation/runs", get(runs::handle))
        .route("/api/v1/escalation/runs/held", get(held_runs::handle))
        .route("/api/v1/escalation/runs/{facility}/dry", get(dry_run::handle))
        .route("/api/v1/escalation/runs/{facility}/release", post(release::handle))
        .route("/api/v1/escalation/runs/{facility}/{published_at}", get(run::handle))
        .route("/api/v1/escalation/clock", get(clock::handle))
        .route("/api/v1/escalation/clock/trust", post(clock_trust::handle))
        .route("/api/v1/escalation/auditor", get(auditor::handle))
        .route("/api/v1/escalation/simulations", post(simulations::ask))
        .route("/api/v1/escalation/simulations/{job}", get(simulations::show).delete(simulations::cancel))
        .with_state(Arc::clone(&service))
        .merge(policies)
        .merge(partitions::routes("/api/v1/escalation", service))
}

/// The description of the endpoints about policies.
static POLICIES: Description<PolicySet> = Description::new();

/// Their description.
#[derive(OpenApi)]
#[openapi(
    modifiers(&POLICIES),
    nest((path = "/api/v1/escalation", api = partitions::Api)),
    paths(
        tracks::handle,
        track::handle,
        explanation::handle,
        packet::handle,
        act::handle,
        inbox::handle,
        register::handle,
        limits::handle,
        limit_acknowledged::handle,
        runs::handle,
        run::handle,
        held_runs::handle,
        dry_run::handle,
        release::handle,
        clock::handle,
        clock_trust::handle,
        auditor::handle,
        simulations::ask,
        simulations::show,
        simulations::cancel,
    ),
    components(schemas(
        dto::TrackView,
        dto::TrackDetail,
        dto::TrackExplanation,
        dto::PacketView,
        dto::TrackActRequest,
        dto::TrackAct,
        dto::TrackActed,
        dto::InboxItem,
        dto::RegisterView,
        dto::LimitView,
        dto::RunView,
        dto::DryRun,
        dto::HeldRun,
        dto::WhyRequest,
        dto::Recorded,
        dto::ClockView,
        dto::AuditView,
        dto::SimulateRequest,
        dto::SimulateJob,
        Problem,
    ))
)]
pub struct Api;

fn track_id(text: &str) -> Result<TrackId, Problem> {
    text.parse().map_err(|_| Problem::bad_request("the id of a track is a UUID"))
}

/// The revision that the caller has seen: header `If-Match`, a number with or without quotes.
fn seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::bad_request("the header If-Match must be the revision of the track that an answer told")
            .part("If-Match", "a whole number")
    })
}

impl Escalation {
    /// Waits, bounded, until the read model includes what the caller has seen.
    async fn is_at(&self, fresh: MinPosition) -> Result<(), Problem> {
        fresh.reached(|position, limit| self.model.wait_for(Position(position), limit)).await
    }
}

impl From<LifecycleError> for Problem {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::NotPermitted(refusal) => refusal.into(),
            LifecycleError::Refused(refusal) => refusal.into(),
            LifecycleError::Word { field, .. } if field.starts_with('/') => {
                Self::of(StatusCode::UNPROCESSABLE_ENTITY)
                    .detail(error.to_string())
                    .part(field, error.to_string())
            }
            LifecycleError::Word { field, .. } => {
                Self::bad_request("the request has a parameter that cannot be understood")
                    .part(field, error.to_string())
            }
            LifecycleError::NoReason => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no-reason", "The decision is refused")
                    .detail(error.to_string())
                    .part("/why", error.to_string())
            }
            LifecycleError::Nothing(what) => Self::conflict(what),
            LifecycleError::Unknown(what) => Self::not_found(what),
            LifecycleError::Service(error) => error.into(),
        }
    }
}

impl From<ActRefused> for Problem {
    fn from(refused: ActRefused) -> Self {
        let detail = refused.to_string();
        let new =
            |status, kind: &str| Self::new(status, kind, "The decision is refused").detail(detail.clone());
        match &refused {
            ActRefused::UnknownTrack => new(StatusCode::NOT_FOUND, "track-unknown"),
            ActRefused::Changed { .. } => new(StatusCode::PRECONDITION_FAILED, "track-moved"),
            ActRefused::Domain(refusal) => {
                let status = match refusal {
                    Refusal::NoReason | Refusal::InThePast => StatusCode::UNPROCESSABLE_ENTITY,
                    Refusal::OwnTrack
                    | Refusal::NotPermitted { .. }
                    | Refusal::SecondPerson
                    | Refusal::OverrideByChief => StatusCode::FORBIDDEN,
                    Refusal::NotRechecked => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::CONFLICT,
                };
                let problem = new(status, refusal.rule());
                match refusal {
                    Refusal::NoReason => problem.part("/why", detail.clone()),
                    Refusal::InThePast => problem.part("/decision/until", detail.clone()),
                    _ => problem,
                }
            }
        }
    }
}
