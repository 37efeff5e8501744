//! Which pages are offered to whom, and forms that can be told apart.

use std::collections::BTreeSet;

use crate::{
    hospital::Hospital,
    site::{Site, noon},
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
