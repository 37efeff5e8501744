//! `POST /api/v1/rule-sets/lint`: is this a rule file? Changes nothing, so that anybody may ask.

use axum::{Json, extract::rejection::JsonRejection};
use countersign_contracts::api::rules::{LintReport, LintRequest};
use countersign_runtime::http::Problem;

use crate::governance;

/// Looks at a rule file without keeping it: whether it can be used, or what is wrong in which line.
#[utoipa::path(
    post, path = "/api/v1/rule-sets/lint", tag = "rules", operation_id = "lint_rule_set", request_body = LintRequest,
    responses(
        (status = 200, description = "What is wrong, or the rules", body = LintReport),
        (status = 400, description = "The request cannot be understood", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    request: Result<Json<LintRequest>, JsonRejection>,
) -> Result<Json<LintReport>, Problem> {
    Ok(Json(governance::lint(&super::body(request)?.text)))
}
