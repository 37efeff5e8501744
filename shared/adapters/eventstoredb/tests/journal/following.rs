//! Subscriptions, whatever the wire does to them: every event once, in order.

use std::time::Duration;

use countersign_eventsourcing::journal::{Batch, Expected, Filter, Journal, JournalError, Position};
use countersign_eventstoredb::EventStoreJournal;
use countersign_testkit::eventstore_stand_in::{Call, EventStoreStandIn, Fault};
use futures::stream::{BoxStream, StreamExt};
use uuid::Uuid;

use super::given::{a_journal_on, a_stand_in, events, options, stream, uuids};

struct Follower {
    batches: BoxStream<'static, Result<Batch, JournalError>>,
    seen: Vec<Uuid>,
    upto: Position,
    caught_up: bool,
    errors: Vec<String>,
}

impl Follower {
    fn of(journal: &EventStoreJournal, after: Position, filter: Filter) -> Self {
        let batches = journal.subscribe(after, filter);
        Self { batches, seen: Vec::new(), upto: after, caught_up: false, errors: Vec::new() }
    }

    async fn next(&mut self) {
        let next = tokio::time::timeout(Duration::from_secs(30), self.batches.next()).await;
        match next.expect("something within half a minute").expect("no end") {
            Ok(batch) => {
                assert!(batch.upto >= self.upto, "{} after {}", batch.upto, self.upto);
                self.upto = batch.upto;
                self.caught_up = batch.caught_up;
                self.seen.extend(batch.events.iter().map(|event| event.id.0));
            }
            Err(error) => self.errors.push(error.to_string()),
        }
    }

    async fn until(&mut self, count: usize) {
        while self.seen.len() < count {
            self.next().await;
        }
    }

    async fn until_caught_up(&mut self) {
        while !self.caught_up {
            self.next().await;
        }
    }
}

async fn given() -> (EventStoreStandIn, EventStoreJournal) {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    (stand_in, journal)
}

async fn appended(journal: &EventStoreJournal, category: &str, label: &str, count: usize) -> Vec<Uuid> {
    let new = events(label, count);
    journal.append(stream(category), Expected::Any, new.clone()).await.expect("appended");
    uuids(&new)
}

#[tokio::test]
async fn a_subscription_that_is_cut_again_and_again_loses_and_repeats_nothing() {
    let (stand_in, journal) = given().await;
    let written = appended(&journal, "facts", "all", 300).await;
    for messages in [0, 1, 2, 30, 31, 5, 1, 100] {
        stand_in.fault(Call::Subscribe, Fault::CutAfter(messages));
    }
    stand_in.fault(Call::Subscribe, Fault::Unavailable);

    let mut follower = Follower::of(&journal, Position::START, Filter::Categories(vec!["facts"]));
    follower.until(300).await;
    follower.until_caught_up().await;

    assert_eq!(follower.seen, written);
    assert_eq!(follower.errors.len(), 9, "every failure is told: {:?}", follower.errors);
    assert_eq!(stand_in.requests(Call::Subscribe), 10);
}

#[tokio::test]
async fn what_a_server_sends_twice_is_given_once() {
    let (stand_in, journal) = given().await;
    let written = appended(&journal, "facts", "all", 20).await;
    stand_in.fault(Call::Subscribe, Fault::CutAfter(11));
    stand_in.fault(Call::Subscribe, Fault::Repeating(5));

    let mut follower = Follower::of(&journal, Position::START, Filter::All);
    follower.until(20).await;

    assert_eq!(follower.seen, written);
}

#[tokio::test]
async fn a_live_subscription_survives_cuts_lost_connections_and_a_server_that_goes_down() {
    let (stand_in, journal) = given().await;
    let mut follower = Follower::of(&journal, Position::START, Filter::All);
    follower.until_caught_up().await;
    let mut written = Vec::new();
    for round in 0..12 {
        match round % 4 {
            1 => stand_in.cut_subscriptions(),
            2 => stand_in.drop_connections(),
            3 => {
                stand_in.set_down(true);
                let errors = follower.errors.len();
                while follower.errors.len() < errors + 2 {
                    follower.next().await;
                }
                stand_in.set_down(false);
            }
            _ => {}
        }
        written.extend(appended(&journal, "facts", &format!("round {round}"), 3).await);
        follower.until(written.len()).await;
        assert_eq!(follower.seen, written, "in round {round}");
    }
}

#[tokio::test]
async fn a_subscription_that_falls_silent_is_opened_anew() {
    let (stand_in, journal) = given().await;
    let mut follower = Follower::of(&journal, Position::START, Filter::Categories(vec!["facts"]));
    follower.until_caught_up().await;
    stand_in.set_muted(true);
    let written = appended(&journal, "facts", "unheard", 2).await;

    while follower.errors.is_empty() {
        follower.next().await;
    }
    stand_in.set_muted(false);
    follower.until(2).await;

    assert_eq!(follower.seen, written);
    assert!(follower.errors[0].contains("stalled"), "{:?}", follower.errors);
}

