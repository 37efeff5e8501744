//! Answers that are not older than what the caller has seen.

use std::time::Duration;

use axum::{extract::FromRequestParts, http::request::Parts};
use countersign_eventsourcing::{journal::Position, read_model::ReadModel};
use countersign_runtime::http::Problem;

/// Longest wait for the read model to get there.
const LIMIT: Duration = Duration::from_secs(5);

/// Header `Min-Position`: the journal position, returned by an earlier call, that the answer must include.
pub(super) struct MinPosition(Option<u64>);

impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get("min-position") else { return Ok(Self(None)) };
        let position = header.to_str().ok().and_then(|text| text.parse().ok());
        position.map(|position| Self(Some(position))).ok_or_else(|| {
            Problem::bad_request("the header Min-Position must be a journal position: a whole number")
        })
    }
}

impl MinPosition {
    /// Waits, bounded, until the model has come that far.
    pub(super) async fn await_in(&self, model: &ReadModel) -> Result<(), Problem> {
        match self.0 {
            Some(position) if !model.wait_for(Position(position), LIMIT).await => {
                Err(Problem::unavailable(format!(
                    "the read model is at position {}, not yet at {position}; try again in a moment",
                    model.position()
                )))
            }
            _ => Ok(()),
        }
    }
}
