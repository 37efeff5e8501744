//! Notices of a track, and whether they were delivered as the policy defines it.

use countersign_contracts::notice::{Channel, NoticeRequested, Outcome};
use countersign_kernel::Timestamp;
use jiff::SignedDuration;

use crate::domain::{
    events::NoticeAnswered,
    policy::{self, EmailProof, ReadProof, Required},
};

/// A notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// As it was asked for.
    pub requested: NoticeRequested,
    /// What became of it, in the order in which that was told.
    pub answers: Vec<NoticeAnswered>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

/// Where a notice stands, as a policy defines delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Delivered at this instant.
    Delivered(Timestamp),
    /// Not yet. It will be at this instant if nothing comes in between; nothing: nobody knows.
    Waits(Option<Timestamp>),
    /// It came back, or cannot be sent.
    Failed {
        /// When that was told.
        at: Timestamp,
        /// What was told.
        outcome: Outcome,
    },
}

impl Delivery {
    /// When it was delivered.
    pub const fn delivered_at(self) -> Option<Timestamp> {
        match self {
            Self::Delivered(at) => Some(at),
            Self::Waits(_) | Self::Failed { .. } => None,
        }
    }
}

impl Notice {
    pub(super) const fn new(requested: NoticeRequested) -> Self {
        Self { requested, answers: Vec::new(), withdrawn_at: None }
    }

    /// What was told of it last.
    pub fn last_outcome(&self) -> Option<Outcome> {
        self.answers.last().map(|answer| answer.outcome)
    }

    /// A human has taken it over.
    pub fn is_taken_over(&self) -> bool {
        self.answers.iter().any(|answer| answer.outcome == Outcome::TakenOver)
    }

    /// Somebody may have it already: withdrawing would not take it back.
    pub fn is_out(&self) -> bool {
        use Outcome::{Accepted, Delivered, Read, TakenOver, Unknown};
        self.answers
            .iter()
            .any(|answer| matches!(answer.outcome, Accepted | Delivered | Read | TakenOver | Unknown))
    }

    /// Where it stands at `now`. Nothing counts that is dated before it was asked for, or after `now`: whoever enters
    /// the day on which a letter was handed over cannot shorten a period by it.
    pub fn delivery(&self, rules: &policy::Delivery, now: Timestamp) -> Delivery {
        let mut whole = Delivery::Waits(None);
        for answer in self.answers.iter().filter(|answer| answer.channel.is_none()) {
            whole = self.after(whole, answer, Proof::Told, now);
        }
        let channels: Vec<Delivery> = match rules.required {
            // With a failover any channel of the notice that proves something will do.
            Required::Any => {
                self.requested.channels.iter().filter(|channel| rules.channels.contains(channel)).collect()
            }
            Required::All => rules.channels.iter().collect::<Vec<_>>(),
        }
        .into_iter()
        .map(|channel| self.on(*channel, rules, now))
        .collect();
        let failed =
            channels.iter().rev().find(|delivery| matches!(delivery, Delivery::Failed { .. })).copied();
        match rules.required {
            Required::Any => {
                let delivered =
                    channels.iter().chain([&whole]).filter_map(|delivery| delivery.delivered_at()).min();
                let waits = channels.iter().filter_map(|delivery| match delivery {
                    Delivery::Waits(until) => Some(*until),
                    Delivery::Delivered(_) | Delivery::Failed { .. } => None,
                });
                let (open, soonest) =
                    waits.fold((false, None), |(_, soonest): (bool, Option<Timestamp>), until| {
                        (true, soonest.into_iter().chain(until).min())
                    });
                match (delivered, whole, failed) {
                    (Some(at), ..) => Delivery::Delivered(at),
                    // Somebody who knows says that nothing is left to try; what is on its way may still arrive.
                    (None, Delivery::Failed { .. }, _) if soonest.is_none() => whole,
                    (None, _, Some(failed)) if !open => failed,
                    _ => Delivery::Waits(soonest),
                }
            }
            Required::All => {
                if let Some(failed) = failed {
                    return failed;
                }
                let at = channels.iter().map(|delivery| delivery.delivered_at()).collect::<Option<Vec<_>>>();
                match at.and_then(|all| all.into_iter().max()) {
                    Some(at) => Delivery::Delivered(at),
                    None if matches!(whole, Delivery::Failed { .. }) => whole,
                    None => Delivery::Waits(
                        channels
                            .iter()
                            .filter_map(|delivery| match delivery {
                                Delivery::Waits(until) => *until,
                                Delivery::Delivered(_) | Delivery::Failed { .. } => None,
                            })
                            .min(),
                    ),
                }
            }
        }
    }

