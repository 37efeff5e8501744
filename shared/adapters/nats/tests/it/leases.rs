//! One holder at a time.

use std::time::Duration;

use countersign_nats::{Lease, Nats};
use countersign_testkit::nats_server::NatsServer;
use tokio::time::{Instant, timeout};

use crate::installation::options;

const PATIENCE: Duration = Duration::from_secs(30);

async fn held(nats: &Nats, name: &str, owner: &str) -> Lease {
    timeout(PATIENCE, Lease::hold(nats, name, owner)).await.expect("the lease")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_held_by_one_and_passed_on_when_released() {
    let server = NatsServer::start();
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let first = held(&nats, "timers", "first").await;
    let other = held(&nats, "dispatch", "first").await;

    let second = Lease::hold(&nats, "timers", "second");
    let waited = timeout(options(&server).lease_ttl * 2, second).await;
    assert!(waited.is_err(), "it is renewed for as long as it is held");
    first.release().await;
    held(&nats, "timers", "second").await.release().await;

    assert!(timeout(Duration::from_millis(1), other.lost()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_whose_holder_vanished_ends_with_its_time() {
    let server = NatsServer::start();
    let ttl = options(&server).lease_ttl;
    let began = Instant::now();
    let holder = std::thread::spawn({
        let options = options(&server);
        move || {
            // Its own runtime, which ends with everything in it: nothing renews, nothing gives back.
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let nats = Nats::connect(options).await.expect("a connection");
                std::mem::forget(held(&nats, "timers", "first").await);
            });
        }
    });
    holder.join().expect("it was held");

    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let lease = held(&nats, "timers", "second").await;

    assert!(began.elapsed() >= ttl, "not before its time");
    lease.release().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_survives_a_short_restart_of_the_server() {
    let mut server = NatsServer::start();
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let lease = held(&nats, "timers", "first").await;

    server.restart();

    let waited = timeout(options(&server).lease_ttl * 2, lease.lost()).await;
    assert!(waited.is_err(), "it was renewed after the restart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_learns_that_its_lease_is_gone_before_another_can_have_it() {
    let mut server = NatsServer::start();
    let ttl = options(&server).lease_ttl;
    let nats = Nats::connect(options(&server)).await.expect("a connection");
    let lease = held(&nats, "timers", "first").await;

    let killed = Instant::now();
    server.kill();
    timeout(PATIENCE, lease.lost()).await.expect("it learns of it");

    assert!(killed.elapsed() < ttl, "while nobody else could have it");
    server.restart();
    held(&nats, "timers", "second").await.release().await;
}
