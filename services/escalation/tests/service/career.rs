//! A whole career of a track: ignored notices, a suspension by a named human, and its end.

use countersign_contracts::{
    api::escalation::{TrackAct, TrackActRequest},
    notice::Outcome,
};
use countersign_escalation::{domain::events::TrackEvent, reading::RegisterFilter};
use countersign_kernel::{Actor, Role};

use crate::hospital::{FACILITY, Hospital, POLICY, at, done, owed, pass, track_of};

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
