//! `POST /api/v1/escalation/policies/{version}/withdraw`: takes a policy back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use countersign_contracts::api::governed::{ReasonRequest, StepView};
use countersign_governance::Command;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use crate::service::Escalation;

/// Takes a policy back. If it was in force, the one before it is in force again from now on.
#[utoipa::path(
    post, path = "/api/v1/escalation/policies/{version}/withdraw", tag = "escalation", operation_id = "withdraw_policy", request_body = ReasonRequest,
    params(
        ("version" = u32, Path, description = "Its number"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = StepView),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 409, description = "It was withdrawn already, or nothing would be in force", body = Problem),
        (status = 422, description = "No reason is given, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    version: Path<String>,
    request: Result<Json<ReasonRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<StepView>), Problem> {
    let ReasonRequest { why } = super::body(request)?;
    let command = Command::Withdraw { version: super::version(version)?, why };
    Ok((StatusCode::CREATED, Json(service.governance.execute(&actor, &key.0, command).await?)))
}
