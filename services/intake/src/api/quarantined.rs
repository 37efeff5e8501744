//! `GET /api/v1/quarantine/{id}`: one message in quarantine, with its text.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use countersign_kernel::MessageId;
use countersign_runtime::{
    authority::About,
    http::{MinPosition, Problem, Visitor},
};

use super::problem;
use crate::{
    authority::Act,
    service::{Inbox, QuarantinedMessage},
};

/// Shows one message: why it is in quarantine, what was odd, and its text, which holds patient data.
#[utoipa::path(
    get, path = "/api/v1/quarantine/{id}", tag = "intake",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses(
        (status = 200, description = "The message", body = QuarantinedMessage),
        (status = 400, description = "The id is none", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "It is not in quarantine (any more)", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    visitor: Visitor,
    fresh: MinPosition,
    id: Result<Path<MessageId>, PathRejection>,
) -> Result<Json<QuarantinedMessage>, Problem> {
    visitor.may(Act::ReadMessages, &About::everything())?;
    let Path(id) = id.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    inbox.is_at(fresh).await?;
    let found = inbox.quarantined(id).await.map_err(|error| problem(&error))?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("message {id} is not in quarantine")))
}
