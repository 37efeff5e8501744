//! Whether the change of one item can make anything happen on a track: most cannot, and are not looked at further.

use std::collections::BTreeSet;

use countersign_kernel::{DeficiencyId, Timestamp};

use super::timer::armed_for;
use crate::domain::{
    policy::{Policy, StepClass},
    standing::{NotCounted, StandingItem},
    track::{Delivery, Track},
};

/// Whether anything could happen now because one item was opened or closed; where this says no, a look finds nothing.
///
/// `item`: as it stands while it is open. `still_owes`: something of the provider's own is open at the facility now. The
/// track was looked at after every other change: its timer is armed for the next instant at which anything could happen.
///
/// Why that is enough: an item that nothing on the track was ever about takes part only in questions of the kind "what
/// is the earliest", and "is any old enough now". Where the earliest that this item can answer is later than the timer,
/// neither is answered otherwise with it than without it. While a notice is on its way the timer waits for that, and whether
/// it waits at all depends on there being an item for a next step: then every item matters.
pub fn may_matter(
    track: &Track,
    policy: &Policy,
    item: &StandingItem,
    still_owes: bool,
    now: Timestamp,
) -> bool {
    let Some(armed) = armed_for(track).filter(|due| *due > now) else { return true };
    let kept = track.keeps_to().is_some_and(|kept| *kept == policy.reference);
    if !kept || !still_owes || !item.is_theirs() || item.not_counted == Some(NotCounted::OnLeave) {
        return true;
    }
    if is_about(track, item.deficiency) || is_notice_on_its_way(track, policy, now) {
        return true;
    }
    // The last step that was taken still asks what carries it.
    let last = track.last_step().and_then(|step| usize::try_from(step.rung).ok());
    let earliest = policy.steps.iter().enumerate().skip(last.unwrap_or(0)).filter_map(|(rung, step)| {
        // A line in the digest is about items that are not overdue, too.
        item.reached(rung, step.class != StepClass::None)
    });
    earliest.min().is_some_and(|earliest| earliest <= armed)
}

/// Nobody knows yet whether a notice of the cycle that runs was delivered.
fn is_notice_on_its_way(track: &Track, policy: &Policy, now: Timestamp) -> bool {
    let since = track.cycle.as_ref().map(|cycle| cycle.opened_at);
    track.notices.values().any(|notice| {
        since.is_none_or(|since| notice.requested.requested_at >= since)
            && notice.withdrawn_at.is_none()
            && matches!(notice.delivery(&policy.delivery, now), Delivery::Waits(_))
    })
}

/// Something on the track was about the item.
fn is_about(track: &Track, id: DeficiencyId) -> bool {
    let of_steps = track.steps.iter().filter(|step| !step.superseded).any(|step| step.items.contains(&id));
    let of_suspension = track.suspension().is_some_and(|suspension| suspension.items.contains(&id));
    let of_proposal = track.proposal.as_ref().is_some_and(|proposal| proposal.carried_by.contains(&id));
    // Earlier cycles' notices were withdrawn, or are history.
    let since = track.cycle.as_ref().map(|cycle| cycle.opened_at);
    of_steps
        || of_suspension
        || of_proposal
        || track.notices.values().any(|notice| {
            since.is_none_or(|since| notice.requested.requested_at >= since)
                && notice.requested.items.iter().any(|listed| listed.deficiency == id)
        })
}

/// Why a track is looked at: whose fate is asked for beside what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Time has passed, or somebody has decided: what the running cycle and a suspension are about.
    Time,
    /// This item has changed: earlier cycles' steps that were about it as well.
    Item(DeficiencyId),
    /// Anything may have changed: all steps there ever were.
    Anything,
}

impl Track {
    /// Items that its steps and suspensions were about: whoever reads what is owed tells what became of them. Of cycles
    /// that are over, only what the reason to look can have changed: else each look would read the provider's whole past.
    pub fn asked_about(&self, why: Why) -> BTreeSet<DeficiencyId> {
        let cycle = self.cycle.as_ref().map(|cycle| cycle.number);
        let of_steps = self
            .steps
            .iter()
            .filter(|step| {
                !step.superseded
                    && match why {
                        Why::Anything => true,
                        Why::Time => Some(step.cycle) == cycle,
                        Why::Item(id) => Some(step.cycle) == cycle || step.items.contains(&id),
                    }
            })
            .flat_map(|step| step.items.iter());
        let of_suspension = self.suspension().into_iter().flat_map(|suspension| suspension.items.iter());
        of_steps.chain(of_suspension).copied().collect()
    }
}
