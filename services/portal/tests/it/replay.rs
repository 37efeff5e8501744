//! Trying a message again.

use axum::http::{Method, StatusCode};

use crate::{
    hospital::Hospital,
    site::{Site, noon},
};

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

fn path(site: &Site) -> String {
    format!("/quarantine/{}", site.hospital.quarantine[0]["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_message_that_can_be_read_now_leaves_the_quarantine() {
    let site = Site::of(Hospital { replay_releases: true, ..Hospital::busy(noon()) });
    let page = path(&site);
    let seen = site.send(Method::POST, &format!("{page}/replay"), &[OWN]).await;
    assert_eq!(
        (seen.status, seen.header("location")),
        (StatusCode::SEE_OTHER, "/quarantine?released=yes&position=77")
    );
    assert!(site.hospital.calls().contains(&format!("POST /api/v1{page}/replay")));
    assert!(site.get("/quarantine?released=yes&position=77").await.text.contains("has left the quarantine"));
}

#[tokio::test]
async fn a_message_that_still_cannot_be_read_stays_and_says_so() {
    let site = Site::busy();
    let page = path(&site);
    let seen = site.send(Method::POST, &format!("{page}/replay"), &[OWN]).await;
    assert_eq!(seen.header("location"), format!("{page}?kept=yes&position=77"));
    assert!(site.get(seen.header("location")).await.text.contains("still cannot be used"));
}

#[tokio::test]
async fn the_page_after_it_is_not_older_than_what_was_done() {
    let site = Site::busy();
    site.get("/quarantine?released=yes&position=77").await;
    let positions = site.hospital.positions();
    assert_eq!(positions, [Some(77)]);
}

#[tokio::test]
async fn another_sites_form_does_nothing() {
    let site = Site::busy();
    let page = path(&site);
    for foreign in [&[("sec-fetch-site", "cross-site")][..], &[("host", "a"), ("origin", "http://b")], &[]] {
        let seen = site.send(Method::POST, &format!("{page}/replay"), foreign).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN);
        assert!(seen.text.contains("This was not sent from here"));
    }
    assert_eq!(site.hospital.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_link_cannot_do_it() {
    let site = Site::busy();
    let page = path(&site);
    assert_eq!(site.get(&format!("{page}/replay")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.hospital.calls(), Vec::<String>::new());
}
