//! `GET /api/v1/escalation/policies`: every policy, and which is in force when.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::governed::VersionsView;
use countersign_runtime::http::Problem;

use crate::service::Escalation;

/// Lists every policy with its life, and which was, is or will be in force when.
#[utoipa::path(
    get, path = "/api/v1/escalation/policies", tag = "escalation", operation_id = "list_policies",
    responses(
        (status = 200, description = "All versions, who did what and why, and when which is in force", body = VersionsView),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
) -> Result<Json<VersionsView>, Problem> {
    Ok(Json(service.governance.list().await?))
}
