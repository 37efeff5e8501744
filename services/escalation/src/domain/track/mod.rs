//! A track's state: the fold of its stream.

mod cycle;
mod notices;
mod suspensions;

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::notice::PolicyReference;
use countersign_eventsourcing::timer::Timers;
use countersign_kernel::{NoticeId, ProviderId, TimerId, Timestamp, TrackId};
use uuid::Uuid;

pub use cycle::{Cycle, Grant, OpenMatter, TakenStep};
pub use notices::{Delivery, Notice};
pub use suspensions::{Proposal, SuspensionState, Told};

use super::events::{ActRecorded, Decision, Deed, LeadershipAsked, Matter, TrackEvent};

/// Template of the notice that tells of a suspension.
pub const SUSPENDED: &str = "suspended";
/// Template of the notice that tells of its end.
pub const REINSTATED: &str = "reinstated";

/// The track of a provider at a facility: by the key of the provider's record, which is the same for ever.
pub fn track_id(provider_key: Uuid, facility: &str) -> TrackId {
    TrackId::derive(&[&provider_key.to_string(), facility])
}

/// A track.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Which.
    pub id: TrackId,
    /// Whose; nothing before its first cycle.
    pub provider: Option<ProviderId>,
    /// The cycle that runs.
    pub cycle: Option<Cycle>,
    /// How many cycles have begun.
    pub cycles: u32,
    /// Every step that was taken, of all cycles.
    pub steps: Vec<TakenStep>,
    /// Every notice.
    pub notices: BTreeMap<NoticeId, Notice>,
    /// A proposal that nobody has decided about yet, or only the first of two.
    pub proposal: Option<Proposal>,
    /// How many proposals there were.
    pub proposals: u32,
    /// Every suspension, the last one perhaps in force.
    pub suspensions: Vec<SuspensionState>,
    /// More time, or an exemption.
    pub grant: Option<Grant>,
    /// What leadership was asked, in order.
    pub matters: Vec<OpenMatter>,
    /// Acts that are on record: the same one again changes nothing.
    pub acts: BTreeSet<Uuid>,
    /// Its timers.
    pub timers: Timers,
}

impl Track {
    /// One of which nothing is known.
    pub fn new(id: TrackId) -> Self {
        Self {
            id,
            provider: None,
            cycle: None,
            cycles: 0,
            steps: Vec::new(),
            notices: BTreeMap::new(),
            proposal: None,
            proposals: 0,
            suspensions: Vec::new(),
            grant: None,
            matters: Vec::new(),
            acts: BTreeSet::new(),
            timers: Timers::default(),
        }
    }

