//! `GET /api/v1/escalation/runs/{facility}/dry`: what the next run would do.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::escalation::DryRun;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Lists who would move with the next cutoff of a facility, as things stand. Changes nothing.
#[utoipa::path(
    get, path = "/api/v1/escalation/runs/{facility}/dry", tag = "escalation", operation_id = "escalation_dry_run",
    params(("facility" = String, Path, description = "Facility code")),
    responses(
        (status = 200, description = "Who would move", body = DryRun),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Path(facility): Path<String>,
) -> Result<Json<DryRun>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.dry_run(&actor, &facility).await?))
}
