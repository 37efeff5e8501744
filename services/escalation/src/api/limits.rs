//! `GET /api/v1/escalation/limits`: charts close to the federal limit.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::LimitView;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::service::Escalation;

/// Which charts are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Facility code.
    facility: Option<String>,
    /// Those that were completed since, too.
    #[serde(default)]
    all: bool,
}

/// Lists charts that went to HIM and the chief medical officer, whatever personal clocks say; at most a thousand.
#[utoipa::path(
    get, path = "/api/v1/escalation/limits", tag = "escalation", operation_id = "escalation_limits", params(Filter),
    responses(
        (status = 200, description = "The charts", body = Vec<LimitView>),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Asked(Filter { facility, all }): Asked<Filter>,
) -> Result<Json<Vec<LimitView>>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.limits(&actor, facility, all).await?))
}
