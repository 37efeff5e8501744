//! Contacts: what can be muted, by which ways a notice goes out.

use countersign_contracts::notice::{
    Channel,
    NoticeClass::{Formal, Reminder},
    NoticeRequested,
};
use countersign_kernel::NoticeId;
use countersign_notification::domain::contact::{
    Contact, Destination, Preferences, Refusal,
    events::Trouble,
    routes::{Known, is_muted, routes},
};

use crate::given::{act, email, letter, monday, provider, request};

fn contact(changes: impl FnOnce(&mut Preferences)) -> Contact {
    let mut preferences = Preferences::default();
    changes(&mut preferences);
    let mut contact = Contact::default();
    for event in contact.set_preferences(&preferences, &act("")).expect("allowed") {
        contact.evolve(&event);
    }
    contact
}

fn known() -> Known {
    Known {
        key: "provider-1047".to_owned(),
        elsewhere: vec![email("directory@example.org"), letter()],
        delegate: Some((provider(), vec![email("delegate@example.org")])),
    }
}

fn ways(request: &NoticeRequested, contact: &Contact) -> Vec<(Destination, bool)> {
    routes(request, contact, &known()).into_iter().map(|route| (route.to, route.at_once)).collect()
}

#[test]
fn what_a_policy_demands_cannot_be_muted() {
    let muted = |topic: &str| Preferences { muted: vec![topic.to_owned()], ..Preferences::default() };
    let refused = Contact::default().set_preferences(&muted("pre-suspension"), &act(""));
    assert_eq!(refused, Err(Refusal::Mandatory("pre-suspension".to_owned())));
    assert!(Contact::default().set_preferences(&muted("digest"), &act("")).is_ok());
    // and a topic that is muted is muted as a reminder only
    let contact = contact(|preferences| preferences.muted = vec!["overdue".to_owned()]);
    let of = |class| NoticeRequested { kind: "overdue".to_owned(), ..request(class) };
    assert!(is_muted(&of(Reminder), &contact));
    assert!(!is_muted(&of(Formal), &contact));
}

#[test]
fn the_preferred_channel_comes_first_and_the_policys_others_stay_for_formal_notices() {
    let contact = contact(|preferences| preferences.channels = vec![Channel::Letter, Channel::Webhook]);
    // the policy asks for e-mail and letter
    assert_eq!(ways(&request(Formal), &contact), [(letter(), true), (email("directory@example.org"), false)]);
    assert_eq!(ways(&request(Reminder), &contact), [(letter(), true)]);
}

#[test]
fn an_address_of_ones_own_comes_before_that_of_the_directory_until_it_bounces() {
    let mut contact = Contact::default();
    for event in contact.set_addresses(&[email("own@example.org")], true, &act("")).expect("allowed") {
        contact.evolve(&event);
    }
    assert_eq!(ways(&request(Reminder), &contact)[0], (email("own@example.org"), true));
    let notice = NoticeId::derive(&["test"]);
    let own = email("own@example.org");
    let bounced = |contact: &Contact| {
        contact.trouble("provider-1047", Trouble::AddressBounced, Some(&own), notice, "550", monday())
    };
    for event in bounced(&contact) {
        contact.evolve(&event);
    }
    assert_eq!(ways(&request(Reminder), &contact)[0], (email("directory@example.org"), true));
    // one task, however often it comes back; and set again it gets another chance
    assert_eq!((contact.tasks.len(), bounced(&contact).len()), (1, 0));
    for event in contact.set_addresses(std::slice::from_ref(&own), true, &act("was full")).expect("allowed") {
        contact.evolve(&event);
    }
    assert_eq!(ways(&request(Reminder), &contact)[0], (own, true));
}

#[test]
fn on_all_channels_means_at_once_on_each_and_a_delegate_gets_a_copy_when_that_is_wanted() {
    let contact = contact(|preferences| preferences.copy_to_delegate = true);
    let all = NoticeRequested { on_all: true, ..request(Formal) };
    assert_eq!(
        ways(&all, &contact),
        [(email("directory@example.org"), true), (letter(), true), (email("delegate@example.org"), true)]
    );
    let copies = routes(&all, &contact, &known()).into_iter().filter(|route| route.copy_for.is_some());
    assert_eq!(copies.count(), 1);
}
