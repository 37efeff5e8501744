//! Rule sets and policies: drafted, looked at, checked, published with a second look, withdrawn.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    hospital::{Hospital, facility},
    site::{Site, noon},
};

/// A text as a form sends it.
fn sent(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[tokio::test]
async fn who_may_draft_gets_the_text_in_force_to_write_on_and_others_are_told_that_they_may_not() {
    let site = Site::busy();
    for (list, draft) in [("/policies", "/policies/draft"), ("/rules", "/rules/draft")] {
        assert!(site.get_as("cst_him", list).await.text.contains(&format!("href=\"{draft}\"")), "{list}");
        let page = site.get_as("cst_him", draft).await;
        assert!(page.text.contains("&#60;not markup&#62;") && page.text.contains("Written from"), "{draft}");
        assert!(page.text.contains("value=\"look\" formnovalidate"), "{draft}");
        assert!(!site.get_as("cst_approver", list).await.text.contains(draft), "{list}");
        assert!(site.get_as("cst_approver", draft).await.text.contains("Your roles do not allow it"));
        assert!(site.get(draft).await.text.contains("/sign-in?next="), "{draft}");
    }
    assert!(site.get_as("cst_him", "/policies/draft?from=3").await.text.contains("version 3</a>"));
    let nowhere = site.get_as("cst_him", "/policies/draft?from=9").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get_as("cst_him", "/policies/draft?from=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_wrong_stands_beside_the_text_and_nothing_is_lost() {
    let site = Site::busy();
    let text = "title = \"Five <weeks>\"\r\nafter_days = \"soon\"\r\n# the end\r\n";
    for (path, act, status) in [
        ("/policies/draft", "look", StatusCode::OK),
        ("/policies/draft", "draft", StatusCode::UNPROCESSABLE_ENTITY),
        ("/rules/draft", "draft", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let form = sent(&[("act", act), ("text", text), ("title", "Mine"), ("why", "agreed"), ("from", "2")]);
        let page = site.post_as("cst_him", path, &form).await;
        assert_eq!(page.status, status, "{path} {act}");
        for kept in [
            "after_days must be a whole number of days (line 2)",
            "<code>after_days = &#34;soon&#34;</code>",
            "title = &#34;Five &#60;weeks&#62;&#34;\nafter_days = &#34;soon&#34;\n# the end\n</textarea>",
            "aria-invalid=\"true\"",
            "value=\"Mine\"",
            ">agreed</textarea>",
        ] {
            assert!(page.text.contains(kept), "{path} {act}: {kept}");
        }
    }
    assert!(site.hospital.sent(|path| !path.ends_with("/lint")).is_empty(), "nothing was drafted");
}

#[tokio::test]
async fn a_text_without_faults_is_drafted_once_and_a_refusal_loses_nothing() {
    let site = Site::busy();
    let text = "title = \"Five weeks\"\r\n";
    let looked = sent(&[("act", "look"), ("text", text)]);
    let looked = site.post_as("cst_him", "/policies/draft", &looked).await;
    assert!(
        looked.text.contains("Nothing is wrong with the text") && looked.text.contains("Two weeks are short")
    );
    let unreasoned = sent(&[("act", "draft"), ("text", text)]);
    let unreasoned = site.post_as("cst_him", "/policies/draft", &unreasoned).await;
    assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = sent(&[("act", "draft"), ("text", text), ("title", ""), ("why", "agreed"), ("seen", "4711")]);
    for _ in 0..2 {
        let done = site.post_as("cst_him", "/policies/draft", &form).await;
        assert_eq!(done.header("location"), "/policies/4?done=draft");
    }
    let drafts = site.hospital.sent(|path| path.ends_with("/policies"));
    assert_eq!(drafts[0].3, json!({"text": "title = \"Five weeks\"\n", "why": "agreed"}));
    assert_eq!(drafts[0].1, drafts[1].1, "the same form twice is one draft");
    let same = sent(&[("act", "draft"), ("text", "title = \"Four weeks\"\n"), ("why", "agreed")]);
    let same = site.post_as("cst_him", "/policies/draft", &same).await;
    assert_eq!(same.status, StatusCode::CONFLICT);
    assert!(same.text.contains("word for word") && same.text.contains("Four weeks&#34;\n</textarea>"));
}

#[tokio::test]
async fn a_draft_is_checked_by_an_approver_and_by_nobody_else() {
    let site = Site::busy();
    assert!(!site.get_as("cst_cmo", "/policies/3").await.text.contains("value=\"check\""));
    let page = site.get_as("cst_approver", "/policies/3").await;
    assert!(page.text.contains("value=\"check\"") && !page.text.contains("value=\"publish\""));
    assert!(page.text.contains("/policies/3/changes?against=2"), "what differs from the one in force");
    let form = "act=check&why=agreed+in+committee&seen=draft";
    let unticked = site.post_as("cst_approver", "/policies/3", form).await;
    assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY);
    for path in ["/policies/3", "/rules/2"] {
        let done = site.post_as("cst_approver", path, &format!("{form}&confirmed=yes")).await;
        assert_eq!(done.header("location"), format!("{path}?done=check"));
    }
    let sent = site.hospital.sent(|_| true);
    let paths: Vec<&str> = sent.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/api/v1/escalation/policies/3/check", "/api/v1/rule-sets/2/check"]);
    assert_eq!(sent[0].3, json!({"why": "agreed in committee"}));
}

#[tokio::test]
async fn a_publication_is_shown_once_more_before_it_is_done() {
    let site = Site::busy();
    let form = "act=publish&why=agreed+%3Cb%3E&effective_from=2026-04-01T00%3A00&seen=checked";
    let asked = site.post_as("cst_approver", "/policies/3", form).await;
    assert_eq!(asked.status, StatusCode::OK);
    for text in [
        "Publish version 3?",
        "Instead of",
        "Version 2",
        "agreed &#60;b&#62;",
        "name=\"effective_from\" value=\"2026-04-01T00:00\"",
        "name=\"confirmed\"",
        "Against version 2",
    ] {
        assert!(asked.text.contains(text), "{text}");
    }
    assert!(site.hospital.sent(|_| true).is_empty(), "nothing is done yet");
    let done = site.post_as("cst_approver", "/policies/3", &format!("{form}&confirmed=yes")).await;
    assert_eq!(done.header("location"), "/policies/3?done=publish");
    let sent = site.hospital.sent(|path| path.ends_with("/policies/3/publish"));
    assert_eq!(sent[0].3, json!({"effective_from": "2026-04-01T00:00:00Z", "why": "agreed <b>"}));
    for wrong in ["act=publish&why=&seen=checked", "act=publish&why=x&effective_from=soon&seen=checked"] {
        let refused = site.post_as("cst_approver", "/policies/3", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn the_instant_of_a_publication_is_that_of_the_facilities_where_all_are_in_one_zone() {
    // given two facilities in Chicago, as far apart as they may be
    let facilities = ["SIMHOSP1", "SIMHOSP2"].map(facility).into();
    let site = Site::of(Hospital { facilities, ..Hospital::busy(noon()) });
    // when a version is to be published from midnight there
    let form = "act=publish&why=agreed&effective_from=2026-04-01T00%3A00&seen=checked";
    let asked = site.post_as("cst_approver", "/policies/3", form).await;
    // then it is shown as midnight, and sent as five in the morning UTC
    assert!(asked.text.contains("Wed, Apr 1, 00:00") && asked.text.contains("CDT"));
    site.post_as("cst_approver", "/policies/3", &format!("{form}&confirmed=yes")).await;
    let sent = site.hospital.sent(|path| path.ends_with("/policies/3/publish"));
    assert_eq!(sent[0].3["effective_from"], "2026-04-01T05:00:00Z");
}

#[tokio::test]
async fn what_is_in_force_is_withdrawn_only_where_another_one_stands_behind_it() {
    let site = Site::busy();
    let page = site.get_as("cst_him", "/policies/2").await;
    assert!(page.text.contains("The version before it is in force again from now on"));
    let draft = site.get_as("cst_him", "/policies/3").await;
    assert!(draft.text.contains("It never comes into force"));
    assert!(!site.get_as("cst_him", "/policies/1").await.text.contains("value=\"withdraw\""), "superseded");
    let done = site.post_as("cst_him", "/policies/2", "act=withdraw&why=wrong+days&confirmed=yes").await;
    assert_eq!(done.header("location"), "/policies/2?done=withdraw");
    assert!(site.get_as("cst_him", "/policies/2?done=withdraw").await.text.contains("role=\"status\""));
}
