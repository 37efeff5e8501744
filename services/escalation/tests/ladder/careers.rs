//! Complete careers of a track under the shipped policy.

use countersign_escalation::domain::{
    acts::{Command, Refusal},
    events::{Matter, TrackEvent},
    policy::PolicySet,
};
use countersign_kernel::Role;

use crate::{
    post::Post,
    world::{World, at, days, default_policy, hours},
};

#[test]
fn ignored_notices_lead_to_a_suspension_that_a_named_human_confirms_and_completion_ends_it_at_once() {
    // given a discharge on Monday, 2 March
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    // when nothing is done
    world.pass(days(38));
    // then the ladder is climbed: on day 4, 8, 15 and 22, with a proposal on the first Wednesday noon after seven whole
    // days since the notice counted as delivered (the 25th, a day after it went out)
    assert_eq!(
        world.told(),
        ["03-06 digest", "03-10 notice-1", "03-17 notice-2", "03-24 delinquent", "04-08 proposed"]
    );
    // and nobody is suspended by software
    assert!(world.track.suspension().is_none());
    world.confirm().expect("confirmed");
    assert!(world.track.suspension().is_some());
    // when the item is done, then it ends in the same instant, and the cycle with it
    world.pass(days(3));
    world.done(item);
    assert!(world.track.suspension().is_none() && world.track.cycle.is_none());
    assert_eq!(world.told()[5..], ["04-09 confirmed", "04-09 suspended", "04-12 reinstated", "04-12 closed"]);
    assert_eq!(world.track.timers.armed().count(), 0);
}

#[test]
fn the_committee_is_asked_after_the_days_of_the_policy_and_told_how_many_they_were() {
    // given a policy that asks for a review after 45 days
    let text = PolicySet::DEFAULT_FILE.replacen("[review]\nafter_days = 30", "[review]\nafter_days = 45", 1);
    let mut world = World::new(PolicySet::read(&text, 1).expect("a policy"));
    world.owe("a");
    world.pass(days(38));
    world.confirm().expect("confirmed");
    let asked = |world: &World| -> Vec<(String, Option<u16>)> {
        let notices = world.history.iter().filter_map(|entry| match &entry.event {
            TrackEvent::NoticeRequested(asked) => Some(asked),
            _ => None,
        });
        let of_days = |kind: &str| kind == "review" || kind == "npdb-prompt";
        notices
            .filter(|asked| of_days(&asked.kind))
            .map(|asked| (asked.kind.clone(), asked.suspension.as_ref().and_then(|facts| facts.after_days)))
            .collect()
    };
    // when 44 days pass, then only the question of day 25 was put; a day later the review is asked for
    world.pass(days(44));
    assert!(asked(&world).iter().all(|notice| *notice == ("npdb-prompt".to_owned(), Some(25))));
    world.pass(days(2));
    let reviews = asked(&world).into_iter().filter(|(kind, _)| kind == "review");
    assert_eq!(reviews.collect::<Vec<_>>(), vec![("review".to_owned(), Some(45)); 2]);
}

#[test]
fn leave_in_the_middle_moves_what_is_to_come_by_as_much() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(10));
    // given two weeks of leave after notice 1
    let from = world.now;
    world.leave(from, from.checked_add(days(14)).ok());
    world.pass(days(45));
    assert_eq!(
        world.told(),
        ["03-06 digest", "03-10 notice-1", "03-31 notice-2", "04-07 delinquent", "04-22 proposed"]
    );
}

#[test]
fn leave_after_a_proposal_takes_it_back() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.run_until(at("2026-04-08T12:00:00Z"));
    assert!(world.track.proposal.is_some());
    world.leave(world.now, None);
    assert_eq!(world.count("lapsed"), 1);
    assert!(matches!(world.confirm(), Err(Refusal::NotProposed { .. })));
}

