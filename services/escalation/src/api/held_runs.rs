//! `GET /api/v1/escalation/runs/held`: runs that a human looks at first.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::escalation::HeldRun;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use crate::service::Escalation;

/// Lists the runs that wait or waited for a human, because many tracks would move at once.
#[utoipa::path(
    get, path = "/api/v1/escalation/runs/held", tag = "escalation", operation_id = "escalation_held_runs",
    responses(
        (status = 200, description = "As of now", body = Vec<HeldRun>),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not now, or not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    fresh: MinPosition,
) -> Result<Json<Vec<HeldRun>>, Problem> {
    service.is_at(fresh).await?;
    Ok(Json(service.held_runs(&actor).await?))
}
