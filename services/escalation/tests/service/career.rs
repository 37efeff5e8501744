//! A whole career of a track: ignored notices, a suspension by a named human, and its end.

use countersign_contracts::{
    api::escalation::{TrackAct, TrackActRequest},
    deficiency::{DeficiencyChanged, DeficiencyStatus},
    notice::Outcome,
};
use countersign_escalation::{domain::events::TrackEvent, reading::RegisterFilter};
use countersign_kernel::{Actor, Role};

use crate::hospital::{FACILITY, Hospital, POLICY, at, done, owed, pass, person, track_of};

fn chief() -> Actor {
    Actor::new("dr.chief", [Role::ChiefMedicalOfficer])
}

fn confirm(packet_sha256: String) -> TrackActRequest {
    TrackActRequest {
        decision: TrackAct::ConfirmSuspension {
            proposal: 1,
            packet_sha256,
            exempt: Vec::new(),
            overrides: None,
        },
        why: "two notices ignored".to_owned(),
    }
}

/// A provider who has ignored a notice and a warning, and a suspension that the chief medical officer has confirmed.
async fn suspended(hospital: &Hospital) -> std::sync::Arc<countersign_escalation::Escalation> {
    hospital.provider("1001").await;
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    for until in ["2026-03-10T12:00:00Z", "2026-03-24T12:00:00Z"] {
        pass(hospital, &service, until).await;
        hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    }
    pass(hospital, &service, "2026-04-05T12:00:00Z").await;
    let packet = service.inbox(&chief()).await.expect("the inbox")[0].packet.clone().expect("a packet");
    let confirmed = service.act(&chief(), "key-1", None, track_of("1001"), &confirm(packet.sha256)).await;
    confirmed.expect("confirmed");
    service.catch_up().await.expect("caught up");
    service
}

#[tokio::test]
async fn a_bounce_that_comes_after_the_suspension_is_a_correction_for_leadership_and_deletes_nothing() {
    // given a suspension in force, that rests on a warning which counted as delivered
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    let service = suspended(&hospital).await;
    let warning = hospital.track("1001").await.into_iter().find_map(|event| match event {
        TrackEvent::NoticeRequested(asked) if asked.kind == "pre-suspension" => Some(asked.notice),
        _ => None,
    });
    assert!(service.inbox(&chief()).await.expect("the inbox").is_empty());
    let before = hospital.track("1001").await;

    // when that warning comes back after all, twice
    hospital.clock.set(at("2026-04-07T09:00:00Z"));
    for _ in 0..2 {
        hospital.outcome(track_of("1001"), warning.expect("a warning"), Outcome::Bounced).await;
        service.catch_up().await.expect("caught up");
    }

    // then leadership has one correction before it, about this suspension, which is in force until a human says otherwise
    let inbox = service.inbox(&chief()).await.expect("the inbox");
    assert_eq!(inbox.iter().map(|item| item.kind.as_str()).collect::<Vec<_>>(), ["correction"]);
    assert!(inbox[0].text.contains("came back after all"), "{}", inbox[0].text);
    let register = service.register(&chief(), &RegisterFilter::default()).await.expect("the register");
    assert_eq!(register.items[0].until, None);
    let after = hospital.track("1001").await;
    assert_eq!(after[..before.len()], before[..], "nothing is deleted");

    // when leadership ends it for that reason, then those who were told of it are told of the end
    let end = TrackActRequest {
        decision: TrackAct::ConfirmReinstatement { proposal: 1 },
        why: "the warning never arrived".to_owned(),
    };
    service.act(&chief(), "key-2", None, track_of("1001"), &end).await.expect("ended");
    service.catch_up().await.expect("caught up");
    let register = service.register(&chief(), &RegisterFilter::default()).await.expect("the register");
    assert!(register.items[0].until.is_some());
    assert!(!service.inbox(&chief()).await.expect("the inbox").iter().any(|item| item.kind == "correction"));
    let told = hospital.track("1001").await;
    let told = told
        .iter()
        .filter(|event| matches!(event, TrackEvent::NoticeRequested(asked) if asked.kind == "reinstated"));
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn each_step_that_a_late_fact_supersedes_is_a_correction_of_its_own() {
    // given a notice and a warning about one item
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    for until in ["2026-03-10T12:00:00Z", "2026-03-24T12:00:00Z"] {
        pass(&hospital, &service, until).await;
        hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    }
    // when it turns out never to have been owed: the discharge was cancelled
    let never = DeficiencyChanged {
        change: "voided".to_owned(),
        status: DeficiencyStatus::Voided,
        closed_at: Some(at("2026-03-25T09:00:00Z")),
        ..item
    };
    hospital.clock.set(at("2026-03-25T09:00:00Z"));
    hospital.item(&never).await;
    service.catch_up().await.expect("caught up");
    // then leadership has one task for each step, in its own words, and one is done without the other
    let inbox = service.inbox(&chief()).await.expect("the inbox");
    let mut texts: Vec<&str> = inbox.iter().map(|item| item.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("step delinquent") && texts[1].contains("step notice-1"), "{texts:?}");
    let first = inbox.iter().find(|item| item.text.contains("notice-1")).expect("one");
    let done = TrackActRequest {
        decision: TrackAct::CorrectionDone {
            rung: first.rung.expect("a place"),
            cycle: first.cycle.expect("a cycle"),
        },
        why: "told everybody".to_owned(),
    };
    service.act(&chief(), "key-3", None, track_of("1001"), &done).await.expect("done");
    service.catch_up().await.expect("caught up");
    let inbox = service.inbox(&chief()).await.expect("the inbox");
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].text.contains("step delinquent"), "{}", inbox[0].text);
}

