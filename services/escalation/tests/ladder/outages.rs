//! The services are away for ten days, at every point of a career.

use countersign_escalation::domain::events::TrackEvent;

use crate::world::{World, days, default_policy, hours};

#[test]
fn ten_days_away_at_any_point_neither_lose_a_step_nor_shorten_a_notice() {
    // given a career of 45 days, and an outage that begins at every sixth hour of it
    for begins in (0..45 * 4).map(|quarter| hours(quarter * 6)) {
        let mut world = World::new(default_policy());
        let item = world.owe("a");
        world.pass(begins);
        world.outage(days(10));
        world.pass(days(70));
        // then the career is complete, each step once: the checkers have looked at the rest
        let steps =
            world.history.iter().filter(|entry| matches!(entry.event, TrackEvent::StepTaken(_))).count();
        assert!((3..=4).contains(&steps), "{steps} steps after an outage at {begins}: {:?}", world.told());
        if world.track.proposal.is_none() {
            // It lapsed undecided; the next run proposes it again.
            world.pass(days(8));
        }
        world.confirm().expect("a proposal");
        world.done(item);
        assert!(world.track.suspension().is_none());
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
