//! Edge cases of the handbook's catalogue that concern escalation, by their numbers.

use countersign_escalation::domain::{acts::Refusal, events::Matter, policy::PolicySet};
use countersign_kernel::Role;

use crate::world::{World, at, days, default_policy};

fn suspended(world: &mut World) {
    world.pass(days(38));
    world.confirm().expect("confirmed");
}

#[test]
fn edge_1_discharge_cancelled_after_notice_2() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(16));
    world.voided(item);
    assert_eq!(world.count("superseded notice-2"), 1);
    assert!(world.track.matters.iter().any(|asked| asked.matter == Matter::Correction));
}

#[test]
fn edge_12_backdated_signature_received_after_suspension_proposed() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.run_until(at("2026-04-08T12:00:00Z"));
    assert!(world.track.proposal.is_some());
    // when a signature of 20 March arrives: after notice 2, before the pre-suspension notice
    world.done_at(item, at("2026-03-20T09:00:00Z"));
    assert_eq!((world.count("superseded delinquent"), world.count("superseded notice-2")), (1, 0));
    assert_eq!((world.count("lapsed"), world.count("asked Correction")), (1, 1));
    assert!(matches!(world.confirm(), Err(Refusal::NotProposed { .. })));
    assert!(world.track.cycle.is_none());
}

#[test]
fn edge_19_leave_entered_late_for_a_past_period() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(16));
    assert_eq!(world.count("notice-2"), 1);
    // when a leave of the past two weeks is entered: notice 1 and 2 would not have gone out yet
    world.leave(at("2026-03-03T08:00:00Z"), Some(at("2026-03-17T08:00:00Z")));
    assert_eq!((world.count("superseded notice-2"), world.count("superseded notice-1")), (1, 1));
    // then it begins again, with the clock as it runs now
    world.pass(days(30));
    assert_eq!(world.track.cycles, 2, "{:?}", world.told());
    assert_eq!(world.count("notice-1"), 2);
}

#[test]
fn edge_20_leave_overlapping_suspension() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    suspended(&mut world);
    // given a leave during it: the suspension stays, and completion ends it all the same
    world.leave(world.now, world.now.checked_add(days(14)).ok());
    world.pass(days(7));
    assert!(world.track.suspension().is_some());
    world.done(item);
    assert!(world.track.suspension().is_none());
}

#[test]
fn edge_22_dispute_upheld_after_notice_gives_the_item_to_somebody_else() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    suspended(&mut world);
    world.disputed(item);
    assert!(world.track.suspension().is_some(), "a dispute alone ends nothing");
    world.given_to_somebody_else(item);
    assert!(world.track.suspension().is_none());
    assert_eq!(world.count("superseded delinquent"), 1);
}

#[test]
fn edge_23_dispute_undecided_beyond_its_time() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(20));
    // given a dispute that HIM does not answer: its pause ends after two days, and it counts for nothing all the same
    world.disputed(item);
    world.pass(days(60));
    assert_eq!(world.count("delinquent"), 0);
    world.dispute_rejected(item);
    world.pass(days(1));
    assert_eq!(world.count("delinquent"), 1);
    // and where the policy says so, it counts again once the time to answer is over
    let text = PolicySet::DEFAULT_FILE.replacen(
        "disputed_counts_when_unanswered = false",
        "disputed_counts_when_unanswered = true",
        1,
    );
    let mut world = World::new(PolicySet::read(&text, 1).expect("a policy"));
    let item = world.owe("a");
    world.pass(days(20));
    world.disputed(item);
    world.pass(days(6));
    assert_eq!(world.count("delinquent"), 1);
}

#[test]
fn edge_37_what_late_facts_change_is_told_beside_the_record_and_never_in_it() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(16));
    let before = world.history.clone();
    world.voided(item);
    // then the record before is as it was
    for (was, is) in before.iter().zip(&world.history) {
        assert_eq!(was.event, is.event);
    }
}

#[test]
fn edge_38_a_provider_at_two_facilities_has_two_tracks() {
    use countersign_escalation::domain::track::track_id;
    let key = uuid::Uuid::from_u128(7);
    assert_ne!(track_id(key, "MAIN"), track_id(key, "NORTH"));
    // given items at another facility only, then nothing happens here
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.change(item, |item| item.facility = "NORTH".to_owned());
    world.pass(days(60));
    assert_eq!(world.count("notice-1"), 0);
}

#[test]
fn edge_39_suspension_of_the_last_one_of_a_service_takes_an_override_with_a_reason() {
    let text = PolicySet::DEFAULT_FILE.replacen("coverage = []", "coverage = [\"anesthesiology\"]", 1);
    let mut world = World::new(PolicySet::read(&text, 1).expect("a policy"));
    world.uncovered = vec!["anesthesiology".to_owned()];
    world.owe("a");
    world.pass(days(38));
    let office = [Role::MedicalStaffOffice];
    assert!(matches!(world.confirm_as("M. Office", &office, false), Err(Refusal::Uncovered { .. })));
    assert_eq!(world.confirm_as("M. Office", &office, true), Err(Refusal::OverrideByChief));
    world.confirm_as("C. Chief", &[Role::ChiefMedicalOfficer], true).expect("overridden");
    assert!(world.track.suspension().is_some());
}

#[test]
fn an_item_on_hold_does_not_shield_others_that_nobody_was_warned_about() {
    let mut world = World::new(default_policy());
    let first = world.owe("a");
    world.pass(days(25));
    world.held(first);
    // given another one that grows old meanwhile
    world.owe("b");
    world.pass(days(60));
    // then it gets its own notices, in a cycle of its own
    assert_eq!(world.count("delinquent"), 2);
    assert_eq!(world.track.cycles, 2, "{:?}", world.told());
    world.released(first);
    assert!(world.is_open(first));
}
