//! While there is no sign-in, a browser on this machine must not become a way in for other sites.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Problem;
use crate::config::LoopbackAddr;

/// Refuses what another site may have a browser send:
/// - a `Host` other than this machine's own (DNS rebinding: a foreign name that was made to mean 127.0.0.1),
/// - a request that changes something and comes from a page of another origin.
pub(super) async fn only_this_machine(request: Request, next: Next) -> Response {
    match foreign(request.method(), request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn foreign(method: &Method, headers: &HeaderMap) -> Option<Problem> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(&header::HOST);
    // every browser sends Host; what sends none is no browser
    if host.is_some_and(|host| !is_local(host)) {
        return Some(Problem::of(StatusCode::MISDIRECTED_REQUEST).detail(
            "Only http://localhost, http://127.0.0.1 and http://[::1] are served until sign-in exists.",
        ));
    }
    if method.is_safe() {
        return None;
    }
    let cross_site = text(&HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let other_origin = text(&header::ORIGIN).is_some_and(|origin| {
        !origin
            .split_once("://")
            .is_some_and(|(_, authority)| host.is_some_and(|host| authority.eq_ignore_ascii_case(host)))
    });
    (cross_site || other_origin).then(|| {
        Problem::of(StatusCode::FORBIDDEN).detail("A page of another origin may not change anything here.")
    })
}

/// Whether a `Host` value (name or address, with or without port) means this machine.
fn is_local(host: &str) -> bool {
    // the address parser wants a port, the header may lack it
    host.parse::<LoopbackAddr>().is_ok() || format!("{host}:80").parse::<LoopbackAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, headers: &[(&'static str, &'static str)]) -> Option<u16> {
        let map =
            headers.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().expect("value"))).collect();
        foreign(method, &map).map(|problem| problem.status)
    }

    #[test]
    fn names_of_this_machine_are_served_and_no_others() {
        for host in ["localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:8080"] {
            assert_eq!(status(&Method::GET, &[("host", host)]), None, "{host}");
        }
        assert_eq!(status(&Method::GET, &[]), None);
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1:8080", ""] {
            assert_eq!(status(&Method::GET, &[("host", host)]), Some(421), "{host}");
        }
    }

    #[test]
    fn another_sites_page_may_not_change_anything() {
        let host = ("host", "localhost:8080");
        let changes = |headers: &[_]| status(&Method::POST, &[&[host], headers].concat());
        assert_eq!(changes(&[]), None, "a command-line client");
        assert_eq!(changes(&[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8080")]), None);
        assert_eq!(changes(&[("sec-fetch-site", "cross-site")]), Some(403));
        assert_eq!(changes(&[("sec-fetch-site", "same-site")]), Some(403), "another port of this machine");
        assert_eq!(changes(&[("origin", "http://evil.example")]), Some(403));
        assert_eq!(changes(&[("origin", "http://localhost:3000")]), Some(403));
        assert_eq!(changes(&[("origin", "null")]), Some(403));
        // a link from elsewhere may be followed
        assert_eq!(status(&Method::GET, &[host, ("sec-fetch-site", "cross-site")]), None);
    }
}
