//! `GET /api/v1/people`: the directory.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, people::PersonView};
use countersign_runtime::http::{Asked, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    projections::{self, PeopleQuery},
    service::{Deficiency, ServiceError},
};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
const MAX_LIMIT: usize = 1000;

/// Which providers are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleFilter {
    /// Part of the name, or an identifier.
    pub q: Option<String>,
    /// Code of a department that the provider belongs to now.
    pub department: Option<String>,
    /// Code of a facility that the provider works at now.
    pub facility: Option<String>,
    /// Active now, or not.
    pub active: Option<bool>,
    /// Away now by a leave that counts, or not.
    pub on_leave: Option<bool>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Lists the providers of the directory by name, duplicates merged.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "people", operation_id = "list_people", params(PeopleFilter),
    responses(
        (status = 200, description = "A page of providers with identifiers, departments and leaves that are not over", body = Page<PersonView>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    fresh: MinPosition,
    Asked(filter): Asked<PeopleFilter>,
) -> Result<Json<Page<PersonView>>, Problem> {
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request("the request has a parameter that cannot be understood")
            .part("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    service.is_at(fresh).await?;
    list(&service, filter, limit).await.map(Json).map_err(|error| Problem::internal(&error))
}

/// The list behind the endpoint and the command line.
///
/// # Errors
/// The read model.
pub async fn list(
    service: &Deficiency,
    filter: PeopleFilter,
    limit: usize,
) -> Result<Page<PersonView>, ServiceError> {
    let query = PeopleQuery {
        text: filter.q,
        department: filter.department,
        facility: filter.facility,
        active: filter.active,
        on_leave: filter.on_leave,
        limit,
        after: filter.cursor,
    };
    let (now, position) = (service.clock.now(), service.model.position().0);
    Ok(service.model.query(move |sql| projections::people(sql, &query, now, position)).await?)
}
