//! `GET /api/v1/departments`: departments as they are now.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::DepartmentView;
use countersign_kernel::Timestamp;
use countersign_runtime::http::{Asked, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    projections,
    service::{Deficiency, ServiceError},
};

/// Which departments are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct DepartmentFilter {
    /// Code of their facility.
    pub facility: Option<String>,
    /// As they were or will be at this instant; now when left out.
    #[param(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Lists departments as they are at an instant, by facility and code.
#[utoipa::path(
    get, path = "/api/v1/departments", tag = "site", operation_id = "list_departments", params(DepartmentFilter),
    responses(
        (status = 200, description = "Departments with their chairs", body = [DepartmentView]),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    fresh: MinPosition,
    Asked(filter): Asked<DepartmentFilter>,
) -> Result<Json<Vec<DepartmentView>>, Problem> {
    service.is_at(fresh).await?;
    let found = list(&service, filter.facility, filter.at).await;
    found.map(Json).map_err(|error| Problem::internal(&error))
}

/// The list behind the endpoint and the command line.
///
/// # Errors
/// The read model.
pub async fn list(
    service: &Deficiency,
    facility: Option<String>,
    at: Option<Timestamp>,
) -> Result<Vec<DepartmentView>, ServiceError> {
    let at = at.unwrap_or_else(|| service.clock.now());
    Ok(service.model.query(move |sql| projections::departments(sql, facility.as_deref(), at)).await?)
}
