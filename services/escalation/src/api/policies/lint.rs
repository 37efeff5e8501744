//! `POST /api/v1/escalation/policies/lint`: is this a policy file? Changes nothing, so that anybody may ask.

use axum::{Json, extract::rejection::JsonRejection};
use countersign_contracts::api::{escalation::PolicyLint, governed::LintRequest};
use countersign_runtime::http::Problem;

use crate::policies;

/// Looks at a policy file without keeping it: whether it can be used, or what is wrong in which line.
#[utoipa::path(
    post, path = "/api/v1/escalation/policies/lint", tag = "escalation", operation_id = "lint_policy", request_body = LintRequest,
    responses(
        (status = 200, description = "What is wrong, or the ladder", body = PolicyLint),
        (status = 400, description = "The request cannot be understood", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    request: Result<Json<LintRequest>, JsonRejection>,
) -> Result<Json<PolicyLint>, Problem> {
    Ok(Json(policies::lint(&super::body(request)?.text)))
}
