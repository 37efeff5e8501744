//! `POST /api/v1/reinterpret`: reads all stored messages since an instant again.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use countersign_kernel::Timestamp;
use countersign_runtime::http::{Operator, Problem, Sent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ACTOR, PATIENCE, answer, problem};
use crate::{
    authority::Act,
    service::{Again, Inbox, Run},
};

/// From when on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// Messages received at or after this instant are read again.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

/// Reads stored messages again, with the feed profiles as their file is now. A message that says the same as before
/// changes nothing; one that says something else replaces what it said.
#[utoipa::path(
    post, path = "/api/v1/reinterpret", tag = "intake", request_body = Since,
    responses(
        (status = 200, description = "What became of them", body = Run),
        (status = 202, description = "It goes on; `GET /api/v1/reinterpret` says how far it is", body = Run),
        (status = 400, description = "The request cannot be understood", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "A run is under way, or the feed profiles cannot be used", body = Problem),
        (status = 503, description = "It stopped; starting it again goes on", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    operator: Operator,
    Sent(Since { since }): Sent<Since>,
) -> Result<Response, Problem> {
    operator.may(Act::ReadAgain)?;
    let run = inbox
        .again(Again::Since(since), operator.name(ACTOR), PATIENCE)
        .await
        .map_err(|error| problem(&error))?;
    Ok(answer(run))
}

/// Shows the last run of the quarantine or of a reinterpretation, or the one under way.
#[utoipa::path(
    get, path = "/api/v1/reinterpret", tag = "intake",
    responses((status = 200, description = "How far it is, or how it ended", body = Run))
)]
pub(super) async fn last(State(inbox): State<Arc<Inbox>>) -> Json<Run> {
    Json(inbox.last_run())
}
