//! `POST /api/v1/leaves`: records a leave.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use countersign_contracts::api::people::{DirectoryStep, LeaveRequest};
use countersign_kernel::ProviderId;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{kind_named, refused, step};
use crate::{
    domain::people::{
        LeaveId,
        decide::{Command, Period},
    },
    projections,
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
    let provider = meant(&service, provider.into()).await?;
    let command = Command::RecordLeave { leave, provider, period };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, Some(leave.0))))
}

/// The provider of an identifier that is told without its authority and that the directory does not know: the one whom
/// charts name by it. A leave of anybody else would stop no clock.
async fn meant(service: &Deficiency, provider: ProviderId) -> Result<ProviderId, Problem> {
    if !provider.authority.is_empty() {
        return Ok(provider);
    }
    let known = service.people.known().await.map_err(|error| Problem::internal(&error))?;
    if known.directory.find(&provider).is_some() {
        return Ok(provider);
    }
    let id = provider.id.clone();
    let named = service.model.query(move |sql| projections::authorities(sql, &id)).await;
    match named.map_err(|error| Problem::internal(&error))?.as_slice() {
        [] => Ok(provider),
        [authority] => Ok(ProviderId { authority: authority.clone(), ..provider }),
        several => Err(refused(
            "provider-ambiguous",
            StatusCode::UNPROCESSABLE_ENTITY,
            &format!(
                "`{}` is an identifier at {}: say at which, such as {}^{}",
                provider.id,
                several.join(" and "),
                provider.id,
                several[0]
            ),
        )),
    }
}
