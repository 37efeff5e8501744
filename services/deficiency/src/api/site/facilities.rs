//! `GET /api/v1/facilities`: facilities with calendars and downtimes.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::FacilityView;
use countersign_runtime::http::{MinPosition, Problem};

use crate::{
    projections,
    service::{Deficiency, ServiceError},
};

/// Lists every facility that was described, by code. Others have the defaults.
#[utoipa::path(
    get, path = "/api/v1/facilities", tag = "site", operation_id = "list_facilities",
    responses(
        (status = 200, description = "Facilities with calendars and downtimes", body = [FacilityView]),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    fresh: MinPosition,
) -> Result<Json<Vec<FacilityView>>, Problem> {
    service.is_at(fresh).await?;
    list(&service).await.map(Json).map_err(|error| Problem::internal(&error))
}

/// The list behind the endpoint and the command line.
///
/// # Errors
/// The read model.
pub async fn list(service: &Deficiency) -> Result<Vec<FacilityView>, ServiceError> {
    Ok(service.model.query(projections::facilities).await?)
}
