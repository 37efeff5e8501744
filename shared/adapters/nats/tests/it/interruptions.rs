//! The server is killed, loses its newest messages or its whole store, while events flow.

use std::{ops::Range, sync::Arc};

use countersign_eventsourcing::spec::feed::{Fixture, Reading, publishers, say_many};
use countersign_sqlite::SqliteJournal;
use tokio::task::JoinHandle;

use crate::installation::{Installation, RunningRelay, connect_raw, fresh_journal};

const EVENTS: u64 = 12_000;

/// Appends events, a hundred at a time, while other things happen.
fn write(journal: &Arc<SqliteJournal>, numbers: Range<u64>) -> JoinHandle<()> {
    let journal = journal.clone();
    tokio::spawn(async move {
        for start in numbers.clone().step_by(100) {
            say_many(&*journal, "a", "alpha", start..(start + 100).min(numbers.end)).await;
        }
    })
}

/// Everything arrived, each event once, in order.
#[track_caller]
fn assert_complete(reading: &Reading, count: u64) {
    let numbers = reading.numbers();
    let expected: Vec<u64> = (0..count).collect();
    let first_wrong = numbers.iter().zip(&expected).position(|(found, wanted)| found != wanted);
    assert_eq!((numbers.len(), first_wrong), (expected.len(), None));
}

/// A consumer that begins now finds everything, once and in order: so does the stream hold it.
async fn assert_stream_is_complete(installation: &Installation, count: u64) {
    let mut fresh = Reading::begin(&*installation.feed(), &["alpha"], None);
    let all = usize::try_from(count).expect("small");
    fresh.until("the whole stream", |reading| reading.caught_up && reading.events.len() >= all).await;
    assert_complete(&fresh, count);
}

async fn read(reading: &mut Reading, count: u64) {
    let count = usize::try_from(count).expect("small");
    reading.until(&format!("{count} events"), |reading| reading.events.len() >= count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_again_and_again_loses_and_doubles_nothing() {
    let mut installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    let writer = write(&installation.journal, 0..EVENTS);

    for kills in 1..6 {
        read(&mut reading, kills * EVENTS / 6).await;
        installation.server.kill();
        installation.server.restart();
    }
    writer.await.expect("the writer is not disturbed");
    read(&mut reading, EVENTS).await;

    assert_complete(&reading, EVENTS);
    assert!(!reading.errors.is_empty(), "the feed told of the interruptions");
    assert_stream_is_complete(&installation, EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_server_is_filled_again_while_events_flow() {
    let mut installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    let writer = write(&installation.journal, 0..EVENTS);

    read(&mut reading, EVENTS / 3).await;
    installation.server.wipe();
    read(&mut reading, EVENTS / 2).await;
    installation.server.wipe();
    writer.await.expect("the writer is not disturbed");
    read(&mut reading, EVENTS).await;

    assert_complete(&reading, EVENTS);
    assert_stream_is_complete(&installation, EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wipe_is_noticed_when_nothing_flows() {
    let mut installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..100).await;
    read(&mut reading, 100).await;

    installation.server.wipe();
    assert_stream_is_complete(&installation, 100).await;
    say_many(&*installation.journal, "a", "alpha", 100..101).await;
    read(&mut reading, 101).await;

    assert_complete(&reading, 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_deleted_by_hand_is_made_and_filled_again() {
    let installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    let by_hand = connect_raw(&installation.server).await;
    let writer = write(&installation.journal, 0..EVENTS);

    read(&mut reading, EVENTS / 3).await;
    by_hand.delete_stream("COUNTERSIGN").await.expect("deleted");
    writer.await.expect("the writer is not disturbed");
    read(&mut reading, EVENTS).await;
    by_hand.delete_stream("COUNTERSIGN").await.expect("deleted");
    assert_stream_is_complete(&installation, EVENTS).await;
    say_many(&*installation.journal, "a", "alpha", EVENTS..EVENTS + 1).await;
    read(&mut reading, EVENTS + 1).await;

    assert_complete(&reading, EVENTS + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_the_server_loses_after_acknowledging_them_are_published_again() {
    let mut installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..1_000).await;
    read(&mut reading, 1_000).await;
    let snapshot = installation.server.snapshot();
    say_many(&*installation.journal, "a", "alpha", 1_000..2_000).await;
    read(&mut reading, 2_000).await;

    installation.server.lose_everything_since(&snapshot);

    assert_stream_is_complete(&installation, 2_000).await;
    say_many(&*installation.journal, "a", "alpha", 2_000..2_100).await;
    read(&mut reading, 2_100).await;
    assert_complete(&reading, 2_100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_no_event_stops_the_feed_until_it_is_removed() {
    let installation = Installation::fresh(publishers()).await;
    let by_hand = connect_raw(&installation.server).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..10).await;
    read(&mut reading, 10).await;

    let foreign = by_hand.publish("countersign.v1.alpha.00.noted", "PID|DOE^JOHN".into()).await;
    let foreign = foreign.expect("sent").await.expect("stored").sequence;
    reading.until("the complaint, more than once", |reading| reading.errors.len() >= 3).await;
    say_many(&*installation.journal, "a", "alpha", 10..20).await;
    installation.relay.until("published all the same", |status| status.published == 20).await;
    let complaints = reading.errors.len();
    reading.until("the complaint again", |reading| reading.errors.len() > complaints).await;
    assert_complete(&reading, 10);
    let complaint = reading.errors.last().expect("errors").to_string();
    assert!(complaint.contains(&format!("message {foreign}")), "{complaint}");
    assert!(!complaint.contains("DOE"), "{complaint}");

    let stream = by_hand.get_stream("COUNTERSIGN").await.expect("the stream");
    stream.delete_message(foreign).await.expect("deleted");
    read(&mut reading, 20).await;
    assert_complete(&reading, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_ends_before_the_stream_is_not_published_over_it() {
    let installation = Installation::fresh(publishers()).await;
    say_many(&*installation.journal, "a", "alpha", 0..10).await;
    installation.relay.until("published", |status| status.published == 10).await;
    let nats = installation.nats.clone();
    let _rest = installation.without_relay().await;

    let (shorter_journal, _folder) = fresh_journal();
    say_many(&*shorter_journal, "a", "alpha", 0..3).await;
    let relay = RunningRelay::start(&nats, shorter_journal, publishers(), "other");
    let status = relay.until("it says so", |status| status.problem.is_some()).await;

    assert_eq!(status.published, 0);
    assert!(status.problem.expect("a problem").contains("do not belong together"));
}
