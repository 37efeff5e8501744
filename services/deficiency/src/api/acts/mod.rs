//! What people decide about charts and their items.

pub(super) mod bulk;
pub(super) mod chart;
pub(super) mod item;
pub(super) mod list;

use axum::http::{HeaderMap, StatusCode, header};
use countersign_eventsourcing::journal::JournalError;
use countersign_kernel::EncounterId;
use countersign_runtime::http::Problem;

use crate::{consume::ChartError, domain::acts::command::Refusal, lifecycle::LifecycleError};

/// The revision of the chart that the caller has seen: header `If-Match`, a number with or without quotes.
fn seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::bad_request("the header If-Match must be the revision of the chart that an answer told")
            .part("If-Match", "a whole number")
    })
}

fn chart_id(text: &str) -> Result<EncounterId, Problem> {
    text.parse().map_err(|_| Problem::bad_request("the id of a chart is a UUID"))
}

impl From<LifecycleError> for Problem {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::NotPermitted(refusal) => refusal.into(),
            LifecycleError::Refused(refusal) => refusal.into(),
            LifecycleError::Word { field, .. } => Self::of(StatusCode::UNPROCESSABLE_ENTITY)
                .detail(error.to_string())
                .part(field, error.to_string()),
            LifecycleError::Chart(
                ChartError::Contended | ChartError::Journal(JournalError::Unavailable(_)),
            ) => {
                tracing::warn!(%error, "a decision was not recorded");
                Self::unavailable("the chart cannot be changed now; try again in a moment, with the same key")
            }
            LifecycleError::Chart(_) | LifecycleError::ReadModel(_) => Self::internal(&error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, kind) = match &refusal {
            Refusal::UnknownChart => (StatusCode::NOT_FOUND, "chart-unknown"),
            Refusal::UnknownItem => (StatusCode::NOT_FOUND, "item-unknown"),
            Refusal::UnknownAct => (StatusCode::NOT_FOUND, "decision-unknown"),
            Refusal::UnknownVersion { .. } => (StatusCode::NOT_FOUND, "rules-unknown"),
            Refusal::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, "no-reason"),
            Refusal::Missing { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "missing"),
            Refusal::BadTime { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "bad-time"),
            Refusal::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused"),
            Refusal::BeyondPolicy { .. } => (StatusCode::CONFLICT, "beyond-policy"),
            Refusal::NotOpen { .. } => (StatusCode::CONFLICT, "item-not-open"),
            Refusal::ChartLimit => (StatusCode::CONFLICT, "chart-limit"),
            Refusal::DisputeOpen { .. } => (StatusCode::CONFLICT, "dispute-open"),
            Refusal::NoDispute => (StatusCode::CONFLICT, "no-dispute"),
            Refusal::NotAQuery => (StatusCode::CONFLICT, "not-a-query"),
            Refusal::NotAHold => (StatusCode::CONFLICT, "not-a-hold"),
            Refusal::OwnHold => (StatusCode::FORBIDDEN, "hold-second-person"),
            Refusal::NotPermitted(_) => (StatusCode::FORBIDDEN, "not-permitted"),
            Refusal::Changed { .. } => (StatusCode::PRECONDITION_FAILED, "chart-moved"),
        };
        let problem = Self::new(status, kind, "The decision is refused").detail(refusal.to_string());
        match refusal {
            Refusal::Missing { field, .. } | Refusal::BadTime { field, .. } => {
                problem.part(format!("/decision/{field}"), refusal.to_string())
            }
            Refusal::NoReason => problem.part("/why", refusal.to_string()),
            Refusal::KeyReused => problem.part("Idempotency-Key", refusal.to_string()),
            _ => problem,
        }
    }
}
