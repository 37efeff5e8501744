//! `GET /api/v1/rule-sets/{version}`: one rule set with everything in it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::rules::RuleSetDetail;
use countersign_runtime::http::Problem;

use crate::{governance, service::Deficiency};

/// Shows one rule set: its life, its rules, its text.
#[utoipa::path(
    get, path = "/api/v1/rule-sets/{version}", tag = "rules", operation_id = "show_rule_set",
    params(("version" = u32, Path, description = "Its number, from 1")),
    responses(
        (status = 200, description = "The rule set", body = RuleSetDetail),
        (status = 400, description = "The version is no number", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    version: Path<String>,
) -> Result<Json<RuleSetDetail>, Problem> {
    Ok(Json(governance::detail(&service.governance, super::version(version)?).await?))
}