    /// The fold of a stream.
    pub fn of<'a>(id: TrackId, events: impl IntoIterator<Item = &'a TrackEvent>) -> Self {
        events.into_iter().fold(Self::new(id), |mut track, event| {
            track.evolve(event);
            track
        })
    }

    /// Its one timer.
    pub fn ladder_timer(&self) -> TimerId {
        TimerId::derive(&[&self.id.to_string(), "ladder"])
    }

    /// The policy that it keeps to: that of its cycle, or of a suspension that outlasts it. Nothing: the one in force.
    pub fn keeps_to(&self) -> Option<&PolicyReference> {
        self.cycle.as_ref().map(|cycle| &cycle.policy)
    }

    /// The suspension in force.
    pub fn suspension(&self) -> Option<&SuspensionState> {
        self.suspensions.last().filter(|suspension| suspension.until.is_none())
    }

    /// The last step of the cycle that runs.
    pub fn last_step(&self) -> Option<&TakenStep> {
        let cycle = self.cycle.as_ref()?;
        self.steps.iter().rev().find(|step| step.cycle == cycle.number)
    }

    /// When the last of these acts of leadership about a matter was.
    pub(super) fn asked(&self, matter: Matter, of: impl Fn(&OpenMatter) -> bool) -> bool {
        self.matters.iter().any(|asked| asked.matter == matter && of(asked))
    }

    /// Takes note of what happened.
    pub fn evolve(&mut self, event: &TrackEvent) {
        match event {
            TrackEvent::Opened(event) => {
                self.provider = Some(event.provider.clone());
                self.cycles = event.cycle;
                self.cycle = Some(Cycle::new(event.cycle, event.policy.clone(), event.at));
            }
            TrackEvent::StepTaken(event) => {
                self.steps.push(TakenStep::of(event));
                if let Some(cycle) = &mut self.cycle {
                    cycle.withheld.clear();
                }
            }
            TrackEvent::StepWithheld(event) => {
                if let Some(cycle) = &mut self.cycle {
                    cycle.withheld.insert(event.rung, event.because.clone());
                }
            }
            TrackEvent::NoticeRequested(event) => {
                if event.kind == SUSPENDED
                    && let Some(suspension) = self.suspensions.last_mut()
                {
                    suspension.told.push(Told { notice: event.notice, recipient: event.recipient.clone() });
                }
                self.notices.insert(event.notice, Notice::new(event.as_ref().clone()));
            }
            TrackEvent::NoticeWithdrawn(event) => {
                if let Some(notice) = self.notices.get_mut(&event.notice) {
                    notice.withdrawn_at = Some(event.at);
                }
            }
            TrackEvent::NoticeAnswered(event) => {
                if let Some(notice) = self.notices.get_mut(&event.notice) {
                    notice.answers.push(event.clone());
                }
            }
            TrackEvent::SuspensionProposed(event) => {
                self.proposals = event.proposal;
                self.proposal = Some(Proposal::of(event));
            }
            TrackEvent::ProposalDecided(event) => {
                self.acts.extend(event.by.act);
                match &event.decision {
                    Decision::Confirmed { exempt, overrides } => {
                        if let Some(proposal) = &mut self.proposal {
                            proposal.confirmed_by.push(event.by.clone());
                            proposal.exempt.extend(exempt.iter().cloned());
                            proposal.overridden |= overrides.is_some();
                        }
                    }
                    Decision::Rejected { until } => {
                        self.proposal = None;
                        if let Some(cycle) = &mut self.cycle {
                            cycle.rejected = Some(*until);
                        }
                    }
                    Decision::Lapsed => self.proposal = None,
                }
            }
            TrackEvent::Suspended(event) => {
                self.proposal = None;
                self.suspensions.push(SuspensionState::of(event));
            }
            TrackEvent::ReinstatementProposed(event) => {
                if let Some(suspension) = self.suspension_mut(event.proposal) {
                    suspension.end_proposed_at = Some(event.at);
                }
            }
            TrackEvent::Reinstated(event) => {
                self.acts.extend(event.by.as_ref().and_then(|by| by.act));
                if let Some(suspension) = self.suspension_mut(event.proposal) {
                    suspension.until = Some(event.until);
                }
            }
            TrackEvent::LeadershipAsked(event) => self.ask(event),
            TrackEvent::StepSuperseded(event) => {
                for step in &mut self.steps {
                    if step.cycle == event.cycle && step.rung == event.rung {
                        step.superseded = true;
                    }
                }
            }
            TrackEvent::Act(event) => self.record(event),
            TrackEvent::Closed(_) => self.cycle = None,
            TrackEvent::Timer(event) => self.timers.evolve(event),
        }
    }

    fn suspension_mut(&mut self, proposal: u32) -> Option<&mut SuspensionState> {
        self.suspensions.iter_mut().find(|suspension| suspension.proposal == proposal)
    }

    fn ask(&mut self, event: &LeadershipAsked) {
        self.matters.push(OpenMatter {
            matter: event.matter,
            proposal: event.proposal,
            notice: event.notice,
            cycle: self.cycles,
            at: event.at,
            text: event.text.clone(),
            seen_at: None,
        });
    }

    fn record(&mut self, act: &ActRecorded) {
        self.acts.insert(act.id);
        let see = |matters: &mut Vec<OpenMatter>, of: &dyn Fn(&OpenMatter) -> bool| {
            for matter in matters.iter_mut().filter(|matter| matter.seen_at.is_none() && of(matter)) {
                matter.seen_at = Some(act.by.at);
            }
        };
        match &act.deed {
            Deed::Acknowledged { matter: Some(matter) } => {
                see(&mut self.matters, &|asked| asked.matter == *matter);
            }
            Deed::CorrectionDone { .. } => {
                see(&mut self.matters, &|asked| asked.matter == Matter::Correction);
            }
            Deed::Extended { until } => {
                self.grant = Some(Grant { until: Some(*until), exempts: false });
            }
            Deed::Exempted { until } => self.grant = Some(Grant { until: *until, exempts: true }),
            Deed::GrantEnded => self.grant = None,
            Deed::Acknowledged { matter: None } | Deed::Noted => {}
        }
    }
}

impl Track {
    /// More time or an exemption that holds at an instant.
    pub fn granted(&self, at: Timestamp) -> Option<&Grant> {
        self.grant.as_ref().filter(|grant| grant.until.is_none_or(|until| at < until))
    }
}
