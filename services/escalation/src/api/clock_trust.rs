//! `POST /api/v1/escalation/clock/trust`: an operator confirms the clock.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use countersign_contracts::api::escalation::{Recorded, WhyRequest};
use countersign_runtime::http::{Caller, Problem, Sent};

use crate::service::Escalation;

/// Says that the wall clock is right as it is. What waited for that goes on.
#[utoipa::path(
    post, path = "/api/v1/escalation/clock/trust", tag = "escalation", operation_id = "trust_clock",
    request_body = WhyRequest,
    responses(
        (status = 201, description = "It is on record", body = Recorded),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 409, description = "Nobody doubts the clock", body = Problem),
        (status = 422, description = "No reason is given", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    Sent(WhyRequest { why }): Sent<WhyRequest>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    Ok((StatusCode::CREATED, Json(service.trust_clock(&actor, &why).await?)))
}
