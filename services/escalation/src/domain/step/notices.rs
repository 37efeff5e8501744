//! Notices that came back, that nobody answers for, or that are no longer wanted.

use countersign_contracts::notice::{NoticeRequested, NoticeWithdrawn, Outcome, Recipient};
use countersign_kernel::{DeficiencyId, NoticeId, Timestamp};

use super::{
    Turn,
    due::{days_later, rung_purpose},
    turn::{Message, listed},
};
use crate::domain::{
    events::{LeadershipAsked, Matter, TrackEvent},
    policy::PROVIDER,
    track::Delivery,
};

/// From one round to the next of what was kept back in shadow mode, in days.
const WEEK: u16 = 7;

/// What is to be done about a notice.
enum Mend {
    /// Ask for it again at this instant.
    Again(Timestamp),
    /// Ask a human at this instant.
    AskHuman(Timestamp),
}

impl Turn<'_> {
    /// Asks again for notices of the last step that came back, and asks a human where that is of no use.
    pub(super) fn mend_notices(&mut self) {
        let Some(taken) = self.track.last_step().cloned() else { return };
        let rung = usize::try_from(taken.rung).unwrap_or(usize::MAX);
        let Some(step) = self.policy.steps.get(rung) else { return };
        let Some(class) = step.class.notice() else { return };
        let purpose = rung_purpose(taken.cycle, taken.rung);
        for (id, attempts, recipient) in self.newest_of_step() {
            match self.mend(id, attempts) {
                Some(Mend::Again(at)) if at <= self.now() && self.carrying(rung).next().is_some() => {
                    // A notice that names the day of a suspension waits for a clock that can be trusted.
                    if step.warns_of_suspension && !self.context.clock_trusted {
                        continue;
                    }
                    let message = Message {
                        purpose: purpose.clone(),
                        attempt: attempts,
                        kind: &step.kind,
                        class,
                        channels: &step.channels,
                        on_all: step.on_all,
                        at_any_hour: step.at_any_hour,
                        items: listed(self.carrying(rung)),
                        names_date: step.warns_of_suspension.then(|| self.day_to_name()),
                        suspension: step.warns_of_suspension.then(|| self.suspension_facts()),
                    };
                    self.tell(recipient, &message);
                }
                Some(Mend::AskHuman(at)) if at <= self.now() => {
                    let at = self.now();
                    self.push(TrackEvent::LeadershipAsked(LeadershipAsked {
                        matter: Matter::Undeliverable,
                        proposal: None,
                        notice: Some(id),
                        at,
                        text: self.undelivered(id),
                    }));
                }
                _ => {}
            }
        }
    }

    /// What leadership is told of a notice that did not arrive.
    fn undelivered(&self, id: NoticeId) -> String {
        let Some(notice) = self.track.notices.get(&id) else { return String::new() };
        let NoticeRequested { number, recipient, .. } = &notice.requested;
        let (whose, waits) = match recipient.role() {
            PROVIDER => (String::new(), "nothing follows before it is delivered"),
            role => (format!(", a copy for {},", role.replace('_', " ")), "the ladder does not wait for it"),
        };
        format!(
            "Notice {number} of the track{whose} has not been delivered. Correct the address or hand it over by letter; \
             {waits}. Where it came back, acknowledging has it sent again."
        )
    }

    /// When the next notice is due to be mended.
    pub(super) fn next_mending(&self) -> Option<Timestamp> {
        let due = self.newest_of_step().into_iter().filter_map(|(id, attempts, _)| self.mend(id, attempts));
        due.map(|mend| match mend {
            Mend::Again(at) | Mend::AskHuman(at) => at,
        })
        .filter(|at| *at > self.now())
        .min()
    }

    /// The newest notice of the last step to each of its recipients, with the number of attempts.
    fn newest_of_step(&self) -> Vec<(NoticeId, usize, Recipient)> {
        let Some(taken) = self.track.last_step().filter(|taken| !taken.superseded) else { return Vec::new() };
        if self.track.suspension().is_some() {
            return Vec::new();
        }
        let purpose = rung_purpose(taken.cycle, taken.rung);
        let first: Vec<Recipient> = self
            .track
            .notices
            .values()
            .filter(|notice| {
                // They were asked for with the step. This is asked first because an id takes a hash.
                notice.requested.requested_at == taken.at
                    && notice.requested.notice
                        == self.notice_id(&purpose, notice.requested.recipient.role(), 0)
            })
            .map(|notice| notice.requested.recipient.clone())
            .collect();
        let newest = |recipient: Recipient| {
            let (id, attempts) = self.newest(&purpose, recipient.role())?;
            Some((id, attempts, recipient))
        };
        first.into_iter().filter_map(newest).collect()
    }

    fn mend(&self, id: NoticeId, attempts: usize) -> Option<Mend> {
        let notice = self.track.notices.get(&id).filter(|notice| notice.withdrawn_at.is_none())?;
        let rules = &self.policy.delivery;
        // One notice's trouble is not another's: a chair without an address does not keep the provider from being told.
        let undeliverable = |matter: &&crate::domain::track::OpenMatter| {
            matter.matter == Matter::Undeliverable && matter.notice == Some(id)
        };
        let open = self.track.matters.iter().filter(undeliverable).any(|matter| matter.seen_at.is_none());
        // Somebody was asked and has not answered: nothing more is sent into the void.
        if open || notice.is_taken_over() {
            return None;
        }
        match notice.delivery(rules, self.now()) {
            Delivery::Delivered(_) | Delivery::Waits(Some(_)) => None,
            // Nothing leaves the installation (shadow mode): it is asked for again with every weekly round, so that it
            // goes out when messages do, and nobody is called to mend what is not broken.
            Delivery::Waits(None) if notice.last_outcome() == Some(Outcome::Withheld) => {
                let last = notice.answers.last().map_or(notice.requested.requested_at, |answer| answer.at);
                Some(Mend::Again(days_later(last, WEEK)))
            }
            // A copy that is there is all that is asked of a copy: the ladder waits for the provider's own, and whether an
            // office opens its inbox is nothing to call leadership for.
            Delivery::Waits(None) if notice.is_out() && notice.requested.recipient.role() != PROVIDER => None,
            Delivery::Waits(None) => {
                let last = notice.answers.last().map_or(notice.requested.requested_at, |answer| answer.at);
                let last = self.seen_since(id, last);
                Some(Mend::AskHuman(days_later(last, rules.silence_days)))
            }
            Delivery::Failed { at, .. } => {
                let seen = self
                    .track
                    .matters
                    .iter()
                    .filter(undeliverable)
                    .filter_map(|matter| matter.seen_at)
                    .filter(|seen| *seen >= notice.requested.requested_at)
                    .max();
                match seen {
                    // Whoever acknowledged has mended the address.
                    Some(seen) => Some(Mend::Again(seen)),
                    None if !attempts.is_multiple_of(usize::from(rules.attempts)) => {
                        Some(Mend::Again(days_later(at, rules.again_after_days)))
                    }
                    None => Some(Mend::AskHuman(at)),
                }
            }
        }
    }

    /// The later of an instant and the last acknowledgement that a notice has not arrived.
    fn seen_since(&self, id: NoticeId, at: Timestamp) -> Timestamp {
        let of_it = self.track.matters.iter().filter(|matter| matter.notice == Some(id));
        of_it.filter_map(|matter| matter.seen_at).chain([at]).max().unwrap_or(at)
    }

    /// Withdraws notices that have not gone out, of those that are about nothing but these items.
    pub(super) fn withdraw(&mut self, wanted: impl Fn(&[DeficiencyId]) -> bool, because: &str) {
        let (now, mut unwanted) = (self.now(), Vec::new());
        for (id, notice) in &self.track.notices {
            let items: Vec<DeficiencyId> =
                notice.requested.items.iter().map(|item| item.deficiency).collect();
            if notice.withdrawn_at.is_none()
                && !notice.is_out()
                && notice.requested.suspension.as_ref().is_none_or(|facts| facts.from.is_none())
                && !wanted(&items)
            {
                unwanted.push(*id);
            }
        }
        for notice in unwanted {
            self.push(TrackEvent::NoticeWithdrawn(NoticeWithdrawn {
                notice,
                because: because.to_owned(),
                at: now,
            }));
        }
    }
}
