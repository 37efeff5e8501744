//! `GET /api/v1/escalation/tracks/{track}/proposals/{proposal}`: what a proposal rests on.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::escalation::PacketView;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Shows the evidence of a proposed suspension: items, notices with proof of delivery, steps, the policy's text, the hash.
#[utoipa::path(
    get, path = "/api/v1/escalation/tracks/{track}/proposals/{proposal}", tag = "escalation",
    operation_id = "escalation_packet",
    params(
        ("track" = String, Path, description = "The track's id"),
        ("proposal" = u32, Path, description = "The proposal's number")
    ),
    responses(
        (status = 200, description = "The packet", body = PacketView),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such proposal", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Path((track, proposal)): Path<(String, String)>,
) -> Result<Json<PacketView>, Problem> {
    service.is_at(fresh).await?;
    let number = proposal
        .parse()
        .map_err(|_| Problem::bad_request("the number of a proposal is a whole number from 1"))?;
    Ok(Json(service.evidence(&actor, super::track_id(&track)?, number).await?))
}
