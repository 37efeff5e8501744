//! A stream with limits drops events. Whoever needed one is told; nobody else notices.

use std::time::Duration;

use countersign_eventsourcing::spec::feed::{Fixture, Reading, publishers, say_many};
use countersign_nats::NatsOptions;
use countersign_testkit::nats_server::NatsServer;

use crate::installation::{Installation, RunningRelay, connect_raw, options};

/// Waits until the stream is empty because its events have grown old.
async fn all_is_dropped(server: &NatsServer) {
    let by_hand = connect_raw(server).await;
    let stream = by_hand.get_stream("COUNTERSIGN").await.expect("the stream");
    let waiting = async {
        while stream.get_info().await.expect("its state").state.messages > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the server drops old events");
}

async fn forgetful() -> Installation {
    let server = NatsServer::start();
    let options = NatsOptions { max_age: Some(Duration::from_secs(2)), ..options(&server) };
    Installation::with(options, server, publishers()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_last_message_was_dropped_does_not_begin_again() {
    let installation = forgetful().await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..100).await;
    reading.until("everything", |reading| reading.events.len() == 100).await;
    all_is_dropped(&installation.server).await;

    let (nats, journal) = (installation.nats.clone(), installation.journal.clone());
    let _rest = installation.without_relay().await;
    let relay = RunningRelay::start(&nats, journal.clone(), publishers(), "next");
    say_many(&*journal, "a", "alpha", 100..110).await;
    let status = relay.until("all is published", |status| status.published >= 10 && status.lag() == 0).await;

    assert_eq!(status.published, 10);
    reading.until("what is new", |reading| reading.events.len() >= 110).await;
    assert_eq!(reading.numbers(), (0..110).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_needs_dropped_events_is_told_so() {
    let installation = forgetful().await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..100).await;
    reading.until("everything", |reading| reading.events.len() == 100).await;
    all_is_dropped(&installation.server).await;
    say_many(&*installation.journal, "a", "alpha", 100..110).await;
    reading.until("what is new", |reading| reading.events.len() == 110).await;

    for after in [None, Some(reading.events[50].cursor)] {
        let mut late = Reading::begin(&*installation.feed(), &["alpha"], after);
        late.until("the complaint", |reading| reading.errors.len() >= 2).await;
        assert!(late.events.is_empty(), "{after:?}");
        let complaint = late.errors[0].to_string();
        assert!(complaint.contains("rebuild") || complaint.contains("republish"), "{complaint}");
    }
    let in_time = reading.events[99].cursor;
    let mut in_time = Reading::begin(&*installation.feed(), &["alpha"], Some(in_time));
    in_time.until("an answer", |reading| reading.caught_up).await;
}
