//! A suspension is proposed, with everything that it rests on; and taken back when nothing justifies it any more.

use countersign_contracts::notice::{NoticeClass, PolicyReference, SuspensionFacts};
use countersign_kernel::DeficiencyId;
use serde::Serialize;

use super::{
    Turn,
    due::{Due, days_later, rung_purpose},
    turn::{Message, listed},
};
use crate::domain::{
    events::{
        ByWhom, Decision, EvidencePacket, NoticeProof, ProposalDecided, StepProof, SuspensionProposed,
        TrackEvent,
    },
    policy::{PROVIDER, sha256},
    standing::{Standing, StandingItem},
    track::Delivery,
};

/// Template of the notice that asks for a decision.
pub(super) const PROPOSAL: &str = "suspension-proposed";
/// What the software is called where it decides.
pub(super) const SOFTWARE: &str = "countersign";

/// What the hash of a packet is taken over: JSON with the fields in this order, each written as it is stored.
#[derive(Serialize)]
struct Hashed<'a> {
    items: &'a Standing,
    notices: &'a [NoticeProof],
    steps: &'a [StepProof],
    policy: &'a PolicyReference,
}

/// SHA-256 of a packet's evidence, hexadecimal: of its JSON without the hash, fields in the order in which they are
/// stored. Anybody can compute it again from the stored event.
pub fn packet_hash(
    items: &Standing,
    notices: &[NoticeProof],
    steps: &[StepProof],
    policy: &PolicyReference,
) -> String {
    // Maps with keys that are no strings are the one thing that could fail, and there are none.
    serde_json::to_string(&Hashed { items, notices, steps, policy })
        .map_or_else(|_| String::new(), |json| sha256(&json))
}

impl EvidencePacket {
    /// Whether the hash fits the evidence.
    pub fn is_intact(&self) -> bool {
        self.sha256 == packet_hash(&self.items, &self.notices, &self.steps, &self.policy)
    }
}

