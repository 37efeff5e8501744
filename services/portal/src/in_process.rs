//! The API of services that run in this process: called as a router, without a network.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use tower::ServiceExt;

use crate::api::{Answer, Api, ApiFuture, Call, Unreachable};

/// No list of the API comes near this size; an answer beyond it is a fault.
const LONGEST_ANSWER: usize = 64 << 20;

/// Asks the router of the services in this process.
#[derive(Debug, Clone)]
pub struct InProcess(Router);

impl InProcess {
    /// Asks this router: the one that serves `/api/v1/…`.
    pub const fn new(api: Router) -> Self {
        Self(api)
    }
}

impl Api for InProcess {
    fn call(&self, call: Call) -> ApiFuture<'_> {
        let router = self.0.clone();
        Box::pin(async move {
            let mut request = Request::builder().method(call.method).uri(call.path);
            if let Some(position) = call.min_position {
                request = request.header("min-position", position);
            }
            let request = request.body(Body::empty()).map_err(|error| Unreachable(error.to_string()))?;
            // a router never fails: what goes wrong is a status
            let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            let (parts, body) = response.into_parts();
            let body =
                to_bytes(body, LONGEST_ANSWER).await.map_err(|error| Unreachable(error.to_string()))?;
            Ok(Answer { status: parts.status, body })
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        http::{HeaderMap, Method, StatusCode},
        routing::get,
    };

    use super::*;

    async fn say(method: Method, headers: HeaderMap) -> (StatusCode, String) {
        (StatusCode::ACCEPTED, format!("{method} {:?} MARKER", headers.get("min-position")))
    }

    #[tokio::test]
    async fn status_body_and_the_wanted_position_go_through() {
        let api = InProcess::new(Router::new().route("/a", get(say).post(say)));
        let answer = api.call(Call::get("/a?b=c").not_before(Some(7))).await.expect("an answer");
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::ACCEPTED, &b"GET Some(\"7\") MARKER"[..]));
        let answer = api.call(Call::post("/a")).await.expect("an answer");
        assert_eq!(&answer.body[..], b"POST None MARKER");
        assert!(!format!("{answer:?}").contains("MARKER"), "bodies hold patient data");
        assert_eq!(api.call(Call::get("/b")).await.expect("an answer").status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_told() {
        assert!(InProcess::new(Router::new()).call(Call::get("not an address")).await.is_err());
    }
}
