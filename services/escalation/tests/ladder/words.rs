//! Why a track stands where it stands, in the words that people read: one case for each state.

use countersign_escalation::domain::{acts::Command, explain::explain, policy::PolicySet};
use countersign_kernel::Role;

use crate::{
    post::Post,
    world::{World, at, days, default_policy},
};

/// What is said of what comes next: `step | instant | words`, and why items do not count.
fn words(world: &World) -> Vec<String> {
    world.with_context(|track, policy, context| {
        let told = explain(track, policy, context);
        let ahead = told.ahead.iter().map(|ahead| {
            let at = ahead.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            format!("{} | {at} | {}", ahead.step, ahead.waits)
        });
        let items = told.items.iter().filter_map(|item| item.not_counted.clone());
        let next = told.next.iter().map(|next| format!("next | {} | {}", next.at, next.what));
        ahead.chain(items).chain(next).collect()
    })
}

/// Why the first item that does not count does not.
fn on_the_item(world: &World) -> String {
    world.with_context(|track, policy, context| {
        let told = explain(track, policy, context);
        told.items.into_iter().find_map(|item| item.not_counted).unwrap_or_default()
    })
}

fn first(world: &World) -> String {
    words(world).into_iter().next().unwrap_or_default()
}

#[test]
fn a_track_on_its_way_says_what_each_step_waits_for() {
    let mut world = World::new(default_policy());
    world.owe("a");
    world.pass(days(1));
    assert_eq!(
        words(&world),
        [
            "digest | 2026-03-06T00:00:00Z | for an item to be old enough",
            "notice-1 | 2026-03-10T00:00:00Z | for an item to be old enough",
            "notice-2 | - | for a lower step, whose notice has to be delivered first",
            "delinquent | - | for a lower step, whose notice has to be delivered first",
            "it became known here too short a time ago",
            "next | 2026-03-06T00:00:00Z | the step digest is due",
        ]
    );
    world.pass(days(9));
    // notice 1 of the tenth counts as delivered a day after the mail server took it
    let early = first(&world);
    world.run_until(at("2026-03-30T08:00:00Z"));
    assert_eq!(
        (early.as_str(), first(&world).as_str()),
        (
            "notice-2 | 2026-03-17T00:00:00Z | for an item to be old enough",
            "suspension | 2026-04-08T12:00:00Z | the next run comes at 2026-04-08T12:00:00Z"
        )
    );
}

#[test]
fn whatever_holds_a_track_is_said() {
    let mut cases: Vec<(&str, String)> = Vec::new();
    let begun = || {
        let mut world = World::new(default_policy());
        let item = world.owe("a");
        world.pass(days(10));
        (world, item)
    };
    let (mut world, item) = begun();
    world.disputed(item);
    cases.push(("disputed", on_the_item(&world)));
    let (mut world, item) = begun();
    world.held(item);
    cases.push(("held", on_the_item(&world)));
    let (mut world, _) = begun();
    world.leave(world.now, None);
    cases.push(("on leave", on_the_item(&world)));
    let (mut world, _) = begun();
    let until = at("2026-04-20T00:00:00Z");
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::Extend { until }).expect("more time");
    cases.push(("extended", first(&world)));
    let (mut world, _) = begun();
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::Exempt { until: None }).expect("exempt");
    cases.push(("exempt", first(&world)));
    let mut world = World::new(default_policy());
    world.post = Post::Silent;
    world.owe("a");
    world.pass(days(15));
    cases.push(("silent", first(&world)));
    let (mut world, _) = begun();
    world.pass(days(8));
    world.clock_trusted = false;
    cases.push(("doubted", first(&world)));
    let (mut world, _) = begun();
    world.run_until(at("2026-04-08T12:00:00Z"));
    let open = world.track.proposal.clone().expect("a proposal");
    let reject = Command::Reject { proposal: open.number, packet_sha256: open.sha256, until: None };
    world.act("C. Chief", &[Role::ChiefMedicalOfficer], reject).expect("rejected");
    cases.push(("rejected", first(&world)));
    let (mut world, _) = begun();
    world.outage(days(10));
    world.run_until(world.down_until.expect("away"));
    cases.push(("settles", first(&world)));
    let told: Vec<String> = cases.into_iter().map(|(state, words)| format!("{state}: {words}")).collect();
    assert_eq!(
        told,
        [
            "disputed: it is disputed, and HIM has not answered",
            "held: it is on hold: legal hold",
            "on leave: the provider is on leave",
            "extended: notice-2 | 2026-04-20T00:00:00Z | more time was granted until 2026-04-20T00:00:00Z",
            "exempt: notice-2 | - | the track is exempted",
            "silent: notice-2 | - | the previous notice has not been delivered",
            "doubted: delinquent | - | the clock was set, and no operator has confirmed it",
            "rejected: suspension | - | a human rejected the proposal for this cycle",
            "settles: notice-2 | 2026-03-22T12:00:00Z | the services were away: messages may be on their way until 2026-03-22T12:00:00Z",
        ]
    );
}

#[test]
fn a_proposal_and_a_suspension_say_what_comes_of_them() {
    let text = PolicySet::DEFAULT_FILE.replacen("mode = \"automatic\"", "mode = \"confirmed\"", 1);
    let mut world = World::new(PolicySet::read(&text, 1).expect("a policy"));
    world.owe("a");
    world.run_until(at("2026-04-08T12:00:00Z"));
    assert_eq!(words(&world), ["next | 2026-04-22T12:00:00Z | the proposal lapses when nobody decides"]);
    world.confirm().expect("confirmed");
    assert_eq!(words(&world), ["next | 2026-05-02T00:00:00Z | the question of the NPDB is asked"]);
}
