//! `POST /api/v1/escalation/runs/{facility}/release`: a human has looked at a held run.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use countersign_contracts::api::escalation::{Recorded, WhyRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::service::Escalation;

/// Lets the tracks of a facility move that were held because many would move at once.
#[utoipa::path(
    post, path = "/api/v1/escalation/runs/{facility}/release", tag = "escalation", operation_id = "release_run",
    request_body = WhyRequest,
    params(
        ("facility" = String, Path, description = "Facility code"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = Recorded),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No run of this facility is held", body = Problem),
        (status = 409, description = "It was released already", body = Problem),
        (status = 422, description = "No reason is given", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    Path(facility): Path<String>,
    Sent(WhyRequest { why }): Sent<WhyRequest>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    Ok((StatusCode::CREATED, Json(service.release_run(&actor, &key.0, &facility, &why).await?)))
}
