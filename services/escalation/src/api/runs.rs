//! `GET /api/v1/escalation/runs`: published lists.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::RunView;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::service::Escalation;

/// Which lists are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Facility code.
    facility: Option<String>,
}

/// Lists the runs whose list was published, the latest first, without their lines.
#[utoipa::path(
    get, path = "/api/v1/escalation/runs", tag = "escalation", operation_id = "escalation_runs", params(Filter),
    responses(
        (status = 200, description = "The runs", body = Vec<RunView>),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Asked(Filter { facility }): Asked<Filter>,
) -> Result<Json<Vec<RunView>>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.published_runs(&actor, facility).await?))
}
