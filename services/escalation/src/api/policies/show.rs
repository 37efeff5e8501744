//! `GET /api/v1/escalation/policies/{version}`: one policy with everything in it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::escalation::PolicyDetail;
use countersign_runtime::http::Problem;

use crate::{policies, service::Escalation};

/// Shows one policy: its life, its ladder, its text.
#[utoipa::path(
    get, path = "/api/v1/escalation/policies/{version}", tag = "escalation", operation_id = "show_policy",
    params(("version" = u32, Path, description = "Its number, from 1")),
    responses(
        (status = 200, description = "The policy", body = PolicyDetail),
        (status = 400, description = "The version is no number", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
    version: Path<String>,
) -> Result<Json<PolicyDetail>, Problem> {
    Ok(Json(policies::detail(&service.governance, super::version(version)?).await?))
}
