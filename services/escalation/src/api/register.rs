//! `GET /api/v1/escalation/suspensions`: the register.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use countersign_contracts::api::escalation::RegisterView;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};

use super::csv;
use crate::{reading::RegisterFilter, service::Escalation};

/// Lists suspensions with scope, dates, reasons and authority, and totals per rolling year: as JSON, or as CSV for the
/// committee.
#[utoipa::path(
    get, path = "/api/v1/escalation/suspensions", tag = "escalation", operation_id = "suspension_register",
    params(RegisterFilter),
    responses(
        (status = 200, description = "The register, or its lines as CSV", body = RegisterView),
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
    Asked(filter): Asked<RegisterFilter>,
) -> Result<Response, Problem> {
    service.is_at(fresh).await?;
    let view = service.register(&actor, &filter).await?;
    match filter.format.as_deref() {
        None | Some("json") => Ok(Json(view).into_response()),
        Some("csv") => Ok(csv::as_file("suspensions.csv", csv::register(&view))),
        Some(_) => Err(Problem::bad_request("the request has a parameter that cannot be understood")
            .part("format", "must be `json` or `csv`")),
    }
}
