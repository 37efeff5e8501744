//! Relays crash, take over from each other, get in each other's way, and are told to begin anew.

use std::sync::Arc;

use countersign_contracts::Envelope;
use countersign_eventsourcing::{
    feed::Feed,
    journal::{Journal, JournalError, Position, RecordedEvent},
    publish::Publishers,
    spec::feed::{Fixture, Reading, publishers, say_many},
};
use countersign_kernel::EventId;
use countersign_nats::{Nats, NatsFeed, Relay};
use countersign_testkit::nats_server::NatsServer;

use crate::installation::{Installation, RunningRelay, connect_raw, fresh_journal, options};

/// The numbers on the stream, read from its beginning.
async fn numbers(nats: &Nats, count: u64) -> Vec<u64> {
    let mut reading = Reading::begin(&NatsFeed::new(nats.clone()), &["alpha"], None);
    let count = usize::try_from(count).expect("small");
    reading.until("the whole stream", |reading| reading.caught_up && reading.events.len() >= count).await;
    reading.numbers()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_crashes_is_continued_without_gap_and_without_double() {
    let server = NatsServer::start();
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let (journal, _folder) = fresh_journal();
    for start in (0..5_000).step_by(500) {
        say_many(&*journal, "a", "alpha", start..start + 500).await;
    }

    for crashes in 0..4_u64 {
        let relay = RunningRelay::start(&nats, journal.clone(), publishers(), &format!("relay {crashes}"));
        relay.until("some are published", |status| status.published > 300).await;
        relay.crash().await;
    }
    let last = RunningRelay::start(&nats, journal.clone(), publishers(), "last relay");
    let head = journal.head().await.expect("a head");
    last.until("all is published", |status| status.position == head).await;

    assert_eq!(numbers(&nats, 5_000).await, (0..5_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_relays_one_works_and_the_other_takes_over() {
    let server = NatsServer::start();
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let (journal, _folder) = fresh_journal();
    let first = RunningRelay::start(&nats, journal.clone(), publishers(), "first");
    first.until("leads", |status| status.leading).await;
    let other = Nats::connect(options(&server)).await.expect("a connection");
    let second = RunningRelay::start(&other, journal.clone(), publishers(), "second");
    say_many(&*journal, "a", "alpha", 0..100).await;
    first.until("publishes", |status| status.published == 100).await;
    assert!(!second.status.borrow().leading);

    first.stop().await;
    second.until("takes over", |status| status.leading).await;
    say_many(&*journal, "a", "alpha", 100..200).await;
    let status = second.until("publishes", |status| status.published == 100).await;

    assert_eq!(status.lag(), 0);
    assert_eq!(numbers(&nats, 200).await, (0..200).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_that_both_believe_to_lead_do_not_mix_their_messages() {
    let server = NatsServer::start();
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let (journal, _folder) = fresh_journal();
    let first = RunningRelay::start(&nats, journal.clone(), publishers(), "first");
    first.until("leads", |status| status.leading).await;
    let other = Nats::connect(options(&server)).await.expect("a connection");
    let second = RunningRelay::start(&other, journal.clone(), publishers(), "second");

    // Given a lease that vanishes under its holder, who learns of it when it wants to renew it.
    let by_hand = connect_raw(&server).await;
    let leases = by_hand.get_key_value("COUNTERSIGN_LEASES").await.expect("the bucket");
    let mut mixed = 0;
    for round in 0..8_u64 {
        leases.purge("relay").await.expect("purged");
        let writing = async {
            for start in (round * 1_000..(round + 1) * 1_000).step_by(50) {
                say_many(&*journal, "a", "alpha", start..start + 50).await;
            }
        };
        let both = async {
            second.until("one leads", |_| true).await;
            tokio::select! {
                _ = second.until("second leads", |status| status.leading) => {}
                _ = first.until("first leads anew", |status| !status.leading) => {}
            }
        };
        tokio::join!(writing, both);
        if first.status.borrow().leading && second.status.borrow().leading {
            mixed += 1;
        }
    }

    let head = journal.head().await.expect("a head");
    tokio::select! {
        _ = first.until("all is published", |status| status.position == head && status.leading) => {}
        _ = second.until("all is published", |status| status.position == head && status.leading) => {}
    }
    assert_eq!(numbers(&nats, 8_000).await, (0..8_000).collect::<Vec<_>>());
    assert!(mixed > 0, "it happened that both led");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_published_by_somebody_else_does_not_stop_the_relay() {
    let installation = Installation::fresh(publishers()).await;
    let by_hand = connect_raw(&installation.server).await;

    for round in 0..5 {
        let foreign = by_hand.publish("countersign.v1.other.00.noted", "not ours".into()).await;
        foreign.expect("sent").await.expect("stored");
        say_many(&*installation.journal, "a", "alpha", round * 100..(round + 1) * 100).await;
        installation.relay.until("published", |status| status.published == (round + 1) * 100).await;
    }

    assert_eq!(numbers(&installation.nats, 500).await, (0..500).collect::<Vec<_>>());
}

/// Publishes under an id that is the same for every ten numbers.
fn publish_alike(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let mut said = publishers().publish(event)?;
    for envelope in &mut said {
        let number: u64 = envelope.decode().expect("a number");
        envelope.id = EventId::derive(&[&(number / 10).to_string()]);
    }
    Ok(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_event_said_again_is_kept_once_and_holds_nothing_up() {
    let alike = Arc::new(Publishers::default().with("feedspec", publish_alike));
    let installation = Installation::fresh(alike).await;

    say_many(&*installation.journal, "a", "alpha", 0..300).await;

    installation.relay.until("done", |status| status.published == 30 && status.lag() == 0).await;
    let expected: Vec<u64> = (0..300).step_by(10).collect();
    assert_eq!(numbers(&installation.nats, 30).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn republishing_fills_the_stream_anew_and_disturbs_nobody_who_has_it_all() {
    let installation = Installation::fresh(publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    let middle = say_many(&*installation.journal, "a", "alpha", 0..100).await;
    say_many(&*installation.journal, "a", "alpha", 100..200).await;
    reading.until("everything", |reading| reading.events.len() == 200).await;

    Relay::republish(&installation.nats, middle).await.expect("republished");
    say_many(&*installation.journal, "a", "alpha", 200..210).await;
    reading.until("what is new", |reading| reading.events.len() >= 210).await;

    assert_eq!(reading.numbers(), (0..210).collect::<Vec<_>>());
    let half = reading.events[99].cursor;
    let mut from_the_middle = Reading::begin(&*installation.feed(), &["alpha"], Some(half));
    from_the_middle.until("the rest", |reading| reading.events.len() >= 110).await;
    assert_eq!(from_the_middle.numbers(), (100..210).collect::<Vec<_>>());

    // A consumer that needs what the stream does not hold is told so, until it is there.
    let mut fresh = Reading::begin(&*installation.feed(), &["alpha"], None);
    fresh.until("the complaint", |reading| reading.errors.len() >= 3).await;
    let complaint = fresh.errors.last().expect("errors").to_string();
    assert!(complaint.contains(&format!("begins after position {middle}")), "{complaint}");
    assert!(fresh.events.is_empty());
    Relay::republish(&installation.nats, Position::START).await.expect("republished");
    fresh.until("everything", |reading| reading.events.len() >= 210).await;
    assert_eq!(fresh.numbers(), (0..210).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_tells_its_trace_and_its_place_in_headers() {
    fn traced(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
        let mut said = publishers().publish(event)?;
        for envelope in &mut said {
            envelope.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
        }
        Ok(said)
    }
    let publishers = Arc::new(Publishers::default().with("feedspec", traced));
    let installation = Installation::fresh(publishers).await;

    let position = say_many(&*installation.journal, "a", "alpha", 0..2).await;
    installation.relay.until("published", |status| status.published == 2).await;

    let by_hand = connect_raw(&installation.server).await;
    let stream = by_hand.get_stream("COUNTERSIGN").await.expect("the stream");
    let message = stream.get_raw_message(2).await.expect("the message");
    let header = |name| message.headers.get(name).map(|value| value.as_str().to_owned());
    assert_eq!(header("Countersign-Position"), Some(position.to_string()));
    assert_eq!(header("Countersign-After"), Some((position.0 - 1).to_string()));
    assert_eq!(
        header("traceparent").as_deref(),
        Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    );
    let event: Envelope = serde_json::from_slice(&message.payload).expect("an envelope");
    assert_eq!(header("Nats-Msg-Id"), Some(event.id.to_string()));
    assert_eq!(message.subject.as_str(), event.subject());
    let feed: &dyn Feed = &NatsFeed::new(installation.nats.clone());
    let mut reading = Reading::begin(feed, &["alpha"], None);
    reading.until("both", |reading| reading.events.len() == 2).await;
    assert!(reading.events[1].event.traceparent.is_some());
}
