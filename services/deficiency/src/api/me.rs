//! `GET /api/v1/me`: who the caller is.

use axum::Json;
use countersign_contracts::api::CallerView;
use countersign_runtime::http::{Caller, Problem};

/// Tells whom the token of the request belongs to, and what that person may do: sign-in pages ask it.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "access", operation_id = "who_am_i",
    responses(
        (status = 200, description = "The person", body = CallerView),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Access is switched off", body = Problem),
        (status = 503, description = "The access file cannot be used", body = Problem)
    )
)]
pub(super) async fn handle(Caller(actor): Caller) -> Json<CallerView> {
    Json(actor.into())
}
