//! `GET /api/v1/escalation/clock`: whether the clock can be believed.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::ClockView;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Tells whether the wall clock can be believed, and how the timers do.
#[utoipa::path(
    get, path = "/api/v1/escalation/clock", tag = "escalation", operation_id = "escalation_clock",
    responses(
        (status = 200, description = "As of now", body = ClockView),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not now, or not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
) -> Result<Json<ClockView>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.clock_view(&actor).await?))
}
