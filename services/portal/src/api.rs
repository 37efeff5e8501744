//! The port through which pages ask services: the public API and nothing else.

use std::{fmt, pin::Pin};

use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};

/// Somebody's access token. Prints as `‹token›`, so that no log can carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(HeaderValue);

impl Bearer {
    /// The token as people type it; nothing for what cannot be one.
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        let fits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| fits)?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹token›")
    }
}

/// One call of the public API.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` asks, `POST` does something, `DELETE` lets something go.
    pub method: Method,
    /// Path and query, percent-encoded, e.g. `/api/v1/deficiencies?status=open`. Never holds patient data.
    pub path: String,
    /// Journal position that the answer must include; sent as the header `Min-Position`.
    pub min_position: Option<u64>,
    /// For whom; sent as the header `Authorization`.
    pub bearer: Option<Bearer>,
    /// Under which key something is done once; sent as the header `Idempotency-Key`.
    pub key: Option<String>,
    /// Revision of the chart that the reader has seen, where nobody may have been quicker; sent as `If-Match`.
    pub seen: Option<u64>,
    /// JSON. What people write may hold anything, so it never prints.
    pub body: Option<Bytes>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("min_position", &self.min_position)
            .field("bearer", &self.bearer)
            .field("key", &self.key)
            .field("seen", &self.seen)
            .field("bytes", &self.body.as_ref().map_or(0, Bytes::len))
            .finish()
    }
}

impl Call {
    fn new(method: Method, path: String) -> Self {
        Self { method, path, min_position: None, bearer: None, key: None, seen: None, body: None }
    }

    /// A `GET` of this path.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into())
    }

    /// A `POST` to this path, without a body.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path.into())
    }

    /// A `DELETE` of this path.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path.into())
    }

    /// The same call, for an answer that is not older than this journal position.
    #[must_use]
    pub fn not_before(mut self, position: Option<u64>) -> Self {
        self.min_position = position;
        self
    }

    /// The same call, by this person.
    #[must_use]
    pub fn by(mut self, bearer: Option<Bearer>) -> Self {
        self.bearer = bearer;
        self
    }

    /// The headers that carry the call's parts.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::new();
        if let Some(position) = self.min_position {
            headers.push((HeaderName::from_static("min-position"), position.into()));
        }
        if let Some(Bearer(value)) = &self.bearer {
            headers.push((header::AUTHORIZATION, value.clone()));
        }
        if let Some(key) = self.key.as_ref().and_then(|key| HeaderValue::from_str(key).ok()) {
            headers.push((HeaderName::from_static("idempotency-key"), key));
        }
        if let Some(revision) = self.seen {
            headers.push((header::IF_MATCH, revision.into()));
        }
        headers
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_what_people_write_never_print() {
        let mut call = Call::post("/x").by(Bearer::new(" cst_MARKER "));
        call.body = Some(Bytes::from_static(b"MARKER"));
        assert!(!format!("{call:?}").contains("MARKER"));
        let headers = call.headers();
        assert_eq!(headers[0].1, "Bearer cst_MARKER");
        assert!(!format!("{headers:?}").contains("MARKER"));
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        for text in ["", "  ", "two words", "a\nb", "naïve"] {
            assert_eq!(Bearer::new(text), None, "{text:?}");
        }
    }
}
