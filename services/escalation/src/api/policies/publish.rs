//! `POST /api/v1/escalation/policies/{version}/publish`: puts a checked policy in force.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use countersign_contracts::api::governed::{PublishRequest, StepView};
use countersign_governance::Command;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use crate::service::Escalation;

/// Puts a checked policy in force, from now or from a later instant on. Its author cannot do that.
#[utoipa::path(
    post, path = "/api/v1/escalation/policies/{version}/publish", tag = "escalation", operation_id = "publish_policy", request_body = PublishRequest,
    params(
        ("version" = u32, Path, description = "Its number"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = StepView),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted, or it is the own draft", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 409, description = "It was not checked, was published or withdrawn already, or another policy takes effect later", body = Problem),
        (status = 422, description = "The instant is past, no reason is given, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    version: Path<String>,
    request: Result<Json<PublishRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<StepView>), Problem> {
    let PublishRequest { effective_from, why } = super::body(request)?;
    let command = Command::Publish { version: super::version(version)?, effective_from, why };
    Ok((StatusCode::CREATED, Json(service.governance.execute(&actor, &key.0, command).await?)))
}
