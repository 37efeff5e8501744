//! Charts close to the federal limit: told to the offices once, acknowledged by a named human, ended by completion only.

use countersign_contracts::deficiency::DeficiencyChanged;
use countersign_escalation::domain::limit::LimitEvent;
use countersign_kernel::{Actor, Role};
use serde_json::Value;

use crate::hospital::{Hospital, POLICY, at, done, owed, pass};

fn office() -> Actor {
    Actor::new("m.office", [Role::MedicalStaffOffice])
}

/// The item that says that a chart is incomplete.
fn chart_level(name: &str, from: &str) -> DeficiencyChanged {
    DeficiencyChanged {
        rule: "C1".to_owned(),
        document_type: countersign_owed::CHART.to_owned(),
        responsible: None,
        ..owed(name, "1001", from)
    }
}

#[tokio::test]
async fn whoever_has_seen_a_chart_at_its_limit_says_so_and_it_stays_until_it_is_complete() {
    // given a chart that is incomplete on its twenty-sixth day
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    let item = chart_level("V1", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    let folding = service.read_model().clone();
    let journal = hospital.journal.clone();
    let follow = tokio::spawn(async move { folding.follow(journal.as_ref()).await });
    pass(&hospital, &service, "2026-03-29T12:00:00Z").await;
    let waiting = service.limits(&office(), None, false).await.expect("limits");
    assert_eq!(
        waiting.iter().map(|chart| (chart.chart, chart.acknowledged.is_some())).collect::<Vec<_>>(),
        [(item.encounter, false)]
    );
    // when somebody without the right, or without a reason, acknowledges it, then nothing happens
    let physician = Actor::new("doc", [Role::Physician]);
    service.acknowledge_limit(&physician, "k", item.encounter, "seen").await.expect_err("not permitted");
    service.acknowledge_limit(&office(), "k", item.encounter, "  ").await.expect_err("no reason");
    let elsewhere = Actor { facilities: ["SOUTH".to_owned()].into(), ..office() };
    service.acknowledge_limit(&elsewhere, "k", item.encounter, "seen").await.expect_err("another facility");
    // when the office does, twice with one key, then it is on record once, by name
    let why = "called the attending";
    let first = service.acknowledge_limit(&office(), "k", item.encounter, why).await.expect("taken");
    let again = service.acknowledge_limit(&office(), "k", item.encounter, why).await.expect("repeated");
    assert_eq!((first.repeated, again.repeated, again.position), (false, true, first.position));
    let waiting = service.limits(&office(), None, false).await.expect("limits");
    let seen = waiting[0].acknowledged.clone().expect("acknowledged");
    assert_eq!((seen.name.as_str(), seen.why.as_str()), ("m.office", why));
    // when it is complete, then it is off the list and there is nothing to acknowledge
    hospital.clock.set(at("2026-03-30T12:00:00Z"));
    hospital.item(&done(&item, at("2026-03-30T11:00:00Z"))).await;
    service.catch_up().await.expect("caught up");
    assert!(service.limits(&office(), None, false).await.expect("limits").is_empty());
    service.acknowledge_limit(&office(), "l", item.encounter, why).await.expect_err("complete");
    follow.abort();
}

#[test]
fn every_released_event_of_a_chart_reads_and_writes_as_it_was() {
    let file = include_str!("../golden/limit.jsonl");
    let mut kinds = Vec::new();
    for line in file.lines() {
        let stored: Value = serde_json::from_str(line).expect("JSON");
        let kind = stored["kind"].as_str().expect("a kind");
        let event =
            LimitEvent::decode(kind, stored["data"].to_string().as_bytes()).expect("known").expect("decodes");
        assert_eq!(event.kind(), kind);
        assert_eq!(serde_json::to_value(&event).expect("JSON"), stored["data"], "{kind}");
        kinds.push(kind.to_owned());
    }
    assert_eq!(
        kinds,
        [
            "timer-armed",
            "timer-fired",
            "timer-cancelled",
            "limit-reached",
            "notice-requested",
            "notice-answered",
            "notice-withdrawn",
            "limit-acknowledged",
            "limit-closed",
        ]
    );
}
