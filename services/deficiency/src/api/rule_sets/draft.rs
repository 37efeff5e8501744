//! `POST /api/v1/rule-sets`: proposes a rule set.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use countersign_contracts::api::rules::{DraftRequest, RulesStep};
use countersign_governance::Command;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use crate::service::Deficiency;

/// Proposes a rule set. It is judged by nobody until it is checked by somebody else and published.
#[utoipa::path(
    post, path = "/api/v1/rule-sets", tag = "rules", operation_id = "draft_rule_set", request_body = DraftRequest,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = RulesStep),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "It is word for word the set in force", body = Problem),
        (status = 422, description = "The text is no rule set, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    request: Result<Json<DraftRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<RulesStep>), Problem> {
    let DraftRequest { title, text, why } = super::body(request)?;
    let command = Command::Draft { title, text, why };
    Ok((StatusCode::CREATED, Json(service.governance.execute(&actor, &key.0, command).await?)))
}
