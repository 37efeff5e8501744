//! `GET /api/v1/rule-sets/{version}/diff`: what differs from another rule set.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use countersign_contracts::api::rules::RuleSetDiff;
use countersign_runtime::http::Problem;
use serde::Deserialize;

use crate::{governance, service::Deficiency};

/// What to compare with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Against {
    against: Option<u32>,
}

/// Tells what differs between two rule sets: rule by rule, field by field, in words.
#[utoipa::path(
    get, path = "/api/v1/rule-sets/{version}/diff", tag = "rules", operation_id = "diff_rule_sets",
    params(
        ("version" = u32, Path, description = "The set that is looked at"),
        ("against" = Option<u32>, Query, description = "The set that it is compared with; left out, the one it was based on")
    ),
    responses(
        (status = 200, description = "What differs", body = RuleSetDiff),
        (status = 400, description = "A version is no number", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    version: Path<String>,
    against: Result<Query<Against>, QueryRejection>,
) -> Result<Json<RuleSetDiff>, Problem> {
    let Query(Against { against }) = against
        .map_err(|rejection| Problem::bad_request(rejection.body_text()).part("against", "a version"))?;
    Ok(Json(governance::difference(&service.governance, super::version(version)?, against).await?))
}
