//! `GET /api/v1/escalation/tracks`: who stands where.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use countersign_contracts::api::{Page, escalation::TrackView};
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};

use super::csv;
use crate::{
    reading::{MAX_LIMIT, TrackFilter},
    service::Escalation,
};

/// Lists tracks, the most severe first: as a page, or all of them as CSV.
#[utoipa::path(
    get, path = "/api/v1/escalation/tracks", tag = "escalation", operation_id = "escalation_tracks",
    params(TrackFilter),
    responses(
        (status = 200, description = "A page of tracks, or all of them as CSV", body = Page<TrackView>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Asked(filter): Asked<TrackFilter>,
) -> Result<Response, Problem> {
    let refused = |at: &str, what: String| {
        Problem::bad_request("the request has a parameter that cannot be understood").part(at, what)
    };
    if filter.limit.is_some_and(|limit| limit == 0 || limit > MAX_LIMIT) {
        return Err(refused("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    service.is_at(fresh).await?;
    match filter.format.as_deref() {
        None | Some("json") => Ok(Json(service.tracks(&actor, &filter).await?).into_response()),
        Some("csv") => {
            let mut rows = Vec::new();
            let mut page = TrackFilter { limit: Some(MAX_LIMIT), ..filter };
            loop {
                let answer = service.tracks(&actor, &page).await?;
                rows.extend(answer.items);
                page.cursor = answer.next;
                if page.cursor.is_none() {
                    return Ok(csv::as_file("tracks.csv", csv::tracks(&rows)));
                }
            }
        }
        Some(_) => Err(refused("format", "must be `json` or `csv`".to_owned())),
    }
}
