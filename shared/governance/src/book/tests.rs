use super::*;
use crate::{Reason, Refusal, Words};

/// What a house has governed here: one line, `house rules: TITLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct House {
    version: u32,
    title: String,
}

const FIRST: &str = "house rules: the first";

impl Governed for House {
    const WORDS: Words = Words {
        category: "house",
        noun: "house rule",
        plural: "house rules",
        command: "house",
        installed: "what the house began with",
    };
    type Problem = &'static str;

    fn read(text: &str, version: u32) -> Result<Self, &'static str> {
        let title = text.strip_prefix("house rules: ").ok_or("line 1 does not begin with `house rules: `")?;
        Ok(Self { version, title: title.to_owned() })
    }

    fn title(&self) -> &str {
        &self.title
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn text(title: &str) -> String {
    FIRST.replacen("the first", title, 1)
}

fn draft(title: &str) -> Command {
    Command::Draft { title: None, text: text(title), why: "shorter lag".to_owned() }
}

fn check(version: u32) -> Command {
    Command::Check { version, why: "read against the policy".to_owned() }
}

fn publish(version: u32, from: Option<&str>) -> Command {
    Command::Publish { version, effective_from: from.map(at), why: "committee of 2 March".to_owned() }
}

fn withdraw(version: u32) -> Command {
    Command::Withdraw { version, why: "wrong limit".to_owned() }
}

/// A book that took these steps; panics when one is refused.
struct Story(Book<House>);

impl Story {
    fn begun() -> Self {
        let mut book = Book::default();
        for event in Book::<House>::installation(FIRST).expect("the first text") {
            book.evolve(&event, at("2026-01-01T00:00:00Z")).expect("in order");
        }
        Self(book)
    }

    fn then(mut self, by: &str, now: &str, command: Command) -> Self {
        let event = self.0.decide(command, by, at(now)).expect("allowed");
        self.0.evolve(&event, at(now)).expect("in order");
        self
    }

    fn published(self, version: u32, now: &str, from: Option<&str>) -> Self {
        self.then("kim", now, draft(&format!("set {version}"))).then("lee", now, check(version)).then(
            "lee",
            now,
            publish(version, from),
        )
    }

    fn refused(&self, by: &str, now: &str, command: Command) -> Reason {
        self.refusal(by, now, command).reason
    }

    fn refusal(&self, by: &str, now: &str, command: Command) -> Refusal {
        self.0.decide(command, by, at(now)).expect_err("refused")
    }

    fn windows(&self) -> Vec<(u32, String, Option<String>)> {
        let short = |at: Timestamp| at.to_string().replace("T00:00:00Z", "");
        self.0.windows().iter().map(|w| (w.version, short(w.from), w.until.map(short))).collect()
    }

    fn in_force(&self, now: &str) -> Option<u32> {
        self.0.in_force_at(at(now)).map(|house| house.version)
    }
}

fn windows(wanted: &[(u32, &str, Option<&str>)]) -> Vec<(u32, String, Option<String>)> {
    wanted.iter().map(|(v, from, until)| (*v, (*from).to_owned(), until.map(str::to_owned))).collect()
}

const MARCH: &str = "2026-03-01T00:00:00Z";
const APRIL: &str = "2026-04-01T00:00:00Z";
const MAY: &str = "2026-05-01T00:00:00Z";
const JUNE: &str = "2026-06-01T00:00:00Z";

#[test]
fn an_installation_begins_with_version_one_in_force_since_ever() {
    let story = Story::begun();
    assert_eq!(story.windows(), windows(&[(1, "2000-01-01", None)]));
    assert_eq!(story.in_force("1999-12-31T23:59:59Z"), None);
    assert_eq!(story.in_force("2000-01-01T00:00:00Z"), Some(1));
    let first = story.0.version(1).expect("version 1");
    assert_eq!(
        (first.drafted.by.as_str(), story.0.status(first, at(MARCH))),
        (INSTALLATION, Status::InForce)
    );
}

#[test]
fn a_published_set_is_in_force_from_its_instant_on_and_not_before() {
    let story = Story::begun().published(2, MARCH, Some(APRIL));
    assert_eq!(story.windows(), windows(&[(1, "2000-01-01", Some("2026-04-01")), (2, "2026-04-01", None)]));
    assert_eq!(story.in_force("2026-03-31T23:59:59.999999999Z"), Some(1));
    assert_eq!(story.in_force(APRIL), Some(2), "the instant itself is the new set's");
    let status = |version, now| story.0.status(story.0.version(version).expect("known"), at(now));
    assert_eq!((status(1, MARCH), status(2, MARCH)), (Status::InForce, Status::Scheduled));
    assert_eq!((status(1, APRIL), status(2, APRIL)), (Status::Superseded, Status::InForce));
}

#[test]
fn a_set_withdrawn_before_its_instant_never_was_in_force() {
    let story = Story::begun().published(2, MARCH, Some(MAY)).then("kim", APRIL, withdraw(2));
    assert_eq!(story.windows(), windows(&[(1, "2000-01-01", None)]));
    // and another one may take its place, also earlier
    let story = story.published(3, APRIL, None);
    assert_eq!(story.windows(), windows(&[(1, "2000-01-01", Some("2026-04-01")), (3, "2026-04-01", None)]));
}

#[test]
fn after_a_withdrawal_the_set_before_is_in_force_again_and_the_past_stays() {
    let story = Story::begun().published(2, MARCH, None).published(3, APRIL, None);
    let story = story.then("kim", MAY, withdraw(3));
    let wanted = [
        (1, "2000-01-01", Some("2026-03-01")),
        (2, "2026-03-01", Some("2026-04-01")),
        (3, "2026-04-01", Some("2026-05-01")),
        (2, "2026-05-01", None),
    ];
    assert_eq!(story.windows(), windows(&wanted));
    assert_eq!(story.in_force("2026-04-30T00:00:00Z"), Some(3), "what was in force stays so");
    // the withdrawal of a set that is not in force changes nothing now, only what comes back later
    let story = Story::begun().published(2, MARCH, None).published(3, APRIL, None);
    let story = story.then("kim", MAY, withdraw(2)).then("kim", JUNE, withdraw(3));
    let wanted = [
        (1, "2000-01-01", Some("2026-03-01")),
        (2, "2026-03-01", Some("2026-04-01")),
        (3, "2026-04-01", Some("2026-06-01")),
        (1, "2026-06-01", None),
    ];
    assert_eq!(story.windows(), windows(&wanted));
}

#[test]
fn windows_follow_each_other_without_gaps() {
    let story = Story::begun().published(2, MARCH, Some(MAY)).published(3, APRIL, Some(JUNE));
    let story = story.then("kim", "2026-05-10T00:00:00Z", withdraw(2));
    for pair in story.0.windows().windows(2) {
        assert_eq!(pair[0].until, Some(pair[1].from));
        assert!(pair[0].from < pair[1].from);
    }
    assert_eq!(story.0.windows().last().expect("some").until, None);
    for window in story.0.windows() {
        assert_eq!(window.content.version, window.version);
        assert_eq!(story.in_force(&window.from.to_string()), Some(window.version));
    }
}

#[test]
fn a_text_is_checked_and_published_by_a_second_person() {
    let story = Story::begun().then("kim", MARCH, draft("two"));
    for name in ["kim", "KIM", "Kim"] {
        let refusal = story.refusal(name, MARCH, check(2));
        assert_eq!(refusal.reason, Reason::OwnDraft { version: 2, author: "kim".to_owned() });
        assert_eq!(refusal.name(), "house/second-person");
        assert_eq!(
            refusal.to_string(),
            "kim drafted house rule 2, so that somebody else must check and publish it: house rules are checked \
             by a second person"
        );
    }
    assert_eq!(story.refused("lee", MARCH, publish(2, None)), Reason::NotChecked(2));
    let story = story.then("lee", MARCH, check(2));
    assert!(matches!(story.refused("kim", MARCH, publish(2, None)), Reason::OwnDraft { .. }));
    let again = Reason::AlreadyChecked { version: 2, by: "lee".to_owned() };
    assert_eq!(story.refused("max", MARCH, check(2)), again);
    assert_eq!(story.then("max", MARCH, publish(2, None)).in_force(MARCH), Some(2));
}

#[test]
fn history_is_not_rewritten() {
    let story = Story::begun().then("kim", APRIL, draft("two")).then("lee", APRIL, check(2));
    let refusal = story.refused("lee", APRIL, publish(2, Some("2026-03-31T23:59:59Z")));
    assert!(matches!(refusal, Reason::InThePast { .. }), "{refusal:?}");
    // the very instant of publication is not past
    let story = story.then("lee", APRIL, publish(2, Some(APRIL)));
    // a clock that goes back does not help either: the last step counts
    assert_eq!(story.0.instant(at(MARCH)), at(APRIL));
    assert_eq!(story.0.instant(at(MAY)), at(MAY));
}

#[test]
fn sets_take_effect_one_after_the_other() {
    let story = Story::begun().published(2, MARCH, Some(MAY));
    let story = story.then("kim", MARCH, draft("three")).then("lee", MARCH, check(3));
    for from in [None, Some(APRIL), Some(MAY)] {
        let refusal = story.refused("lee", MARCH, publish(3, from));
        assert_eq!(refusal, Reason::NotAfter { other: 2, from: at(MAY) }, "{from:?}");
    }
    assert_eq!(story.then("lee", MARCH, publish(3, Some(JUNE))).in_force(JUNE), Some(3));
}

#[test]
fn something_is_always_in_force() {
    let story = Story::begun();
    assert_eq!(story.refused("kim", MARCH, withdraw(1)), Reason::NothingLeft(1));
    // a successor that is not in force yet does not count
    let story = story.published(2, MARCH, Some(MAY));
    assert_eq!(story.refused("kim", APRIL, withdraw(1)), Reason::NothingLeft(1));
    let story = story.then("kim", MAY, withdraw(1));
    assert_eq!(story.refused("kim", JUNE, withdraw(2)), Reason::NothingLeft(2));
    // a mere draft may always be taken back
    let story = story.then("kim", MAY, draft("three")).then("kim", MAY, withdraw(3));
    assert_eq!(story.in_force(JUNE), Some(2));
}

#[test]
fn steps_that_make_no_sense_are_refused_with_what_would() {
    let story = Story::begun().published(2, MARCH, None);
    assert_eq!(story.refused("lee", APRIL, check(9)), Reason::Unknown { version: 9, last: 2 });
    assert_eq!(story.refused("lee", APRIL, check(0)), Reason::Unknown { version: 0, last: 2 });
    for again in [check(2), publish(2, None)] {
        assert!(matches!(story.refused("max", APRIL, again), Reason::AlreadyPublished { .. }));
    }
    assert_eq!(story.refused("kim", APRIL, draft("set 2")), Reason::Unchanged(2));
    let story = story.then("kim", APRIL, withdraw(2));
    for step in [check(2), publish(2, None), withdraw(2)] {
        let by = "kim".to_owned();
        assert_eq!(story.refused("lee", APRIL, step), Reason::Withdrawn { version: 2, by });
    }
    // what was withdrawn may be drafted anew, what is in force again may not
    assert_eq!(story.refused("kim", APRIL, draft("the first")), Reason::Unchanged(1));
    let story = story.then("kim", APRIL, draft("set 2"));
    assert_eq!(story.0.version(3).expect("drafted").based_on, Some(1));
}

#[test]
fn every_step_wants_a_reason() {
    let story = Story::begun();
    let blank = || " \n".to_owned();
    for step in [
        Command::Draft { title: None, text: text("two"), why: blank() },
        Command::Check { version: 1, why: blank() },
        Command::Publish { version: 1, effective_from: None, why: blank() },
        Command::Withdraw { version: 1, why: blank() },
    ] {
        assert_eq!(story.refused("kim", MARCH, step), Reason::NoReason);
    }
}

#[test]
fn a_stored_draft_that_this_program_cannot_read_stops_nothing_but_a_published_one_does() {
    let mut book = Story::begun().0;
    let [drafted, checked, published] = Book::<House>::installation(FIRST).expect("the first text");
    let of_two = |event| match event {
        Event::Drafted(event) => {
            Event::Drafted(crate::Drafted { version: 2, text: "a newer format".into(), ..event })
        }
        Event::Checked(event) => Event::Checked(crate::Checked { version: 2, ..event }),
        Event::Published(event) => Event::Published(crate::Published { version: 2, ..event }),
        other @ Event::Withdrawn(_) => other,
    };
    assert_eq!(book.evolve(&of_two(drafted), at(MARCH)), Ok(()));
    assert_eq!(book.evolve(&of_two(checked), at(MARCH)), Ok(()));
    let error = book.evolve(&of_two(published), at(MARCH)).expect_err("cannot be followed");
    assert!(matches!(error, BookError::Unreadable { version: 2, .. }), "{error}");
}

#[test]
fn a_repetition_is_told_from_another_command() {
    let book = Story::begun().0;
    let (now, later) = (at(MARCH), at(APRIL));
    let event = book.decide(draft("two"), "kim", now).expect("allowed");
    assert!(draft("two").asked_for::<House>(&event, now));
    assert!(!draft("three").asked_for::<House>(&event, now));
    assert!(!check(2).asked_for::<House>(&event, now));
    let published = Event::Published(crate::Published {
        version: 2,
        effective_from: now,
        by: "lee".to_owned(),
        why: "committee of 2 March".to_owned(),
    });
    assert!(publish(2, None).asked_for::<House>(&published, now), "at once was asked for, and that was then");
    assert!(publish(2, Some(MARCH)).asked_for::<House>(&published, now));
    assert!(!publish(2, Some(APRIL)).asked_for::<House>(&published, now));
    assert!(!publish(2, None).asked_for::<House>(&published, later));
}

#[test]
fn a_text_that_cannot_be_read_is_refused_with_what_is_wrong() {
    let command = Command::Draft { title: None, text: "garden rules".to_owned(), why: "x".to_owned() };
    let refusal = Story::begun().refusal("kim", MARCH, command);
    assert_eq!(
        refusal.to_string(),
        "the text is no valid house rule: line 1 does not begin with `house rules: `"
    );
    assert_eq!(refusal.name(), "house/valid");
}

#[test]
fn a_title_may_be_given_and_the_number_in_the_book_counts() {
    let draft = Command::Draft { title: Some(" Spring ".to_owned()), text: text("two"), why: "x".to_owned() };
    let story = Story::begun().then("kim", MARCH, draft);
    let second = story.0.version(2).expect("drafted");
    assert_eq!((second.title.as_str(), second.content.as_ref().expect("readable").version), ("Spring", 2));
    assert_eq!(second.sha256, sha256(&second.text));
}

#[test]
fn kinds_begin_with_the_category_and_those_of_others_are_not_known() {
    let [drafted, ..] = Book::<House>::installation(FIRST).expect("the first text");
    assert_eq!(drafted.kind::<House>(), "house-drafted");
    let data = serde_json::to_vec(&drafted).expect("encodes");
    let back = Event::decode::<House>("house-drafted", &data).expect("known").expect("decodes");
    assert_eq!(back, drafted);
    for unknown in ["house-celebrated", "rules-drafted", "drafted", "house"] {
        assert!(Event::decode::<House>(unknown, &data).is_none(), "{unknown}");
    }
}
