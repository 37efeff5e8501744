//! `POST /api/v1/people/import`: providers from a file, or what an import would do.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{ImportReport, ImportRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::service::Deficiency;

/// Imports a file of providers, line by line, or tells what an import would do. The same file again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/people/import", tag = "people", operation_id = "import_people", request_body = ImportRequest,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "What became of every line", body = ImportReport),
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
    Sent(ImportRequest { text, dry_run, why }): Sent<ImportRequest>,
) -> Result<Json<ImportReport>, Problem> {
    Ok(Json(service.people.import(&actor, &why, &key, &text, dry_run).await?))
}
