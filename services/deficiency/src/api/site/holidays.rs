//! `POST /api/v1/facilities/{code}/holidays`: holidays from a file, or what an import would do.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::{ImportReport, ImportRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::service::Deficiency;

/// Adds the holidays in a file (columns `date` and `name`), or tells what an import would do.
#[utoipa::path(
    post, path = "/api/v1/facilities/{code}/holidays", tag = "site", operation_id = "import_holidays", request_body = ImportRequest,
    params(
        ("code" = String, Path, description = "Code of the facility"),
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
    Path(facility): Path<String>,
    Sent(ImportRequest { text, dry_run, why }): Sent<ImportRequest>,
) -> Result<Json<ImportReport>, Problem> {
    Ok(Json(service.sites.import_holidays(&actor, &why, &key, &facility, &text, dry_run).await?))
}