#[tokio::test]
async fn each_notice_that_cannot_be_delivered_is_a_task_until_it_is_or_nobody_waits_for_it() {
    // given a step that tells the provider and an office, and neither can be reached
    let policy = POLICY.replacen("to = [\"provider\"]", "to = [\"provider\", \"him\"]", 1).replacen(
        "channels = [\"email\"]\n[suspension]",
        "channels = [\"email\"]\nattempts = 1\n[suspension]",
        1,
    );
    let hospital = Hospital::new("2026-03-02T12:00:00Z", &policy);
    hospital.provider("1001").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    let asked: Vec<_> = hospital
        .track("1001")
        .await
        .into_iter()
        .filter_map(|event| match event {
            TrackEvent::NoticeRequested(asked) => Some(asked.notice),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 2);
    for notice in &asked {
        hospital.outcome(track_of("1001"), *notice, Outcome::Failed).await;
        service.catch_up().await.expect("caught up");
    }
    // then each of them is a task
    let tasks = async || {
        let inbox = service.inbox(&chief()).await.expect("the inbox");
        inbox
            .iter()
            .filter(|item| item.kind == "undeliverable")
            .map(|item| item.text.clone())
            .collect::<Vec<_>>()
    };
    let two = tasks().await;
    assert!(two.len() == 2 && two[0] != two[1], "{two:?}");
    // when somebody takes one over, then the other one is left
    hospital.outcome(track_of("1001"), asked[0], Outcome::TakenOver).await;
    service.catch_up().await.expect("caught up");
    assert_eq!(tasks().await.len(), 1);
    // when nothing is owed any more, then nobody waits for it
    hospital.item(&done(&item, at("2026-03-10T13:00:00Z"))).await;
    hospital.clock.set(at("2026-03-10T14:00:00Z"));
    service.catch_up().await.expect("caught up");
    assert_eq!(tasks().await, [""; 0]);
}

#[tokio::test]
async fn a_chair_who_is_missing_is_asked_for_as_long_as_the_cycle_lasts() {
    // given a step that tells a chair, and a provider without one
    let policy = POLICY.replacen("to = [\"provider\"]", "to = [\"provider\", \"chair\"]", 1);
    let hospital = Hospital::new("2026-03-02T12:00:00Z", &policy);
    hospital.provider("1001").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    // then leadership is asked
    let asked = async || {
        let inbox = service.inbox(&chief()).await.expect("the inbox");
        inbox.iter().filter(|item| item.kind == "no_recipient").count()
    };
    assert_eq!(asked().await, 1);
    // when nothing is owed any more, then nobody is
    hospital.item(&done(&item, at("2026-03-10T13:00:00Z"))).await;
    hospital.clock.set(at("2026-03-10T14:00:00Z"));
    service.catch_up().await.expect("caught up");
    assert_eq!(asked().await, 0);
}

#[tokio::test]
async fn the_last_of_a_department_is_suspended_only_against_the_guard() {
    // given the only provider of a department that the policy guards, before a suspension
    let policy = POLICY.replacen("told = [", "coverage = [\"anes\"]\ntold = [", 1);
    let hospital = Hospital::new("2026-03-02T12:00:00Z", &policy);
    let of = |id: &str, department: Option<&str>, specialty: Option<&str>| {
        let mut described = person(id);
        described.details[0].departments = department.map(str::to_owned).into_iter().collect();
        described.details[0].specialty = specialty.map(str::to_owned);
        described
    };
    hospital.describe(&of("1001", Some("ANES"), None)).await;
    hospital.describe(&of("1003", Some("SURG"), None)).await;
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    for until in ["2026-03-10T12:00:00Z", "2026-03-24T12:00:00Z"] {
        pass(&hospital, &service, until).await;
        hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    }
    pass(&hospital, &service, "2026-04-05T12:00:00Z").await;
    // then the packet says so, and nobody confirms it without overriding
    let packet = service.inbox(&chief()).await.expect("the inbox")[0].packet.clone().expect("a packet");
    assert_eq!(packet.uncovered, ["anes"]);
    let plain = confirm(packet.sha256);
    let refused = service.act(&chief(), "key-1", None, track_of("1001"), &plain).await.expect_err("guarded");
    assert!(refused.to_string().contains("anes"), "{refused}");
    // when somebody else of that specialty is there, then the guard has nothing against it
    hospital.describe(&of("1002", None, Some("Anes"))).await;
    service.catch_up().await.expect("caught up");
    service.act(&chief(), "key-2", None, track_of("1001"), &plain).await.expect("confirmed");
}

#[tokio::test]
async fn ignored_notices_lead_to_a_proposal_a_human_confirms_it_and_completion_ends_it_at_once() {
    // given an item that nobody does
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    // when eight days pass, then the first notice is asked for
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    assert_eq!(hospital.kinds("1001").await, ["track-opened", "step-taken", "notice-requested"]);
    // when it is delivered and the rest of three weeks pass, then the second one names the day
    hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    pass(&hospital, &service, "2026-03-24T12:00:00Z").await;
    let events = hospital.track("1001").await;
    let named = events.iter().rev().find_map(|event| match event {
        TrackEvent::NoticeRequested(asked) => asked.names_date,
        _ => None,
    });
    assert!(named.is_some(), "{:?}", hospital.kinds("1001").await);
    // when that one is delivered and its period passes, then a suspension is proposed, and nobody is suspended
    hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    pass(&hospital, &service, "2026-04-05T12:00:00Z").await;
    let inbox = service.inbox(&chief()).await.expect("the inbox");
    assert_eq!(inbox.iter().map(|item| item.kind.as_str()).collect::<Vec<_>>(), ["suspension"]);
    let packet = inbox[0].packet.clone().expect("a packet");
    assert_eq!(packet.notices.iter().filter(|notice| notice.delivered_at.is_some()).count(), 2);
    assert!(packet.policy_text.is_some_and(|text| text.contains("Test policy")));
    // when the chief medical officer confirms it, then it is in force; the same request again changes nothing
    let first = service.act(&chief(), "key-1", None, track_of("1001"), &confirm(packet.sha256.clone())).await;
    let again = service.act(&chief(), "key-1", None, track_of("1001"), &confirm(packet.sha256)).await;
    assert_eq!(first.expect("confirmed"), again.expect("repeated"));
    service.catch_up().await.expect("caught up");
    let register = service.register(&chief(), &RegisterFilter::default()).await.expect("the register");
    assert_eq!(register.items.len(), 1);
    assert_eq!((register.items[0].until, register.items[0].within_year), (None, 1));
    assert_eq!(register.items[0].facility, FACILITY);
    // when the item is done, then the suspension ends by itself, and those who were told of it are told of the end
    hospital.clock.set(at("2026-04-06T09:00:00Z"));
    hospital.item(&done(&item, at("2026-04-06T08:59:00Z"))).await;
    service.catch_up().await.expect("caught up");
    let events = hospital.track("1001").await;
    let ended = events.iter().find_map(|event| match event {
        TrackEvent::Reinstated(ended) => Some(ended.until),
        _ => None,
    });
    assert_eq!(ended, Some(at("2026-04-06T09:00:00Z")));
    let told = |kind: &str| {
        let mut told: Vec<String> = events
            .iter()
            .filter_map(|event| match event {
                TrackEvent::NoticeRequested(asked) if asked.kind == kind => {
                    Some(asked.recipient.role().to_owned())
                }
                _ => None,
            })
            .collect();
        told.sort();
        told
    };
    assert_eq!(told("suspended"), ["provider", "scheduling"]);
    assert_eq!(told("reinstated"), told("suspended"));
    assert!(service.inbox(&chief()).await.expect("the inbox").is_empty());
}
