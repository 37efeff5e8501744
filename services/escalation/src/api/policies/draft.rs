//! `POST /api/v1/escalation/policies`: proposes a policy.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use countersign_contracts::api::governed::{DraftRequest, StepView};
use countersign_governance::Command;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use crate::service::Escalation;

/// Proposes a policy. It is judged by nobody until it is checked by somebody else and published.
#[utoipa::path(
    post, path = "/api/v1/escalation/policies", tag = "escalation", operation_id = "draft_policy", request_body = DraftRequest,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = StepView),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "It is word for word the policy in force", body = Problem),
        (status = 422, description = "The text is no policy, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    request: Result<Json<DraftRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<StepView>), Problem> {
    let DraftRequest { title, text, why } = super::body(request)?;
    let command = Command::Draft { title, text, why };
    Ok((StatusCode::CREATED, Json(service.governance.execute(&actor, &key.0, command).await?)))
}
