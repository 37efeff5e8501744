//! `POST /api/v1/charges/import`: charges and coding status from a file.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use countersign_runtime::http::{Asked, Operator, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    authority::Act,
    import::{ImportError, ImportReport},
    service::Inbox,
};

/// How the file is taken.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct How {
    /// Only tell what would happen.
    #[serde(default)]
    dry_run: bool,
    /// Lines of the file before this part of it, when it is sent in parts that each repeat the header.
    #[serde(default)]
    lines_before: u64,
}

/// Imports charges and coding status from CSV in UTF-8 with the columns facility, `visit_authority`, visit, transaction,
/// amount, `posted_at`, `coded_at`, `billed_at`, payer, total. A row that was imported before changes nothing; one that
/// cannot be used waits in quarantine.
#[utoipa::path(
    post, path = "/api/v1/charges/import", tag = "intake", params(How),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What became of every row", body = ImportReport),
        (status = 400, description = "The file cannot be read: nothing of it was imported", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "The journal could not take it; importing it again goes on", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    operator: Operator,
    Asked(how): Asked<How>,
    file: Bytes,
) -> Result<Json<ImportReport>, Problem> {
    operator.may(Act::ImportCharges)?;
    inbox.import_charges(&file, how.lines_before, how.dry_run).await.map(Json).map_err(|error| match error {
        ImportError::NotStored { .. } | ImportError::Journal(_) => Problem::unavailable(error.to_string()),
        _ => Problem::bad_request(error.to_string()),
    })
}
