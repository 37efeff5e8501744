//! `POST /api/v1/people/merge`: makes one provider of two records.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{DirectoryStep, MergeRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::step;
use crate::{domain::people::decide::Command, service::Deficiency};

/// Makes one provider of two records. It can be undone.
#[utoipa::path(
    post, path = "/api/v1/people/merge", tag = "people", operation_id = "merge_people", request_body = MergeRequest,
    params(
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
    Sent(MergeRequest { retired, survivor, why }): Sent<MergeRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let command = Command::Merge { retired: retired.into(), survivor: survivor.into() };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, None)))
}
