use std::{sync::Arc, time::Duration};

use countersign_eventsourcing::timer::{FiringLoop, Settings, table};
use jiff::SignedDuration;

use crate::world::{PATIENCE, Running, World, at, stream, timer, until};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Lets the clock show an instant, and waits until the loop has looked at it.
async fn look(world: &World, firing: &Arc<FiringLoop>, millis: i64) {
    world.clock.set(at(millis));
    firing.wake();
    until("the loop looks", || firing.counts().looked_at == Some(at(millis))).await;
}

async fn none_left(world: &World) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while world.counts().await.armed > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("none is left armed");
}

async fn fires(firing: &Arc<FiringLoop>, count: u64) {
    until(&format!("{count} fire"), || firing.counts().fired >= count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_timer_within_a_millisecond_when_it_is_not_over_then_it_does_not_fire() {
    // given a timer that is due half a millisecond after ten seconds
    let world = World::new();
    world.arm(0, &[(0, at(10_000) + SignedDuration::from_micros(500))]).await;
    world.caught_up().await;
    let firing = world.firing("loop", Settings::default()).await;
    let _running = Running::of(&firing);
    // when the clock shows the millisecond it lies in
    for millis in [9_999, 10_000] {
        look(&world, &firing, millis).await;
    }
    // then it is not even asked for
    assert_eq!(world.store.asked(timer(0, 0)), 0);
    // when that is over, then it fires
    look(&world, &firing, 10_001).await;
    fires(&firing, 1).await;
    assert_eq!(world.fired().await[0].fired_at, at(10_001));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_two_loops_on_one_journal_when_they_race_then_each_timer_fires_once() {
    // given 400 timers in 40 streams, and two loops that each believe to reign
    let world = World::new();
    for number in 0..40 {
        world.arm(number, &(0..10).map(|n| (n, at(i64::try_from(n).unwrap()))).collect::<Vec<_>>()).await;
    }
    world.caught_up().await;
    let one = world.firing("one", Settings::default()).await;
    let other = world.firing("other", Settings::default()).await;
    // when both run after all is due
    world.clock.set(at(1_000));
    let _running = (Running::of(&one), Running::of(&other));
    none_left(&world).await;
    // then each has fired once: the journal is checked on the way
    assert_eq!(world.fired().await.len(), 400);
    assert!(one.counts().fired > 0 && other.counts().fired > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_ten_days_without_anybody_when_it_goes_on_then_all_fires_in_the_order_of_due() {
    // given 600 timers of 60 streams that came due in ten days, shuffled
    let world = World::new();
    for number in 0..60_usize {
        let due = |n: usize| at(i64::try_from((number * 7919 + n * 104_729) % 997).unwrap() * DAY / 100);
        world.arm(number, &(0..10).map(|n| (n, due(n))).collect::<Vec<_>>()).await;
    }
    world.clock.set(at(10 * DAY));
    // when a loop starts that does one thing at a time, with little memory
    let one_by_one = Settings { under_way: 1, nearest: 40, ..Settings::default() };
    let firing = world.firing("loop", one_by_one).await;
    world.caught_up().await;
    let _running = Running::of(&firing);
    fires(&firing, 600).await;
    // then they fired in the order of due
    let fired = world.fired().await;
    assert_eq!(fired.len(), 600);
    assert!(fired.is_sorted_by_key(|fired| fired.due_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_much_at_once_then_every_stream_is_in_order_and_never_under_way_twice() {
    let world = World::new();
    for number in 0..30_usize {
        let due = |n: usize| at(i64::try_from((number * 31 + n * 17) % 101).unwrap());
        world.arm(number, &(0..20).map(|n| (n, due(n))).collect::<Vec<_>>()).await;
    }
    world.caught_up().await;
    world.clock.set(at(1_000));
    let firing = world.firing("loop", Settings { nearest: 100, ..Settings::default() }).await;
    let _running = Running::of(&firing);
    fires(&firing, 600).await;
    world.fired().await;
    assert!(!world.store.two_of_one_stream());
    for number in 0..30 {
        let rows = world.model.query(move |tables| table::of_stream(tables, &stream(number)));
        assert_eq!(rows.await.expect("rows").len(), 20);
        let events =
            countersign_eventsourcing::journal::Journal::read_stream(&*world.journal, stream(number), 0);
        let due: Vec<_> = events
            .await
            .expect("a stream")
            .iter()
            .filter(|event| &*event.kind == "timer-fired")
            .map(|event| {
                event.decode::<countersign_eventsourcing::timer::TimerFired>().expect("decodes").due_at
            })
            .collect();
        assert!(due.is_sorted(), "{due:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_timers_in_flight_when_the_loop_dies_anywhere_again_and_again_then_each_fires_once() {
    // given 300 timers that are due
    let world = World::new();
    for number in 0..30 {
        world.arm(number, &(0..10).map(|n| (n, at(0))).collect::<Vec<_>>()).await;
    }
    world.clock.set(at(1_000));
    // when loops begin and are dropped wherever they are, after 0.1 to 12 ms
    let mut lives = 0_u64;
    while world.counts().await.armed > 0 {
        lives += 1;
        assert!(lives < 5_000, "it does not come to an end");
        let firing = world.firing("loop", Settings { under_way: 4, ..Settings::default() }).await;
        let life = Duration::from_micros(100 + lives * 7_919 % 12_000);
        let _ended = tokio::time::timeout(life, firing.run()).await;
    }
    // then
    assert!(lives > 3, "nothing was interrupted: {lives}");
    assert_eq!(world.fired().await.len(), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_pause_when_the_process_restarts_in_it_then_the_timer_fires_after_it() {
    // given a timer that is due, and an owner that lets nothing fire now
    let world = World::new();
    world.arm(0, &[(0, at(1_000))]).await;
    world.arm(1, &[(0, at(3_600_000))]).await;
    world.caught_up().await;
    world.store.later.lock().unwrap().insert(timer(0, 0));
    world.clock.set(at(2_000));
    let firing = world.firing("before", Settings::default()).await;
    let running = Running::of(&firing);
    until("it is tried", || world.store.asked(timer(0, 0)) > 2).await;
    // when the process ends and begins anew, from the journal alone
    drop(running);
    drop(firing);
    let firing = world.firing("after", Settings::default()).await;
    let _running = Running::of(&firing);
    until("it is tried again", || firing.counts().retried > 0).await;
    assert_eq!(firing.counts().fired, 0);
    // and the pause ends, then it fires, and later so does what was not due yet
    world.store.later.lock().unwrap().clear();
    fires(&firing, 1).await;
    look(&world, &firing, 3_600_000).await;
    fires(&firing, 2).await;
    let fired = world.fired().await;
    assert_eq!(fired.iter().map(|fired| fired.timer).collect::<Vec<_>>(), [timer(0, 0), timer(1, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_loop_that_sleeps_when_a_nearer_timer_is_armed_or_one_is_moved_then_it_knows() {
    let world = World::new();
    world.arm(0, &[(0, at(DAY))]).await;
    world.caught_up().await;
    let firing = world.firing("loop", Settings::default()).await;
    let _running = Running::of(&firing);
    look(&world, &firing, 1).await;
    // when one is armed that is due at once, nobody wakes the loop: the read model does
    world.arm(1, &[(0, at(0))]).await;
    fires(&firing, 1).await;
    // when a far one is moved near, and the near one is cancelled
    world.arm(0, &[(0, at(60_000))]).await;
    world.arm(2, &[(0, at(60_000))]).await;
    assert!(world.cancel(2, 0).await);
    world.caught_up().await;
    look(&world, &firing, 60_000).await;
    fires(&firing, 2).await;
    look(&world, &firing, 2 * DAY).await;
    // then the moved one has fired once, the cancelled one never
    let fired = world.fired().await;
    let which: Vec<_> = fired.iter().map(|fired| (fired.timer, fired.arming)).collect();
    assert_eq!(which, [(timer(1, 0), 0), (timer(0, 0), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_owners_that_cancel_and_move_timers_while_they_fire_then_no_arming_fires_that_is_not_armed() {
    // given timers that come due one after the other, while the clock runs
    let world = Arc::new(World::new());
    for number in 0..20 {
        world
            .arm(number, &(0..10).map(|n| (n, at(i64::try_from(n).unwrap() * 10))).collect::<Vec<_>>())
            .await;
    }
    let firing = world.firing("loop", Settings::default()).await;
    let _running = Running::of(&firing);
    // when others cancel, and arm again, at the same moments
    let others: Vec<_> = (0..4_usize)
        .map(|other| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for round in 0..40_usize {
                    let number = (other * 5 + round) % 20;
                    world.cancel(number, round % 10).await;
                }
            })
        })
        .collect();
    for millis in 0..100 {
        world.clock.set(at(millis));
        firing.wake();
        tokio::task::yield_now().await;
    }
    for other in others {
        other.await.expect("it ends");
    }
    // then all end fired or cancelled, and the journal holds no firing of what was not armed
    firing.wake();
    none_left(&world).await;
    let fired = world.fired().await.len();
    assert!(fired > 0 && fired <= 200, "{fired}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_poisoned_timer_then_it_is_set_aside_with_its_reason_and_stops_nobody() {
    // given three timers of a stream and one of another, of which one cannot be worked on
    let world = World::new();
    world.arm(0, &[(0, at(0)), (1, at(1)), (2, at(2))]).await;
    world.arm(1, &[(0, at(3))]).await;
    world.caught_up().await;
    world.store.poison.lock().unwrap().insert(timer(0, 0));
    world.clock.set(at(10));
    let firing = world.firing("loop", Settings::default()).await;
    let _running = Running::of(&firing);
    // then the others fire, and it is shown why one does not
    fires(&firing, 3).await;
    until("it is shown", || firing.set_aside().len() == 1).await;
    assert_eq!(firing.counts().set_aside, 1);
    let aside = &firing.set_aside()[0];
    assert_eq!((aside.due.timer, aside.reason.as_str()), (timer(0, 0), "does not decode"));
    // when it is cured and resumed, then it fires
    world.store.poison.lock().unwrap().clear();
    firing.resume();
    fires(&firing, 4).await;
    until("nothing is shown", || firing.set_aside().is_empty()).await;
    assert_eq!(world.fired().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_hundred_thousand_timers_and_memory_for_a_thousand_then_no_more_are_held() {
    let world = World::new();
    // given 100,000 timers, of which 3,000 come due
    for number in 0..500_usize {
        let due = |n: usize| if n < 6 { at(1) } else { at(DAY + i64::try_from(number * 200 + n).unwrap()) };
        world.arm(number, &(0..200).map(|n| (n, due(n))).collect::<Vec<_>>()).await;
    }
    world.caught_up().await;
    let settings = Settings { nearest: 1_000, ..Settings::default() };
    let firing = world.firing("loop", settings).await;
    let _running = Running::of(&firing);
    look(&world, &firing, 0).await;
    until("memory is full", || firing.counts().held == 1_000).await;
    // when they do
    world.clock.set(at(1_000));
    firing.wake();
    let mut most = 0;
    until("all that is due fires", || {
        let counts = firing.counts();
        most = counts.held.max(most);
        counts.fired == 3_000
    })
    .await;
    // then memory never held more than it may
    assert!(most <= 1_000, "{most}");
    assert_eq!(world.counts().await.armed, 97_000);
    assert_eq!(world.fired().await.len(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_more_that_must_wait_than_memory_holds_then_the_others_fire_and_all_do_in_the_end() {
    // given memory for 20, and 60 timers of which 40 must wait
    let world = World::new();
    for number in 0..60 {
        world.arm(number, &[(0, at(i64::try_from(number).unwrap()))]).await;
    }
    world.caught_up().await;
    world.store.later.lock().unwrap().extend((0..40).map(|number| timer(number, 0)));
    world.clock.set(at(1_000));
    let settings = Settings { nearest: 20, under_way: 4, ..Settings::default() };
    let firing = world.firing("loop", settings).await;
    let _running = Running::of(&firing);
    // then the other 20 fire although they come last
    fires(&firing, 20).await;
    // and when the rest need not wait any more, they do too
    world.store.later.lock().unwrap().clear();
    fires(&firing, 60).await;
    assert_eq!(world.fired().await.len(), 60);
}
