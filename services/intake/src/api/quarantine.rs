//! `GET /api/v1/quarantine`: messages that could not be used, and why.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::Page;
use countersign_runtime::http::{Asked, MinPosition, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem;
use crate::{projections::inbox::Quarantined, service::Inbox};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
const MAX_LIMIT: usize = 1000;

/// Which part of the list is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Rows of a page, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the quarantine, oldest first. Says nothing of patients.
#[utoipa::path(
    get, path = "/api/v1/quarantine", tag = "intake", params(Paging),
    responses(
        (status = 200, description = "A page of the quarantine, oldest first", body = Page<Quarantined>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    fresh: MinPosition,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Quarantined>>, Problem> {
    let refused = || Problem::bad_request("the request has a parameter that cannot be understood");
    let limit = paging.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(refused().part("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    let after = match paging.cursor.as_deref().map(str::parse::<u64>) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => return Err(refused().part("cursor", "must be `next` of an earlier page, unchanged")),
    };
    inbox.is_at(fresh).await?;
    inbox.quarantine(after, limit).await.map(Json).map_err(|error| problem(&error))
}