    fn on(&self, channel: Channel, rules: &policy::Delivery, now: Timestamp) -> Delivery {
        let proof = match channel {
            Channel::Email => match rules.email {
                EmailProof::Accepted => Proof::Accepted,
                EmailProof::BounceFree => Proof::AcceptedFor(rules.bounce_free_days),
                EmailProof::Read => Proof::Read,
            },
            Channel::Inbox => Proof::of(rules.inbox),
            Channel::Webhook => Proof::of(rules.webhook),
            Channel::Letter => Proof::Told,
        };
        let mut state = Delivery::Waits(None);
        for answer in self.answers.iter().filter(|answer| answer.channel == Some(channel)) {
            state = self.after(state, answer, proof, now);
        }
        state
    }

    fn after(&self, before: Delivery, answer: &NoticeAnswered, proof: Proof, now: Timestamp) -> Delivery {
        let at = answer.at.max(self.requested.requested_at);
        let by = |at: Timestamp| if at <= now { Delivery::Delivered(at) } else { Delivery::Waits(Some(at)) };
        let new = match (answer.outcome, proof) {
            (Outcome::Read, _)
            | (Outcome::Delivered, Proof::Told | Proof::Accepted)
            | (Outcome::Accepted, Proof::Accepted) => by(at),
            (Outcome::Accepted, Proof::AcceptedFor(days)) => by(at
                .saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
                .unwrap_or(Timestamp::MAX)),
            (Outcome::Bounced | Outcome::Failed | Outcome::Dropped, _) => {
                // What was opened, or handed over, was there: a bounce of another copy does not undo it.
                let proven = self.answers.iter().any(|other| {
                    other.channel == answer.channel
                        && other.at <= now
                        && (other.outcome == Outcome::Read
                            || other.outcome == Outcome::Delivered && answer.channel == Some(Channel::Letter))
                });
                return if proven { before } else { Delivery::Failed { at, outcome: answer.outcome } };
            }
            // What the policy does not take for a proof proves nothing, whatever notification calls it.
            (
                Outcome::Delivered
                | Outcome::Accepted
                | Outcome::Unknown
                | Outcome::TakenOver
                | Outcome::Withheld,
                _,
            ) => {
                return before_or_open(before);
            }
        };
        // The first proof counts, not a later repetition of it.
        match (before, new) {
            (Delivery::Delivered(first), Delivery::Delivered(again)) => Delivery::Delivered(first.min(again)),
            (Delivery::Delivered(_), _) => before,
            (Delivery::Waits(Some(first)), Delivery::Waits(Some(again))) => {
                Delivery::Waits(Some(first.min(again)))
            }
            (_, new) => new,
        }
    }
}

/// Sent again after a failure: it waits again.
const fn before_or_open(before: Delivery) -> Delivery {
    match before {
        Delivery::Failed { .. } => Delivery::Waits(None),
        other => other,
    }
}

/// What proves a delivery.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// That it was taken over.
    Accepted,
    /// That it was taken over and did not come back for so many days.
    AcceptedFor(u16),
    /// That it is told of as delivered, or opened.
    Told,
    /// Only that it was opened.
    Read,
}

impl Proof {
    const fn of(read: ReadProof) -> Self {
        match read {
            ReadProof::Accepted => Self::Accepted,
            ReadProof::Read => Self::Read,
        }
    }
}
