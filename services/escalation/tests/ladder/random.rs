//! Random worlds: the same checkers, whatever happens in whatever order.

use countersign_escalation::domain::{acts::Command, policy::PolicySet};
use countersign_kernel::Role;
use proptest::prelude::*;

use crate::{
    post::Post,
    world::{World, days, default_policy, hours},
};

/// Something that happens.
#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Owe(u16),
    Done(usize),
    DoneBackdated(usize, i64),
    Voided(usize),
    Disputed(usize),
    DisputeRejected(usize),
    Held(usize),
    Released(usize),
    Given(usize),
    Leave(i64, Option<i64>),
    Post(Post),
    Outage(i64),
    ClockDoubted(bool),
    Confirm,
    Reject(Option<i64>),
    Extend(i64),
    EndGrant,
    SeeAll,
    Lift,
    Publish(u16),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    prop_oneof![
        12 => (1_i64..24 * 15).prop_map(H::Pass),
        5 => (0_u16..40).prop_map(H::Owe),
        2 => (0_usize..6).prop_map(H::Done),
        1 => (0_usize..6, 1_i64..30).prop_map(|(item, back)| H::DoneBackdated(item, back)),
        1 => (0_usize..6).prop_map(H::Voided),
        1 => (0_usize..6).prop_map(H::Disputed),
        1 => (0_usize..6).prop_map(H::DisputeRejected),
        1 => (0_usize..6).prop_map(H::Held),
        1 => (0_usize..6).prop_map(H::Released),
        1 => (0_usize..6).prop_map(H::Given),
        1 => (-20_i64..5, proptest::option::of(1_i64..30)).prop_map(|(from, long)| H::Leave(from, long)),
        2 => prop_oneof![
            Just(Post::Arrives), Just(Post::Bounces), Just(Post::Silent), Just(Post::Unknown), Just(Post::Read)
        ].prop_map(H::Post),
        2 => (1_i64..24 * 12).prop_map(H::Outage),
        1 => any::<bool>().prop_map(H::ClockDoubted),
        5 => Just(H::Confirm),
        1 => proptest::option::of(1_i64..30).prop_map(H::Reject),
        1 => (1_i64..30).prop_map(H::Extend),
        1 => Just(H::EndGrant),
        1 => Just(H::SeeAll),
        1 => Just(H::Lift),
        1 => (10_u16..20).prop_map(H::Publish),
    ]
}

fn happen(world: &mut World, what: &Happening) {
    let chief = [Role::ChiefMedicalOfficer];
    let item = |world: &World, index: usize| world.items.get(index).map(|item| item.id);
    let open = |world: &World, index: usize| item(world, index).filter(|id| world.is_open(*id));
    let later = |world: &World, count: i64| world.now.checked_add(days(count)).expect("an instant");
    // A refusal is an answer: what matters is that nothing else happens.
    match what {
        Happening::Pass(count) => world.pass(hours(*count)),
        Happening::Owe(age) if world.items.len() < 6 => {
            let name = format!("item {}", world.items.len());
            world.owe_since(&name, later(world, -i64::from(*age)));
        }
        Happening::Owe(_) => {}
        Happening::Done(index) => {
            if let Some(id) = open(world, *index) {
                world.done(id);
            }
        }
        Happening::DoneBackdated(index, back) => {
            if let Some(id) = open(world, *index) {
                world.done_at(id, later(world, -back));
            }
        }
        Happening::Voided(index) => {
            if let Some(id) = open(world, *index) {
                world.voided(id);
            }
        }
        Happening::Disputed(index) => {
            if let Some(id) = open(world, *index) {
                world.disputed(id);
            }
        }
        Happening::DisputeRejected(index) => {
            if let Some(id) = open(world, *index) {
                world.dispute_rejected(id);
            }
        }
        Happening::Held(index) => {
            if let Some(id) = open(world, *index) {
                world.held(id);
            }
        }
        Happening::Released(index) => {
            if let Some(id) = open(world, *index) {
                world.released(id);
            }
        }
        Happening::Given(index) => {
            if let Some(id) = open(world, *index) {
                world.given_to_somebody_else(id);
            }
        }
        Happening::Leave(from, long) => {
            let from = later(world, *from);
            world.leave(from, long.and_then(|long| from.checked_add(days(long)).ok()));
        }
        Happening::Post(post) => world.post = *post,
        Happening::Outage(long) => world.outage(hours(*long)),
        Happening::ClockDoubted(doubted) => {
            world.clock_trusted = !doubted;
            world.look();
        }
        _ if world.down_until.is_some() => {}
        Happening::Confirm => drop(world.confirm()),
        Happening::Reject(until) => {
            let until = until.map(|count| later(world, count));
            if let Some(open) = world.track.proposal.clone() {
                let act = Command::Reject { proposal: open.number, packet_sha256: open.sha256, until };
                drop(world.act("C. Chief", &chief, act));
            }
        }
        Happening::Extend(count) => {
            let until = later(world, *count);
            drop(world.act("C. Chief", &chief, Command::Extend { until }));
        }
        Happening::EndGrant => drop(world.act("C. Chief", &chief, Command::EndGrant)),
        Happening::SeeAll => {
            for matter in world.track.matters.clone() {
                let act = Command::Acknowledge { matter: Some(matter.matter) };
                drop(world.act("C. Chief", &chief, act));
            }
        }
        Happening::Lift => {
            if let Some(suspension) = world.track.suspension().cloned() {
                let act = Command::Reinstate { proposal: suspension.proposal };
                drop(world.act("C. Chief", &chief, act));
            }
        }
        Happening::Publish(days) => {
            let text =
                PolicySet::DEFAULT_FILE.replacen("after_days = 14", &format!("after_days = {days}"), 1);
            world.publish(&text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold(story in proptest::collection::vec(happening(), 1..60)) {
        let mut world = World::new(default_policy());
        for what in &story {
            happen(&mut world, what);
        }
        // And in the end, when everything is done and everybody is back, the track comes to rest.
        world.clock_trusted = true;
        world.pass(days(13));
        for id in world.items.iter().map(|item| item.id).collect::<Vec<_>>() {
            if world.is_open(id) {
                world.done(id);
            }
        }
        world.pass(days(1));
        prop_assert!(world.track.suspension().is_none());
        prop_assert!(world.track.cycle.is_none());
    }
}

/// Found by the walk above: a line of its kind that an item was said not to matter to.
#[test]
fn an_item_that_ends_while_a_notice_is_on_its_way_matters() {
    use Happening as H;
    let mut world = World::new(default_policy());
    for what in [H::Owe(6), H::Pass(49), H::Owe(0), H::Held(0), H::Done(1)] {
        happen(&mut world, &what);
    }
    assert!(world.track.timers.get(world.track.ladder_timer()).is_none(), "nothing is to come");
}
