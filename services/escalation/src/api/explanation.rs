//! `GET /api/v1/escalation/tracks/{track}/explanation`: why a track stands where it stands.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::escalation::TrackExplanation;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Tells what comes next and when, what holds it, what would stop it, and every past decision with the facts it saw.
#[utoipa::path(
    get, path = "/api/v1/escalation/tracks/{track}/explanation", tag = "escalation", operation_id = "escalation_explanation",
    params(("track" = String, Path, description = "The track's id")),
    responses(
        (status = 200, description = "As of now", body = TrackExplanation),
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
) -> Result<Json<TrackExplanation>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.explain(&actor, super::track_id(&track)?).await?))
}
