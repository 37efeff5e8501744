//! `POST /api/v1/departments`: describes a department from an instant on.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{DepartmentRequest, DirectoryStep};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::api::people::step;
use crate::{domain::site::decide::Command, service::Deficiency};

/// Describes a department, new or known, from an instant on.
#[utoipa::path(
    post, path = "/api/v1/departments", tag = "site", operation_id = "describe_department", request_body = DepartmentRequest,
    params(
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
    Sent(DepartmentRequest { facility, code, name, chair, closed, effective_at, why }): Sent<
        DepartmentRequest,
    >,
) -> Result<Json<DirectoryStep>, Problem> {
    let chair = chair.map(Into::into);
    let command = Command::DescribeDepartment { facility, code, name, chair, closed, effective_at };
    Ok(Json(step(service.sites.execute(&actor, &why, &key, command).await?, None)))
}
