//! Which pages are offered to whom, and forms that can be told apart.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use crate::{
    hospital::{Hospital, notice_of, post_room::contact_key, track_of},
    site::{Site, noon, waiting},
};

fn main_navigation(text: &str) -> Vec<&str> {
    let nav = text.split("<nav aria-label=\"Main\">").nth(1).and_then(|rest| rest.split("</nav>").next());
    let links = nav.expect("a navigation").split("<li><a href=\"").skip(1);
    links.filter_map(|link| link.split('"').next()).collect()
}

#[tokio::test]
async fn the_navigation_is_short_and_a_physicians_is_shorter() {
    let site = Site::busy();
    let all = ["/", "/claims", "/people", "/rules", "/leadership", "/notices", "/feeds"];
    assert_eq!(main_navigation(&site.get("/").await.text), all);
    assert_eq!(main_navigation(&site.get_as("cst_him", "/").await.text), all);
    let own = site.get_as("cst_alvarez", "/?provider=1001").await;
    assert_eq!(main_navigation(&own.text), ["/", "/people", "/rules", "/tracks", "/messages"]);
}

#[tokio::test]
async fn a_page_says_where_in_its_section_it_is() {
    let page = Site::busy().get("/suspensions").await;
    assert!(page.text.contains("<nav class=\"within\" aria-label=\"Escalation\">"));
    assert!(page.text.contains("<a href=\"/suspensions\" aria-current=\"page\">Suspensions</a>"));
    assert!(page.text.contains("<a href=\"/leadership\" aria-current=\"page\">Escalation</a>"));
    let quarantine = Site::busy().get("/quarantine").await;
    assert!(quarantine.text.contains("<a href=\"/feeds\" aria-current=\"page\">Feeds</a>"));
}

#[tokio::test]
async fn on_no_page_two_things_have_one_name() {
    for token in ["cst_cmo", "cst_him", "cst_alvarez", "cst_admin"] {
        let site = Site::of(Hospital { mode: Some("shadow"), ..Hospital::busy(noon()) });
        for path in site.every_page() {
            let page = site.get_as(token, &path).await;
            let ids = page.attributes("id");
            let different: BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), different.len(), "{path} as {token}: {ids:?}");
            for label in page.attributes("for") {
                assert!(different.contains(label), "{path} as {token}: nothing is called {label}");
            }
            for description in page.attributes("aria-describedby") {
                assert!(
                    different.contains(description),
                    "{path} as {token}: nothing is called {description}"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_form_is_taken_from_another_site_or_from_nobody() {
    let site = Site::busy();
    let forms = [
        format!("/leadership/{}/acts", waiting("suspension")),
        format!("/tracks/{}/acts", track_of("1001")),
        "/runs/held".to_owned(),
        "/auditor/clock".to_owned(),
        "/policies/2/simulate".to_owned(),
        "/simulations/running/cancel".to_owned(),
        "/policies/3".to_owned(),
        "/policies/draft".to_owned(),
        "/rules/2".to_owned(),
        "/rules/draft".to_owned(),
        format!("/notices/{}/acts", notice_of("1002")),
        "/letters".to_owned(),
        "/dead-letters".to_owned(),
        "/contact-tasks".to_owned(),
        format!("/contacts/{}", contact_key("1001")),
        "/notices/mode".to_owned(),
        "/partitions".to_owned(),
    ];
    for path in forms {
        let foreign = [("sec-fetch-site", "cross-site"), ("cookie", "countersign_access=cst_cmo")];
        let seen = site.form(&path, &foreign, "act=note&why=x&confirmed=yes").await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
        let nobody = [("sec-fetch-site", "same-origin")];
        let seen = site.form(&path, &nobody, "act=note&why=x&confirmed=yes").await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(site.hospital.sent(|_| true).is_empty());
}
