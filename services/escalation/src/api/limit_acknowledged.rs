//! `POST /api/v1/escalation/limits/{chart}/acknowledgement`: somebody has seen that a chart is close to the limit.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use countersign_contracts::api::escalation::{Recorded, WhyRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::service::Escalation;

/// Records that somebody has seen it, with what is done about it. It stops nothing: only the chart's completion does.
#[utoipa::path(
    post, path = "/api/v1/escalation/limits/{chart}/acknowledgement", tag = "escalation",
    operation_id = "acknowledge_limit", request_body = WhyRequest,
    params(
        ("chart" = String, Path, description = "Id of the chart"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 201, description = "It is on record", body = Recorded),
        (status = 400, description = "The id is no UUID", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "This chart did not go to the offices", body = Problem),
        (status = 409, description = "The chart is complete", body = Problem),
        (status = 422, description = "No reason is given", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    Path(chart): Path<String>,
    Sent(WhyRequest { why }): Sent<WhyRequest>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let chart = chart.parse().map_err(|_| Problem::bad_request("the id of a chart is a UUID"))?;
    Ok((StatusCode::CREATED, Json(service.acknowledge_limit(&actor, &key.0, chart, &why).await?)))
}
