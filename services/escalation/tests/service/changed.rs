//! Providers change while their tracks run: records are merged, people work at two facilities, people leave.

use std::sync::Arc;

use countersign_contracts::{
    api::escalation::{TrackAct, TrackActRequest},
    deficiency::DeficiencyChanged,
    directory::Span,
    notice::Outcome,
    staff,
};
use countersign_escalation::{Escalation, domain::track::track_id, reading::RegisterFilter};
use countersign_kernel::{Actor, Role, TrackId};

use crate::hospital::{FACILITY, Hospital, POLICY, at, done, owed, pass, person, track_of, who};

/// Two providers, the first of whom owes an item from 2 March on, and the service.
async fn somebody_owes() -> (Hospital, DeficiencyChanged, Arc<Escalation>) {
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    hospital.provider("1002").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    (hospital, item, service)
}

/// The item is done, and the service knows it.
async fn is_done(hospital: &Hospital, service: &Escalation, item: &DeficiencyChanged, when: &str) {
    hospital.item(&done(item, at(when))).await;
    service.catch_up().await.expect("caught up");
}

fn chief() -> Actor {
    Actor::new("dr.chief", [Role::ChiefMedicalOfficer])
}

/// Lets two notices go by unanswered, and the chief medical officer suspend: on 5 April.
async fn suspend(hospital: &Hospital, service: &Escalation, id: &str) {
    for until in ["2026-03-10T12:00:00Z", "2026-03-24T12:00:00Z"] {
        pass(hospital, service, until).await;
        hospital.outcome(track_of(id), hospital.last_notice(id).await, Outcome::Accepted).await;
    }
    pass(hospital, service, "2026-04-05T12:00:00Z").await;
    let inbox = service.inbox(&chief()).await.expect("the inbox");
    let packet = inbox.iter().find_map(|item| item.packet.clone()).expect("a proposal");
    let confirm = TrackActRequest {
        decision: TrackAct::ConfirmSuspension {
            proposal: 1,
            packet_sha256: packet.sha256,
            exempt: Vec::new(),
            overrides: None,
        },
        why: "two notices ignored".to_owned(),
    };
    service.act(&chief(), "key-1", None, track_of(id), &confirm).await.expect("confirmed");
    service.catch_up().await.expect("caught up");
}

/// The directory finds out that two records are one person's.
async fn merge(hospital: &Hospital, from: &str, into: &str) {
    let mut merged = person(from);
    merged.merged_into = Some(staff::key_of(&who(into)));
    hospital.describe(&merged).await;
}

fn at_south(item: &DeficiencyChanged) -> DeficiencyChanged {
    DeficiencyChanged { facility: "SOUTH".to_owned(), ..item.clone() }
}

async fn in_force(service: &Escalation) -> Vec<(TrackId, String)> {
    let register = service.register(&chief(), &RegisterFilter::default()).await.expect("the register");
    let rows = register.items.into_iter().filter(|row| row.until.is_none());
    rows.map(|row| (row.track, row.facility)).collect()
}

#[tokio::test]
async fn when_two_records_become_one_in_mid_track_the_ladder_goes_on_with_the_one_that_remains() {
    // given a first notice to a provider who has two records
    let (hospital, item, service) = somebody_owes().await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    assert_eq!(hospital.kinds("1001").await, ["track-opened", "step-taken", "notice-requested"]);
    // when the records are merged
    merge(&hospital, "1001", "1002").await;
    service.catch_up().await.expect("caught up");
    pass(&hospital, &service, "2026-03-11T12:00:00Z").await;
    // then the old track ends, and the remaining one begins with the first notice: nobody is warned who was not told
    assert_eq!(hospital.kinds("1001").await.last(), Some(&"track-closed"));
    assert_eq!(hospital.kinds("1002").await, ["track-opened", "step-taken", "notice-requested"]);
    // and what is done closes it
    is_done(&hospital, &service, &item, "2026-03-11T11:00:00Z").await;
    assert_eq!(hospital.kinds("1002").await.last(), Some(&"track-closed"));
}

#[tokio::test]
async fn a_suspension_of_a_record_that_is_merged_away_ends_when_its_items_are_done() {
    // given a suspension
    let (hospital, item, service) = somebody_owes().await;
    suspend(&hospital, &service, "1001").await;
    assert_eq!(in_force(&service).await, [(track_of("1001"), FACILITY.to_owned())]);
    // when the record is merged into another one, then it stays in force, and there is no second one
    merge(&hospital, "1001", "1002").await;
    pass(&hospital, &service, "2026-04-07T12:00:00Z").await;
    assert_eq!(in_force(&service).await, [(track_of("1001"), FACILITY.to_owned())]);
    // when its item is done, then it ends
    is_done(&hospital, &service, &item, "2026-04-07T11:00:00Z").await;
    assert!(in_force(&service).await.is_empty(), "{:?}", hospital.kinds("1001").await);
    assert!(hospital.kinds("1001").await.contains(&"reinstated"));
}

#[tokio::test]
async fn edge_38_suspended_at_one_facility_and_not_at_the_other() {
    // given a provider who owes an old item at one facility and a young one at the other
    let (hospital, north, service) = somebody_owes().await;
    suspend(&hospital, &service, "1001").await;
    let south = at_south(&owed("V2", "1001", "2026-04-05T12:00:00Z"));
    hospital.item(&south).await;
    service.catch_up().await.expect("caught up");
    // then there are two tracks, and the suspension is of one of them
    let other = track_id(staff::key_of(&who("1001")), "SOUTH");
    service.track(&chief(), other).await.expect("the other track");
    assert_eq!(in_force(&service).await, [(track_of("1001"), FACILITY.to_owned())]);
    // when the other facility's item is done, then nothing ends here
    is_done(&hospital, &service, &south, "2026-04-05T12:00:00Z").await;
    assert_eq!(in_force(&service).await.len(), 1);
    // when this one's is, then it does
    is_done(&hospital, &service, &north, "2026-04-05T12:00:00Z").await;
    assert!(in_force(&service).await.is_empty());
}

#[tokio::test]
async fn a_provider_who_leaves_keeps_the_track_until_what_is_owed_is_somebody_elses() {
    // given a first notice to somebody
    let (hospital, item, service) = somebody_owes().await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    // when that person leaves the staff, then the item is owed still: nothing ends by itself
    let mut gone = person("1001");
    gone.activity = vec![Span { from: None, until: Some(at("2026-03-10T12:00:00Z")) }];
    hospital.describe(&gone).await;
    pass(&hospital, &service, "2026-03-12T12:00:00Z").await;
    assert!(!hospital.kinds("1001").await.contains(&"track-closed"));
    // when HIM gives the item to somebody else, then the ladder goes with it, from its first notice
    let mut given = item.clone();
    given.change = "changed".to_owned();
    given.responsible.as_mut().expect("somebody").id = Some("1002".to_owned());
    hospital.item(&given).await;
    pass(&hospital, &service, "2026-03-13T12:00:00Z").await;
    assert_eq!(hospital.kinds("1001").await.last(), Some(&"track-closed"));
    assert_eq!(hospital.kinds("1002").await, ["track-opened", "step-taken", "notice-requested"]);
}
