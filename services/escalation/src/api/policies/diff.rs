//! `GET /api/v1/escalation/policies/{version}/diff`: what differs from another policy.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use countersign_contracts::api::escalation::PolicyDiff;
use countersign_runtime::http::Problem;
use serde::Deserialize;

use crate::{policies, service::Escalation};

/// What to compare with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Against {
    against: Option<u32>,
}

/// Tells what differs between two policies: step by step, field by field, in words.
#[utoipa::path(
    get, path = "/api/v1/escalation/policies/{version}/diff", tag = "escalation", operation_id = "diff_policies",
    params(
        ("version" = u32, Path, description = "The policy that is looked at"),
        ("against" = Option<u32>, Query, description = "The policy that it is compared with; left out, the one it was based on")
    ),
    responses(
        (status = 200, description = "What differs", body = PolicyDiff),
        (status = 400, description = "A version is no number", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
    version: Path<String>,
    against: Result<Query<Against>, QueryRejection>,
) -> Result<Json<PolicyDiff>, Problem> {
    let Query(Against { against }) = against
        .map_err(|rejection| Problem::bad_request(rejection.body_text()).part("against", "a version"))?;
    Ok(Json(policies::difference(&service.governance, super::version(version)?, against).await?))
}
