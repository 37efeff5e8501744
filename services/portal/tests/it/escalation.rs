//! What leadership sees and decides.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    hospital::{Hospital, packet_hash, track_of},
    site::{Site, noon, waiting},
};

fn in_chicago() -> Hospital {
    Hospital { facilities: vec![crate::hospital::facility("SIMHOSP1")], ..Hospital::busy(noon()) }
}

fn page_of(kind: &str) -> String {
    format!("/leadership/{}", waiting(kind))
}

#[tokio::test]
async fn what_has_waited_longest_comes_first_with_a_sentence_and_its_age() {
    let page = Site::of(in_chicago()).get("/leadership").await;
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("Regulatory limit of a chart") < at("NPDB question"));
    assert!(at("NPDB question") < at("Review by the executive committee"));
    assert!(at("Suspension proposed</span>") < at("Run held"));
    assert!(
        page.text.contains("since Wed, Feb 4, 08:20 CST: is it to be reported?")
            || page.text.contains("Feb 4")
    );
    assert!(page.text.contains("5 days") && page.text.contains("since <time"));
    assert!(page.text.contains("The clock is doubted"), "what stands above everything else");
    assert!(page.text.contains("<dt>Broken promises</dt><dd>1"));
    assert!(page.text.contains("<dt>Charts at the regulatory limit</dt><dd>1"));
}

#[tokio::test]
async fn what_is_wrong_with_the_directory_is_told_once_with_the_way_to_each_of_those_it_concerns() {
    // given two providers of departments without a chair
    let page = Site::of(in_chicago()).get("/leadership").await;
    // then that stands below the decisions, in one row with both names
    let (above, below) = page.text.split_once("What is to be put right</h2>").expect("a part of its own");
    assert!(above.contains("NPDB question") && !above.contains("the department has none"));
    assert_eq!(below.matches("and the department has none").count(), 1);
    for matter in ["no_recipient", "no_recipient of another"] {
        assert!(below.contains(&format!("/leadership/{}", waiting(matter))), "{matter}");
    }
    assert!(below.contains("2 people") && below.contains("Notice 2 bounced on every channel."));
}

#[tokio::test]
async fn a_suspension_is_confirmed_below_its_evidence_and_with_its_hash() {
    let site = Site::of(in_chicago());
    // given the page of a proposal
    let page = site.get_as("cst_cmo", &page_of("suspension")).await;
    for act in ["extend", "exempt", "note", "acknowledge", "reject_suspension"] {
        assert!(page.text.contains(&format!("name=\"act\" value=\"{act}\"")), "{act}");
    }
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}"));
    for evidence in ["Items that it rests on", "Notices, and how they were delivered", "Steps of this cycle"]
    {
        assert!(at(evidence) < at("Confirm the suspension"), "{evidence}");
    }
    assert!(page.text.contains(&format!("name=\"packet\" value=\"{}\"", packet_hash())));
    assert!(page.text.contains("Nobody would be left for:") && page.text.contains("lee"));
    // when it is confirmed against the guard of coverage
    let form = format!(
        "act=confirm_suspension&seen=31&packet={}&exempt=clinic+on+Friday%0D%0A&overrides=yes&why=agreed&confirmed=yes",
        packet_hash()
    );
    let seen = site.post_as("cst_cmo", &format!("{}/acts", page_of("suspension")), &form).await;
    // then the decision names what was looked at, and nobody may have been quicker
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert_eq!(seen.header("location"), "/leadership?done=confirm_suspension&position=4712");
    let (path, _, revision, body) = site.hospital.decisions().remove(0);
    assert_eq!(path, format!("/api/v1/escalation/tracks/{}/acts", track_of("1003")));
    assert_eq!(revision, Some(31));
    assert_eq!(
        body,
        json!({"decision": {"act": "confirm_suspension", "proposal": 1, "packet_sha256": packet_hash(),
                            "exempt": ["clinic on Friday"], "overrides": "coverage"}, "why": "agreed"})
    );
}

