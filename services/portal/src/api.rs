//! The port through which pages ask services: the public API and nothing else.

use std::{fmt, pin::Pin};

use axum::{
    body::Bytes,
    http::{Method, StatusCode},
};

/// One call of the public API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` asks, `POST` (without a body) does something.
    pub method: Method,
    /// Path and query, percent-encoded, e.g. `/api/v1/deficiencies?status=open`. Never holds patient data.
    pub path: String,
    /// Journal position that the answer must include; sent as the header `Min-Position`.
    pub min_position: Option<u64>,
}

impl Call {
    /// A `GET` of this path.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), min_position: None }
    }

    /// A `POST` to this path, without a body.
    pub fn post(path: impl Into<String>) -> Self {
        Self { method: Method::POST, path: path.into(), min_position: None }
    }

    /// The same call, for an answer that is not older than this journal position.
    #[must_use]
    pub fn not_before(mut self, position: Option<u64>) -> Self {
        self.min_position = position;
        self
    }
}

/// What came back: a status and a body that is JSON in each case, a problem detail (RFC 9457) for errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body. May hold patient data.
    pub body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish()
    }
}

/// No answer came at all.
#[derive(Debug, thiserror::Error)]
#[error("the services do not answer: {0}")]
pub struct Unreachable(pub String);

/// What [`Api::call`] returns.
pub type ApiFuture<'a> = Pin<Box<dyn Future<Output = Result<Answer, Unreachable>> + Send + 'a>>;

/// The public API, wherever it runs: in this process or in another.
pub trait Api: Send + Sync + 'static {
    /// Makes one call. Any status is an answer; [`Unreachable`] is for when there is none. Calls may be made
    /// at the same time; a call that is dropped may have taken effect or not.
    fn call(&self, call: Call) -> ApiFuture<'_>;
}
