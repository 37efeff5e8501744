//! `GET /api/v1/deficiencies/{id}/explanation`: why it exists, and what would close it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::Explanation;
use countersign_kernel::DeficiencyId;
use countersign_runtime::http::{MinPosition, Problem};

use super::deficiency;
use crate::{
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
        (status = 404, description = "There is no such deficiency", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    fresh: MinPosition,
    Path(id): Path<String>,
) -> Result<Json<Explanation>, Problem> {
    let id = deficiency::parse(&id)?;
    service.is_at(fresh).await?;
    service
        .explain(id)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| deficiency::missing(id))
}

impl Deficiency {
    /// Explains a deficiency; `None` when there is none with this id.
    pub async fn explain(&self, id: DeficiencyId) -> Result<Option<Explanation>, ServiceError> {
        let Some(chart) = self.model.query(move |sql| projections::encounter_of(sql, id)).await? else {
            return Ok(None);
        };
        Ok(explain::explain(self.journal.as_ref(), chart, id, &self.lookup.get(), self.clock.now())
            .await
            .map_err(countersign_eventsourcing::read_model::ReadModelError::from)?)
    }
}
