//! `POST /api/v1/deficiencies/acts`: the same decision about many items.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::acts::{BulkActReport, BulkActRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, MinPosition, Problem, Sent};

use crate::{lifecycle::Order, service::Deficiency};

/// Decides the same about many items, or about all of some charts, and answers for each; with `preview` it only
/// says what would become of each. A key that was interrupted may be sent again: what is done is not done twice.
#[utoipa::path(
    post, path = "/api/v1/deficiencies/acts", tag = "decisions", operation_id = "act_on_items", request_body = BulkActRequest,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "What became of each item, or would", body = BulkActReport),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 404, description = "There is no such chart", body = Problem),
        (status = 422, description = "A value does not fit, too many items, or none", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    fresh: MinPosition,
    Sent(request): Sent<BulkActRequest>,
) -> Result<Json<BulkActReport>, Problem> {
    let order = Order { actor: &actor, key: &key.0, why: &request.why, seen: None };
    service.is_at(fresh).await?;
    Ok(Json(service.act_on_items(&order, &request).await?))
}
