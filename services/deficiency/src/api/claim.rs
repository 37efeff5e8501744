//! `GET /api/v1/claims/{chart}`: one account with everything that held it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::ClaimDetail;
use countersign_kernel::EncounterId;
use countersign_runtime::http::{MinPosition, Problem, Visitor};

use crate::{authority::Act, service::Deficiency};

/// Shows one account: its items that hold the bill, and every period in which it was held.
#[utoipa::path(
    get, path = "/api/v1/claims/{chart}", tag = "claims",
    params(("chart" = String, Path, description = "The chart's id")),
    responses(
        (status = 200, description = "The account", body = ClaimDetail),
        (status = 400, description = "The id is not a UUID", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such chart, or nothing of a bill is known of it", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Path(chart): Path<String>,
) -> Result<Json<ClaimDetail>, Problem> {
    let within = visitor.reach(Act::ReadClaims)?.facilities;
    let chart: EncounterId =
        chart.parse().map_err(|_| Problem::bad_request("the id of a chart is a UUID"))?;
    service.is_at(fresh).await?;
    service
        .claim(chart, within)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("chart {chart} has no account: it was never discharged")))
}
