//! `GET /api/v1/rule-sets`: every rule set, and which is in force when.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::rules::RuleSetsView;
use countersign_runtime::http::Problem;

use crate::service::Deficiency;

/// Lists every rule set with its life, and which was, is or will be in force when.
#[utoipa::path(
    get, path = "/api/v1/rule-sets", tag = "rules", operation_id = "list_rule_sets",
    responses(
        (status = 200, description = "All versions, who did what and why, and when which is in force", body = RuleSetsView),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
) -> Result<Json<RuleSetsView>, Problem> {
    Ok(Json(service.governance.list().await?))
}
