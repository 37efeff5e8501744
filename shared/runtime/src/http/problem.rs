//! Errors of the API: problem details (RFC 9457).

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_eventsourcing::service::ServiceError;
use serde::{Deserialize, Serialize};

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem detail (RFC 9457, section 3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// What kind of problem it is: `about:blank` when the status says it all, else `/problems/<kind>`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    pub kind: Cow<'static, str>,
    /// The kind in words, the same each time.
    #[schema(value_type = String, example = "Not Found")]
    pub title: Cow<'static, str>,
    /// The HTTP status code.
    #[schema(example = 404)]
    pub status: u16,
    /// What is wrong this time and what can be done about it. Holds no patient data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// This occurrence, e.g. `urn:uuid:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Single faults of a request, when there are several or they belong to a part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemPart>,
}

/// One fault in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemPart {
    /// The parameter (`status`), header, or JSON pointer (`/rules/0/id`) that it is about.
    pub at: String,
    /// What is wrong with it and what is allowed.
    pub detail: String,
}

impl Problem {
    /// A problem that the status describes well enough (`about:blank`).
    pub fn of(status: StatusCode) -> Self {
        Self {
            kind: Cow::Borrowed("about:blank"),
            title: Cow::Borrowed(status.canonical_reason().unwrap_or("Error")),
            status: status.as_u16(),
            detail: None,
            instance: None,
            errors: Vec::new(),
        }
    }

    /// A problem with a kind of its own: `kind` is one word with hyphens, `title` says the same in words.
    pub fn new(status: StatusCode, kind: &str, title: &'static str) -> Self {
        Self {
            kind: Cow::Owned(format!("/problems/{kind}")),
            title: Cow::Borrowed(title),
            ..Self::of(status)
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST).detail(detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND).detail(detail)
    }

    /// 409: it contradicts the present state.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT).detail(detail)
    }

    /// 503: not now; try again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE).detail(detail)
    }

    /// 500: a fault of ours. The error goes to the log, the caller learns nothing of it. The error must
    /// print without patient data, as every error that reaches a log.
    pub fn internal(error: &(impl std::fmt::Display + ?Sized)) -> Self {
        tracing::error!(%error, "request failed");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
            .detail("This is a fault in Countersign. The log of the server says more.")
    }

    /// Adds what is wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Names this occurrence.
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Adds one fault in the request.
    #[must_use]
    pub fn part(mut self, at: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(ProblemPart { at: at.into(), detail: detail.into() });
        self
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        if error.is_passing() {
            tracing::warn!(%error, "a request was not answered");
            return Self::unavailable("not now; try again in a moment, with the same key");
        }
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1: a 401 says how to sign in.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_written_as_the_rfc_names_its_members() {
        let problem = Problem::new(StatusCode::CONFLICT, "chart-moved", "The chart has changed")
            .detail("revision 7, not 5")
            .instance("urn:uuid:0191")
            .part("revision", "must be 7");
        assert_eq!(
            serde_json::to_value(&problem).expect("json"),
            serde_json::json!({
                "type": "/problems/chart-moved", "title": "The chart has changed", "status": 409,
                "detail": "revision 7, not 5", "instance": "urn:uuid:0191",
                "errors": [{"at": "revision", "detail": "must be 7"}],
            })
        );
        assert_eq!(
            serde_json::to_value(Problem::of(StatusCode::NOT_FOUND)).expect("json"),
            serde_json::json!({"type": "about:blank", "title": "Not Found", "status": 404})
        );
    }
}
