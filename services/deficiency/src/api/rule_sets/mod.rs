//! `/api/v1/rule-sets`: rules as governed data.

pub(super) mod apply;
pub(super) mod check;
pub(super) mod diff;
pub(super) mod draft;
pub(super) mod lint;
pub(super) mod list;
pub(super) mod publish;
pub(super) mod show;
pub(super) mod withdraw;

use axum::{extract::Path, http::StatusCode};
use countersign_eventsourcing::journal::JournalError;
use countersign_runtime::http::Problem;

use super::body;
use crate::{domain::rulebook::RulesRefusal, governance::GovernanceError};

/// The version in an address.
fn version(Path(text): Path<String>) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::bad_request("the version of a rule set is a whole number from 1"))
}

impl From<GovernanceError> for Problem {
    fn from(error: GovernanceError) -> Self {
        match error {
            GovernanceError::NotPermitted(refusal) => refusal.into(),
            GovernanceError::Refused(refusal) => refusal.into(),
            GovernanceError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The key was used for another request",
            )
            .detail(error.to_string())
            .part("Idempotency-Key", "used for another request"),
            GovernanceError::Contended | GovernanceError::Journal(JournalError::Unavailable(_)) => {
                tracing::warn!(%error, "a rule set was not changed");
                Self::unavailable(
                    "the rule sets cannot be changed now; try again in a moment, with the same key",
                )
            }
            GovernanceError::Book(_) | GovernanceError::Journal(_) | GovernanceError::Encode(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<RulesRefusal> for Problem {
    fn from(refusal: RulesRefusal) -> Self {
        let (status, at) = match &refusal {
            RulesRefusal::Unknown { .. } => (StatusCode::NOT_FOUND, None),
            RulesRefusal::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, Some("/why")),
            RulesRefusal::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, Some("/text")),
            RulesRefusal::InThePast { .. } => (StatusCode::UNPROCESSABLE_ENTITY, Some("/effective_from")),
            RulesRefusal::OwnDraft { .. } => (StatusCode::FORBIDDEN, None),
            _ => (StatusCode::CONFLICT, None),
        };
        // `rules/second-person` becomes `/problems/rules-second-person`
        let kind = refusal.name().replace('/', "-");
        let problem = Self::new(status, &kind, "The rules of governance refuse it")
            .detail(format!("{refusal} (rule {})", refusal.name()));
        match at {
            Some(at) => problem.part(at, refusal.to_string()),
            None => problem,
        }
    }
}
