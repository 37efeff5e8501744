//! What a policy comes to, for those who decide about it: notices, warnings, suspensions and their days.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::api::escalation::{SimulatedCount, SimulatedSummary};
use jiff::SignedDuration;
use uuid::Uuid;

use super::world::{Happened, OVERRIDE_NEEDED, PROPOSED, REINSTATED, SUSPENDED};
use crate::domain::policy::{PolicySet, StepClass};

/// Seconds of a tenth of a day of 24 hours.
const TENTH: i64 = 8_640;

/// What something that happened counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The provider is told what is owed.
    Notice,
    /// The provider is told the day of a suspension.
    Warning,
    /// A suspension is proposed.
    Proposal,
    /// A confirmation waits for an override.
    Override,
    /// A suspension came into force.
    Suspension,
    /// It ended.
    End,
    /// Nobody is told: a line in the digest.
    Quiet,
}

impl Kind {
    pub(super) fn of(policy: &PolicySet, happened: &Happened) -> Self {
        match &*happened.step {
            PROPOSED => return Self::Proposal,
            OVERRIDE_NEEDED => return Self::Override,
            SUSPENDED => return Self::Suspension,
            REINSTATED => return Self::End,
            _ => {}
        }
        let steps = &policy.of(&happened.party.facility).steps;
        match steps.iter().find(|step| step.name == happened.step) {
            Some(step) if step.warns_of_suspension => Self::Warning,
            Some(step) if step.class != StepClass::None => Self::Notice,
            Some(_) | None => Self::Quiet,
        }
    }
}

/// How often what happened, and to how many.
#[derive(Debug, Default)]
pub(super) struct Tally {
    summary: SimulatedSummary,
    notified: BTreeSet<Uuid>,
    warned: BTreeSet<Uuid>,
    suspended: BTreeSet<Uuid>,
    suspended_for: SignedDuration,
    steps: BTreeMap<String, (u64, BTreeSet<Uuid>)>,
}

impl Tally {
    pub(super) fn step(&mut self, happened: &Happened, kind: Kind) {
        let (key, summary) = (happened.party.provider, &mut self.summary);
        match kind {
            Kind::Notice => {
                summary.notices += 1;
                self.notified.insert(key);
            }
            Kind::Warning => {
                summary.warnings += 1;
                self.warned.insert(key);
            }
            Kind::Proposal => summary.proposals += 1,
            Kind::Override => summary.overrides_needed += 1,
            Kind::Suspension => summary.suspensions += 1,
            Kind::End => summary.reinstatements += 1,
            Kind::Quiet => {}
        }
        let (times, providers) = self.steps.entry(happened.step.clone()).or_default();
        *times += 1;
        providers.insert(key);
    }

    pub(super) fn suspended(&mut self, provider: Uuid, time: SignedDuration) {
        self.suspended.insert(provider);
        self.suspended_for += time;
    }

    pub(super) const fn chart(&mut self) {
        self.summary.charts_at_limit += 1;
    }

    /// The figures; and how often each of these steps was taken.
    pub(super) fn told(self, names: &[String]) -> (SimulatedSummary, Vec<SimulatedCount>) {
        let Self { summary, notified, warned, suspended, suspended_for, mut steps } = self;
        let tenths = (suspended_for.as_secs() + TENTH / 2) / TENTH;
        let summary = SimulatedSummary {
            notified_providers: notified.len() as u64,
            warned_providers: warned.len() as u64,
            suspended_providers: suspended.len() as u64,
            suspended_days: f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0,
            ..summary
        };
        let counts = names.iter().map(|name| {
            let (times, providers) = steps.remove(name).unwrap_or_default();
            SimulatedCount { step: name.clone(), times, providers: providers.len() as u64 }
        });
        let counts = counts.collect();
        (summary, counts)
    }
}
