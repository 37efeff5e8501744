//! `POST /api/v1/quarantine/{id}/replay`: reads one stored message again.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use countersign_kernel::MessageId;
use countersign_runtime::http::{Operator, Problem};

use super::{ACTOR, problem};
use crate::{
    authority::Act,
    service::{Inbox, Run},
};

/// Reads one message again, with the feed profiles as their file is now. Doing it twice changes nothing.
#[utoipa::path(
    post, path = "/api/v1/quarantine/{id}/replay", tag = "intake",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses(
        (status = 200, description = "What became of it", body = Run),
        (status = 400, description = "The id is none", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such message", body = Problem),
        (status = 409, description = "The feed profiles cannot be used", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    operator: Operator,
    id: Result<Path<MessageId>, PathRejection>,
) -> Result<Json<Run>, Problem> {
    operator.may(Act::ReadAgain)?;
    let Path(id) = id.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    inbox.replay(id, operator.name(ACTOR)).await.map(Json).map_err(|error| problem(&error))
}
