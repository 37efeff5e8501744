//! Who looks at the pages: the access token in a cookie, until single sign-on exists.
//!
//! The cookie is for this site's own requests only (`SameSite=Strict`), no script can read it (`HttpOnly`), and
//! it goes when the browser closes. Whom the token belongs to is the API's to say.

use std::future::Future;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};
use countersign_contracts::api::{CallerView, people::IdentifierView};
use countersign_kernel::Role;

use crate::{api::Bearer, ask, pages::Portal};

/// Name of the cookie.
const COOKIE: &str = "countersign_access";

/// Somebody who looks at a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    /// What the browser keeps.
    pub(crate) bearer: Option<Bearer>,
    /// Whom the API takes it for; nothing = nobody is signed in.
    pub(crate) who: Option<CallerView>,
    /// The address that is looked at; nothing for a form.
    pub(crate) page: Option<String>,
}

tokio::task_local! {
    static PRESENT: Visitor;
}

/// The visitor of the request that is being answered; nobody outside of one. It is task-local because every
/// page, and every page that says what went wrong, names the visitor and asks in the visitor's name.
pub(crate) fn present() -> Visitor {
    PRESENT.try_with(Clone::clone).unwrap_or_default()
}

/// Does something in this visitor's name.
pub(crate) async fn as_visitor<T>(visitor: Visitor, work: impl Future<Output = T>) -> T {
    PRESENT.scope(visitor, work).await
}

/// Finds out who asks, before any page is made.
pub(crate) async fn recognise(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    // files are the same for everybody
    let bearer = bearer(request.headers()).filter(|_| !request.uri().path().starts_with("/static/"));
    let page = (request.method() == Method::GET)
        .then(|| request.uri().path_and_query().map(ToString::to_string))
        .flatten();
    let visitor = Visitor { bearer, who: None, page };
    if visitor.bearer.is_none() {
        return as_visitor(visitor, next.run(request)).await;
    }
    // Who cannot be recognised is a guest. A guest reads as guests do, without the token that nobody knows; what
    // guests may not do, the API refuses, and says why.
    let who = as_visitor(visitor.clone(), ask::me(portal.api.as_ref())).await.ok();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let bearer = visitor.bearer.filter(|_| who.is_some() || !reads);
    as_visitor(Visitor { bearer, who, page: visitor.page }, next.run(request)).await
}

fn bearer(headers: &HeaderMap) -> Option<Bearer> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| Bearer::new(value))
}

/// `Set-Cookie` that keeps this token until the browser closes. Only tokens that [`Bearer`] takes are kept:
/// they hold nothing that a cookie cannot.
pub(crate) fn keep(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict")
}

/// `Set-Cookie` that forgets it.
pub(crate) fn forget() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

impl Visitor {
    /// Whether the visitor has one of these roles.
    pub(crate) fn has_any(&self, roles: &[Role]) -> bool {
        self.who.as_ref().is_some_and(|who| who.roles.iter().any(|role| roles.contains(role)))
    }

    /// The visitor's own identifier, for physicians.
    pub(crate) fn own_list(&self) -> Option<&str> {
        let who = self.who.as_ref()?;
        who.provider.as_ref().map(|provider| provider.id.as_str())
    }

    /// Whether the visitor only has to do with the own items, or those of named physicians.
    pub(crate) fn only_own(&self) -> bool {
        let own =
            |who: &CallerView| who.roles.iter().all(|role| matches!(role, Role::Physician | Role::Delegate));
        self.who.as_ref().is_some_and(own)
    }

    /// Whether this provider's items are the visitor's own, or looked after by the visitor. The API decides by
    /// the directory; this only says which forms to offer.
    pub(crate) fn looks_after(&self, responsible: Option<&str>) -> bool {
        responsible.is_some_and(|responsible| self.looked_after(responsible).is_some())
    }

    /// The provider with this identifier, when it is the visitor or is looked after by the visitor.
    pub(crate) fn looked_after(&self, id: &str) -> Option<&IdentifierView> {
        let who = self.who.as_ref()?;
        who.provider.iter().chain(&who.for_providers).find(|provider| provider.id == id)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn found(cookie: &'static str) -> Option<Bearer> {
        bearer(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]))
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        assert_eq!(found("a=b; countersign_access=cst_1; c=d"), Bearer::new("cst_1"));
        assert_eq!(found("xcountersign_access=cst_1"), None);
        assert_eq!(found("countersign_access="), None);
    }

    #[test]
    fn no_script_and_no_other_site_gets_the_cookie_and_it_does_not_outlive_the_browser() {
        let kept = keep("cst_1");
        assert_eq!(kept, "countersign_access=cst_1; Path=/; HttpOnly; SameSite=Strict");
        assert!(forget().contains("Max-Age=0"));
    }
}
