//! `POST /api/v1/downtimes/{id}/cancel`: cancels a downtime.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::{CancelRequest, DirectoryStep};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::api::people::step;
use crate::{
    domain::site::{DowntimeId, decide::Command},
    service::Deficiency,
};

/// Cancels a downtime: no time is credited for it.
#[utoipa::path(
    post, path = "/api/v1/downtimes/{id}/cancel", tag = "site", operation_id = "cancel_downtime", request_body = CancelRequest,
    params(
        ("id" = Uuid, Path, description = "Id of the downtime"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record", body = DirectoryStep),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is nothing of that name", body = Problem),
        (status = 422, description = "A rule refuses it, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Path(downtime): Path<String>,
    Sent(CancelRequest { why }): Sent<CancelRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let downtime: DowntimeId =
        downtime.parse().map_err(|_| Problem::bad_request("the id of a downtime is a UUID"))?;
    let command = Command::CancelDowntime { downtime };
    Ok(Json(step(service.sites.execute(&actor, &why, &key, command).await?, Some(downtime.0))))
}
