//! What is stored stays readable: events as they are written, pinned.

use countersign_contracts::notice::NoticeClass::Formal;
use countersign_kernel::NoticeId;
use countersign_notification::domain::{
    contact::{Contact, Preferences},
    notice::{Change, NoticeEvent, events::Ending},
    operator::{Decided, StoredMode},
};
use jiff::{SignedDuration, civil::date, tz::TimeZone};

use crate::given::{Story, act, asked, email, inbox, item, letter};

fn lines<'a>(events: impl IntoIterator<Item = &'a NoticeEvent>) -> String {
    let line =
        |event: &NoticeEvent| format!("{} {}\n", event.kind(), serde_json::to_string(event).expect("JSON"));
    events.into_iter().map(line).collect()
}

/// Every type of event of a notice, from three stories.
fn notices() -> Vec<NoticeEvent> {
    let mut bounced = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
    bounced.when(&Change::DropItems([item(3)].into()));
    bounced.send(1, Ending::Later);
    bounced.next_timer();
    bounced.send(1, Ending::Accepted);
    bounced.when(&Change::Complain { leg: 1, detail: "spam".to_owned() });
    bounced.when(&Change::Bounce { leg: 1, detail: "550".to_owned() });
    bounced.send(2, Ending::Accepted);
    bounced.when(&Change::Print { leg: 2, act: act("") });
    bounced.after(SignedDuration::from_hours(24));
    bounced.when(&Change::Confirm {
        leg: 2,
        handed_over: false,
        on: date(2026, 3, 3),
        by_whom: "Front desk".to_owned(),
        time_zone: TimeZone::UTC,
        act: act(""),
    });
    let mut dead = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    dead.send(1, Ending::Refused);
    dead.when(&Change::Requeue { leg: 1, to: None, act: act("again") });
    dead.when(&Change::TakeOver(act("by telephone")));
    let mut read = Story::of(asked(Formal, &[inbox(), email("a@example.org")], &[]));
    read.send(1, Ending::Accepted);
    read.when(&Change::MarkRead { by: "ana".to_owned() });
    read.when(&Change::Withdraw { notice: NoticeId::derive(&["test"]), because: "done".to_owned() });
    let mut kept = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    kept.begin_in(1, countersign_notification::domain::notice::Mode::Shadow);
    let mut lost = Story::of(asked(
        countersign_contracts::notice::NoticeClass::Reminder,
        &[email("a@example.org")],
        &[],
    ));
    lost.send(1, Ending::Unknown);
    let mut early = Story::early();
    early.when(&Change::Withdraw { notice: NoticeId::derive(&["test"]), because: "done".to_owned() });
    let mut missing = Story::of(asked(Formal, &[email("a@example.org")], &[inbox()]));
    missing.when(&Change::NotSetUp { leg: 1, because: "no server".to_owned() });
    [
        bounced.events,
        dead.events,
        read.events,
        kept.events,
        lost.events,
        early.events,
        listed(),
        missing.events,
    ]
    .concat()
}

/// A notice that goes out in a list, and the list.
fn listed() -> Vec<NoticeEvent> {
    use countersign_contracts::notice::{NoticeOutcome, Outcome};
    use countersign_notification::domain::notice::events::{Carried, Place};
    let requested = asked(Formal, &[email("him@example.org")], &[]);
    let place = Place { list: NoticeId::derive(&["list"]), due_at: crate::given::monday(), part: 1 };
    let mut notice = Story::early();
    notice.when(&Change::RequestListed(Box::new(requested.clone()), place));
    notice.when(&Change::Tell(NoticeOutcome {
        notice: place.list,
        track: None,
        channel: Some(countersign_contracts::notice::Channel::Email),
        outcome: Outcome::Accepted,
        at: crate::given::monday(),
        sha256: Some("ab".repeat(32)),
        detail: Some("250 queued".to_owned()),
    }));
    let carried = Carried {
        notice: requested.request.notice,
        kind: requested.request.kind.clone(),
        about: requested.request.about.clone(),
        about_key: requested.about,
        items: requested.request.items.clone(),
    };
    let mut list = Story::early();
    list.when(&Change::Gather(
        Box::new(countersign_notification::domain::notice::events::Requested {
            is_list: true,
            with_digest_at: Some(place.due_at),
            ..requested
        }),
        Box::new(carried),
    ));
    [notice.events, list.events].concat()
}

#[test]
fn events_of_notices_are_stored_as_ever() {
    let events = notices();
    let kinds: std::collections::BTreeSet<_> = events.iter().map(NoticeEvent::kind).collect();
    assert_eq!(kinds.len(), 26, "every type: {kinds:?}");
    insta::assert_snapshot!("notice", lines(&events));
}

#[test]
fn events_of_contacts_and_operators_are_stored_as_ever() {
    let wanted = Preferences { time_zone: "America/Chicago".to_owned(), ..Preferences::default() };
    let contact = Contact::default();
    let mut stored = Vec::new();
    for event in contact
        .set_addresses(&[email("a@example.org"), letter()], true, &act(""))
        .into_iter()
        .chain(contact.set_preferences(&wanted, &act("moved")))
        .flatten()
    {
        stored.push(format!("{} {}", event.kind(), serde_json::to_string(&event).expect("JSON")));
    }
    let to = email("pilot@example.org");
    for event in Decided::default().set(Some(StoredMode::Redirect { to }), &act("pilot")).expect("allowed") {
        stored.push(format!("{} {}", event.kind(), serde_json::to_string(&event).expect("JSON")));
    }
    insta::assert_snapshot!("contact", stored.join("\n"));
}

#[test]
fn events_of_digests_are_stored_as_ever() {
    use countersign_contracts::notice::NoticeItem;
    use countersign_notification::domain::digest::{
        Book, DigestEvent, Line, Refusal, compose, compose::Last, state::Owner,
    };
    let owner = Owner { key: uuid::Uuid::from_u128(1047), id: crate::given::provider() };
    let (monday, week) = (crate::given::monday(), SignedDuration::from_hours(7 * 24));
    let line = Line {
        item: NoticeItem {
            deficiency: item(1),
            rule: "R13".to_owned(),
            document_type: "discharge_summary".to_owned(),
            due_at: Some(monday + week),
            age_days: 3,
        },
        facility: "MAIN".to_owned(),
    };
    // given a digest that is armed, goes out, is moved, and is skipped
    let mut book = Book::default();
    let mut stored = Vec::new();
    let mut play = |book: &mut Book, events: Vec<DigestEvent>| {
        for event in events {
            let text = serde_json::to_string(&event).expect("JSON");
            let read =
                DigestEvent::decode(event.kind(), text.as_bytes()).expect("what was stored can be read");
            assert_eq!(read, event);
            book.evolve(&read);
            stored.push(format!("{} {text}", event.kind()));
        }
    };
    let armed = book.schedule(owner.key, Some(monday));
    play(&mut book, armed);
    let composed =
        compose(monday, vec![line], &[item(2)].into(), &Last::default()).expect("something to say");
    let fired = book.fire(&owner, (1, 1), Ok(&composed), Some(monday + week), monday);
    play(&mut book, fired);
    let skipped = book.fire(&owner, (2, 1), Err(Refusal::Away), None, monday + week);
    play(&mut book, skipped);
    insta::assert_snapshot!("digest", stored.join("\n"));
}
