//! Both clocks on the page of an item, and what may be decided there.

use axum::http::StatusCode;
use countersign_contracts::api::DeficiencyView;
use countersign_kernel::{EventId, Role};
use serde_json::json;

use crate::{
    hospital::{Hospital, act, deficiency, dispute},
    site::{Site, noon},
};

const NOT_MINE: &str = "act=dispute&reason=not_mine&why=&seen=12";

fn with(view: DeficiencyView) -> Site {
    Site::of(Hospital { deficiencies: vec![view], ..Hospital::busy(noon()) })
}

/// An open item of Dr Alvarez (1001), with nothing special.
fn of_alvarez() -> DeficiencyView {
    let mut view = deficiency(1, noon());
    view.responsible = Some("1001".to_owned());
    view.responsible_name = Some("Alvarez, Marisol".to_owned());
    view
}

fn page_of(view: &DeficiencyView) -> String {
    format!("/deficiencies/{}", view.id)
}

#[tokio::test]
async fn both_clocks_are_shown_with_every_stretch_and_its_cause() {
    let view = deficiency(3, noon());
    let page = with(view.clone()).get(&page_of(&view)).await;
    for text in [
        "The accountability clock",
        "The regulatory clock",
        "It never pauses",
        "since discharge",
        "Every stretch of the accountability clock",
        "Provider on leave",
        "kim: at a congress",
        "class=\"pause\"",
        "class=\"used\"",
        "class=\"over\"",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    let day = view.regulatory.expect("a clock").days;
    assert!(page.text.contains(&format!("Day {day} <span")));
}

#[tokio::test]
async fn an_item_that_waits_says_for_what() {
    let view = deficiency(25, noon());
    assert_eq!(view.status, "dormant");
    let site = with(view.clone());
    for path in [page_of(&view), "/?status=dormant".to_owned()] {
        let page = site.get(&path).await;
        assert!(page.text.contains("Waits for another signer") && page.text.contains("Waiting"), "{path}");
    }
}

#[tokio::test]
async fn what_people_decided_is_told_apart_from_facts_and_conclusions() {
    let view = of_alvarez();
    let page = with(view.clone()).get(&page_of(&view)).await;
    assert!(
        page.text.contains("<li class=\"act\">") && page.text.contains("Disputed by m.alvarez: not mine")
    );
}

#[tokio::test]
async fn guests_read_everything_and_are_asked_to_sign_in_to_decide() {
    let view = of_alvarez();
    let page = with(view.clone()).get(&page_of(&view)).await;
    assert!(page.text.contains(&format!("href=\"/sign-in?next=%2Fdeficiencies%2F{}\"", view.id)));
    assert!(!page.text.contains("/acts\""));
    let seen = with(view.clone())
        .form(&format!("{}/acts", page_of(&view)), &[("sec-fetch-site", "same-origin")], NOT_MINE)
        .await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert!(seen.text.contains("<h1>Sign in to do this</h1>"));
}

#[tokio::test]
async fn not_mine_is_one_click_on_the_item() {
    // given an item of the physician who is signed in
    let view = of_alvarez();
    let site = with(view.clone());
    let page = site.get_as("cst_alvarez", &page_of(&view)).await;
    assert!(page.text.contains("<option value=\"not_mine\" selected>"));
    assert!(page.text.contains("name=\"seen\" value=\"12\""));
    // when the form is sent as it stands
    let seen = site.post_as("cst_alvarez", &format!("{}/acts", page_of(&view)), NOT_MINE).await;
    // then it is disputed with the standard reason, and the next page is not older
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert_eq!(seen.header("location"), format!("{}?done=disputed&position=4712", page_of(&view)));
    let (path, _, revision, body) = site.hospital.decisions().remove(0);
    assert_eq!(path, format!("/api/v1/deficiencies/{}/acts", view.id));
    assert_eq!(revision, None, "whatever else came in, the item is not the physician's");
    assert_eq!(
        body,
        json!({"decision": {"act": "dispute", "reason": "not_mine"}, "why": "Not mine: somebody else owes it"})
    );
    let after = site.get_as("cst_alvarez", seen.header("location")).await;
    assert!(after.text.contains("role=\"status\"") && after.text.contains("Your dispute is on record"));
    assert!(site.hospital.positions().contains(&Some(4712)));
}

#[tokio::test]
async fn a_double_click_has_one_key_and_another_page_or_another_reason_has_another() {
    let view = of_alvarez();
    let site = with(view.clone());
    let acts = format!("{}/acts", page_of(&view));
    for form in [
        NOT_MINE,
        NOT_MINE,
        "act=dispute&reason=not_mine&why=&seen=13",
        "act=dispute&reason=other&why=&seen=12",
    ] {
        site.post_as("cst_alvarez", &acts, form).await;
    }
    let keys: Vec<String> = site.hospital.decisions().into_iter().map(|(_, key, ..)| key).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[3]);
}