#[test]
fn a_dispute_that_is_upheld_after_a_notice_marks_the_step_and_asks_for_a_correction() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(16));
    world.disputed(item);
    world.pass(days(1));
    // when HIM says that it never was a requirement
    world.voided(item);
    // then every step that it alone carried is marked, and nothing is deleted
    assert_eq!(world.count("superseded notice-2"), 1);
    assert_eq!(world.count("superseded notice-1"), 1);
    assert!(world.track.matters.iter().any(|asked| asked.matter == Matter::Correction));
    assert!(world.track.cycle.is_none());
    let act = Command::CorrectionDone { cycle: 1, rung: 2 };
    world.act("H. Manager", &[Role::HimManager], act).expect("done");
    assert!(world.track.matters.iter().all(|asked| asked.seen_at.is_some()));
}

#[test]
fn a_bounced_notice_is_asked_for_again_and_the_next_step_counts_from_what_was_delivered() {
    let mut world = World::new(default_policy());
    world.owe("a");
    // given a mailbox that is full when notice 1 goes out
    world.run_until(at("2026-03-09T12:00:00Z"));
    world.post = Post::Bounces;
    world.run_until(at("2026-03-11T00:30:00Z"));
    world.post = Post::Arrives;
    world.pass(days(10));
    // then the second attempt on the 11th counts from the 12th, and notice 2 comes when five whole days are over
    assert_eq!(world.told(), ["03-06 digest", "03-10 notice-1", "03-18 notice-2"]);
    let asked = world.history.iter().filter(
        |entry| matches!(&entry.event, TrackEvent::NoticeRequested(requested) if requested.kind == "overdue"),
    );
    assert_eq!(asked.count(), 2);
}

#[test]
fn a_notice_that_never_arrives_stops_the_ladder_and_a_human_is_asked() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.post = Post::Bounces;
    world.pass(days(60));
    assert_eq!(world.told()[..2], ["03-06 digest", "03-10 notice-1"]);
    assert_eq!(world.count("asked Undeliverable"), 1);
    assert_eq!(world.count("notice-2"), 0);
    // when the address is corrected and somebody says so, then it goes on from there
    world.post = Post::Arrives;
    let act = Command::Acknowledge { matter: Some(Matter::Undeliverable) };
    world.act("M. Office", &[Role::MedicalStaffOffice], act).expect("taken");
    world.pass(days(10));
    assert_eq!(world.count("notice-2"), 1);
}

#[test]
fn a_copy_that_nobody_opens_calls_nobody_but_the_providers_own_does() {
    // given copies that lie unopened in an office's inbox
    let mut world = World::new(default_policy());
    world.owe("a");
    world.post_of_copies = Post::Unopened;
    world.pass(days(60));
    // then the ladder goes on, and leadership is not asked to mend anything
    assert!(world.told().iter().any(|step| step.ends_with("proposed")), "{:?}", world.told());
    assert_eq!(world.count("asked Undeliverable"), 0);
    // given copies of which nothing is heard at all, then it is: once for each
    let mut world = World::new(default_policy());
    world.owe("a");
    world.post_of_copies = Post::Silent;
    world.pass(days(20));
    assert_eq!((world.count("notice-2"), world.count("asked Undeliverable")), (1, 1));
    // given the provider's own unopened, then nothing follows, and it is
    let mut world = World::new(default_policy());
    world.owe("a");
    world.post = Post::Unopened;
    world.pass(days(60));
    assert_eq!((world.count("notice-2"), world.count("asked Undeliverable")), (0, 1));
}

#[test]
fn an_unknown_outcome_proves_nothing() {
    for post in [Post::Silent, Post::Unknown] {
        let mut world = World::new(default_policy());
        world.owe("a");
        world.post = post;
        world.pass(days(90));
        assert_eq!(world.count("notice-2"), 0, "{post:?}");
        assert_eq!(world.count("asked Undeliverable"), 1, "{post:?}");
    }
}

#[test]
fn a_cycle_keeps_to_its_policy_and_the_next_one_takes_the_new_one() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(10));
    // when a stricter policy is published in mid-track
    world.publish(&PolicySet::DEFAULT_FILE.replacen("after_days = 14", "after_days = 10", 1));
    world.pass(days(8));
    assert_eq!(world.told(), ["03-06 digest", "03-10 notice-1", "03-17 notice-2"]);
    // then what is owed after that cycle goes by it
    world.done(item);
    world.owe("b");
    world.pass(days(16));
    assert_eq!(world.track.keeps_to().map(|kept| kept.version), Some(2));
    assert_eq!(world.told()[3..], ["03-20 closed", "03-24 digest", "03-28 notice-1", "04-04 notice-2"]);
}

