//! Planted bugs: the checkers have to find each of them, or they prove nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use countersign_contracts::notice::Outcome;
use countersign_escalation::domain::{
    events::TrackEvent,
    policy::{EmailProof, Policy},
    track::Track,
};
use countersign_kernel::Timestamp;

use crate::{
    post::Post,
    world::{World, days, default_policy},
};

/// A bug, planted between the world and the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The days of notice are not waited for.
    NoNoticeGuard,
    /// Mail that was sent counts as delivered, whatever comes back.
    SentIsDelivered,
    /// The days between two notices are not waited for.
    NoDaysBetween,
    /// The clock that the core is shown runs a day ahead.
    FiresEarly,
    /// What is owed is read from a model that lags by one event.
    StaleFacts,
    /// The track forgets its steps.
    ForgetsSteps,
    /// Reinstatements get lost.
    LosesReinstatement,
    /// Only the provider is told of the end of a suspension.
    TellsTooFew,
    /// Items are as old as twice their days.
    AgesTwice,
}

impl Bug {
    const ALL: [Self; 9] = [
        Self::NoNoticeGuard,
        Self::SentIsDelivered,
        Self::NoDaysBetween,
        Self::FiresEarly,
        Self::StaleFacts,
        Self::ForgetsSteps,
        Self::LosesReinstatement,
        Self::TellsTooFew,
        Self::AgesTwice,
    ];

    /// What the core sees instead of the truth.
    pub(crate) fn spoil(self, policy: &mut Policy, track: &mut Track, now: &mut Timestamp) {
        match self {
            Self::NoNoticeGuard => policy.suspension.notice_days = 0,
            Self::SentIsDelivered => {
                policy.delivery.email = EmailProof::Accepted;
                for notice in track.notices.values_mut() {
                    notice.answers.retain(|answer| answer.outcome == Outcome::Accepted);
                }
            }
            Self::NoDaysBetween => policy.steps.iter_mut().for_each(|step| step.days_after_previous = None),
            Self::FiresEarly => *now = now.checked_add(days(1)).expect("an instant"),
            Self::ForgetsSteps => track.steps.clear(),
            Self::AgesTwice => policy.steps.iter_mut().for_each(|step| step.after_days /= 2),
            Self::StaleFacts | Self::LosesReinstatement | Self::TellsTooFew => {}
        }
    }

    /// Whether an event gets on record.
    pub(crate) fn lets_through(self, event: &mut TrackEvent) -> bool {
        match (self, event) {
            (Self::LosesReinstatement, TrackEvent::Reinstated(_)) => false,
            (Self::TellsTooFew, TrackEvent::NoticeRequested(requested)) => {
                requested.kind != "reinstated" || requested.recipient.role() == "provider"
            }
            _ => true,
        }
    }
}

/// A career with everything in it: ignored notices, a bounce, charts that come in late, suspension, the end.
fn career(bug: Option<Bug>) {
    let mut world = World::new(default_policy());
    world.bug = bug;
    let first = world.owe("a");
    world.pass(days(8));
    world.post = Post::Bounces;
    world.pass(days(8));
    world.post = Post::Arrives;
    let second = world.owe_since("b", world.now.checked_sub(days(40)).expect("an instant"));
    world.pass(days(37));
    // Done in the very instant in which somebody confirms.
    let mut late = world.clone();
    late.stale = Some(late.owed.clone());
    late.done(first);
    late.done(second);
    let _ = late.confirm();
    assert!(world.confirm().is_ok(), "there is no proposal: {:?}", world.told());
    world.pass(days(5));
    world.done(first);
    world.done(second);
    world.pass(days(60));
}

#[test]
fn every_planted_bug_is_found_and_without_one_nothing_is() {
    career(None);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| catch_unwind(AssertUnwindSafe(|| career(Some(*bug)))).is_ok())
        .collect();
    std::panic::set_hook(quiet);
    assert_eq!(missed, [], "these bugs were not found");
}
