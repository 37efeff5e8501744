//! `GET /api/v1/charts/{id}`: one chart with everything owed in it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::ChartView;
use countersign_kernel::EncounterId;
use countersign_runtime::http::{MinPosition, Problem, Visitor};

use crate::{authority::Act, projections, service::Deficiency};

/// Shows one chart. Physicians and delegates see the items that are theirs.
#[utoipa::path(
    get, path = "/api/v1/charts/{id}", tag = "charts",
    params(("id" = String, Path, description = "The chart's id")),
    responses(
        (status = 200, description = "The chart and everything owed in it, past and present", body = ChartView),
        (status = 400, description = "The id is not a UUID", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such chart, or none that the caller may see", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Path(id): Path<String>,
) -> Result<Json<ChartView>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    let id: EncounterId = id.parse().map_err(|_| Problem::bad_request("the id of a chart is a UUID"))?;
    service.is_at(fresh).await?;
    let (reference, now) = (service.lookup.get(), service.clock.now());
    service
        .model
        .query(move |sql| projections::chart_within(sql, id, &reach, &reference, now))
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("there is no chart {id}")))
}
