//! Who makes a request: somebody who must be known ([`Caller`]), somebody who may read unknown as long as
//! reading is open ([`Visitor`]), somebody who must be known once anybody is ([`Operator`]).

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use countersign_kernel::Actor;

use super::Problem;
use crate::{
    access::{Access, Stranger},
    authority::{About, Act, Reach, Refusal, permit, reach},
    config::Reading,
};

/// Lets these routes know people: without it, [`Caller`], [`Visitor`] and [`Operator`] refuse everybody. Where
/// only people with a token may read, no route answers anybody else.
pub fn with_access(routes: Router, access: Arc<Access>) -> Router {
    routes.route_layer(middleware::from_fn(known_only)).layer(Extension(access))
}

/// Where reading is not open, lets through who has a known token, whatever the route asks.
async fn known_only(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match Visitor::from_request_parts(&mut parts, &()).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

/// Somebody for whom this process vouches in place of a token: the command line at work on a data folder attaches it
/// to its requests. No request from outside can carry it.
#[derive(Debug, Clone)]
pub struct Vouched(pub Actor);

/// Somebody with a known token (`Authorization: Bearer …`). A handler that changes something takes it; who
/// has no token is refused before the handler runs.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if let Some(Vouched(actor)) = parts.extensions.get() {
            return Ok(Self(actor.clone()));
        }
        let access = known_people(parts)?;
        let token = bearer(&parts.headers)?;
        access.by_token(token).map(Self).map_err(refused)
    }
}

/// Somebody who reads: a person with a known token, or anybody while reading is open. A token that is not
/// known is refused even then: who shows one wants to be somebody.
#[derive(Debug, Clone)]
pub struct Visitor(pub Option<Actor>);

impl Visitor {
    /// Whether this may be read. Open reading is not asked for roles.
    ///
    /// # Errors
    /// The rule that refused, and who may.
    pub fn may(&self, act: impl Act, about: &About) -> Result<(), Refusal> {
        self.0.as_ref().map_or(Ok(()), |actor| permit(actor, act, about))
    }

    /// How far the reading goes: everywhere while it is open and nobody says who reads.
    ///
    /// # Errors
    /// The person may read nothing of the kind.
    pub fn reach(&self, act: impl Act) -> Result<Reach, Refusal> {
        self.0.as_ref().map_or_else(|| Ok(Reach::everything()), |actor| reach(actor, act))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let vouched = parts.extensions.get::<Vouched>().is_some();
        let open = !vouched && known_people(parts)?.reading() == Reading::Open;
        if open && !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        Caller::from_request_parts(parts, state).await.map(|Caller(actor)| Self(Some(actor)))
    }
}

/// Somebody who runs the installation: a person with a known token, or anybody on this machine as long as
/// nobody is registered. From the first person in the access file on, a token is needed.
#[derive(Debug, Clone)]
pub struct Operator(pub Option<Actor>);

impl Operator {
    /// Whether this may be done.
    ///
    /// # Errors
    /// The rule that refused, and who may.
    pub fn may(&self, act: impl Act) -> Result<(), Refusal> {
        self.0.as_ref().map_or(Ok(()), |actor| permit(actor, act, &About::everything()))
    }

    /// The name that goes on record; `otherwise` for somebody unknown.
    pub fn name<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.0.as_ref().map_or(otherwise, |actor| &actor.name)
    }
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(Vouched(actor)) = parts.extensions.get() {
            return Ok(Self(Some(actor.clone())));
        }
        let anybody = known_people(parts)?.knows_anybody();
        let anybody = anybody.map_err(|error| refused(Stranger::Access(error)))?;
        if !anybody && !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        Caller::from_request_parts(parts, state).await.map(|Caller(actor)| Self(Some(actor)))
    }
}

/// The people of these routes. Where nobody told of people: the same answer as without a file.
fn known_people(parts: &Parts) -> Result<Arc<Access>, Problem> {
    let access = parts.extensions.get::<Arc<Access>>();
    access.cloned().ok_or_else(|| unauthorized("nobody is known here, so nobody may do anything"))
}

fn refused(stranger: Stranger) -> Problem {
    match stranger {
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
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        return Err(unauthorized(
            "this request needs the header `Authorization: Bearer TOKEN`; an administrator makes a token with `countersign access add NAME --role him_manager` (roles: \
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
    use axum::{
        body::Body,
        http::Request,
        response::Response,
        routing::{get, post},
    };
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

    async fn reads(Visitor(who): Visitor) -> String {
        who.map_or_else(|| "somebody".to_owned(), |actor| actor.name)
    }

    async fn operates(operator: Operator) -> String {
        operator.name("somebody").to_owned()
    }

    async fn told(routes: &Router, path: &str, token: Option<&Token>) -> (StatusCode, String) {
        let request = Request::get(path);
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {}", token.reveal())),
            None => request,
        };
        let request = request.body(Body::empty()).expect("a request");
        let answer = routes.clone().oneshot(request).await.expect("an answer");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn reading(access: Access) -> Router {
        let routes = Router::new()
            .route("/read", get(reads))
            .route("/operate", get(operates))
            .route("/plain", get(async || "plain"));
        with_access(routes, Arc::new(access))
    }

    #[tokio::test]
    async fn open_reading_asks_nobody_but_takes_who_shows_a_token_at_the_word() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, token) = known(&folder);
        let routes = reading(Access::new(folder.path().join("access.toml")));
        assert_eq!(told(&routes, "/read", None).await, (StatusCode::OK, "somebody".to_owned()));
        assert_eq!(told(&routes, "/read", Some(&token)).await, (StatusCode::OK, "kim".to_owned()));
        let (_, unknown) = Person::new("lee", &[]).with_token().expect("random bytes");
        assert_eq!(told(&routes, "/read", Some(&unknown)).await.0, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn where_only_people_with_a_token_may_read_no_route_answers_anybody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, token) = known(&folder);
        let access = Access::new(folder.path().join("access.toml")).with_reading(Reading::SignedIn);
        let routes = reading(access);
        for path in ["/read", "/plain", "/operate"] {
            assert_eq!(told(&routes, path, None).await.0, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(told(&routes, path, Some(&token)).await.0, StatusCode::OK, "{path}");
        }
        assert_eq!(told(&routes, "/nowhere", None).await.0, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn an_operator_needs_a_token_from_the_first_registered_person_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let routes = reading(Access::new(folder.path().join("access.toml")));
        assert_eq!(told(&routes, "/operate", None).await, (StatusCode::OK, "somebody".to_owned()));
        let (_, token) = known(&folder);
        assert_eq!(told(&routes, "/operate", None).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(told(&routes, "/operate", Some(&token)).await, (StatusCode::OK, "kim".to_owned()));
        // a file that cannot be used lets nobody through, as if it were not there
        std::fs::write(folder.path().join("access.toml"), "person = 7").expect("written");
        assert_eq!(told(&routes, "/operate", None).await.0, StatusCode::SERVICE_UNAVAILABLE);
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
