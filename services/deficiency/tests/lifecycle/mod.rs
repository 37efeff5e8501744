//! Decisions of people through the API: who may, what goes on record, what follows, what is refused and why.

mod away;
mod reading;
mod ward;

use countersign_kernel::Role;
use serde_json::{Value, json};

use self::ward::Ward;
use crate::given::{Story, at, chart};

/// An inpatient of attending A1, discharged on 5 January without a summary (R13), history or physical (R01).
fn discharged() -> Story {
    chart().admitted("01-01 10:00").attending("A1").discharged("01-05 10:00")
}

const NOW: &str = "01-08 10:00";

fn waive() -> Value {
    json!({"act": "waive", "authority": "Medical Executive Committee, 7 January"})
}

#[tokio::test]
async fn a_physician_disputes_the_own_item_and_him_decides_it() {
    // given an item of attending A1
    let ward = Ward::after(discharged(), NOW).await;
    let item = ward.item("R13").await;
    assert_eq!((&item["status"], &item["responsible"]), (&json!("open"), &json!("A1")));
    let owner = ward.physician("dr one", "A1");
    let other = ward.physician("dr two", "A2");
    let ann = ward.person("ann", &[Role::HimAnalyst]);
    let dispute = json!({"act": "dispute", "reason": "not_mine"});

    // then nobody else disputes it, and the owner does
    let said = other.decides(&item, "k", dispute.clone()).await;
    assert!(said.refused(403, "not-permitted").contains("physician for own items"));
    let said = ann.decides(&item, "k", dispute.clone()).await;
    said.refused(403, "not-permitted");
    let acted = owner.decides(&item, "k", dispute.clone()).await.done();
    assert_eq!(
        (&acted["deed"], &acted["deficiency"], &acted["by"]),
        (&json!("disputed"), &item["id"], &json!("dr one"))
    );
    // a second dispute waits for the answer to the first
    owner.decides(&item, "k2", dispute).await.refused(409, "dispute-open");

    // when HIM upholds it and gives it to somebody else, then that one owes it, and its age stays
    let uphold = json!({"act": "uphold_dispute_reassign", "to": {"id": "A2"}});
    owner.decides(&item, "k3", uphold.clone()).await.refused(403, "not-permitted");
    ann.decides(&item, "k3", uphold).await.done();
    let after = ward.item("R13").await;
    assert_eq!((&after["responsible"], &after["opened_at"]), (&json!("A2"), &item["opened_at"]));
    ann.decides(&item, "k4", json!({"act": "reject_dispute"})).await.refused(409, "no-dispute");
    assert_eq!(ward.acts().await, [("disputed".to_owned(), true), ("dispute_decided".to_owned(), true)]);
}

#[tokio::test]
async fn the_same_key_decides_once_and_another_body_is_refused() {
    let ward = Ward::after(discharged(), NOW).await;
    let item = ward.item("R13").await;
    let ann = ward.person("ann", &[Role::HimAnalyst]);
    let max = ward.person("max", &[Role::HimAnalyst]);
    let reassign = |to: &str| json!({"act": "reassign", "to": {"id": to}});

    let first = ann.decides(&item, "one", reassign("A2")).await.done();
    ward.clock.set(at("01-09 10:00"));
    assert_eq!(ann.decides(&item, "one", reassign("A2")).await.done(), first);
    for other in [reassign("A3"), json!({"act": "reassign"}), json!({"act": "void"})] {
        ann.decides(&item, "one", other).await.refused(422, "idempotency-key-reused");
    }
    let body = json!({"decision": reassign("A2"), "why": "another reason"});
    let path = format!("/api/v1/deficiencies/{}/acts", item["id"].as_str().expect("an id"));
    ann.posts(&path, "one", None, &body).await.refused(422, "idempotency-key-reused");
    assert_eq!(ward.acts().await.len(), 1);
    // somebody else's keys are their own; and the first answer stays after others decided
    max.decides(&item, "one", reassign("A3")).await.done();
    assert_eq!(ann.decides(&item, "one", reassign("A2")).await.done(), first);
    assert_eq!(ward.acts().await.len(), 2);

    // who says which revision was seen is refused when somebody was quicker
    let seen = first["revision"].as_u64().expect("a revision");
    let body = json!({"decision": {"act": "void"}, "why": "because"});
    ann.posts(&path, "two", Some(seen), &body).await.refused(412, "chart-moved");
    assert_eq!(ward.acts().await.len(), 2);
}

