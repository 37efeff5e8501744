//! `/sign-in` and `/sign-out`: an access token in a cookie, until single sign-on exists.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::CallerView;
use serde::Deserialize;

use super::{Portal, form::Entered, worklist};
use crate::{
    api::Bearer,
    ask,
    failure::Failure,
    same_origin,
    show::{Layout, Section, html, words},
    visitor::{self, Visitor},
};

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Then {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    layout: Layout,
    next: String,
    /// Why the token was not taken.
    refusal: Option<String>,
    /// Roles of the visitor, who is signed in already.
    roles: String,
}

impl SignInPage {
    fn new(next: Option<String>, refusal: Option<String>) -> Self {
        let roles = visitor::present().who.map(|who| roles(&who)).unwrap_or_default();
        let layout = Layout::new("Sign in", Section::None);
        Self { layout, next: next.unwrap_or_default(), refusal, roles }
    }
}

fn roles(who: &CallerView) -> String {
    who.roles.iter().map(|role| words(role.name())).collect::<Vec<_>>().join(", ")
}

pub(super) async fn handle(query: Result<Query<Then>, QueryRejection>) -> Result<Response, Failure> {
    let Query(then) = query.map_err(|_| Failure::Invalid(None))?;
    html(&SignInPage::new(then.next.filter(|next| is_here(next)), None))
}

/// `POST /sign-in`: keeps the token if the API knows it, and goes on.
pub(super) async fn enter(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let entered = Entered::read(&body);
    let next = entered.get("next").filter(|next| is_here(next)).map(str::to_owned);
    let refused = |said: String| -> Result<Response, Failure> {
        let page = html(&SignInPage::new(next.clone(), Some(said)))?;
        Ok((StatusCode::UNAUTHORIZED, page).into_response())
    };
    let token = entered.get("token").unwrap_or_default();
    let Some(bearer) = Bearer::new(token) else {
        return refused("That is no access token: one begins with cst_ and has no spaces.".to_owned());
    };
    let guest = Visitor { bearer: Some(bearer), ..Visitor::default() };
    let who = match visitor::as_visitor(guest.clone(), ask::me(portal.api.as_ref())).await {
        Ok(who) => who,
        Err(Failure::Stranger(said) | Failure::Refused(_, said)) => {
            return refused(said.unwrap_or_else(|| "Nobody has this token.".to_owned()));
        }
        Err(failure) => return Err(failure),
    };
    let visitor = Visitor { who: Some(who), ..guest };
    let next =
        next.unwrap_or_else(|| visitor.own_list().map_or_else(|| "/".to_owned(), worklist::of_provider));
    Ok(([(header::SET_COOKIE, visitor::keep(token))], Redirect::to(&next)).into_response())
}

/// `POST /sign-out`: forgets the token.
pub(super) async fn leave(headers: HeaderMap) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    Ok(([(header::SET_COOKIE, visitor::forget())], Redirect::to("/sign-in")).into_response())
}

/// The address of signing in and coming back to this page.
pub(crate) fn and_back_to(path: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", path);
    format!("/sign-in?{}", query.finish())
}

/// Whether this is the address of a page of this site, and of no other.
pub(super) fn is_here(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert!(is_here("/deficiencies/1?a=b"));
        for other in
            ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "", "/a\r\nb: c"]
        {
            assert!(!is_here(other), "{other:?}");
        }
    }
}
