//! `POST /api/v1/leaves/{id}`: changes a leave.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::{DirectoryStep, LeaveChange};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{kind_named, leave_in, step};
use crate::{
    domain::people::decide::{Command, Period},
    service::Deficiency,
};

/// Changes kind or period of a leave.
#[utoipa::path(
    post, path = "/api/v1/leaves/{id}", tag = "people", operation_id = "change_leave", request_body = LeaveChange,
    params(
        ("id" = Uuid, Path, description = "Id of the leave"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record, or so already", body = DirectoryStep),
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
    leave: Path<String>,
    Sent(LeaveChange { kind, from, until, why }): Sent<LeaveChange>,
) -> Result<Json<DirectoryStep>, Problem> {
    let leave = leave_in(&leave)?;
    let period = Period { kind: kind_named(&kind)?, from, until };
    let command = Command::ChangeLeave { leave, period };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, Some(leave.0))))
}