#[tokio::test]
async fn a_waiver_needs_authority_and_closes_the_item() {
    let ward = Ward::after(discharged(), NOW).await;
    let item = ward.item("R13").await;
    let ann = ward.person("ann", &[Role::HimAnalyst]);
    let kim = ward.person("kim", &[Role::HimManager]);
    assert!(
        ann.decides(&item, "1", waive())
            .await
            .refused(403, "not-permitted")
            .contains("chief_medical_officer")
    );
    let nameless = json!({"act": "waive", "authority": " "});
    let said = kim.decides(&item, "1", nameless).await;
    assert!(said.refused(403, "not-permitted").contains("on whose `authority`"));
    kim.decides(&item, "1", waive()).await.done();
    assert_eq!(ward.item("R13").await["status"], "waived");
    // what is closed is not decided about again, until that decision is taken back
    let said = kim.decides(&item, "2", json!({"act": "void"})).await;
    assert!(said.refused(409, "item-not-open").contains("take that decision back"));
    let acts = ward.get(&format!("/api/v1/charts/{}/acts", ward.chart)).await;
    let back = json!({"act": "take_back", "earlier": acts[0]["id"]});
    ward.clock.set(at("01-08 15:00"));
    ann.decides_chart("3", back.clone()).await.refused(403, "not-permitted");
    kim.decides_chart("3", back).await.done();
    assert_eq!(ward.item("R13").await["status"], "open");
    assert_eq!(ward.acts().await, [("waived".to_owned(), false), ("taken_back".to_owned(), true)]);
}

