//! `GET /api/v1/claims`: accounts whose bills wait for documentation.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{ClaimView, Page};
use countersign_runtime::http::{Asked, MinPosition, Problem, Visitor};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{authority::Act, claims, service::Deficiency};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
const MAX_LIMIT: usize = 1000;

/// Which accounts are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `held` (when not given), `pending` or `released`.
    state: Option<String>,
    /// Facility code.
    facility: Option<String>,
    /// Encounter class.
    class: Option<String>,
    /// Only accounts that an item of this document type holds, or released.
    document_type: Option<String>,
    /// The same by the responsible provider's identifier.
    provider: Option<String>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub(super) fn refused(parameter: &'static str, why: impl Into<String>) -> Problem {
    Problem::bad_request("the request has a parameter that cannot be understood").part(parameter, why)
}

/// Lists accounts: those that one item alone holds first, then the most dollars, then the most days.
#[utoipa::path(
    get, path = "/api/v1/claims", tag = "claims", params(Filter),
    responses(
        (status = 200, description = "A page of accounts. An account whose charges were never sent has none, not zero", body = Page<ClaimView>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Page<ClaimView>>, Problem> {
    let within = visitor.reach(Act::ReadClaims)?.facilities;
    let state = match filter.state.as_deref() {
        None => claims::State::default(),
        Some(name) => claims::State::from_name(name)
            .ok_or_else(|| refused("state", format!("`{name}` is not one of held, pending, released")))?,
    };
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(refused("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    let skip = match filter.cursor.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(skip)) => skip,
        Some(Err(_)) => return Err(refused("cursor", "must be `next` of an earlier page, unchanged")),
    };
    service.is_at(fresh).await?;
    let Filter { facility, class, document_type, provider, .. } = filter;
    let query = claims::ClaimQuery { state, facility, within, class, document_type, provider, limit, skip };
    service.claims(query).await.map(Json).map_err(|error| Problem::internal(&error))
}
