//! The API of services that run in this process: called as a router, without a network.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
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
            let headers = call.headers();
            let mut request = Request::builder().method(call.method).uri(call.path);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let body = match call.body {
                Some(body) => {
                    request = request.header(header::CONTENT_TYPE, "application/json");
                    Body::from(body)
                }
                None => Body::empty(),
            };
            let request = request.body(body).map_err(|error| Unreachable(error.to_string()))?;
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
        routing::{get, post},
    };

    use super::*;
    use crate::api::Bearer;

    async fn say(method: Method, headers: HeaderMap, body: String) -> (StatusCode, String) {
        let told = ["min-position", "authorization", "idempotency-key", "if-match", "content-type"]
            .map(|name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-"))
            .join(" ");
        (StatusCode::ACCEPTED, format!("{method} {told} {body}MARKER"))
    }

    #[tokio::test]
    async fn status_body_and_the_wanted_position_go_through() {
        let api = InProcess::new(Router::new().route("/a", get(say).post(say)));
        let answer = api.call(Call::get("/a?b=c").not_before(Some(7))).await.expect("an answer");
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::ACCEPTED, &b"GET 7 - - - - MARKER"[..]));
        let answer = api.call(Call::post("/a")).await.expect("an answer");
        assert_eq!(&answer.body[..], b"POST - - - - - MARKER");
        assert!(!format!("{answer:?}").contains("MARKER"), "bodies hold patient data");
        assert_eq!(api.call(Call::get("/b")).await.expect("an answer").status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn who_acts_under_which_key_and_what_go_through() {
        let api = InProcess::new(Router::new().route("/a", post(say)));
        let mut call = Call::post("/a").by(Bearer::new("cst_1"));
        (call.key, call.seen, call.body) = (Some("k1".to_owned()), Some(4), Some("{}".into()));
        let answer = api.call(call).await.expect("an answer");
        assert_eq!(&answer.body[..], b"POST - Bearer cst_1 k1 4 application/json {}MARKER");
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_told() {
        assert!(InProcess::new(Router::new()).call(Call::get("not an address")).await.is_err());
    }
}
