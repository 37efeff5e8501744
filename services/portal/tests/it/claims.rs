//! Which bills wait.

use axum::http::StatusCode;

use crate::{
    hospital::{Hospital, deficiency},
    site::{Site, noon},
};

#[tokio::test]
async fn held_accounts_are_listed_with_dollars_days_and_the_item_to_blame() {
    let site = Site::busy();
    let page = site.get("/claims").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "$12,500.75",
        "<dd>$12,345.67 <small>and 1 with unknown charges</small></dd>",
        "open items",
        "Totals by document type",
        "All accounts, each once",
        "2026-02-04 to 2026-03-05",
        "minimum of 4 days",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(page.text.contains(">unknown<"), "charges that were never sent are not zero");
}

#[tokio::test]
async fn the_item_that_alone_holds_an_account_is_named() {
    let view = deficiency(1, noon());
    let (id, chart) = (view.id, view.chart);
    let site = Site::of(Hospital { deficiencies: vec![view], ..Hospital::empty(noon()) });
    let page = site.get("/claims").await;
    assert!(page.text.contains("the only open item") && page.text.contains(&format!("/deficiencies/{id}")));
    let page = site.get(&format!("/claims/{chart}")).await;
    assert!(page.text.contains("Only one item is open") && page.text.contains("$12,500.75 wait"));
}

#[tokio::test]
async fn the_choice_reaches_the_api_and_stays() {
    let site = Site::busy();
    let page = site.get("/claims?state=released&facility=SIMHOSP1&class=inpatient&by=provider").await;
    let calls = site.hospital.calls();
    assert!(
        calls
            .contains(&"/api/v1/claims?state=released&facility=SIMHOSP1&class=inpatient&limit=50".to_owned()),
        "{calls:?}"
    );
    assert!(calls.contains(&"/api/v1/claims/summary?by=provider&facility=SIMHOSP1".to_owned()));
    assert!(page.text.contains("<option value=\"released\" selected>"));
    assert!(page.text.contains("Alvarez, Marisol") && page.text.contains("Unassigned"));
    assert!(page.text.contains("provider=1001&#38;by=provider"), "a total leads to its accounts");
}

#[tokio::test]
async fn an_account_tells_its_items_and_periods() {
    let site = Site::busy();
    let chart = site.hospital.deficiencies.iter().find(|view| view.holds_bill).expect("one").chart;
    let page = site.get(&format!("/claims/{chart}")).await;
    for text in ["Items that hold the bill", "When it was held", "Documented", "after a minimum of 4"] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(page.text.contains(&format!("href=\"/charts/{chart}\"")));
    assert_eq!(page.title(), "Account · Countersign", "a title names no visit");
}

#[tokio::test]
async fn the_file_holds_every_account_of_the_choice() {
    let site = Site::busy();
    let file = site.get("/claims.csv?state=held&cursor=3").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"claims-2026-03-05.csv\"");
    assert!(file.text.starts_with("\u{feff}\"state\",\"facility\",\"visit\""));
    assert!(file.text.contains("\"12500.75\"") && file.text.matches("\r\n").count() > 10);
}

#[tokio::test]
async fn nothing_held_and_nonsense_have_their_pages() {
    let page = Site::of(Hospital::empty(noon())).get("/claims").await;
    assert!(page.text.contains("Nothing waits for documentation"));
    let seen = Site::busy().get("/claims?state=nonsense").await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert_eq!(Site::busy().get("/claims/x").await.status, StatusCode::NOT_FOUND);
}
