//! `GET /api/v1/escalation/inbox`: what waits for leadership.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::InboxItem;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Lists what waits for the caller: proposals with their evidence, reinstatements, matters, held runs, a doubted clock.
#[utoipa::path(
    get, path = "/api/v1/escalation/inbox", tag = "escalation", operation_id = "escalation_inbox",
    responses(
        (status = 200, description = "As of now", body = Vec<InboxItem>),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not now, or not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
) -> Result<Json<Vec<InboxItem>>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.inbox(&actor).await?))
}