#[tokio::test]
async fn a_suspension_is_not_confirmed_without_the_box_or_the_reason() {
    let site = Site::of(in_chicago());
    for form in
        ["act=confirm_suspension&packet=x&why=agreed", "act=confirm_suspension&packet=x&confirmed=yes&why="]
    {
        let page = site.post_as("cst_cmo", &format!("{}/acts", page_of("suspension")), form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(page.text.contains("role=\"alert\""));
        assert_eq!(page.text.matches("decide-fold\" open>").count(), 1, "the form stays open");
    }
    assert!(site.hospital.decisions().is_empty());
}

#[tokio::test]
async fn who_may_not_decide_is_offered_nothing() {
    let site = Site::of(in_chicago());
    for token in ["cst_alvarez", "cst_auditor", "cst_him"] {
        let page = site.get_as(token, &page_of("suspension")).await;
        assert!(!page.text.contains("value=\"confirm_suspension\""), "{token}");
    }
    let page = site.get(&page_of("suspension")).await;
    assert!(page.text.contains("/sign-in?next=%2Fleadership%2F") && !page.text.contains("/acts\""));
}

#[tokio::test]
async fn a_guest_whom_the_services_do_not_tell_is_led_through_sign_in_and_back() {
    let site = Site::of(Hospital {
        failing: Some(("/api/v1/escalation", StatusCode::UNAUTHORIZED)),
        ..in_chicago()
    });
    let page = site.get("/tracks?state=open").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text.contains("href=\"/sign-in?next=%2Ftracks%3Fstate%3Dopen\""));
}

#[tokio::test]
async fn days_of_a_decision_end_when_the_facilitys_day_does() {
    let site = Site::of(in_chicago());
    let acts = format!("/tracks/{}/acts", track_of("1001"));
    for form in [
        "act=extend&until=2026-03-20&why=x&seen=31",
        "act=exempt&until=&why=x&confirmed=yes&seen=31",
        "act=note&why=called+the+office&seen=31",
        "act=end_grant&why=x&seen=31",
    ] {
        let seen = site.post_as("cst_cmo", &acts, form).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{form}");
    }
    let decisions: Vec<_> =
        site.hospital.decisions().into_iter().map(|(.., body)| body["decision"].clone()).collect();
    assert_eq!(decisions[0], json!({"act": "extend", "until": "2026-03-21T04:59:59Z"}));
    assert_eq!(decisions[1], json!({"act": "exempt"}));
    assert_eq!((&decisions[2], &decisions[3]), (&json!({"act": "note"}), &json!({"act": "end_grant"})));
}

#[tokio::test]
async fn the_answer_to_a_matter_names_it() {
    let site = Site::of(in_chicago());
    let form = "act=acknowledge_matter&why=not+reportable&seen=31";
    site.post_as("cst_cmo", &format!("{}/acts", page_of("npdb_question")), form).await;
    let (.., body) = site.hospital.decisions().remove(0);
    assert_eq!(
        body,
        json!({"decision": {"act": "acknowledge", "matter": "npdb_question"}, "why": "not reportable"})
    );
    site.post_as(
        "cst_cmo",
        &format!("{}/acts", page_of("correction")),
        "act=correction_done&why=told&seen=31",
    )
    .await;
    let (.., body) = site.hospital.decisions().remove(1);
    assert_eq!(body["decision"], json!({"act": "correction_done", "rung": 1, "cycle": 2}));
    let gone = site.post_as("cst_cmo", &format!("/leadership/{}/acts", uuid_of_nothing()), form).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

fn uuid_of_nothing() -> uuid::Uuid {
    uuid::Uuid::nil()
}

#[tokio::test]
async fn a_refusal_comes_back_with_the_page_and_what_was_filled_in() {
    let site = Site::of(Hospital {
        refusing: Some((StatusCode::CONFLICT, "the packet has changed since 2026-03-05T12:00:00Z")),
        ..in_chicago()
    });
    let form = "act=reject_suspension&packet=old&why=%3Cb%3Ewait%3C%2Fb%3E&until=2026-04-01&seen=30";
    let page = site.post_as("cst_cmo", &format!("{}/acts", page_of("suspension")), form).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("The packet has changed since Thu, Mar 5, 06:00 CST"));
    assert!(page.text.contains("value=\"2026-04-01\"") && !page.text.contains("<b>wait"));
}

