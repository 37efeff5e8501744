//! The intake's part of the public API, one endpoint a file.

mod charges;
mod feeds;
mod quarantine;
mod quarantined;
mod reinterpret;
mod replay;
mod replay_all;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use countersign_contracts::api::Page;
use countersign_eventsourcing::journal::Position;
use countersign_runtime::http::{MinPosition, Problem};
use utoipa::OpenApi;

use crate::{
    import::{ImportReport, ImportedRow, RowProblem},
    projections::inbox::{Feed, FindingCount, Quarantined},
    replay::{ReplayError, Replayed},
    service::{Inbox, InboxError, QuarantinedMessage, Run},
};

/// How long a command waits for its run to end before it answers that it goes on: below the limit of a request.
const PATIENCE: Duration = Duration::from_secs(15);

/// Who the journal says acted, when nobody is registered and nobody says who it is.
const ACTOR: &str = "api";

/// The endpoints.
pub fn routes(inbox: Arc<Inbox>) -> Router {
    Router::new()
        .route("/api/v1/charges/import", post(charges::handle))
        .route("/api/v1/feeds", get(feeds::handle))
        .route("/api/v1/quarantine", get(quarantine::handle))
        .route("/api/v1/quarantine/{id}", get(quarantined::handle))
        .route("/api/v1/quarantine/{id}/replay", post(replay::handle))
        .route("/api/v1/quarantine/replay", post(replay_all::handle))
        .route("/api/v1/reinterpret", get(reinterpret::last).post(reinterpret::handle))
        .with_state(inbox)
}

/// Their description.
#[derive(OpenApi)]
#[openapi(
    paths(
        charges::handle,
        feeds::handle,
        quarantine::handle,
        quarantined::handle,
        replay::handle,
        replay_all::handle,
        reinterpret::handle,
        reinterpret::last
    ),
    components(schemas(
        Page<Feed>,
        Page<Quarantined>,
        Feed,
        FindingCount,
        ImportReport,
        ImportedRow,
        RowProblem,
        Quarantined,
        QuarantinedMessage,
        Run,
        Replayed,
        reinterpret::Since,
        Problem
    ))
)]
pub struct Api;

/// What went wrong, for the caller.
fn problem(error: &InboxError) -> Problem {
    match error {
        InboxError::Busy => Problem::conflict(error.to_string()),
        InboxError::Replay(ReplayError::Unknown(_)) => Problem::not_found(error.to_string()),
        InboxError::Replay(ReplayError::Profiles(_)) => {
            Problem::new(StatusCode::CONFLICT, "feed-profiles", "The feed profiles cannot be used")
                .detail(error.to_string())
        }
        _ => Problem::internal(error),
    }
}

/// 200 for a run that has ended, 202 for one that goes on, 503 for one that stopped.
fn answer(run: Run) -> Response {
    if let Some(error) = run.error {
        let detail = format!("stopped: {error}; starting it again goes on");
        return Problem::unavailable(detail).into_response();
    }
    let status = if run.running { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(run)).into_response()
}

impl Inbox {
    /// Waits, bounded, until the read model includes what the caller has seen.
    async fn is_at(&self, fresh: MinPosition) -> Result<(), Problem> {
        fresh.reached(|position, limit| self.read_model().wait_for(Position(position), limit)).await
    }
}
