//! `/api/v1/escalation/simulations`: what a policy would have done on the recorded history, as a job.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_contracts::api::escalation::{SimulateJob, SimulateRequest};
use countersign_kernel::Timestamp;
use countersign_runtime::http::{Caller, Problem, Sent};
use jiff::SignedDuration;

use crate::{authority::Act, domain::policy::PolicySet, scope, service::Escalation, simulate::Question};

/// Nobody asks what comes later than ten years from now, and it would take long to say.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 3653);

/// Asks who would have got which step when. One simulation at a time; others wait.
#[utoipa::path(
    post, path = "/api/v1/escalation/simulations", tag = "escalation", operation_id = "simulate_policy",
    request_body = SimulateRequest,
    responses(
        (status = 202, description = "It runs or waits: ask for it by its id (Location)", body = SimulateJob),
        (status = 400, description = "The request or the policy file cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 503, description = "Too many wait", body = Problem)
    )
)]
pub(super) async fn ask(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    Sent(request): Sent<SimulateRequest>,
) -> Result<Response, Problem> {
    scope::permit_everywhere(&actor, Act::Simulate)?;
    if let (Some(from), Some(until)) = (request.from, request.until)
        && from > until
    {
        return Err(Problem::bad_request("`from` is later than `until`: nothing lies between them"));
    }
    let now = service.clock.now();
    if request.until.is_some_and(|until| until > now.saturating_add(FURTHEST).unwrap_or(Timestamp::MAX)) {
        return Err(Problem::bad_request("`until` is more than ten years from now: ask about a nearer day"));
    }
    let book = service.governance.current().await?;
    let policy = match &request.policy {
        Some(text) => Arc::new(PolicySet::read(text, 0).map_err(|error| {
            Problem::bad_request(
                "the policy file cannot be used: correct it where `errors` says, and ask again",
            )
            .part("policy", error.to_string())
        })?),
        None => Arc::clone(
            book.in_force_at(now).ok_or_else(|| Problem::not_found("no escalation policy is in force"))?,
        ),
    };
    let against = match request.against {
        None if request.against_in_force => book
            .in_force_at(now)
            .filter(|known| known.everywhere.reference.sha256 != policy.everywhere.reference.sha256)
            .map(|known| (Some(known.everywhere.reference.version), Arc::clone(known))),
        None => None,
        Some(version) => {
            let content = book.find(version).map_err(countersign_governance::GovernanceError::from)?;
            let content = content.content.as_ref().map_err(|problem| {
                Problem::bad_request("this program cannot read the policy to compare with")
                    .part("against", problem.clone())
            })?;
            Some((Some(version), Arc::clone(content)))
        }
    };
    let question = Question {
        against,
        from: request.from,
        until: request.until,
        delivered_after: SignedDuration::from_mins(i64::from(request.delivered_after_minutes.unwrap_or(60))),
        confirmed_after: request
            .confirmed_after_hours
            .map(|hours| SignedDuration::from_hours(i64::from(hours))),
        default_zone: service.default_zone.clone(),
        as_if_live: request.as_if_live,
        ..Question::new(policy)
    };
    let job = service
        .simulations
        .ask(Arc::clone(&service.journal), Arc::clone(&service.publishers), question, now)
        .map_err(|busy| Problem::unavailable(busy.to_string()))?;
    let place = HeaderValue::try_from(format!("/api/v1/escalation/simulations/{}", job.id))
        .map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(job)).into_response())
}

/// Tells where a simulation stands, with its report once that is there.
#[utoipa::path(
    get, path = "/api/v1/escalation/simulations/{job}", tag = "escalation", operation_id = "show_simulation",
    params(("job" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "Where it stands", body = SimulateJob),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is none, or its result was let go", body = Problem)
    )
)]
pub(super) async fn show(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    Path(job): Path<String>,
) -> Result<Json<SimulateJob>, Problem> {
    scope::permit_everywhere(&actor, Act::Simulate)?;
    service.simulations.view(&job).map(Json).ok_or_else(missing)
}

/// Stops a simulation that waits or runs; lets the result of one that has ended go.
#[utoipa::path(
    delete, path = "/api/v1/escalation/simulations/{job}", tag = "escalation", operation_id = "cancel_simulation",
    params(("job" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "Stopped, or let go"),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is none", body = Problem)
    )
)]
pub(super) async fn cancel(
    State(service): State<Arc<Escalation>>,
    Caller(actor): Caller,
    Path(job): Path<String>,
) -> Result<StatusCode, Problem> {
    scope::permit_everywhere(&actor, Act::Simulate)?;
    if service.simulations.cancel(&job) { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

fn missing() -> Problem {
    Problem::not_found(
        "there is no such simulation here: results are kept by the process that was asked, the last few of them; \
         ask again, the answer is the same",
    )
}