#[tokio::test]
async fn a_whole_chart_can_be_disputed_at_once() {
    let view = of_alvarez();
    let site = with(view.clone());
    let acts = format!("{}/acts", page_of(&view));
    let form = "act=dispute&reason=wrong_patient&why=&whole=yes&seen=12";
    let seen = site.post_as("cst_alvarez", &acts, form).await;
    assert_eq!(seen.header("location"), format!("{}?done=disputed&position=4712", page_of(&view)));
    let (path, _, _, body) = site.hospital.decisions().remove(0);
    assert_eq!((path.as_str(), &body["charts"]), ("/api/v1/deficiencies/acts", &json!([view.chart])));
    // and when none of it can be done, the page says why
    let refused = Site::of(Hospital {
        deficiencies: vec![view],
        refusing: Some((StatusCode::CONFLICT, "x")),
        ..Hospital::busy(noon())
    });
    let page = refused.post_as("cst_alvarez", &acts, form).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("a dispute about this item is open"));
}

#[tokio::test]
async fn not_mine_is_one_click_in_the_own_list_and_nowhere_else() {
    let site = Site::busy();
    let own = site.get_as("cst_alvarez", "/?provider=1001").await;
    assert!(own.text.contains(">Not mine<span class=\"vh\">"));
    assert!(own.text.contains("name=\"back\" value=\"/?provider=1001\""));
    for (token, path) in
        [("cst_alvarez", "/?provider=1002"), ("cst_him", "/?provider=1001"), ("", "/?provider=1001")]
    {
        assert!(!site.get_as(token, path).await.text.contains(">Not mine<span"), "{token} {path}");
    }
    // after it the reader is where the click was
    let id = site.hospital.deficiencies.iter().find(|view| view.status == "open").expect("one").id;
    let form = "act=dispute&reason=not_mine&seen=position+4711&back=%2F%3Fprovider%3D1001";
    let seen = site.post_as("cst_alvarez", &format!("/deficiencies/{id}/acts"), form).await;
    assert_eq!(seen.header("location"), "/?provider=1001&done=disputed&position=4712");
    assert!(
        site.get_as("cst_alvarez", seen.header("location")).await.text.contains("Your dispute is on record")
    );
    let elsewhere = form.replace("%2F%3Fprovider", "%2F%2Fevil.example%3F");
    let seen = site.post_as("cst_alvarez", &format!("/deficiencies/{id}/acts"), &elsewhere).await;
    assert!(seen.header("location").starts_with("/deficiencies/"), "{}", seen.header("location"));
}

#[tokio::test]
async fn him_is_offered_every_decision_and_a_physician_only_her_own() {
    let mut view = of_alvarez();
    view.dispute = Some(dispute(noon()));
    let mut hospital = Hospital { deficiencies: vec![view.clone()], ..Hospital::busy(noon()) };
    hospital.acts = vec![
        act("disputed", Some(view.id), &[Role::Physician], noon()),
        act("held", None, &[Role::Physician], noon()),
    ];
    let site = Site::of(hospital);
    let offered = |page: &str, form: &str| page.contains(&format!("name=\"act\" value=\"{form}\""));
    let him = site.get_as("cst_him", &page_of(&view)).await.text;
    for form in [
        "uphold_reassign",
        "uphold_void",
        "reject_dispute",
        "reassign",
        "hold",
        "approve_hold",
        "release",
        "extend",
        "answer_elsewhere",
        "void",
        "waive",
        "take_back",
    ] {
        assert!(offered(&him, form), "{form}");
    }
    assert!(!offered(&him, "dispute") && !offered(&him, "answer_query"));
    assert!(him.contains("<option value=\"1002 of SIMEHR\">Brandt, Jonas</option>"));
    assert!(him.contains("Held (whole chart) by lee"));
    let own = site.get_as("cst_alvarez", &page_of(&view)).await.text;
    assert!(offered(&own, "hold") && offered(&own, "take_back"));
    assert!(!offered(&own, "void") && !offered(&own, "waive") && !offered(&own, "reassign"));
    assert!(!offered(&own, "dispute"), "it is under dispute already");
    assert!(own.contains("Under dispute") && own.contains("I only covered that night"));
    let other = site.get_as("cst_auditor", &page_of(&view)).await.text;
    assert!(!other.contains("/acts\"") && other.contains("your roles do not allow it"));
}