#[tokio::test]
async fn a_subscription_over_a_network_that_swallows_everything_goes_on_afterwards() {
    let stand_in = a_stand_in().await;
    let hasty = countersign_eventstoredb::Options { deadline: Duration::from_millis(300), ..options() };
    let journal = a_journal_on(&stand_in, hasty).await;
    let mut follower = Follower::of(&journal, Position::START, Filter::All);
    follower.until_caught_up().await;

    stand_in.set_frozen(true);
    while follower.errors.is_empty() {
        follower.next().await;
    }
    stand_in.set_frozen(false);
    let written = appended(&journal, "facts", "afterwards", 2).await;
    follower.until(2).await;

    assert_eq!(follower.seen, written);
}

#[tokio::test]
async fn a_checkpoint_that_points_too_far_loses_nothing() {
    let (stand_in, journal) = given().await;
    // The server's own record, then 1,023 that are not wanted: then it sends a checkpoint, and it points at
    // the record that comes next.
    for part in 0..3 {
        appended(&journal, "noise", &format!("noise {part}"), 341).await;
    }
    let written = appended(&journal, "facts", "wanted", 1).await;
    // After confirmation and checkpoint.
    stand_in.fault(Call::Subscribe, Fault::CutAfter(2));

    let mut follower = Follower::of(&journal, Position::START, Filter::Categories(vec!["facts"]));
    while follower.errors.is_empty() {
        follower.next().await;
    }
    let checkpoint = follower.upto;
    follower.until(1).await;

    assert_eq!(follower.seen, written);
    let noise = journal.read_stream(stream("noise"), 0).await.expect("readable");
    assert_eq!(Some(checkpoint), noise.last().map(|event| event.position), "it is of use all the same");
}

#[tokio::test]
async fn a_server_that_does_not_say_so_is_caught_up_with_all_the_same() {
    let (stand_in, journal) = given().await;
    stand_in.set_telling_of_catching_up(false);
    let written = appended(&journal, "facts", "first", 5).await;

    let mut follower = Follower::of(&journal, Position::START, Filter::Categories(vec!["facts"]));
    follower.until_caught_up().await;
    assert_eq!(follower.seen, written);

    let mut follower = Follower::of(&journal, Position::START, Filter::Categories(vec!["absent"]));
    follower.until_caught_up().await;
    assert_eq!(follower.upto, journal.head().await.expect("a head"));
}

#[tokio::test]
async fn the_servers_own_records_are_nobodys_business() {
    let (stand_in, journal) = given().await;
    let mut written = Vec::new();
    for part in 0..3 {
        stand_in.write_system_events(700);
        written.extend(appended(&journal, "facts", &format!("part {part}"), 2).await);
    }
    let last = journal.head().await.expect("a head");
    stand_in.write_system_events(3000);

    let other = a_journal_on(&stand_in, options()).await;
    assert_eq!(other.head().await.expect("a head"), last);
    assert_eq!(journal.head().await.expect("a head"), last);
    let batch = journal.read_all(Position::START, Filter::All, 100).await.expect("readable");
    assert_eq!(batch.events.iter().map(|event| event.id.0).collect::<Vec<_>>(), written);
    let mut follower = Follower::of(&journal, Position::START, Filter::All);
    follower.until_caught_up().await;
    assert_eq!((follower.seen, follower.upto), (written, last));
}

#[tokio::test]
async fn a_position_that_the_journal_has_not_reached_cannot_be_followed_from() {
    let (_stand_in, journal) = given().await;
    appended(&journal, "facts", "all", 1).await;
    let Position(head) = journal.head().await.expect("a head");

    let mut follower = Follower::of(&journal, Position(head + 1000), Filter::All);
    follower.next().await;

    assert!(follower.errors[0].contains("the journal ends before"), "{:?}", follower.errors);
}

#[tokio::test]
async fn a_read_is_tried_again() {
    let (stand_in, journal) = given().await;
    let written = appended(&journal, "facts", "all", 3).await;
    for _ in 0..2 {
        stand_in.fault(Call::Read, Fault::Unavailable);
    }
    let read = journal.read_stream(stream("facts"), 0).await.expect("readable");
    assert_eq!(read.iter().map(|event| event.id.0).collect::<Vec<_>>(), written);
    stand_in.fault(Call::Read, Fault::Unavailable);
    let read = journal.read_all(Position::START, Filter::All, 10).await.expect("readable");
    assert_eq!(read.events.len(), 3);
    stand_in.drop_connections();
    assert_eq!(journal.head().await.expect("a head"), read.upto);
}
