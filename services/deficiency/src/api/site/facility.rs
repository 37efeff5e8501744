//! `POST /api/v1/facilities/{code}`: describes a facility.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::{DirectoryStep, FacilityRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::api::people::step;
use crate::{
    domain::site::{
        Holiday,
        decide::{Command, FacilityChanges},
    },
    service::Deficiency,
};

/// Describes a facility, new or known. What is left out stays as it is.
#[utoipa::path(
    post, path = "/api/v1/facilities/{code}", tag = "site", operation_id = "describe_facility", request_body = FacilityRequest,
    params(
        ("code" = String, Path, description = "Code of the facility"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record, or so already", body = DirectoryStep),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is nothing of that name", body = Problem),
        (status = 422, description = "A rule refuses it, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Path(facility): Path<String>,
    Sent(request): Sent<FacilityRequest>,
) -> Result<Json<DirectoryStep>, Problem> {
    let why = request.why.clone();
    let holidays = request
        .holidays
        .map(|days| days.into_iter().map(|day| Holiday { date: day.date, name: day.name }).collect());
    let changes = Box::new(FacilityChanges {
        name: request.name,
        jurisdiction: request.jurisdiction,
        time_zone: request.time_zone,
        weekend: request.weekend,
        holidays,
        more_holidays: Vec::new(),
        minimum_bill_hold_days: request.minimum_bill_hold_days,
        strict_directory: request.strict_directory,
        own_leave_needs_approval: request.own_leave_needs_approval,
    });
    let command = Command::DescribeFacility { code: facility, changes };
    Ok(Json(step(service.sites.execute(&actor, &why, &key, command).await?, None)))
}
