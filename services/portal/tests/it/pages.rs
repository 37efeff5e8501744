//! What pages show.

use axum::http::StatusCode;
use countersign_kernel::{DeficiencyId, EncounterId, Phi};
use jiff::ToSpan;

use crate::{
    hospital::{Hospital, deficiency},
    site::{Site, noon},
};

#[tokio::test]
async fn the_worklist_says_what_is_owed_by_whom_and_by_when() {
    // given one item that is two days overdue
    let mut owed = deficiency(1, noon());
    owed.due_at = Some("2026-03-04T05:59:59Z".parse().expect("an instant"));
    owed.overdue = true;
    let id = owed.id;
    let hospital = Hospital { deficiencies: vec![owed], ..Hospital::empty(noon()) };

    // when a reader opens the worklist
    let page = Site::of(hospital).get("/").await;

    // then it is all there, in the facility's time
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "<strong>2 days overdue</strong>",
        ">Tue, Mar 3, 23:59 CST</time>",
        "title=\"Tuesday, March 3, 2026, 23:59:59 CST (America/Chicago)\"",
        "Discharge summary cosigned",
        "No. DOC90001",
        "Rivera, Elena",
        "P1200000",
        "V482100",
        "Brandt, Jonas",
        "Holds bill",
        "chip overdue",
        "the longest for 2 days",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(page.text.contains(&format!("href=\"/deficiencies/{id}\"")));
}

#[tokio::test]
async fn what_is_next_is_told_when_nothing_is_overdue() {
    let mut owed = deficiency(1, noon());
    owed.due_at = Some(noon() + 72.hours());
    owed.overdue = false;
    let hospital = Hospital { deficiencies: vec![owed], ..Hospital::empty(noon()) };
    let page = Site::of(hospital).get("/").await;
    assert!(page.text.contains("<dd>in 3 days <small>"), "next due");
    assert!(!page.text.contains("the longest for"));
}

#[tokio::test]
async fn what_is_next_is_told_beside_what_is_overdue() {
    // given more overdue than fits on the page
    let mut hospital = Hospital::empty(noon());
    for index in 0..80 {
        let mut view = deficiency(1, noon());
        view.id = DeficiencyId::derive(&[&index.to_string()]);
        view.due_at = Some(noon() + if index == 79 { 5.hours() } else { -(100 - index).hours() });
        view.overdue = index != 79;
        hospital.deficiencies.push(view);
    }
    let page = Site::of(hospital).get("/").await;
    assert!(page.text.contains("<dd>79 <small>") && page.text.contains("<dd>in 5 hours <small>"));
}

#[tokio::test]
async fn the_facility_is_named_where_there_are_several() {
    let here = deficiency(1, noon());
    let mut there = deficiency(2, noon());
    there.facility = "ELSEWHERE".to_owned();
    let one = Hospital { deficiencies: vec![here.clone()], ..Hospital::empty(noon()) };
    assert!(!Site::of(one).get("/").await.text.contains("class=\"facility\""));
    let two = Hospital { deficiencies: vec![here, there], ..Hospital::empty(noon()) };
    assert!(Site::of(two).get("/").await.text.contains("ELSEWHERE"));
}

#[tokio::test]
async fn an_empty_installation_says_how_to_fill_it() {
    let site = Site::of(Hospital::empty(noon()));
    let worklist = site.get("/").await;
    assert_eq!(worklist.status, StatusCode::OK);
    assert!(
        worklist.text.contains("countersign ingest FOLDER") && worklist.text.contains("./dev run --demo")
    );
    assert!(!worklist.text.contains("<table"));
    assert!(site.get("/providers").await.text.contains("countersign ingest FOLDER"));
    assert!(site.get("/feeds").await.text.contains("countersign ingest FOLDER"));
    assert!(site.get("/quarantine").await.text.contains("Nothing is in quarantine"));
}

#[tokio::test]
async fn a_filter_that_matches_nothing_is_not_an_empty_installation() {
    let page = Site::busy().get("/?rule=R99").await;
    assert!(page.text.contains("Nothing matches") && !page.text.contains("countersign ingest"));
}

#[tokio::test]
async fn the_filter_reaches_the_api_and_stays_in_the_form() {
    let site = Site::busy();
    let page = site.get("/?provider=1003&status=all&rule=r14&facility=SIMHOSP1&overdue=true").await;
    assert!(
        site.hospital.calls().contains(
            &"/api/v1/deficiencies?provider=1003&rule=R14&facility=SIMHOSP1&overdue=true&limit=50".to_owned()
        ),
        "{:?}",
        site.hospital.calls()
    );
    assert!(page.text.contains("<option value=\"1003\" selected>Okafor, Chidi"));
    assert!(page.text.contains("<option value=\"all\" selected>"));
    assert!(page.text.contains("value=\"R14\"") && page.text.contains("value=\"true\" checked"));
    assert!(page.text.contains("<h1>Okafor, Chidi</h1>"));
}

