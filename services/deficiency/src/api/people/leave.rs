//! `POST /api/v1/leaves`: records a leave.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{DirectoryStep, LeaveRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{kind_named, step};
use crate::{
    domain::people::{
        LeaveId,
        decide::{Command, Period},
    },
    service::Deficiency,
};

/// Records a leave of absence: planned, sick or other, past or to come, with or without an end.
#[utoipa::path(
    post, path = "/api/v1/leaves", tag = "people", operation_id = "record_leave", request_body = LeaveRequest,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record, with the leave's id", body = DirectoryStep),
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
    Sent(LeaveRequest { provider, kind, from, until, why }): Sent<LeaveRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let leave = LeaveId::derive(&[&actor.name, &key]);
    let period = Period { kind: kind_named(&kind)?, from, until };
    let command = Command::RecordLeave { leave, provider: provider.into(), period };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, Some(leave.0))))
}
