//! `POST /api/v1/quarantine/replay`: reads the whole quarantine again.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use countersign_runtime::http::{Operator, Problem};

use super::{ACTOR, PATIENCE, answer, problem};
use crate::{
    authority::Act,
    service::{Again, Inbox, Run},
};

/// Reads every message in quarantine again, with the feed profiles as their file is now. Doing it twice changes
/// nothing.
#[utoipa::path(
    post, path = "/api/v1/quarantine/replay", tag = "intake",
    responses(
        (status = 200, description = "What became of them", body = Run),
        (status = 202, description = "It goes on; `GET /api/v1/reinterpret` says how far it is", body = Run),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "A run is under way, or the feed profiles cannot be used", body = Problem),
        (status = 503, description = "It stopped; starting it again goes on", body = Problem)
    )
)]
pub(super) async fn handle(State(inbox): State<Arc<Inbox>>, operator: Operator) -> Result<Response, Problem> {
    operator.may(Act::ReadAgain)?;
    let run = inbox
        .again(Again::Quarantine, operator.name(ACTOR), PATIENCE)
        .await
        .map_err(|error| problem(&error))?;
    Ok(answer(run))
}