#[tokio::test]
async fn a_filter_sent_empty_is_no_filter() {
    let site = Site::busy();
    site.get("/?provider=&status=&rule=&facility=").await;
    assert!(site.hospital.calls().contains(&"/api/v1/deficiencies?status=open&limit=50".to_owned()));
}

#[tokio::test]
async fn what_the_facility_owes_is_not_unassigned() {
    let view = |index, kind: &str| {
        let mut view = deficiency(index, noon());
        (view.responsible, view.responsible_name) = (None, None);
        view.document_type = kind.to_owned();
        view.status = "open".to_owned();
        view
    };
    let page = |view| async {
        Site::of(Hospital { deficiencies: vec![view], ..Hospital::empty(noon()) }).get("/").await.text
    };
    let chart = page(view(1, "chart")).await;
    assert!(chart.contains("The facility") && !chart.contains(">Unassigned</span>"));
    let summary = page(view(1, "discharge_summary")).await;
    assert!(summary.contains(">Unassigned</span>") && !summary.contains("The facility"));
}

#[tokio::test]
async fn every_row_is_on_exactly_one_page() {
    // given more rows than fit on a page
    let site = Site::busy();
    let mut seen = Vec::new();
    let mut address = "/?status=all".to_owned();
    // when a reader goes on to the last page
    loop {
        let page = site.get(&address).await;
        assert_eq!(page.status, StatusCode::OK);
        seen.extend(
            page.attributes("href")
                .into_iter()
                .filter_map(|href| href.strip_prefix("/deficiencies/"))
                .map(str::to_owned),
        );
        let next = page.text.split("<a class=\"button\" href=\"").nth(1);
        let Some(next) = next else { break };
        address = next.split('"').next().expect("an address").replace("&#38;", "&").replace("&amp;", "&");
        assert!(address.contains("status=all"), "the choice is kept: {address}");
    }
    // then nothing was skipped or doubled
    let all: Vec<String> = site.hospital.deficiencies.iter().map(|view| view.id.to_string()).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn too_many_providers_for_a_list_are_searched_for() {
    let mut hospital = Hospital::empty(noon());
    for index in 0..450 {
        let mut view = deficiency(1, noon());
        view.id = DeficiencyId::derive(&[&index.to_string()]);
        view.responsible = Some(format!("X{index}"));
        view.status = "open".to_owned();
        hospital.deficiencies.push(view);
    }
    let page = Site::of(hospital).get("/?provider=X7").await;
    assert!(page.text.contains("Find a provider by name"));
    assert!(page.text.contains("<option value=\"X7\" selected>") && !page.text.contains("value=\"X8\""));
}

#[tokio::test]
async fn an_explanation_tells_the_rule_the_person_the_facts_and_what_would_close_it() {
    let site = Site::busy();
    let open = site.hospital.deficiencies.iter().find(|view| view.status == "open" && view.rule == "R13");
    let page = site.get(&format!("/deficiencies/{}", open.expect("one").id)).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "What would close it",
        "signed by its author",
        "42 CFR 482.24(c)(4)(vii) <span class=\"chip doubt\">unverified</span>",
        "version 1 of the rules",
        "Attending of record",
        "Happened",
        "Recorded",
        "Received",
        "ADT^A03",
        "It rests on this",
        "a date was sent in place of a time",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // instants inside the API's sentences are in the facility's time, too
    assert!(!page.text.split("What happened").nth(1).expect("the timeline").contains("Z</p>"));
}

#[tokio::test]
async fn a_closed_deficiency_says_when_it_closed_and_how_late() {
    let mut closed = deficiency(1, noon());
    (closed.status, closed.overdue) = ("satisfied".to_owned(), false);
    closed.closed_at = closed.due_at.map(|due| due + 49.hours());
    closed.closed_because = Some("signed".to_owned());
    let id = closed.id;
    let site = Site::of(Hospital { deficiencies: vec![closed], ..Hospital::empty(noon()) });
    let page = site.get(&format!("/deficiencies/{id}")).await;
    assert!(page.text.contains("2 days late") && page.text.contains("Satisfied"));
    assert!(!page.text.contains("What would close it") && !page.text.contains("Holds bill"));
}

#[tokio::test]
async fn a_chart_tells_what_is_owed_now_apart_from_what_was() {
    let chart = EncounterId::derive(&["one"]);
    let with = |index, status: &str| {
        let mut view = deficiency(index, noon());
        view.chart = chart;
        view.id = DeficiencyId::derive(&[status]);
        view.status = status.to_owned();
        view
    };
    let hospital =
        Hospital { deficiencies: vec![with(1, "open"), with(2, "voided")], ..Hospital::empty(noon()) };
    let page = Site::of(hospital).get(&format!("/charts/{chart}")).await;
    let (now, before) = page.text.split_once("Owed before").expect("both parts");
    assert!(now.contains(&DeficiencyId::derive(&["open"]).to_string()));
    assert!(before.contains(&DeficiencyId::derive(&["voided"]).to_string()));
    assert!(now.contains("4W 412 A") && now.contains("Day surgery"));
}

#[tokio::test]
async fn providers_are_found_by_name_or_identifier() {
    let site = Site::busy();
    let all = site.get("/providers").await;
    assert!(all.text.contains("HIM’s queue") && all.text.contains("href=\"/?provider=*unassigned\""));
    let found = site.get("/providers?name=okaf").await;
    assert!(found.text.contains("Okafor, Chidi") && !found.text.contains("Brandt, Jonas"));
    assert!(site.get("/providers?name=1002").await.text.contains("Brandt, Jonas"));
    assert!(site.get("/providers?name=zzzz").await.text.contains("Nobody matches"));
}

#[tokio::test]
async fn counts_of_a_feed_that_do_not_add_up_are_marked() {
    let mut hospital = Hospital::busy(noon());
    assert!(!Site::busy().get("/feeds").await.text.contains("Does not add up"));
    hospital.feeds[0]["accepted"] = 1.into();
    assert!(Site::of(hospital).get("/feeds").await.text.contains("Does not add up"));
}

#[tokio::test]
async fn an_intake_of_another_version_still_has_its_page() {
    // given a feed with fewer and with other members
    let mut hospital = Hospital::empty(noon());
    hospital.feeds = vec![serde_json::json!({
        "profile": "p", "received": 1, "accepted": 1, "duplicate": 0, "quarantined": 0, "not_used": 0, "new": {}
    })];
    let page = Site::of(hospital).get("/feeds").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Unnamed sender"));
}

#[tokio::test]
async fn what_messages_say_is_text_and_never_markup() {
    // given markup in every field that a message can fill
    let evil = "<img src=x onerror=alert(1)>\"'><script>";
    let mut view = deficiency(1, noon());
    view.facility = evil.to_owned();
    view.encounter = evil.to_owned();
    view.subject = Some(evil.to_owned());
    view.responsible = Some(evil.to_owned());
    view.responsible_name = Some(evil.to_owned());
    view.closed_because = Some(evil.to_owned());
    view.patient = Some(Phi::new(evil.to_owned()));
    view.patient_name = Some(Phi::new(evil.to_owned()));
    view.title = evil.to_owned();
    let mut hospital = Hospital::busy(noon());
    hospital.deficiencies.insert(0, view);
    hospital.feeds[0]["application"] = evil.into();
    hospital.feeds[0]["findings"][0]["detail"] = evil.into();
    hospital.quarantine[0]["control_id"] = evil.into();
    let site = Site::of(hospital);
    for path in site.every_page() {
        let page = site.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("<img") && !page.text.contains("<script"), "{path}");
    }
    let echoed = site.get("/?provider=%3Cscript%3E&rule=%22%3E%3Cscript%3E&facility=%3Cscript%3E").await;
    assert!(!echoed.text.contains("<script") && !echoed.text.contains("<SCRIPT"));
    assert!(!site.get("/providers?name=%22%3E%3Cscript%3E").await.text.contains("<script"));
}

#[tokio::test]
async fn the_text_of_a_message_is_behind_a_notice() {
    let site = Site::busy();
    let id = site.hospital.quarantine[0]["id"].as_str().expect("an id");
    let page = site.get(&format!("/quarantine/{id}")).await;
    let (before, raw) = page.text.split_once("<details class=\"raw\">").expect("the text");
    assert!(!before.contains("MARKERNAME") && raw.contains("MARKERNAME") && raw.contains("patient data"));
    assert!(before.contains(&format!("countersign quarantine replay {id}")));
    assert!(before.contains("PV1-2 holds a code that the profile does not map"));
}
