//! `POST /api/v1/charts/{id}/acts`: a decision about a chart.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use countersign_contracts::api::acts::{ActedView, ChartActRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, MinPosition, Problem, Sent};

use crate::{lifecycle::Order, service::Deficiency};

/// Decides about a chart: raise an item, ask a query, hold, approve, release, apply a rule set, take back.
#[utoipa::path(
    post, path = "/api/v1/charts/{id}/acts", tag = "decisions", operation_id = "act_on_chart", request_body = ChartActRequest,
    params(
        ("id" = String, Path, description = "The chart's id"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing"),
        ("If-Match" = Option<u64>, Header, description = "Revision of the chart: refuse when somebody was quicker")
    ),
    responses(
        (status = 201, description = "It is on record", body = ActedView),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such chart, decision or rule set", body = Problem),
        (status = 409, description = "It contradicts what stands; the answer says what would be allowed", body = Problem),
        (status = 412, description = "The chart has changed since the revision in If-Match", body = Problem),
        (status = 422, description = "A value does not fit, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    fresh: MinPosition,
    headers: HeaderMap,
    Path(id): Path<String>,
    Sent(ChartActRequest { decision, why }): Sent<ChartActRequest>,
) -> Result<(StatusCode, Json<ActedView>), Problem> {
    let id = super::chart_id(&id)?;
    let order = Order { actor: &actor, key: &key.0, why: &why, seen: super::seen(&headers)? };
    service.is_at(fresh).await?;
    Ok((StatusCode::CREATED, Json(service.act_on_chart(&order, id, &decision).await?)))
}
