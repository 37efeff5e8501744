//! The services are away for ten days, at every point of a career.

use std::collections::BTreeSet;

use countersign_escalation::domain::events::TrackEvent;
use countersign_kernel::{DeficiencyId, Timestamp};
use jiff::SignedDuration;

use crate::world::{Entry, World, days, default_policy, hours};

/// Lets an outage of ten days begin in a career, now, and looks at the whole of it.
fn comes_through(mut world: World, item: DeficiencyId) {
    let begins = world.now;
    world.outage(days(10));
    world.pass(days(70));
    // then the career is complete, each step once: the checkers have looked at the rest
    let taken = |entry: &&Entry| matches!(entry.event, TrackEvent::StepTaken(_));
    let steps = world.history.iter().filter(taken).count();
    assert!((3..=4).contains(&steps), "{steps} steps after an outage at {begins}: {:?}", world.told());
    if world.track.proposal.is_none() {
        // It lapsed undecided; the next run proposes it again.
        world.pass(days(8));
    }
    world.confirm().expect("a proposal");
    world.done(item);
    assert!(world.track.suspension().is_none());
}

#[test]
fn ten_days_away_at_any_point_neither_lose_a_step_nor_shorten_a_notice() {
    // given a career of 45 days, and an outage that begins at every sixth hour of it
    for begins in (0..45 * 4).map(|quarter| hours(quarter * 6)) {
        let mut world = World::new(default_policy());
        let item = world.owe("a");
        world.pass(begins);
        comes_through(world, item);
    }
}

#[test]
fn ten_days_away_from_any_instant_at_which_something_happens_do_not_either() {
    // given every instant at which anything happens in a career of 45 days
    let mut whole = World::new(default_policy());
    whole.owe("a");
    whole.pass(days(45));
    let instants: BTreeSet<Timestamp> = whole.history.iter().map(|entry| entry.at).collect();
    assert!(instants.len() >= 10, "{instants:?}");
    let (second, none) = (SignedDuration::from_secs(1), SignedDuration::ZERO);
    for (instant, early) in instants.into_iter().flat_map(|instant| [(instant, second), (instant, none)]) {
        // when the services go away a second before it, or as soon as it has happened
        let mut world = World::new(default_policy());
        let item = world.owe("a");
        world.run_until(instant.checked_sub(early).expect("an instant").max(world.now));
        comes_through(world, item);
    }
}

#[test]
fn what_is_done_during_an_outage_is_seen_before_anything_follows() {
    let mut world = World::new(default_policy());
    let item = world.owe("a");
    world.pass(days(20));
    world.outage(days(10));
    world.pass(days(5));
    world.done(item);
    world.pass(days(20));
    assert_eq!(world.count("delinquent"), 0);
    assert!(world.track.cycle.is_none());
}