#[tokio::test]
async fn a_hold_stands_until_it_is_released() {
    let ward = Ward::after(discharged(), NOW).await;
    let item = ward.item("R13").await;
    let owner = ward.physician("dr one", "A1");
    let ann = ward.person("ann", &[Role::HimAnalyst]);
    let hold = json!({"act": "hold", "cause": "chart_unavailable"});

    // the owner may ask for it, and not approve it in the same breath
    owner.decides(&item, "1", hold.clone()).await.done();
    let approved = json!({"act": "hold", "cause": "chart_unavailable", "approved_by": "ann"});
    owner.decides(&item, "2", approved).await.refused(403, "not-permitted");
    let acts = ward.get(&format!("/api/v1/charts/{}/acts", ward.chart)).await;
    let release = json!({"act": "release", "hold": acts[0]["id"]});
    owner.decides_chart("3", release.clone()).await.refused(403, "not-permitted");

    // two days later HIM releases it: the limit moved by two days
    ward.clock.set(at("01-10 10:00"));
    ann.decides_chart("3", release.clone()).await.done();
    ward.clock.set(at("01-10 11:00"));
    let after = ward.item("R13").await;
    assert_eq!(after["accountability"]["state"], "running");
    assert!(after["due_at"].as_str() > item["due_at"].as_str(), "{} {}", after["due_at"], item["due_at"]);
    assert_eq!(after["accountability"]["stood_seconds"], 2 * 24 * 60 * 60);
    // a decision that is no hold is not released
    let acts = ward.get(&format!("/api/v1/charts/{}/acts", ward.chart)).await;
    let wrong = json!({"act": "release", "hold": acts[1]["id"]});
    ann.decides_chart("4", wrong).await.refused(409, "not-a-hold");
    let word = json!({"act": "hold", "cause": "bad_mood"});
    let answer = ann.decides(&item, "5", word).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body["detail"].as_str().expect("words").contains("pending_transcription"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_query_is_an_item_until_the_provider_answers_it() {
    let ward = Ward::after(discharged(), NOW).await;
    let coder = ward.person("cora", &[Role::RevenueCycle]);
    let owner = ward.physician("dr one", "A1");
    let other = ward.physician("dr two", "A2");
    let ask = json!({"act": "ask_query", "title": "Acuity of the failure", "to": {"id": "A1"}});
    let acted = coder.decides_chart("1", ask).await.done();
    let item = ward.item("R19").await;
    assert_eq!((&acted["deficiency"], &item["responsible"]), (&item["id"], &json!("A1")));
    assert_eq!((&item["status"], &item["title"]), (&json!("open"), &json!("Acuity of the failure")));

    ward.clock.set(at("01-08 15:00"));
    let answer = json!({"act": "answer_query"});
    other.decides(&item, "1", answer.clone()).await.refused(403, "not-permitted");
    coder.decides(&item, "2", answer.clone()).await.refused(422, "missing");
    owner.decides(&item, "1", answer.clone()).await.done();
    assert_eq!(ward.item("R19").await["status"], "satisfied");
    // only queries are answered
    let summary = ward.item("R13").await;
    owner.decides(&summary, "2", answer).await.refused(409, "not-a-query");
}

#[tokio::test]
async fn many_items_are_previewed_and_then_decided_each_with_its_own_result() {
    let ward = Ward::after(discharged(), NOW).await;
    let kim = ward.person("kim", &[Role::HimManager]);
    let owner = ward.physician("dr one", "A1");
    let (summary, history, whole) = (ward.item("R13").await, ward.item("R01").await, ward.item("C0").await);
    let items = [&summary, &history, &whole].map(|item| item["id"].clone());
    let path = "/api/v1/deficiencies/acts";
    let bulk =
        |preview: bool| json!({"decision": waive(), "why": "old system", "items": items, "preview": preview});

    // when it is previewed, then it says what would become of each, and nothing is recorded
    let report = kim.posts(path, "all", None, &bulk(true)).await.done();
    assert_eq!(
        (&report["done"], &report["refused"], &report["position"]),
        (&json!(2), &json!(1), &Value::Null)
    );
    assert!(report["items"][0]["effects"][0].as_str().expect("words").contains("is waived"), "{report}");
    assert!(report["items"][2]["refusal"].as_str().expect("words").contains("chart as a whole"), "{report}");
    assert!(ward.acts().await.is_empty());

    // when it is decided, then the same holds, once
    let report = kim.posts(path, "all", None, &bulk(false)).await.done();
    assert_eq!((&report["done"], &report["refused"]), (&json!(2), &json!(1)));
    let again = kim.posts(path, "all", None, &bulk(false)).await.done();
    for (first, second) in
        [0, 1].map(|place| (&report["items"][place]["acted"], &again["items"][place]["acted"]))
    {
        assert_eq!(first, second);
        assert!(first["position"].is_u64(), "{report}");
    }
    assert_eq!(ward.item("R13").await["status"], "waived");
    assert_eq!(ward.acts().await.len(), 2);

    // a whole visit is disputed by its provider: every item of theirs that is owed
    let ward = Ward::after(discharged(), NOW).await;
    let owner_again = ward.physician("dr one", "A1");
    let body = json!({
        "decision": {"act": "dispute", "reason": "not_mine"}, "why": "rounded for another", "charts": [ward.chart],
    });
    let report = owner_again.posts(path, "all", None, &body).await.done();
    assert_eq!((&report["done"], &report["refused"]), (&json!(2), &json!(0)), "{report}");
    assert_eq!(ward.acts().await.len(), 2);
    // nothing and too much are told
    let nothing = json!({"decision": waive(), "why": "x"});
    assert_eq!(owner.posts(path, "none", None, &nothing).await.status, 422);
}
