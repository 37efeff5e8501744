//! `POST /api/v1/deficiencies/{id}/acts`: a decision about one item.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use countersign_contracts::api::acts::{ActedView, ItemActRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, MinPosition, Problem, Sent};

use crate::{lifecycle::Order, service::Deficiency};

/// Decides about one item: dispute, decision of a dispute, reassignment, hold, extension, void, waiver, answer.
#[utoipa::path(
    post, path = "/api/v1/deficiencies/{id}/acts", tag = "decisions", operation_id = "act_on_item", request_body = ItemActRequest,
    params(
        ("id" = String, Path, description = "The item's id"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing"),
        ("If-Match" = Option<u64>, Header, description = "Revision of the chart: refuse when somebody was quicker")
    ),
    responses(
        (status = 201, description = "It is on record", body = ActedView),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such item, decision or rule set", body = Problem),
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
    Sent(ItemActRequest { decision, why }): Sent<ItemActRequest>,
) -> Result<(StatusCode, Json<ActedView>), Problem> {
    let id = crate::api::deficiency::parse(&id)?;
    let order = Order { actor: &actor, key: &key.0, why: &why, seen: super::seen(&headers)? };
    service.is_at(fresh).await?;
    Ok((StatusCode::CREATED, Json(service.act_on_item(&order, id, &decision).await?)))
}
