//! `POST /api/v1/escalation/tracks/{track}/acts`: a decision about a track.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use countersign_contracts::api::escalation::{TrackActRequest, TrackActed};
use countersign_runtime::http::{Caller, IdempotencyKey, MinPosition, Problem, Sent};

use crate::service::Escalation;

/// Decides about a track: confirm or reject a suspension, reinstate, extend, exempt, acknowledge, note. Each with reason.
#[utoipa::path(
    post, path = "/api/v1/escalation/tracks/{track}/acts", tag = "escalation", operation_id = "act_on_track",
    request_body = TrackActRequest,
    params(
        ("track" = String, Path, description = "The track's id"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing"),
        ("If-Match" = Option<u64>, Header, description = "Revision of the track: refuse when somebody was quicker")
    ),
    responses(
        (status = 201, description = "It is on record", body = TrackActed),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted, or a second person is asked for", body = Problem),
        (status = 404, description = "There is no such track", body = Problem),
        (status = 409, description = "It contradicts what stands; the answer says what would be allowed", body = Problem),
        (status = 412, description = "The track has changed since the revision in If-Match", body = Problem),
        (status = 422, description = "A value does not fit, or no reason is given", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    fresh: MinPosition,
    headers: HeaderMap,
    Path(track): Path<String>,
    Sent(request): Sent<TrackActRequest>,
) -> Result<(StatusCode, Json<TrackActed>), Problem> {
    let track = super::track_id(&track)?;
    let seen = super::seen(&headers)?;
    service.is_at(fresh).await?;
    Ok((StatusCode::CREATED, Json(service.act(&actor, &key.0, seen, track, &request).await?)))
}
