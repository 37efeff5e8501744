//! A suspension in force: the questions that its days raise, and its end.

use countersign_contracts::notice::{Channel, NoticeClass, NoticeItem, Recipient, SuspensionFacts};
use countersign_kernel::Timestamp;
use jiff::SignedDuration;

use super::{Turn, proposal::OFFICE_CHANNELS, turn::Message};
use crate::domain::{
    events::{ByWhom, LeadershipAsked, Matter, Reinstated, ReinstatementProposed, Suspended, TrackEvent},
    policy::{Lift, ReinstatementMode},
    track::{REINSTATED, SUSPENDED, SuspensionState},
};

/// Template of the notice that asks whether to end a suspension.
const REINSTATEMENT_PROPOSAL: &str = "reinstatement-proposed";
/// Template of the notice that asks the committee to look at one.
const REVIEW: &str = "review";
/// Template of the notice that asks the question of the NPDB.
const NPDB: &str = "npdb-prompt";

/// How those are told whom a suspension concerns.
const TOLD_CHANNELS: [Channel; 4] = [Channel::Email, Channel::Webhook, Channel::Inbox, Channel::Letter];

impl Turn<'_> {
    /// Puts a confirmed proposal in force, and tells everybody whom the policy names.
    pub(in crate::domain) fn put_in_force(&mut self) {
        let Some(proposal) = self.track.proposal.clone() else { return };
        let Some(cycle) = self.track.cycle.as_ref().map(|cycle| cycle.number) else { return };
        let items: Vec<_> = self.qualifying().map(|item| item.deficiency).collect();
        let now = self.now();
        let within_year = self.began_within(12) + 1;
        self.push(TrackEvent::Suspended(Suspended {
            cycle,
            proposal: proposal.number,
            from: now,
            scope: proposal.scope,
            exempt: proposal.exempt,
            items,
            authority: proposal.confirmed_by,
            within_year,
            policy: Some(self.policy.reference.clone()),
        }));
        let recipients = self.resolve(&self.policy.suspension.told);
        self.tell_of_suspension(SUSPENDED, recipients);
        for repeat in &self.policy.repeats {
            if self.began_within(repeat.within_months) != repeat.count {
                continue;
            }
            let text = format!(
                "{} suspensions began within {} months. The policy asks for: {}.",
                repeat.count, repeat.within_months, repeat.kind
            );
            let purpose = format!("repeat-{}", repeat.count);
            self.ask(Matter::Repeated, text, &repeat.kind, &repeat.to, &purpose, None);
        }
    }

    /// How many suspensions began within so many months that end now.
    fn began_within(&self, months: u16) -> u32 {
        let now = self.now().to_zoned(self.context.days.zone.clone());
        let since = now
            .checked_sub(jiff::Span::new().months(i64::from(months)))
            .map_or(Timestamp::MIN, |zoned| zoned.timestamp());
        let began = self.track.suspensions.iter().filter(|suspension| suspension.from > since).count();
        u32::try_from(began).unwrap_or(u32::MAX)
    }

    /// Looks after a suspension in force.
    pub(super) fn watch_suspension(&mut self) {
        let Some(suspension) = self.track.suspension().cloned() else { return };
        let now = self.now();
        let number = suspension.proposal;
        let asked = |turn: &Self, matter| turn.track.asked(matter, |asked| asked.proposal == Some(number));
        if self.npdb_at(&suspension) <= now && !asked(self, Matter::NpdbQuestion) {
            let text = format!(
                "Day {} of the suspension. Before day 31: is it a professional review action related to competence or \
                 conduct, to be reported to the NPDB? An administrative suspension for records is not.",
                self.policy.npdb.prompt_day
            );
            self.ask(
                Matter::NpdbQuestion,
                text,
                NPDB,
                &self.policy.npdb.to,
                "npdb",
                Some(self.policy.npdb.prompt_day),
            );
        }
        if self.review_at(&suspension) <= now && !asked(self, Matter::CommitteeReview) {
            let text = format!(
                "The suspension has lasted {} days: the committee reviews it.",
                self.policy.review.after_days
            );
            let days = Some(self.policy.review.after_days);
            self.ask(Matter::CommitteeReview, text, REVIEW, &self.policy.review.to, "review", days);
        }
        let Some(since) = self.over_since(&suspension) else { return };
        let lift = self.lift_at(&suspension, since);
        let automatic = self.policy.reinstatement.mode == ReinstatementMode::Automatic;
        if automatic && lift <= now {
            self.reinstate("everything that it was about is done or no longer owed".to_owned(), None);
        } else if suspension.end_proposed_at.is_none() {
            self.push(TrackEvent::ReinstatementProposed(ReinstatementProposed {
                proposal: number,
                at: now,
                since,
                because: "everything that it was about is done or no longer owed".to_owned(),
            }));
            if !automatic {
                let recipients = self.resolve(&self.policy.suspension.proposal_to);
                let facts = facts(&suspension);
                for recipient in recipients {
                    self.tell(
                        recipient,
                        &about(
                            format!("reinstatement-proposal-{number}"),
                            REINSTATEMENT_PROPOSAL,
                            facts.clone(),
                            true,
                        ),
                    );
                }
            }
        }
    }

    /// Ends the suspension in force, and tells everybody who was told of it.
    pub(in crate::domain) fn reinstate(&mut self, because: String, by: Option<ByWhom>) {
        let Some(suspension) = self.track.suspension().cloned() else { return };
        let until = self.now();
        self.push(TrackEvent::Reinstated(Reinstated { proposal: suspension.proposal, until, because, by }));
        let told = suspension.told.into_iter().map(|told| told.recipient).collect();
        self.tell_of_suspension(REINSTATED, told);
    }

    /// Since when nothing that a suspension was about is the provider's to do any more.
    fn over_since(&self, suspension: &SuspensionState) -> Option<Timestamp> {
        let standing = self.context.standing;
        let of_it = |id: &_| suspension.items.contains(id);
        if standing.items.iter().any(|item| of_it(&item.deficiency) && item.is_theirs()) {
            return None;
        }
        let gone = standing.gone.iter().filter(|gone| of_it(&gone.deficiency)).map(|gone| gone.at);
        Some(gone.max().map_or(standing.at, |at| at.clamp(suspension.from, standing.at.max(suspension.from))))
    }

    /// Everything that a suspension was about is over.
    pub(in crate::domain) fn is_over(&self, suspension: &SuspensionState) -> bool {
        self.over_since(suspension).is_some()
    }

    fn lift_at(&self, suspension: &SuspensionState, since: Timestamp) -> Timestamp {
        let rules = &self.policy.reinstatement;
        let shortest = suspension
            .from
            .saturating_add(SignedDuration::from_hours(i64::from(rules.minimum_hours)))
            .unwrap_or(Timestamp::MAX);
        let at = match rules.lift {
            Lift::AtOnce => since,
            Lift::NextBusinessDay => self.next_business_day(since),
        };
        at.max(shortest)
    }

    fn npdb_at(&self, suspension: &SuspensionState) -> Timestamp {
        self.begins_after(suspension.from, self.policy.npdb.prompt_day.saturating_sub(1)).max(suspension.from)
    }

    fn review_at(&self, suspension: &SuspensionState) -> Timestamp {
        self.begins_after(suspension.from, self.policy.review.after_days).max(suspension.from)
    }

    /// The instants of a suspension in force that are still to come.
    pub(super) fn instants_of_suspension(&self) -> Vec<(Timestamp, &'static str)> {
        let Some(suspension) = self.track.suspension() else { return Vec::new() };
        let mut instants = vec![
            (self.npdb_at(suspension), "the question of the NPDB is asked"),
            (self.review_at(suspension), "the committee reviews the suspension"),
        ];
        if let Some(since) = self.over_since(suspension) {
            instants.push((self.lift_at(suspension, since), "the suspension ends"));
        }
        instants
    }

    fn ask(
        &mut self,
        matter: Matter,
        text: String,
        kind: &str,
        to: &[String],
        purpose: &str,
        after_days: Option<u16>,
    ) {
        let Some(suspension) = self.track.suspension().cloned() else { return };
        let (number, at) = (suspension.proposal, self.now());
        self.push(TrackEvent::LeadershipAsked(LeadershipAsked {
            matter,
            proposal: Some(number),
            notice: None,
            at,
            text,
        }));
        let recipients = self.resolve(to);
        let facts = SuspensionFacts { after_days, ..facts(&suspension) };
        for recipient in recipients {
            self.tell(recipient, &about(format!("{purpose}-{number}"), kind, facts.clone(), true));
        }
    }

    fn tell_of_suspension(&mut self, kind: &'static str, recipients: Vec<Recipient>) {
        let Some(suspension) = self.track.suspensions.last().cloned() else { return };
        let facts = facts(&suspension);
        let listed =
            self.context.standing.items.iter().filter(|item| suspension.items.contains(&item.deficiency));
        let items: Vec<NoticeItem> = super::turn::listed(listed);
        for recipient in recipients {
            let mut message = about(format!("{kind}-{}", suspension.proposal), kind, facts.clone(), false);
            message.items.clone_from(&items);
            self.tell(recipient, &message);
        }
    }
}

