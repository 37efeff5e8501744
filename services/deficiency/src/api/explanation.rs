//! `GET /api/v1/deficiencies/{id}/explanation`: why it exists, and what would close it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::Explanation;
use countersign_kernel::DeficiencyId;
use countersign_runtime::{
    authority::Reach,
    http::{MinPosition, Problem, Visitor},
};

use super::deficiency;
use crate::{
    authority::Act,
    explain, projections,
    service::{Deficiency, ServiceError},
};

/// Explains one deficiency: facts and decisions in order, the rule and its version, what would close it.
#[utoipa::path(
    get, path = "/api/v1/deficiencies/{id}/explanation", tag = "deficiencies",
    params(("id" = String, Path, description = "The deficiency's id")),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
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
) -> Result<Json<Explanation>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    let id = deficiency::parse(&id)?;
    service.is_at(fresh).await?;
    service
        .explain(id, reach)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| deficiency::missing(id))
}

impl Deficiency {
    /// Explains a deficiency; `None` when there is none with this id within the reader's reach.
    pub async fn explain(&self, id: DeficiencyId, reach: Reach) -> Result<Option<Explanation>, ServiceError> {
        let chart = self.model.query(move |sql| projections::encounter_of(sql, id, &reach)).await?;
        let Some(chart) = chart else { return Ok(None) };
        Ok(explain::explain(self.journal.as_ref(), chart, id, &self.lookup.get(), self.clock.now())
            .await
            .map_err(countersign_eventsourcing::read_model::ReadModelError::from)?)
    }
}
