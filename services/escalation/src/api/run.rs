//! `GET /api/v1/escalation/runs/{facility}/{published_at}`: one published list.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use countersign_contracts::api::escalation::RunView;
use countersign_kernel::Timestamp;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::Deserialize;

use super::csv;
use crate::service::Escalation;

/// In which form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    format: Option<String>,
}

/// Shows who is on the list of a run: as JSON, or as CSV.
#[utoipa::path(
    get, path = "/api/v1/escalation/runs/{facility}/{published_at}", tag = "escalation",
    operation_id = "escalation_run",
    params(
        ("facility" = String, Path, description = "Facility code"),
        ("published_at" = String, Path, description = "When it was published, as the list of runs tells it"),
        ("format" = Option<String>, Query, description = "`json` (the default) or `csv`")
    ),
    responses(
        (status = 200, description = "The list", body = RunView),
        (status = 400, description = "The instant cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "No such list was published", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Path((facility, published_at)): Path<(String, String)>,
    Asked(Wanted { format }): Asked<Wanted>,
) -> Result<Response, Problem> {
    let at: Timestamp = published_at.parse().map_err(|_| {
        Problem::bad_request("the instant of a publication is RFC 3339, as the list of runs tells it")
    })?;
    service.is_at(fresh).await?;
    let view = service.published_run(&actor, &facility, at).await?;
    match format.as_deref() {
        None | Some("json") => Ok(Json(view).into_response()),
        Some("csv") => Ok(csv::as_file("run.csv", csv::run(&view))),
        Some(_) => Err(Problem::bad_request("the request has a parameter that cannot be understood")
            .part("format", "must be `json` or `csv`")),
    }
}
