//! `GET /api/v1/deficiencies/{id}`: one deficiency.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::DeficiencyView;
use countersign_kernel::DeficiencyId;
use countersign_runtime::http::{MinPosition, Problem, Visitor};

use crate::{authority::Act, projections, service::Deficiency};

/// Shows one deficiency.
#[utoipa::path(
    get, path = "/api/v1/deficiencies/{id}", tag = "deficiencies",
    params(("id" = String, Path, description = "The deficiency's id")),
    responses(
        (status = 200, description = "The deficiency", body = DeficiencyView),
        (status = 400, description = "The id is not a UUID", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such deficiency, or none that the caller may see", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Path(id): Path<String>,
) -> Result<Json<DeficiencyView>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    let id = parse(&id)?;
    service.is_at(fresh).await?;
    let (reference, now) = (service.lookup.get(), service.clock.now());
    service
        .model
        .query(move |sql| projections::deficiency(sql, id, &reach, &reference, now))
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| missing(id))
}

pub(super) fn parse(id: &str) -> Result<DeficiencyId, Problem> {
    id.parse().map_err(|_| Problem::bad_request("the id of a deficiency is a UUID"))
}

pub(super) fn missing(id: DeficiencyId) -> Problem {
    Problem::not_found(format!("there is no deficiency {id}"))
}
