use std::sync::Arc;

use countersign_eventsourcing::timer::{Reign, Rivals, Settings};
use countersign_kernel::Clock;
use jiff::SignedDuration;

use crate::world::{Running, World, at, timer, until};

fn claim(world: &World, owner: &str) -> Reign {
    Reign::new(world.journal.clone(), world.clock.clone(), "escalation", owner, Rivals::POSSIBLE)
}

fn pass(world: &World, seconds: i64) {
    world.clock.set(world.clock.now() + SignedDuration::from_secs(seconds));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_two_processes_then_one_reigns_and_the_other_takes_over_when_it_is_silent() {
    // given two
    let world = World::new();
    let (one, other) = (claim(&world, "one"), claim(&world, "other"));
    one.step().await.expect("looked up");
    other.step().await.expect("looked up");
    assert_eq!((one.epoch(), other.epoch()), (Some(1), None));
    // when the first is heard, for an hour
    for _ in 0..120 {
        pass(&world, 30);
        one.step().await.expect("looked up");
        other.step().await.expect("looked up");
    }
    assert_eq!((one.epoch(), other.epoch()), (Some(1), None));
    // and then no more, then the other takes over after three missed heartbeats
    pass(&world, 89);
    other.step().await.expect("looked up");
    assert_eq!(other.epoch(), None);
    pass(&world, 1);
    other.step().await.expect("looked up");
    assert_eq!(other.epoch(), Some(2));
    // and the first stands down as soon as it looks
    one.step().await.expect("looked up");
    assert_eq!(one.epoch(), None);
    assert_eq!(one.confirmed().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_wall_clock_that_is_set_then_no_silence_is_inferred() {
    let world = World::new();
    let (one, other) = (claim(&world, "one"), claim(&world, "other"));
    one.step().await.expect("looked up");
    other.step().await.expect("looked up");
    world.clock.jump(at(10 * 24 * 3_600_000));
    other.step().await.expect("looked up");
    assert_eq!(other.epoch(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_reign_that_was_given_up_then_nobody_waits() {
    let world = World::new();
    let (one, other) = (claim(&world, "one"), claim(&world, "other"));
    one.step().await.expect("looked up");
    other.step().await.expect("looked up");
    one.end().await.expect("it ends");
    other.step().await.expect("looked up");
    assert_eq!((one.epoch(), other.epoch()), (None, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_many_that_want_to_reign_at_once_then_one_does() {
    let world = World::new();
    let claims: Vec<_> = (0..8).map(|number| Arc::new(claim(&world, &format!("owner {number}")))).collect();
    let steps = claims.iter().map(|claim| claim.step());
    futures::future::join_all(steps).await.into_iter().for_each(|step| step.expect("looked up"));
    for claim in &claims {
        claim.step().await.expect("looked up");
    }
    let epochs: Vec<u64> = claims.iter().filter_map(|claim| claim.epoch()).collect();
    assert_eq!(epochs, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_process_that_is_alone_when_it_starts_again_then_it_reigns_at_once() {
    let world = World::new();
    for epoch in 1..4 {
        let claim =
            Reign::new(world.journal.clone(), world.clock.clone(), "escalation", "alone", Rivals::None);
        claim.step().await.expect("looked up");
        assert_eq!(claim.epoch(), Some(epoch));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_loop_that_does_not_reign_then_it_fires_nothing_until_it_does() {
    // given a loop whose reign is taken over
    let world = World::new();
    let firing = world.firing("loop", Settings::default()).await;
    let _running = Running::of(&firing);
    let usurper = world.reign("loop").await;
    assert_eq!(usurper.epoch(), Some(2));
    until("it stands by", || {
        firing.wake();
        firing.counts().epoch.is_none()
    })
    .await;
    // when a timer is due
    world.arm(0, &[(0, at(0))]).await;
    world.caught_up().await;
    world.clock.set(at(1_000));
    firing.wake();
    until("it looks", || firing.counts().looked_at == Some(at(1_000))).await;
    // then it is left to the other
    assert_eq!(world.store.asked(timer(0, 0)), 0);
}
