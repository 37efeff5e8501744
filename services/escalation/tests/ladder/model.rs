//! A bounded model, walked completely: notice × leave × clock jump × crash × bounce. It drives the real core; its states
//! are small worlds. No suspension without due notice, in any order of events; and where the guard is taken out, or a
//! jump of the clock goes unnoticed, the walk finds one.

use std::hash::{Hash, Hasher};

use countersign_escalation::domain::{policy::PolicySet, track::Track};
use stateright::{Checker, Model, Property};

use crate::{
    invariants,
    planted::Bug,
    post::Post,
    world::{World, days, hours},
};

/// One notice, two days, no runs: the smallest policy that suspends.
const POLICY: &str = "title = \"Model\"\n[cadence]\nmode = \"continuous\"\n[guards]\nknown_days = 0\n[outage]\nsettle_hours = 1\n\
    [[step]]\nname = \"delinquent\"\nafter_days = 1\nkind = \"pre-suspension\"\nclass = \"formal\"\nto = [\"provider\"]\n\
    channels = [\"email\"]\nwarns_of_suspension = true\n[delivery]\nemail = \"accepted\"\n\
    [suspension]\nenabled = true\nnotice_days = 2\nat = \"any\"\nscope = [\"new_admissions\"]\ntold = [\"provider\"]\n\
    proposal_to = [\"medical_staff_office\"]\n";

/// The longest story of the quick walk, in days: a day more than it takes to be suspended.
const QUICK: i64 = 4;
/// And of the long one.
const LONG: i64 = 7;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Happening {
    /// A day passes.
    Day,
    /// The provider goes on leave for two days.
    Leave,
    /// Somebody sets the clock forward by five days.
    ClockJumps,
    /// An operator sets it right, and confirms it.
    OperatorConfirms,
    /// The process is killed, and comes back a day later with what is on record.
    Crash,
    /// The mailbox is full from now on.
    MailBounces,
    /// It is emptied.
    MailArrives,
    /// The item is done.
    Done,
    /// Somebody confirms the open proposal.
    Confirm,
}

/// A world and what is left to happen in it.
#[derive(Debug, Clone)]
struct State {
    world: World,
    begun: jiff::Timestamp,
    left: Vec<Happening>,
    /// Every suspension so far had due notice.
    fair: bool,
}

impl State {
    /// All that the future depends on; not the record, which only tells of the past.
    fn future(&self) -> String {
        let world = &self.world;
        let track = &world.track;
        format!(
            "{:?}",
            (
                (
                    world.now,
                    world.clock_ahead,
                    world.clock_trusted,
                    world.post,
                    world.down_until,
                    world.settles_until
                ),
                (&world.underway, &world.items, &world.provider.leaves),
                (&track.cycle, &track.steps, &track.notices, &track.proposal, &track.suspensions),
                track.timers.armed().map(|(_, armed)| armed.due_at).collect::<Vec<_>>(),
                (&self.left, self.fair),
            )
        )
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.future().hash(hasher);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.future() == other.future()
    }
}

/// The model, with or without its guards.
#[derive(Debug, Clone, Copy)]
struct Ladder {
    bug: Option<Bug>,
    jumps_are_noticed: bool,
    longest: i64,
}

impl Model for Ladder {
    type State = State;
    type Action = Happening;

    fn init_states(&self) -> Vec<State> {
        let mut world = World::new(PolicySet::read(POLICY, 1).expect("a policy"));
        world.bug = self.bug;
        world.checked = false;
        let since = world.now.checked_sub(days(10)).expect("an instant");
        world.owe_since("a", since);
        let left = vec![
            Happening::Leave,
            Happening::ClockJumps,
            Happening::Crash,
            Happening::MailBounces,
            Happening::Done,
        ];
        vec![State { begun: world.now, world, left, fair: true }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Happening>) {
        actions.push(Happening::Day);
        actions.extend(&state.left);
        if state.world.track.proposal.is_some() && state.world.down_until.is_none() {
            actions.push(Happening::Confirm);
        }
        if !state.world.clock_ahead.is_zero() {
            actions.push(Happening::OperatorConfirms);
        }
        if state.world.post == Post::Bounces {
            actions.push(Happening::MailArrives);
        }
    }

    fn next_state(&self, last: &State, action: Happening) -> Option<State> {
        let mut state = last.clone();
        state.left.retain(|left| *left != action);
        let world = &mut state.world;
        match action {
            Happening::Day => world.pass(days(1)),
            Happening::Leave => world.leave(world.now, world.now.checked_add(days(2)).ok()),
            Happening::ClockJumps => {
                world.clock_ahead = days(5);
                world.clock_trusted = !self.jumps_are_noticed;
                world.look();
                world.pass(hours(1));
            }
            Happening::OperatorConfirms => {
                world.clock_ahead = days(0);
                world.clock_trusted = true;
                world.look();
            }
            Happening::Crash => {
                world.track = Track::of(world.track.id, world.history.iter().map(|entry| &entry.event));
                world.outage(days(1));
            }
            Happening::MailBounces => world.post = Post::Bounces,
            Happening::MailArrives => world.post = Post::Arrives,
            Happening::Done => {
                let item = world.items[0].id;
                world.done(item);
            }
            // A refusal is an answer.
            Happening::Confirm => drop(world.confirm()),
        }
        state.fair &= invariants::last_suspension_had_due_notice(&state.world);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no suspension without due notice", |_, state: &State| state.fair),
            Property::sometimes("a suspension", |_, state: &State| state.world.track.suspension().is_some()),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.world.now.duration_since(state.begun) <= days(self.longest)
    }
}

fn walk(bug: Option<Bug>, jumps_are_noticed: bool, longest: i64) -> (bool, bool, usize) {
    let checker = Ladder { bug, jumps_are_noticed, longest }.checker().spawn_bfs().join();
    (
        checker.discovery("no suspension without due notice").is_some(),
        checker.discovery("a suspension").is_some(),
        checker.unique_state_count(),
    )
}

#[test]
fn no_order_of_events_suspends_without_due_notice() {
    let (unfair, suspends, states) = walk(None, true, QUICK);
    assert!(!unfair, "a suspension without due notice");
    // The walk is not empty: it reaches suspensions, on many ways.
    assert!(suspends && states > 1_000, "{states} states");
}

#[test]
fn without_the_guard_the_walk_finds_a_suspension_without_due_notice() {
    assert!(walk(Some(Bug::NoNoticeGuard), true, QUICK).0);
}

#[test]
fn where_a_jump_of_the_clock_goes_unnoticed_the_walk_finds_one_too() {
    assert!(walk(None, false, QUICK).0);
}

#[test]
#[ignore = "minutes in a debug build: ./dev soak"]
fn no_longer_order_of_events_does_either() {
    let (unfair, suspends, _) = walk(None, true, LONG);
    assert!(!unfair && suspends);
}
