//! Rules and people.

use axum::http::StatusCode;

use crate::{
    hospital::{PROVIDERS, person},
    site::{Site, noon},
};

#[tokio::test]
async fn the_rules_say_what_is_in_force_since_when_and_who_decided_that() {
    let page = Site::busy().get("/rules").await;
    for text in [
        "the beginning",
        "<span class=\"chip satisfied\">Now</span>",
        "Summaries in five days",
        "Drafted by kim",
        "Published by lee",
        "as agreed",
        "href=\"/rules/2/changes\"",
        "countersign rules --help",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(!page.text.contains("href=\"/rules/1/changes\""), "the first one is based on none");
}

#[tokio::test]
async fn a_version_tells_its_rules_and_shows_its_file_as_text() {
    let page = Site::busy().get("/rules/2").await;
    assert!(page.text.contains("Discharge summary present") && page.text.contains("unverified"));
    assert!(page.text.contains("&#60;not markup&#62;"));
    for nowhere in ["/rules/9", "/rules/x", "/rules/-1", "/rules/9/changes"] {
        assert_eq!(Site::busy().get(nowhere).await.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[tokio::test]
async fn what_differs_is_told_in_words() {
    let site = Site::busy();
    let page = site.get("/rules/2/changes").await;
    assert!(page.text.contains("Due after 5 days, not after 7 days"));
    assert!(page.text.contains("<option value=\"1\" selected>"));
    assert!(site.get("/rules/2/changes?against=2").await.text.contains("Nothing differs"));
    assert_eq!(site.get("/rules/2/changes?against=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn people_are_found_and_told_with_identifiers_departments_and_leave() {
    let site = Site::busy();
    let list = site.get("/people").await;
    assert!(
        list.text.contains("Okafor, Chidi")
            && list.text.contains(">On leave</span>")
            && list.text.contains(">Not active</span>")
    );
    let found = site.get("/people?q=okaf&on_leave=true").await;
    assert!(found.text.contains("Okafor, Chidi") && !found.text.contains("Brandt, Jonas"));
    assert!(site.hospital.calls().contains(&"/api/v1/people?q=okaf&on_leave=true&limit=50".to_owned()));
    assert!(site.get("/people?q=zzzz").await.text.contains("Nobody matches"));
    let page = site.get(&format!("/people/{}", person(&PROVIDERS[1], noon()).key)).await;
    for text in [
        "1234567893",
        "NPI",
        "NPPES",
        "SUR, MED",
        "Surgery",
        "Planned",
        "Entered late",
        "told by the office",
        "Supervisor",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(page.text.contains("href=\"/?provider=1002\""));
    assert_eq!(site.get("/people/x").await.status, StatusCode::NOT_FOUND);
}
