//! Who may send a form: pages of this site only (cross-site request forgery).

use axum::http::{HeaderMap, HeaderName, header};

use crate::failure::Failure;

/// Lets a form pass when the browser says that a page of this very origin sent it. Browsers send
/// `Sec-Fetch-Site`, older ones `Origin`; what sends neither is no browser with a form.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match text(&HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => text(&header::ORIGIN)
            .and_then(|origin| origin.split_once("://"))
            .zip(text(&header::HOST))
            .is_some_and(|((_, authority), host)| authority.eq_ignore_ascii_case(host)),
    };
    if own { Ok(()) } else { Err(Failure::Foreign) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let map =
            headers.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().expect("value"))).collect();
        check(&map).is_ok()
    }

    #[test]
    fn only_a_page_of_this_origin_may_send_a_form() {
        let host = ("host", "localhost:8080");
        assert!(passes(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(passes(&[host, ("origin", "http://localhost:8080")]));
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://localhost:3000"),
            ("origin", "http://evil.example"),
            ("origin", "null"),
        ] {
            assert!(!passes(&[host, foreign]), "{foreign:?}");
        }
        assert!(!passes(&[host]), "neither header");
        assert!(!passes(&[]));
        assert!(
            !passes(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://localhost:8080")]),
            "the newer header counts"
        );
    }
}
