//! `POST /api/v1/people/unmerge`: takes a merge back.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{DirectoryStep, UnmergeRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::step;
use crate::{domain::people::decide::Command, service::Deficiency};

/// Takes a merge back: both records are as they would be without it.
#[utoipa::path(
    post, path = "/api/v1/people/unmerge", tag = "people", operation_id = "unmerge_people", request_body = UnmergeRequest,
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
    Sent(UnmergeRequest { retired, why }): Sent<UnmergeRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let command = Command::Unmerge { retired: retired.into() };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, None)))
}
