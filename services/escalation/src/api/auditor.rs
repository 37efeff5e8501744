//! `GET /api/v1/escalation/auditor`: what the auditor found.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::AuditView;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Tells what the auditor found and is not mended, and when it looked.
#[utoipa::path(
    get, path = "/api/v1/escalation/auditor", tag = "escalation", operation_id = "escalation_auditor",
    responses(
        (status = 200, description = "As of now", body = AuditView),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not now, or not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
) -> Result<Json<AuditView>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.audit_view(&actor).await?))
}