#[tokio::test]
async fn a_track_says_what_comes_next_what_holds_it_and_what_each_decision_saw() {
    let page = Site::of(in_chicago()).get(&format!("/tracks/{}", track_of("1001"))).await;
    for text in [
        "What comes next",
        "Notice 2",
        "A second notice, with a copy to the chair",
        "More time was granted until Fri, Mar 6, 12:20 CST",
        "The 2 items that count are done, or disputed",
        "The facts that it saw",
        "Does not count: disputed",
        "Superseded by a late fact",
        "by kim (HIM manager): chart was in the vault",
        "Delivered",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
}

#[tokio::test]
async fn evidence_is_a_document_with_hashes_proof_and_who_decided() {
    let page = Site::of(in_chicago()).get(&format!("/tracks/{}/packets/1", track_of("1003"))).await;
    for text in
        [packet_hash().as_str(), &"cd".repeat(32), &"ef".repeat(32), "Four weeks", "bylaws 4.2", "okonkwo"]
    {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(!page.text.contains("<not markup>"));
    assert!(!page.text.contains("<form class=\"decide\""));
}

#[tokio::test]
async fn the_register_counts_and_can_be_taken_along() {
    let site = Site::of(in_chicago());
    let page = site.get("/suspensions?in_force=true").await;
    assert!(page.text.contains("<dt>In force</dt><dd>1</dd>") && page.text.contains("In force</span>"));
    assert!(page.text.contains("href=\"/suspensions.csv?in_force=true\""));
    let file = site.get("/suspensions.csv").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"suspensions-2026-03-05.csv\"");
    assert!(file.text.contains("\"'=bylaws 4.2\""), "no cell becomes a formula");
    assert!(file.text.contains("\"2026-02-04 08:20:00-06:00\"") && file.text.contains("\"not reportable\""));
    assert_eq!(site.get("/tracks.csv?state=open").await.text.matches("\r\n").count(), 2);
    assert_eq!(site.get("/simulations/done/steps.csv").await.text.matches("\r\n").count(), 3);
    let list = site.get("/runs/SIMHOSP1/2026-03-04T12:20:00Z/list.csv").await;
    assert_eq!((list.status, list.text.matches("\r\n").count()), (StatusCode::OK, 3));
    assert_eq!(site.get("/simulations/running/steps.csv").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_held_run_and_a_doubted_clock_go_on_only_when_somebody_says_so() {
    let site = Site::of(in_chicago());
    let runs = site.get_as("cst_cmo", "/runs").await;
    assert!(runs.text.contains("action=\"/runs/held\"") && runs.text.contains("Moves at once"));
    for (path, form) in [
        ("/runs/held", "act=release&about=SIMHOSP1&why=looked+at+it&seen=x"),
        ("/auditor/clock", "act=trust&why=compared&seen=x"),
    ] {
        let unticked = site.post_as("cst_cmo", path, form).await;
        assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let done = site.post_as("cst_cmo", path, &format!("{form}&confirmed=yes")).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}");
        assert!(site.get(done.header("location")).await.text.contains("role=\"status\""));
    }
    let sent = site.hospital.sent(|path| path.ends_with("/release") || path.ends_with("/trust"));
    let paths: Vec<&str> = sent.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/api/v1/escalation/runs/SIMHOSP1/release", "/api/v1/escalation/clock/trust"]);
    assert_eq!(sent[0].3, json!({"why": "looked at it"}));
}

#[tokio::test]
async fn a_policy_can_be_tried_on_the_record() {
    let site = Site::of(in_chicago());
    let page = site.get_as("cst_him", "/policies/2").await;
    assert!(
        page.text.contains("Tells the provider") || page.text.contains("tells the provider what is owed")
    );
    let form =
        "act=simulate&against=1&from=2026-01-01&until=&delivered_after_minutes=60&confirmed_after_hours=24";
    let seen = site.post_as("cst_him", "/policies/2/simulate", form).await;
    assert_eq!(seen.header("location"), "/simulations/done");
    let (.., body) = site.hospital.sent(|path| path.ends_with("/simulations")).remove(0);
    assert_eq!(
        body,
        json!({"policy": "title = \"<not markup>\"\n", "against": 1, "from": "2026-01-01T06:00:00Z",
               "delivered_after_minutes": 60, "confirmed_after_hours": 24})
    );
    let page = site.get("/simulations/done").await;
    for text in [
        "Only here",
        "At other times",
        "As if the feeds had been live.",
        "What it comes to",
        "<strong>3</strong>",
        "By department",
        "was 5",
        "Charts at the regulatory limit",
        "href=\"/simulations/done/groups.csv\"",
    ] {
        assert!(page.text.contains(text), "{text}");
    }
    // one provider's steps stand alone
    let own = site.get("/simulations/done?provider=1002").await;
    assert!(own.text.contains("Steps of 1002") && !own.text.contains("By department"));
    // without a version the policy in force is compared with, and a box takes the facts as if live
    let form = "act=simulate&against=&as_if_live=yes";
    site.post_as("cst_him", "/policies/2/simulate", form).await;
    let (.., body) = site.hospital.sent(|path| path.ends_with("/simulations")).remove(1);
    assert_eq!((&body["against_in_force"], &body["as_if_live"]), (&json!(true), &json!(true)));
    let odd =
        site.post_as("cst_him", "/policies/2/simulate", "act=simulate&confirmed_after_hours=soon").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(odd.text.contains("is no whole number"));
}

#[tokio::test]
async fn a_simulation_that_runs_is_stopped_by_those_who_may_and_one_that_is_done_keeps_its_answer() {
    let site = Site::of(in_chicago());
    assert!(!site.get("/simulations/running").await.text.contains("/simulations/running/cancel"));
    let page = site.get_as("cst_him", "/simulations/running").await;
    assert!(page.text.contains("90,000 of 120,000") && page.text.contains("/simulations/running/cancel"));
    for (job, let_go) in [("running", 1), ("done", 1)] {
        let stopped = site.post_as("cst_him", &format!("/simulations/{job}/cancel"), "act=cancel").await;
        assert_eq!(stopped.header("location"), format!("/simulations/{job}"));
        let calls = site.hospital.calls();
        let deleted = calls.iter().filter(|call| call.starts_with("DELETE ")).count();
        assert_eq!(deleted, let_go, "{job}: {calls:?}");
    }
    let groups = site.get("/simulations/done/groups.csv").await;
    assert_eq!(groups.text.matches("\r\n").count(), 7, "{}", groups.text);
    assert!(groups.text.contains("as if live"));
}

#[tokio::test]
async fn a_physician_reads_the_next_step_on_the_own_list_and_others_do_not() {
    let site = Site::of(in_chicago());
    let own = site.get_as("cst_alvarez", "/?provider=1001").await;
    for text in ["<h2 id=\"next-step\">Next step</h2>", "Notice 2", "What would stop it:"] {
        assert!(own.text.contains(text), "{text}");
    }
    assert!(!site.get_as("cst_alvarez", "/?provider=1002").await.text.contains("next-step"));
    assert!(!site.get("/?provider=1001").await.text.contains("next-step"));
    let person = format!("/people/{}", crate::hospital::person(&crate::hospital::PROVIDERS[0], noon()).key);
    assert!(site.get_as("cst_him", &person).await.text.contains("next-step"));
}

#[tokio::test]
async fn the_own_list_is_there_without_escalation() {
    let site = Site::of(Hospital {
        failing: Some(("/api/v1/escalation/tracks", StatusCode::SERVICE_UNAVAILABLE)),
        ..in_chicago()
    });
    assert_eq!(site.get_as("cst_alvarez", "/?provider=1001").await.status, StatusCode::OK);
    assert_eq!(site.get("/tracks").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn who_runs_the_machine_sees_the_auditor_and_the_clock_without_reading_charts() {
    // given somebody who may not read charts, and so not the limits of charts either
    let forbidden = Some(("/api/v1/escalation/limits", StatusCode::FORBIDDEN));
    let site = Site::of(Hospital { failing: forbidden, ..in_chicago() });
    // when the page of the auditor is opened, then the rest of it is there
    let page = site.get_as("cst_admin", "/auditor").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for part in ["The clock and the timers", "Confirm that the clock is right", "Broken promises"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("Charts near the regulatory limit"));
    assert!(site.get_as("cst_cmo", "/auditor").await.status == StatusCode::OK);
}
