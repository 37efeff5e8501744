use std::{path::PathBuf, sync::Arc};

use countersign_eventsourcing::{
    journal::{Journal, StreamName},
    timer::{
        Trust, TrustState,
        trust::{Limits, Why},
    },
};
use countersign_kernel::{Clock, FixedClock};
use jiff::SignedDuration;

use crate::world::World;

async fn watch(world: &World, file: Option<PathBuf>) -> Trust {
    reopened(world, &world.clock, file).await
}

async fn reopened(world: &World, clock: &Arc<FixedClock>, file: Option<PathBuf>) -> Trust {
    Trust::open(world.journal.clone(), clock.clone(), "main", file, Limits::default())
        .await
        .expect("it is watched")
}

/// So much time passes, and the wall clock is set by so much.
fn pass(clock: &FixedClock, passes: SignedDuration, jumps: SignedDuration) {
    clock.set(clock.now() + passes);
    clock.jump(clock.now() + jumps);
}

fn why(trust: &Trust) -> Option<Why> {
    match trust.state() {
        TrustState::Trusted => None,
        TrustState::Doubted { doubt, .. } => Some(doubt.why),
    }
}

const NOTHING: SignedDuration = SignedDuration::ZERO;
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn given_a_clock_that_is_set_forward_then_nine_minutes_are_borne_and_eleven_are_not() {
    for (minutes, doubted) in [(9, None), (11, Some(Why::Forward))] {
        let world = World::new();
        let trust = watch(&world, None).await;
        trust.step().await.expect("it is recorded");
        pass(&world.clock, MINUTE, MINUTE * minutes);
        assert_eq!(why(&trust), doubted, "{minutes} minutes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_several_small_jumps_then_they_add_up_and_time_that_passes_does_not() {
    let world = World::new();
    let trust = watch(&world, None).await;
    for _ in 0..100 {
        pass(&world.clock, MINUTE * 60, NOTHING);
        assert_eq!(why(&trust), None);
    }
    for expected in [None, None, Some(Why::Forward)] {
        pass(&world.clock, MINUTE, MINUTE * 4);
        assert_eq!(why(&trust), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_clock_that_goes_back_then_the_steps_of_a_time_service_are_borne_and_more_are_not() {
    for (jump, doubted) in [(SECOND, None), (SECOND * 3, Some(Why::Behind))] {
        let world = World::new();
        let trust = watch(&world, None).await;
        pass(&world.clock, MINUTE, NOTHING);
        assert_eq!(why(&trust), None);
        pass(&world.clock, NOTHING, -jump);
        assert_eq!(why(&trust), doubted, "{jump}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_doubted_clock_then_only_a_person_ends_the_doubt_also_over_restarts() {
    // given a clock that went three days forward, and back again
    let world = World::new();
    let trust = watch(&world, None).await;
    trust.step().await.expect("it is recorded");
    let believed = world.clock.now();
    pass(&world.clock, NOTHING, MINUTE * 60 * 72);
    trust.step().await.expect("it is recorded");
    pass(&world.clock, MINUTE, -(MINUTE * 60 * 72));
    assert_eq!(why(&trust), Some(Why::Forward));
    drop(trust);
    // when the process starts again, then it is doubted still
    let trust = watch(&world, None).await;
    assert_eq!(why(&trust), Some(Why::Forward));
    assert_eq!((trust.mark(), trust.gap()), (Some(believed), None));
    // when somebody confirms it, then it is trusted, after a restart too
    assert!(trust.confirm("a.person", "compared with the wall").await.expect("confirmed"));
    assert!(!trust.confirm("a.person", "again").await.expect("nothing to confirm"));
    assert_eq!(why(&trust), None);
    drop(trust);
    let trust = watch(&world, None).await;
    assert_eq!((why(&trust), trust.gap()), (None, Some(NOTHING)));
    // and it is all on record
    let events = world.journal.read_stream(StreamName::new("clock", "main"), 0).await.expect("a stream");
    let kinds: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["clock-observed", "clock-doubted", "clock-trusted"]);
    assert!(String::from_utf8_lossy(&events[2].data).contains("a.person"));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_person_who_confirms_it_in_another_process_then_this_one_trusts_it_too() {
    let world = World::new();
    let (one, other) = (watch(&world, None).await, watch(&world, None).await);
    one.step().await.expect("it is recorded");
    pass(&world.clock, NOTHING, MINUTE * 20);
    one.step().await.expect("it is recorded");
    other.step().await.expect("it is noticed");
    assert!(other.confirm("a.person", "compared").await.expect("confirmed"));
    assert_eq!(why(&one), Some(Why::Forward));
    one.step().await.expect("it is noticed");
    assert_eq!(why(&one), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_restart_then_its_length_is_told_and_a_clock_behind_the_mark_is_doubted() {
    let world = World::new();
    let file = world.folder.path().join("clock.json");
    let trust = watch(&world, Some(file.clone())).await;
    assert_eq!(trust.gap(), None);
    trust.step().await.expect("it is recorded");
    // given half an hour more, which only the file knows
    pass(&world.clock, MINUTE * 30, NOTHING);
    trust.step().await.expect("it is recorded");
    drop(trust);
    let ended = world.clock.now();
    // when it starts again after two hours, then it was an outage of two hours
    let later = Arc::new(FixedClock::at(ended + MINUTE * 120));
    let trust = reopened(&world, &later, Some(file.clone())).await;
    assert_eq!((trust.gap(), why(&trust)), (Some(MINUTE * 120), None));
    // when the file is gone or torn, then the journal's mark holds
    for torn in [None, Some("{\"mark\":")] {
        let _gone = std::fs::remove_file(&file);
        if let Some(torn) = torn {
            std::fs::write(&file, torn).expect("written");
        }
        let trust = reopened(&world, &later, Some(file.clone())).await;
        assert_eq!(trust.gap(), Some(MINUTE * 150));
    }
    // when it starts before the mark, then it is doubted
    trust.step().await.expect("it is recorded");
    let earlier = Arc::new(FixedClock::at(ended - MINUTE));
    let trust = reopened(&world, &earlier, Some(file)).await;
    assert_eq!((trust.gap(), why(&trust)), (None, Some(Why::Behind)));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_mark_that_was_wrong_when_somebody_confirms_an_earlier_clock_then_it_counts_from_there() {
    // given a process that started with a clock a year ahead, and one that starts with the right one
    let world = World::new();
    let file = world.folder.path().join("clock.json");
    let right = world.clock.now();
    let ahead = Arc::new(FixedClock::at(right + MINUTE * 60 * 24 * 365));
    reopened(&world, &ahead, Some(file.clone())).await.step().await.expect("it is recorded");
    let trust = watch(&world, Some(file.clone())).await;
    assert_eq!(why(&trust), Some(Why::Behind));
    // when somebody confirms it, also where the file could not be written
    let kept = std::fs::read(&file).expect("a file");
    assert!(trust.confirm("a.person", "compared").await.expect("confirmed"));
    std::fs::write(&file, kept).expect("written");
    // then the next start is not doubted
    let trust = watch(&world, Some(file)).await;
    assert_eq!((why(&trust), trust.mark()), (None, Some(right)));
}
