//! `GET /api/v1/charts/{id}/acts`: what people decided about a chart.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::acts::DecisionView;
use countersign_runtime::http::Problem;

use crate::service::Deficiency;

/// Lists what people decided about a chart, in order, with what was taken back.
#[utoipa::path(
    get, path = "/api/v1/charts/{id}/acts", tag = "decisions", operation_id = "list_acts",
    params(("id" = String, Path, description = "The chart's id")),
    responses(
        (status = 200, description = "The decisions", body = [DecisionView]),
        (status = 400, description = "The id is not a UUID", body = Problem),
        (status = 404, description = "There is no such chart", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<DecisionView>>, Problem> {
    Ok(Json(service.acts(super::chart_id(&id)?).await?))
}