impl Turn<'_> {
    /// Proposes a suspension when the notice is over and items that it named are still owed.
    pub(super) fn propose(&mut self) {
        let (Due::At { at, .. }, Some(rung)) = (self.due_of_proposal(), self.policy.warning_rung()) else {
            return;
        };
        if at > self.now() {
            return;
        }
        let carried_by: Vec<DeficiencyId> = self.qualifying().map(|item| item.deficiency).collect();
        let named_date = self
            .track
            .last_step()
            .and_then(|step| self.provider_notice(step))
            .and_then(|(_, notice, _)| notice.requested.names_date);
        let (Some(named_date), false) = (named_date, carried_by.is_empty()) else { return };
        let Some(cycle) = self.track.cycle.as_ref().map(|cycle| cycle.number) else { return };
        let number = self.track.proposals + 1;
        let items = listed(self.carrying(rung).filter(|item| carried_by.contains(&item.deficiency)));
        let event = SuspensionProposed {
            cycle,
            proposal: number,
            at: self.now(),
            named_date,
            scope: self.policy.suspension.scope.clone(),
            exempt: self.policy.suspension.exempt.clone(),
            packet: self.packet(cycle),
            carried_by,
            uncovered: self.uncovered(),
        };
        self.push(TrackEvent::SuspensionProposed(Box::new(event)));
        let recipients = self.resolve(&self.policy.suspension.proposal_to);
        let facts = self.suspension_facts();
        for recipient in recipients {
            self.tell(
                recipient,
                &Message {
                    purpose: format!("proposal-{number}"),
                    attempt: 0,
                    kind: PROPOSAL,
                    class: NoticeClass::Formal,
                    channels: &OFFICE_CHANNELS,
                    on_all: false,
                    at_any_hour: false,
                    items: items.clone(),
                    names_date: Some(named_date),
                    suspension: Some(facts.clone()),
                },
            );
        }
    }

    /// Takes a proposal back when nothing justifies it any more, or nobody decided about it in time.
    pub(super) fn lapse(&mut self) {
        let Some(proposal) = &self.track.proposal else { return };
        let Some(because) = self.why_lapsed() else { return };
        let event = ProposalDecided {
            proposal: proposal.number,
            decision: Decision::Lapsed,
            by: ByWhom {
                name: SOFTWARE.to_owned(),
                roles: Vec::new(),
                at: self.now(),
                why: because.to_owned(),
                act: None,
            },
            packet_sha256: proposal.sha256.clone(),
        };
        self.push(TrackEvent::ProposalDecided(event));
    }

    /// Why the open proposal may not be carried out, whatever people decide.
    pub(in crate::domain) fn why_lapsed(&self) -> Option<&'static str> {
        let proposal = self.track.proposal.as_ref()?;
        let step = self.track.last_step()?;
        if step.superseded {
            return Some("the notice that it rests on would not have been given on what is known now");
        }
        if self.track.granted(self.now()).is_some() {
            return Some("more time or an exemption was granted");
        }
        let delivered = match self.provider_notice(step) {
            Some((_, notice, Delivery::Delivered(at))) => {
                self.notice_over(at, notice.requested.names_date) <= self.now()
            }
            _ => false,
        };
        if !delivered {
            return Some("the notice that it rests on came back");
        }
        if self.qualifying().next().is_none() {
            return Some("nothing that it rests on is owed any more, or it does not count now");
        }
        let expires = days_later(proposal.at, self.policy.suspension.proposal_days);
        (expires <= self.now()).then_some("nobody decided about it in time")
    }

    /// The items that carry a suspension now: named in the delivered notice, old enough, counting; and of an open
    /// proposal only its own.
    pub(in crate::domain) fn qualifying(&self) -> impl Iterator<Item = &StandingItem> {
        let rung = self.policy.warning_rung().unwrap_or(usize::MAX);
        let named: Vec<DeficiencyId> = self
            .track
            .last_step()
            .and_then(|step| self.provider_notice(step))
            .filter(|(_, _, delivery)| delivery.delivered_at().is_some())
            .map(|(_, notice, _)| notice.requested.items.iter().map(|item| item.deficiency).collect())
            .unwrap_or_default();
        let of_proposal = self.track.proposal.as_ref().map(|proposal| proposal.carried_by.clone());
        self.carrying(rung).filter(move |item| {
            named.contains(&item.deficiency)
                && of_proposal.as_ref().is_none_or(|carried| carried.contains(&item.deficiency))
        })
    }

    /// Services of the policy's list that would have nobody left.
    pub(in crate::domain) fn uncovered(&self) -> Vec<String> {
        let guarded = |service: &&String| self.policy.suspension.coverage.contains(service);
        self.context.uncovered.iter().filter(guarded).cloned().collect()
    }

    pub(super) fn suspension_facts(&self) -> SuspensionFacts {
        SuspensionFacts {
            scope: self.policy.suspension.scope.clone(),
            exempt: self.policy.suspension.exempt.clone(),
            from: None,
            until: None,
            authority: None,
            after_days: None,
        }
    }

    fn packet(&self, cycle: u32) -> EvidencePacket {
        let items = self.context.standing.clone();
        let in_cycle = |step: &&crate::domain::track::TakenStep| step.cycle == cycle;
        let steps: Vec<StepProof> = self
            .track
            .steps
            .iter()
            .filter(in_cycle)
            .map(|step| StepProof { step: step.step.clone(), at: step.at, items: step.items.clone() })
            .collect();
        let mut notices: Vec<NoticeProof> = Vec::new();
        for notice in self.track.notices.values() {
            let requested = &notice.requested;
            let of_cycle = self.track.steps.iter().filter(in_cycle).any(|step| {
                let purpose = rung_purpose(step.cycle, step.rung);
                let attempts =
                    self.newest(&purpose, requested.recipient.role()).map_or(0, |(_, attempts)| attempts);
                (0..attempts).any(|attempt| {
                    self.notice_id(&purpose, requested.recipient.role(), attempt) == requested.notice
                })
            });
            if of_cycle {
                notices.push(NoticeProof {
                    notice: requested.notice,
                    number: requested.number,
                    kind: requested.kind.clone(),
                    recipient: requested.recipient.role().to_owned(),
                    requested_at: requested.requested_at,
                    delivered_at: notice.delivery(&self.policy.delivery, self.now()).delivered_at(),
                    names_date: requested.names_date,
                    answers: notice.answers.clone(),
                });
            }
        }
        notices.sort_by_key(|proof| (proof.number, proof.recipient != PROVIDER));
        let policy = self.policy.reference.clone();
        let sha256 = packet_hash(&items, &notices, &steps, &policy);
        EvidencePacket { items, notices, steps, policy, sha256 }
    }
}

/// How offices are told: by mail; in the inbox, which never fails, where there is no mailbox or it does not work. What
/// waits for leadership stands on its page either way.
pub(in crate::domain) const OFFICE_CHANNELS: [countersign_contracts::notice::Channel; 2] =
    [countersign_contracts::notice::Channel::Email, countersign_contracts::notice::Channel::Inbox];
