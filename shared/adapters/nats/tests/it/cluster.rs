//! Three servers, three copies of the stream; one of them is killed.

use std::time::Duration;

use countersign_eventsourcing::spec::feed::{Reading, publishers, say_many};
use countersign_nats::{Nats, NatsFeed, NatsOptions};
use countersign_testkit::nats_server::NatsServer;

use crate::installation::{RunningRelay, fresh_journal};

const EVENTS: u64 = 6_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_loses_one_server_after_the_other_loses_and_doubles_nothing() {
    let mut servers = NatsServer::start_cluster();
    let urls = servers.each_ref().map(NatsServer::url).join(",");
    let options = NatsOptions { replicas: 3, lease_ttl: Duration::from_secs(5), ..NatsOptions::new(urls) };
    let nats = Nats::connect(options).await.expect("a connection");
    let (journal, _folder) = fresh_journal();
    let _relay = RunningRelay::start(&nats, journal.clone(), publishers(), "test");
    let mut reading = Reading::begin(&NatsFeed::new(nats.clone()), &["alpha"], None);

    for round in 0..3 {
        let (start, end) = (round * EVENTS / 3, (round + 1) * EVENTS / 3);
        let writing = async {
            for start in (start..end).step_by(50) {
                say_many(&*journal, "a", "alpha", start..start + 50).await;
            }
        };
        let middle = usize::try_from(u64::midpoint(start, end)).expect("small");
        let killing = async {
            reading.until("half of it", |reading| reading.events.len() >= middle).await;
            servers[usize::try_from(round).expect("small")].restart();
        };
        tokio::join!(writing, killing);
    }
    let all = usize::try_from(EVENTS).expect("small");
    reading.until("all of it", |reading| reading.events.len() >= all).await;

    assert_eq!(reading.numbers(), (0..EVENTS).collect::<Vec<_>>());
    let mut fresh = Reading::begin(&NatsFeed::new(nats.clone()), &["alpha"], None);
    fresh.until("the whole stream", |reading| reading.caught_up && reading.events.len() >= all).await;
    assert_eq!(fresh.numbers(), (0..EVENTS).collect::<Vec<_>>());
}