#[test]
fn two_people_confirm_where_the_policy_asks_for_two() {
    let text = PolicySet::DEFAULT_FILE.replacen("approvals = 1", "approvals = 2", 1);
    let mut world = World::new(PolicySet::read(&text, 1).expect("a policy"));
    world.owe("a");
    world.pass(days(38));
    world.confirm_as("A. First", &[Role::MedicalStaffOffice], false).expect("the first");
    assert!(world.track.suspension().is_none());
    assert_eq!(world.confirm_as("A. First", &[Role::ChiefMedicalOfficer], false), Err(Refusal::SecondPerson));
    let other = world.confirm_as("B. Other", &[Role::HimManager], false);
    assert!(matches!(other, Err(Refusal::NotPermitted { .. })));
    world.confirm_as("B. Second", &[Role::ChiefMedicalOfficer], false).expect("the second");
    assert_eq!(world.track.suspension().expect("in force").authority.len(), 2);
}

#[test]
fn days_25_and_30_ask_their_questions_once_and_the_third_suspension_of_a_year_is_told() {
    let mut world = World::new(default_policy());
    for round in 0..3 {
        let item = world.owe(&format!("item {round}"));
        world.pass(days(38));
        world.confirm().expect("confirmed");
        world.pass(days(40));
        assert_eq!(world.count("asked NpdbQuestion"), round + 1);
        assert_eq!(world.count("asked CommitteeReview"), round + 1);
        world.done(item);
    }
    assert_eq!(world.count("asked Repeated"), 1);
    let within: Vec<u32> = world
        .history
        .iter()
        .filter_map(|entry| match &entry.event {
            TrackEvent::Suspended(suspended) => Some(suspended.within_year),
            _ => None,
        })
        .collect();
    assert_eq!(within, [1, 2, 3]);
}

#[test]
fn a_rejected_proposal_is_not_made_again_before_its_time() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.run_until(at("2026-04-08T12:00:00Z"));
    let open = world.track.proposal.clone().expect("a proposal");
    let until = Some(at("2026-04-20T00:00:00Z"));
    let act = Command::Reject { proposal: open.number, packet_sha256: open.sha256, until };
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], act).expect("rejected");
    world.pass(days(20));
    assert_eq!(world.told()[4..], ["04-08 proposed", "04-08 rejected", "04-22 proposed"]);
}

#[test]
fn more_time_and_exemption_hold_every_step_until_they_end() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(9));
    let until = world.now.checked_add(days(20)).expect("an instant");
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::Extend { until }).expect("extended");
    world.pass(days(19));
    assert_eq!(world.count("notice-2"), 0);
    world.pass(days(2));
    assert_eq!(world.count("notice-2"), 1);
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::Exempt { until: None }).expect("exempted");
    world.pass(days(60));
    assert_eq!(world.count("delinquent"), 0);
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::EndGrant).expect("ended");
    world.pass(hours(1));
    assert_eq!(world.count("delinquent"), 1);
}

#[test]
fn a_clock_that_was_set_holds_whatever_leads_to_a_suspension() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(20));
    // when somebody sets the clock forward by two months
    world.clock_trusted = false;
    world.pass(days(60));
    // then notices that name a day wait, and nobody is suspended
    assert_eq!(world.count("delinquent"), 0);
    // when an operator confirms it, then it goes on with the notice
    world.clock_trusted = true;
    world.look();
    assert_eq!(world.count("delinquent"), 1);
    world.pass(days(20));
    world.clock_trusted = false;
    assert_eq!(world.confirm(), Err(Refusal::ClockDoubted));
}

#[test]
fn charts_that_come_in_late_start_with_the_first_notice() {
    // given a chart that is two months old when it becomes known
    let mut world = World::new(default_policy());
    world.owe_since("a", at("2026-01-02T08:00:00Z"));
    world.pass(days(40));
    // then nothing counts for two days, the digest's line is skipped, and every notice has its days
    assert_eq!(world.told(), ["03-04 notice-1", "03-11 notice-2", "03-18 delinquent", "04-01 proposed"]);
}
