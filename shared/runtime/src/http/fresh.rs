//! Answers that are not older than what the caller has seen.

use std::{future::Future, time::Duration};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::Problem;

/// Longest wait for a read model to come that far.
const LIMIT: Duration = Duration::from_secs(5);

/// Header `Min-Position`: the journal position, told by an earlier answer, that this answer must include.
#[derive(Debug, Clone, Copy)]
pub struct MinPosition(Option<u64>);

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
    /// Waits, bounded. `reached` is told a position and the longest wait, and says whether it was reached;
    /// otherwise the caller is asked to try again.
    pub async fn reached<Wait>(self, reached: impl FnOnce(u64, Duration) -> Wait) -> Result<(), Problem>
    where
        Wait: Future<Output = bool>,
    {
        match self.0 {
            Some(position) if !reached(position, LIMIT).await => Err(Problem::unavailable(format!(
                "the read model has not come to position {position} yet; try again in a moment"
            ))),
            _ => Ok(()),
        }
    }
}
