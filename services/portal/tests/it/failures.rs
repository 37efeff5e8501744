//! What readers see when something is wrong.

use axum::http::{Method, StatusCode};

use crate::{
    hospital::Hospital,
    site::{Site, noon},
};

/// The heading of the page for a status.
fn is_page(seen: &crate::site::Seen, status: StatusCode, heading: &str) {
    assert_eq!(seen.status, status);
    assert!(seen.text.contains(&format!("<h1>{heading}</h1>")), "{heading}");
    assert!(seen.text.contains("What you can do") && seen.text.contains("aria-label=\"Main\""));
    assert!(seen.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn what_is_not_there_has_a_page_that_says_so() {
    let site = Site::busy();
    for path in [
        "/nowhere",
        "/deficiencies/1",
        "/deficiencies/0191e7f2-0000-7000-8000-000000000000",
        "/charts/..%2F..%2Fproviders",
        "/charts/0191e7f2-0000-7000-8000-000000000000",
        "/quarantine/x",
    ] {
        is_page(&site.get(path).await, StatusCode::NOT_FOUND, "There is nothing here");
    }
}

#[tokio::test]
async fn an_id_that_is_none_never_reaches_the_api() {
    let site = Site::busy();
    site.get("/deficiencies/..%2Fproviders").await;
    site.get("/charts/%3Flimit=1").await;
    site.get("/quarantine/a%2Fb").await;
    assert_eq!(site.hospital.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn services_that_are_down_or_behind_are_told_apart_from_faults() {
    let down = Site::of(Hospital { down: true, ..Hospital::busy(noon()) });
    let behind = Site::of(Hospital {
        failing: Some(("/api", StatusCode::SERVICE_UNAVAILABLE)),
        ..Hospital::busy(noon())
    });
    let broken = Site::of(Hospital {
        failing: Some(("/api", StatusCode::INTERNAL_SERVER_ERROR)),
        ..Hospital::busy(noon())
    });
    for path in Site::busy().every_page() {
        let seen = down.get(&path).await;
        is_page(&seen, StatusCode::SERVICE_UNAVAILABLE, "Countersign is catching up");
        assert_eq!(seen.header("retry-after"), "5");
        is_page(&behind.get(&path).await, StatusCode::SERVICE_UNAVAILABLE, "Countersign is catching up");
        is_page(&broken.get(&path).await, StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here");
    }
}

#[tokio::test]
async fn the_services_own_words_are_shown_as_text() {
    let behind = Site::of(Hospital {
        failing: Some(("/api", StatusCode::SERVICE_UNAVAILABLE)),
        ..Hospital::busy(noon())
    });
    let seen = behind.get("/").await;
    assert!(seen.text.contains("said") && !seen.text.contains("<b>said"));
}

#[tokio::test]
async fn one_service_that_is_down_does_not_take_the_others_pages_with_it() {
    let site = Site::of(Hospital {
        failing: Some(("/api/v1/feeds", StatusCode::SERVICE_UNAVAILABLE)),
        ..Hospital::busy(noon())
    });
    assert_eq!(site.get("/").await.status, StatusCode::OK);
    assert_eq!(site.get("/feeds").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_choice_that_cannot_be_understood_is_named() {
    let seen = Site::busy().get("/?status=nonsense").await;
    is_page(&seen, StatusCode::BAD_REQUEST, "This request cannot be understood");
    assert!(seen.text.contains("status: is none"));
    let seen = Site::busy().get("/?skipped=many").await;
    is_page(&seen, StatusCode::BAD_REQUEST, "This request cannot be understood");
    // and as many as can be written is no fault, whatever page that may be
    let most = format!("/?cursor=3&skipped={}", u64::MAX);
    assert_eq!(Site::busy().get(&most).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_cannot_be_changed_by_post() {
    let seen = Site::busy().send(Method::POST, "/", &[]).await;
    is_page(&seen, StatusCode::METHOD_NOT_ALLOWED, "This address cannot do that");
}