fn facts(suspension: &SuspensionState) -> SuspensionFacts {
    let people: Vec<&str> = suspension.authority.iter().map(|by| by.name.as_str()).collect();
    SuspensionFacts {
        scope: suspension.scope.clone(),
        exempt: suspension.exempt.clone(),
        from: Some(suspension.from),
        until: suspension.until,
        authority: (!people.is_empty()).then(|| people.join(", ")),
        after_days: None,
    }
}

fn about(purpose: String, kind: &str, facts: SuspensionFacts, to_office: bool) -> Message<'_> {
    Message {
        purpose,
        attempt: 0,
        kind,
        class: NoticeClass::Formal,
        channels: if to_office { &OFFICE_CHANNELS } else { &TOLD_CHANNELS },
        on_all: false,
        at_any_hour: true,
        items: Vec::new(),
        names_date: None,
        suspension: Some(facts),
    }
}

#[cfg(test)]
mod tests {
    use countersign_contracts::notice::kind;

    use super::*;
    use crate::domain::step::proposal::PROPOSAL;

    #[test]
    fn whatever_the_core_asks_for_has_templates() {
        let asked = [PROPOSAL, SUSPENDED, REINSTATED, REINSTATEMENT_PROPOSAL, REVIEW, NPDB];
        assert_eq!(asked.into_iter().collect::<std::collections::BTreeSet<_>>(), kind::SUSPENSIONS.into());
    }
}
