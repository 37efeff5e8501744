//! What a request says, in its body and in its query, or a problem that tells what is wrong with it.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::Problem;

/// The JSON that was sent. Stands last among what a handler takes: who may not ask at all is refused first.
/// What cannot be read as `T` is a bad request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(sent)) => Ok(Self(sent)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// What the query of the address asks for. What cannot be read as `T` is a bad request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        days: u32,
    }

    fn request(address: &str, body: &str) -> Request {
        let request = Request::post(address).header("content-type", "application/json");
        request.body(Body::from(body.to_owned())).expect("a request")
    }

    #[tokio::test]
    async fn what_is_said_is_read_or_refused_in_words() {
        let sent = |body: &'static str| Sent::<Wish>::from_request(request("/", body), &());
        assert_eq!(sent("{\"days\":7}").await, Ok(Sent(Wish { days: 7 })));
        for wrong in ["", "{", "{\"days\":-1}", "{\"days\":7,\"weeks\":1}"] {
            let problem = sent(wrong).await.expect_err("refused");
            assert_eq!(problem.status, 400, "{wrong}");
            assert!(problem.detail.is_some_and(|detail| !detail.is_empty()), "{wrong}");
        }
        let asked = async |address: &str| {
            let (mut parts, _) = request(address, "").into_parts();
            Asked::<Wish>::from_request_parts(&mut parts, &()).await
        };
        assert_eq!(asked("/?days=7").await, Ok(Asked(Wish { days: 7 })));
        for wrong in ["/", "/?days=many", "/?days=7&weeks=1"] {
            assert_eq!(asked(wrong).await.expect_err("refused").status, 400, "{wrong}");
        }
    }
}
