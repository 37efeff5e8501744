use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use countersign_eventsourcing::{
    journal::{
        AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture,
        Position, RecordedEvent, StreamName,
    },
    timer::{FiringLoop, Reign, Rivals, Settings},
};
use countersign_kernel::Clock;
use futures::stream::BoxStream;
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
    // with two events a minute
    let stream = StreamName::new("reign", "escalation");
    let events = world.journal.read_stream(stream, 0).await.expect("a stream");
    assert_eq!(events.len(), 1 + 120);
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
async fn given_a_seat_that_only_one_can_have_then_who_takes_it_need_not_wait_for_who_had_it() {
    let world = World::new();
    let on = |seat: &str, owner: &str| claim(&world, owner).seated(Some(seat.to_owned()));
    let (dead, elsewhere, next) = (on("a", "dead"), on("b", "elsewhere"), on("a", "next"));
    dead.step().await.expect("looked up");
    // when the one that reigned is gone, then another seat waits for its silence
    elsewhere.step().await.expect("looked up");
    assert_eq!(elsewhere.epoch(), None);
    // and its successor on the seat reigns at once, and knows after whom
    next.step().await.expect("looked up");
    assert_eq!((next.epoch(), next.predecessor().await.as_deref()), (Some(2), Some("dead")));
    // and should the seat have been copied, the two do not depose each other again and again
    dead.step().await.expect("looked up");
    assert_eq!(dead.epoch(), None);
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

/// A journal that can be out of reach.
struct Reached {
    journal: Arc<dyn Journal>,
    down: AtomicBool,
    /// It can be read, and takes nothing.
    full: AtomicBool,
}

impl Reached {
    fn of(world: &World) -> Arc<Self> {
        let (down, full) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { journal: world.journal.clone(), down, full })
    }

    fn check(&self) -> Result<(), JournalError> {
        let down = self.down.load(Ordering::SeqCst);
        if down { Err(JournalError::Unavailable("out of reach".to_owned())) } else { Ok(()) }
    }
}

impl Journal for Reached {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            self.check()?;
            if self.full.load(Ordering::SeqCst) {
                return Err(JournalError::Unavailable("no space is left".to_owned()).into());
            }
            self.journal.append(stream, expected, events).await
        })
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        Box::pin(async move {
            self.check()?;
            self.journal.read_stream(stream, from_revision).await
        })
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        self.journal.read_all(after, filter, limit)
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        self.journal.subscribe(after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        self.journal.head()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_journal_that_takes_nothing_when_it_does_again_then_who_is_alone_reigns_at_once() {
    // given a process that is alone, and starts while the disk is full
    let world = World::new();
    let journal = Reached::of(&world);
    journal.full.store(true, Ordering::SeqCst);
    let claim = Reign::new(journal.clone(), world.clock.clone(), "escalation", "alone", Rivals::None);
    assert!(claim.step().await.is_err());
    assert_eq!(claim.epoch(), None);
    // when there is space, then it does not wait for anybody
    journal.full.store(false, Ordering::SeqCst);
    claim.step().await.expect("looked up");
    assert_eq!(claim.epoch(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_journal_out_of_reach_then_the_loop_stands_by_and_goes_on_when_it_is_back() {
    // given a loop that reigns, and timers that come due while the journal is out of reach
    let world = World::new();
    world.arm(0, &[(0, at(1_000))]).await;
    world.caught_up().await;
    let journal = Reached::of(&world);
    let reign = Arc::new(Reign::new(journal.clone(), world.clock.clone(), "loop", "loop", Rivals::None));
    reign.step().await.expect("a reign");
    journal.down.store(true, Ordering::SeqCst);
    until("the reign is in doubt", || futures::FutureExt::now_or_never(reign.confirmed()) == Some(None))
        .await;
    let firing = FiringLoop::new(
        "loop",
        world.model.clone(),
        world.store.clone(),
        world.clock.clone(),
        reign,
        Settings::default(),
    );
    let firing = Arc::new(firing);
    let _running = Running::of(&firing);
    world.clock.set(at(2_000));
    firing.wake();
    until("it looks", || firing.counts().looked_at == Some(at(2_000))).await;
    // then nobody is asked, until it is back
    assert_eq!(world.store.asked(timer(0, 0)), 0);
    journal.down.store(false, Ordering::SeqCst);
    until("it fires", || firing.counts().fired == 1).await;
    assert_eq!(world.fired().await.len(), 1);
}
