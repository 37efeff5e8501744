//! Who makes a request.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use countersign_kernel::Actor;

use super::Problem;
use crate::access::{Access, Stranger};

/// Lets these routes know people: without it, [`Caller`] refuses everybody.
pub fn with_access(routes: Router, access: Arc<Access>) -> Router {
    routes.layer(Extension(access))
}

/// Somebody with a known token (`Authorization: Bearer …`). A handler that changes something takes it; who
/// has no token is refused before the handler runs.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Routes that nobody told of people: the same answer as without a file.
        let access = parts.extensions.get::<Arc<Access>>();
        let access =
            access.ok_or_else(|| unauthorized("nobody is known here, so nobody may change anything"))?;
        let token = bearer(&parts.headers)?;
        access.by_token(token).map(Self).map_err(|stranger| match stranger {
            Stranger::Disabled(_) => {
                Problem::new(StatusCode::FORBIDDEN, "access-disabled", "Access is switched off")
                    .detail(stranger.to_string())
            }
            Stranger::Access(error @ crate::access::AccessError::NoFile(_)) => unauthorized(error.to_string()),
            Stranger::Access(error) => {
                tracing::error!(%error, "nobody is let through");
                Problem::unavailable(
                    "the access file cannot be used, so nobody may change anything; the server's log says why",
                )
            }
            Stranger::UnknownToken | Stranger::UnknownName(_) => unauthorized(stranger.to_string()),
        })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        return Err(unauthorized(
            "a request that changes something needs the header `Authorization: Bearer TOKEN`; an \
             administrator makes a token with `countersign access add NAME --role him_manager` (roles: \
             `countersign access add --help`)",
        ));
    };
    let words = header.to_str().ok().and_then(|text| text.split_once(' '));
    match words {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim())
        }
        _ => Err(unauthorized("the header Authorization must be `Bearer TOKEN`")),
    }
}

fn unauthorized(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "token-needed", "A known token is needed").detail(detail)
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request, response::Response, routing::post};
    use countersign_kernel::Role;
    use tower::ServiceExt;

    use super::*;
    use crate::access::{self, Person, Token};

    async fn whoami(Caller(actor): Caller) -> String {
        actor.name
    }

    async fn ask(routes: Router, authorization: Option<&str>) -> Response {
        let request = Request::post("/");
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        routes.oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
    }

    fn known(folder: &tempfile::TempDir) -> (Arc<Access>, Token) {
        let path = folder.path().join("access.toml");
        let (kim, token) = Person::new("kim", &[Role::HimAnalyst]).with_token().expect("random bytes");
        access::update(&path, |people| people.add(kim)).expect("added");
        (Arc::new(Access::new(path)), token)
    }

    #[tokio::test]
    async fn who_has_no_known_token_is_refused_before_anything_happens() {
        let folder = tempfile::tempdir().expect("a folder");
        let (access, token) = known(&folder);
        let routes = with_access(Router::new().route("/", post(whoami)), access);
        for wrong in [None, Some("Bearer nonsense"), Some("Basic a2ltOg=="), Some("Bearer"), Some("Bearer  ")]
        {
            let answer = ask(routes.clone(), wrong).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{wrong:?}");
        }
        let right = format!("bearer {}", token.reveal());
        assert_eq!(ask(routes, Some(&right)).await.status(), StatusCode::OK);
        // and where nobody was told of people, nobody is let through
        let bare = Router::new().route("/", post(whoami));
        assert_eq!(ask(bare, Some(&right)).await.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_lets_nobody_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let (access, token) = known(&folder);
        let routes = with_access(Router::new().route("/", post(whoami)), access);
        let right = format!("Bearer {}", token.reveal());
        assert_eq!(ask(routes.clone(), Some(&right)).await.status(), StatusCode::OK);
        std::fs::write(folder.path().join("access.toml"), "person = 7").expect("written");
        assert_eq!(ask(routes, Some(&right)).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
