//! Who is told and who decides: chairs, delegates, offices, and what counts as told.

use countersign_contracts::notice::Channel;
use countersign_escalation::domain::{
    acts::{Command, Refusal},
    events::{Matter, TrackEvent},
    policy::PolicySet,
};
use countersign_kernel::{ProviderId, Role};

use crate::{
    post::Post,
    world::{World, days, default_policy},
};

fn person(id: &str) -> ProviderId {
    ProviderId { id: id.to_owned(), authority: String::new() }
}

/// In which parts a notice of a kind was asked for, in order.
fn recipients(world: &World, kind: &str) -> Vec<String> {
    let asked = world.history.iter().filter_map(|entry| match &entry.event {
        TrackEvent::NoticeRequested(asked) if asked.kind == kind => Some(asked.recipient.role().to_owned()),
        _ => None,
    });
    asked.collect()
}

#[test]
fn the_second_notice_goes_to_the_chair_and_copies_to_the_delegate() {
    // given a provider with a delegate and a chair
    let mut world = World::new(default_policy());
    world.delegate = Some(person("NURSE"));
    world.owe("a");
    // when the first two notices are due
    world.pass(days(18));
    // then the chair is told from the second on
    assert_eq!(recipients(&world, "overdue"), ["provider", "delegate"]);
    assert_eq!(recipients(&world, "warning"), ["provider", "delegate", "chair"]);
    assert_eq!(world.count("asked NoRecipient"), 0);
}

#[test]
fn where_nobody_is_the_chair_an_office_is_told_and_leadership_asked_once_in_the_cycle() {
    // given nobody who heads the department, or the provider himself
    for chair in [None, Some(person("D1"))] {
        let mut world = World::new(default_policy());
        world.chair = chair;
        // and a provider who is noted as his own delegate
        world.delegate = Some(person("D1"));
        world.owe("a");
        // when two steps of the cycle go to the chair
        world.pass(days(26));
        // then the office stands in, no copy goes to the provider himself, and leadership is asked once
        assert_eq!(recipients(&world, "overdue"), ["provider"]);
        assert_eq!(recipients(&world, "warning"), ["provider", "medical_staff_office"]);
        assert_eq!(recipients(&world, "pre-suspension"), ["provider", "medical_staff_office"]);
        assert_eq!(world.count("asked NoRecipient"), 1);
    }
}

#[test]
fn a_chair_without_an_address_does_not_keep_the_ladder_waiting() {
    // given that only the provider's notices arrive; the others' are silent
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(16));
    let chair = world.history.iter().find_map(|entry| match &entry.event {
        TrackEvent::NoticeRequested(asked) if asked.recipient.role() == "chair" => Some(asked.notice),
        _ => None,
    });
    let chair = chair.expect("a notice to the chair");
    world.underway.retain(|(_, answer)| answer.notice != chair);
    world.pass(days(22));
    // then the ladder goes on by the provider's own
    assert_eq!(world.count("delinquent"), 1, "{:?}", world.told());
}

#[test]
fn where_all_channels_are_asked_for_each_has_to_prove_the_delivery() {
    let text =
        PolicySet::DEFAULT_FILE.replace("class = \"formal\"", "class = \"formal\"\non_all = true").replacen(
            "channels = [\"email\", \"inbox\", \"letter\"]\nrequired = \"any\"",
            "channels = [\"email\", \"inbox\"]\nrequired = \"all\"",
            1,
        );
    assert!(text.contains("required = \"all\""));
    let policy = PolicySet::read(&text, 1).expect("a policy");
    // given a mail that arrives, and that nobody opens in the inbox
    let mut world = World::new(policy.clone());
    world.owe("a");
    world.pass(days(30));
    // then it is not delivered, nothing follows, and a human is asked
    assert_eq!(world.count("notice-2"), 0);
    assert_eq!(world.count("asked Undeliverable"), 1);
    // when it is opened, then it is
    let mut world = World::new(policy);
    world.post = Post::Read;
    world.owe("a");
    world.pass(days(30));
    assert_eq!(world.count("notice-2"), 1);
    let opened = world.history.iter().any(|entry| {
        matches!(&entry.event, TrackEvent::NoticeAnswered(answer) if answer.channel == Some(Channel::Inbox))
    });
    assert!(opened);
}

#[test]
fn the_question_of_the_npdb_is_answered_once_by_an_acknowledgement_with_its_reason() {
    // given a suspension on its twenty-sixth day
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(38));
    world.confirm().expect("confirmed");
    world.pass(days(27));
    let open = |world: &World| {
        world
            .track
            .matters
            .iter()
            .filter(|asked| asked.matter == Matter::NpdbQuestion && asked.seen_at.is_none())
            .count()
    };
    assert_eq!(open(&world), 1);
    // when the office answers
    let answer = Command::Acknowledge { matter: Some(Matter::NpdbQuestion) };
    world.act("M. Office", &[Role::MedicalStaffOffice], answer.clone()).expect("taken");
    // then it is not asked again, and the suspension goes on
    assert_eq!(open(&world), 0);
    assert_eq!(world.act("M. Office", &[Role::MedicalStaffOffice], answer), Err(Refusal::NothingAsked));
    world.pass(days(20));
    assert_eq!(world.count("asked NpdbQuestion"), 1);
    assert!(world.track.suspension().is_some());
}