#[tokio::test]
async fn a_decision_of_him_goes_out_with_its_reason_and_the_revision_that_was_seen() {
    let view = of_alvarez();
    let site = with(view.clone());
    let acts = format!("{}/acts", page_of(&view));
    let hold = EventId::derive(&["held"]);
    for form in [
        "act=reassign&to=1002+of+SIMEHR&why=covered+that+night&seen=12".to_owned(),
        "act=extend&until=2026-03-20&why=agreed&seen=12".to_owned(),
        "act=void&why=entered+twice&confirmed=yes&seen=12".to_owned(),
        format!("act=release&earlier={hold}&why=back&seen=12"),
    ] {
        assert_eq!(site.post_as("cst_him", &acts, &form).await.status, StatusCode::SEE_OTHER, "{form}");
    }
    let sent = site.hospital.decisions();
    assert!(sent.iter().all(|(_, _, revision, _)| *revision == Some(12)));
    assert_eq!(
        sent[0].3["decision"],
        json!({"act": "reassign", "to": {"id": "1002", "authority": "SIMEHR"}})
    );
    assert_eq!(sent[0].3["why"], "covered that night");
    assert_eq!(
        sent[1].3["decision"],
        json!({"act": "extend", "until": "2026-03-21T04:59:59Z"}),
        "in Chicago"
    );
    assert_eq!(sent[2].3["decision"], json!({"act": "void"}));
    assert_eq!(sent[3].0, format!("/api/v1/charts/{}/acts", view.chart));
    assert_eq!(sent[3].3["decision"], json!({"act": "release", "hold": hold}));
}

#[tokio::test]
async fn a_refusal_is_shown_in_words_beside_what_was_filled_in() {
    let view = of_alvarez();
    let site = Site::of(Hospital {
        deficiencies: vec![view.clone()],
        refusing: Some((
            StatusCode::CONFLICT,
            "policy allows at most 14 days in all: until 2026-03-08T05:59:59Z at the latest",
        )),
        ..Hospital::busy(noon())
    });
    let form = "act=extend&until=2026-06-01&why=%3Cb%3Elong%3C%2Fb%3E&seen=12";
    let page = site.post_as("cst_him", &format!("{}/acts", page_of(&view)), form).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("role=\"alert\"") && page.text.contains("policy allows at most 14 days"));
    assert!(page.text.contains("Sat, Mar 7, 23:59 CST"), "in the facility's time");
    assert!(page.text.contains("value=\"2026-06-01\"") && !page.text.contains("<b>long"));
    assert_eq!(page.text.matches("<details class=\"decide-fold\" open>").count(), 1);
}

#[tokio::test]
async fn what_hurts_is_not_sent_before_it_is_confirmed() {
    let view = of_alvarez();
    let site = with(view.clone());
    for form in [
        "act=void&why=x",
        "act=waive&why=x&authority=MEC",
        "act=hold&cause=visit_hold&why=",
        "act=nonsense&why=x",
    ] {
        let page = site.post_as("cst_him", &format!("{}/acts", page_of(&view)), form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(page.text.contains("role=\"alert\""), "{form}");
    }
    assert!(site.hospital.decisions().is_empty());
}

#[tokio::test]
async fn another_sites_form_decides_nothing() {
    let view = of_alvarez();
    let site = with(view.clone());
    let headers = [("sec-fetch-site", "cross-site"), ("cookie", "countersign_access=cst_alvarez")];
    let seen = site.form(&format!("{}/acts", page_of(&view)), &headers, NOT_MINE).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(site.hospital.decisions().is_empty());
}

#[tokio::test]
async fn the_list_marks_and_finds_what_is_disputed_delinquent_and_waiting() {
    let site = Site::busy();
    let marked = site.get("/?status=all&disputed=true").await;
    assert!(marked.text.contains("<span class=\"chip doubt\">Disputed</span>"));
    assert!(marked.text.contains("disputed=true\" aria-current=\"true\">Disputed</a>"));
    assert!(site.hospital.calls().contains(&"/api/v1/deficiencies?disputed=true&limit=50".to_owned()));
    site.get("/?delinquent=true").await;
    assert!(
        site.hospital
            .calls()
            .contains(&"/api/v1/deficiencies?status=open&delinquent=true&limit=50".to_owned())
    );
    let waiting = site.get("/?status=dormant").await;
    assert!(waiting.text.contains("aria-current=\"true\">Waiting</a>"));
    let all = site.get("/?rule=R05&facility=SIMHOSP1").await;
    assert!(
        all.text.contains("rule=R05&#38;facility=SIMHOSP1&#38;overdue=true"),
        "a shortcut keeps the rest"
    );
    let paused = deficiency(13, noon());
    let list = with(paused).get("/").await;
    assert!(list.text.contains("<span class=\"chip waiting\">Provider on leave</span>"));
}

#[tokio::test]
async fn rules_and_facilities_are_offered_where_they_are_known() {
    let site = Site::busy();
    let page = site.get("/?rule=X9").await;
    assert!(page.text.contains("<option value=\"R13\">R13 Discharge summary present</option>"));
    assert!(page.text.contains("<option value=\"X9\" selected>X9</option>"), "an unknown choice stays");
    assert!(page.text.contains("<input id=\"facility\""), "none was described");
    let site = Site::of(Hospital {
        failing: Some(("/api/v1/rule-sets", StatusCode::SERVICE_UNAVAILABLE)),
        ..Hospital::busy(noon())
    });
    let page = site.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<input id=\"rule\""));
}
