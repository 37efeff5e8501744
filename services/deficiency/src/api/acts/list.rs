//! `GET /api/v1/charts/{id}/acts`: what people decided about a chart.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::acts::DecisionView;
use countersign_runtime::http::{Problem, Visitor};

use crate::{authority::Act, projections, service::Deficiency};

/// Lists what people decided about a chart, in order, with what was taken back.
#[utoipa::path(
    get, path = "/api/v1/charts/{id}/acts", tag = "decisions", operation_id = "list_acts",
    params(("id" = String, Path, description = "The chart's id")),
    responses(
        (status = 200, description = "The decisions", body = [DecisionView]),
        (status = 400, description = "The id is not a UUID", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such chart", body = Problem),
        (status = 503, description = "The record cannot be read now", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<Vec<DecisionView>>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    let id = super::chart_id(&id)?;
    let mut acts = service.acts(id).await?;
    if !reach.is_everything() {
        let (reference, now) = (service.lookup.get(), service.clock.now());
        let chart = service
            .model
            .query(move |sql| projections::chart_within(sql, id, &reach, &reference, now))
            .await
            .map_err(|error| Problem::internal(&error))?
            .ok_or_else(|| Problem::not_found(format!("there is no chart {id}")))?;
        // What was decided about somebody else's item is theirs to read, what was decided about the chart everybody's.
        acts.retain(|act| {
            act.deficiency.is_none_or(|item| chart.deficiencies.iter().any(|seen| seen.id == item))
        });
    }
    Ok(Json(acts))
}
