//! `POST /api/v1/facilities/{code}/downtimes`: records a downtime, or changes one.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::{DirectoryStep, DowntimeRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::api::people::step;
use crate::{
    domain::site::{DowntimeId, decide::Command},
    service::Deficiency,
};

/// Records a period in which systems were down, or changes the one with the id.
#[utoipa::path(
    post, path = "/api/v1/facilities/{code}/downtimes", tag = "site", operation_id = "record_downtime", request_body = DowntimeRequest,
    params(
        ("code" = String, Path, description = "Code of the facility"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record, with the downtime's id", body = DirectoryStep),
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
    Path(facility): Path<String>,
    Sent(DowntimeRequest { id, from, until, why }): Sent<DowntimeRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let downtime = id.map_or_else(|| DowntimeId::derive(&[&actor.name, &key]), DowntimeId);
    let command = Command::RecordDowntime { downtime, facility, from, until };
    Ok(Json(step(service.sites.execute(&actor, &why, &key, command).await?, Some(downtime.0))))
}
