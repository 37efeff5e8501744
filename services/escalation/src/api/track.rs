//! `GET /api/v1/escalation/tracks/{track}`: one track with everything that was decided about it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::escalation::TrackDetail;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Shows one track: what is owed, its log with the facts that were seen, notices, what waits, suspensions.
#[utoipa::path(
    get, path = "/api/v1/escalation/tracks/{track}", tag = "escalation", operation_id = "escalation_track",
    params(("track" = String, Path, description = "The track's id")),
    responses(
        (status = 200, description = "As of now", body = TrackDetail),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such track", body = Problem),
        (status = 503, description = "Not now, or not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Path(track): Path<String>,
) -> Result<Json<TrackDetail>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.track(&actor, super::track_id(&track)?).await?))
}
