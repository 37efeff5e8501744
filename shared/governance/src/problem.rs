//! What the API answers when a step is not taken.

use axum::http::StatusCode;
use countersign_eventsourcing::journal::JournalError;
use countersign_runtime::http::Problem;

use crate::{GovernanceError, Reason, Refusal};

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
            GovernanceError::Contended(_) | GovernanceError::Journal(JournalError::Unavailable(_)) => {
                tracing::warn!(%error, "a governed text was not changed");
                Self::unavailable("nothing can be changed now; try again in a moment, with the same key")
            }
            GovernanceError::Book(_) | GovernanceError::Journal(_) | GovernanceError::Encode(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, at) = match &refusal.reason {
            Reason::Unknown { .. } => (StatusCode::NOT_FOUND, None),
            Reason::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, Some("/why")),
            Reason::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, Some("/text")),
            Reason::InThePast { .. } => (StatusCode::UNPROCESSABLE_ENTITY, Some("/effective_from")),
            Reason::OwnDraft { .. } => (StatusCode::FORBIDDEN, None),
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
