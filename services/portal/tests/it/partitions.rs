//! `/partitions`: what stands still, why, and letting it go on.

use axum::http::StatusCode;

use crate::{
    hospital::Hospital,
    site::{Site, noon},
};

const SKIP: &str = "/api/v1/escalation/partitions/7/skip";

#[tokio::test]
async fn what_stands_still_is_told_to_everybody_and_moved_by_those_who_run_the_installation() {
    // given a part of a feed that stands still
    let site = Site::busy();
    // then whoever reads the page learns which, since when and why; who is not known is asked to sign in
    let page = site.get("/partitions").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["Escalation", "part 7", "notice-outcome", "does not decode: &#60;b&#62;missing", "Sign in"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("Pass over it"));
    // and a role that does not move partitions has no form
    assert!(!site.get_as("cst_cmo", "/partitions").await.text.contains("Pass over it"));
    let page = site.get_as("cst_him", "/partitions").await;
    assert!(page.text.contains("Pass over it") && page.text.contains("Try again"), "{}", page.text);

    // when HIM lets it try again, every service is told
    let seen = site.post_as("cst_him", "/partitions", "act=retry").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/partitions?done=retried"));
    let calls = site.hospital.calls();
    for path in ["partitions/retry", "escalation/partitions/retry", "notification/partitions/retry"] {
        assert!(calls.contains(&format!("POST /api/v1/{path}")), "{path}: {calls:?}");
    }
    // when it is to be passed over without a reason, or without knowing what is lost, then nothing happens
    for form in [
        "act=skip&about=escalation-7&confirmed=yes",
        "act=skip&about=escalation-7&why=test+message",
        "act=skip&about=elsewhere-7&why=x&confirmed=yes",
    ] {
        let seen = site.post_as("cst_him", "/partitions", form).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(site.hospital.sent(|path| path == SKIP).is_empty());
    }
    // when both are there, then it is passed over, with the reason
    let form = "act=skip&about=escalation-7&why=test+message&confirmed=yes";
    let seen = site.post_as("cst_him", "/partitions", form).await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/partitions?done=skipped"));
    let sent = site.hospital.sent(|path| path == SKIP);
    assert_eq!((sent.len(), &sent[0].3["why"]), (1, &serde_json::json!("test message")));
}

#[tokio::test]
async fn a_page_on_which_nothing_stands_still_says_so_and_a_refusal_comes_back_with_the_form() {
    let quiet = Site::of(Hospital::empty(noon()));
    let page = quiet.get_as("cst_him", "/partitions").await;
    assert!(page.text.contains("every service goes on") && !page.text.contains("Try again"), "{}", page.text);
    let refusing = Hospital {
        refusing: Some((StatusCode::FORBIDDEN, "kim may not move partitions that stand still")),
        ..Hospital::busy(noon())
    };
    let form = "act=skip&about=escalation-7&why=test+message&confirmed=yes";
    let seen = Site::of(refusing).post_as("cst_him", "/partitions", form).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(
        seen.text.contains("may not move partitions") && seen.text.contains("test message"),
        "{}",
        seen.text
    );
}
