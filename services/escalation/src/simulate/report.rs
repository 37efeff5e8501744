//! What came of a simulation, for people.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::api::escalation::{
    SimulateReport, SimulatedCount, SimulatedDifference, SimulatedMove, SimulatedStep,
};
use countersign_eventsourcing::journal::Position;
use countersign_kernel::{Timestamp, TrackId};
use countersign_owed::Owed;

use super::{
    Question,
    world::{Happened, World},
};
use crate::{domain::policy::PolicySet, show};

/// What follows on the ladder.
const AFTER_THE_LADDER: [&str; 3] = ["suspension-proposed", "suspended", "reinstated"];

pub(super) fn report(
    question: &Question,
    worlds: &[World],
    owed: &Owed,
    (from, until): (Timestamp, Timestamp),
    (events, position): (u64, Position),
) -> SimulateReport {
    let here = &worlds[0];
    let lines: Vec<SimulatedStep> = here.happened.iter().map(|step| line(step, owed)).collect();
    let against = worlds
        .get(1)
        .zip(question.against.as_ref())
        .map(|(there, (version, policy))| difference(here, there, *version, policy, owed));
    let reference = &question.policy.everywhere.reference;
    SimulateReport {
        policy: reference.title.clone(),
        sha256: reference.sha256.clone(),
        from,
        until,
        events,
        position: position.0,
        steps: counts(&question.policy, &here.happened),
        notices: here.notices,
        tracks: here.opened,
        lines,
        against,
    }
}

fn line(step: &Happened, owed: &Owed) -> SimulatedStep {
    SimulatedStep {
        track: step.track,
        provider: show::staff(&step.provider, owed.directory()),
        facility: step.party.facility.clone(),
        step: step.step.clone(),
        at: step.at,
        counting: step.counting,
        oldest_days: step.oldest_days,
    }
}

/// Steps in the order of the ladder, those that were never taken too.
fn counts(policy: &PolicySet, happened: &[Happened]) -> Vec<SimulatedCount> {
    let everywhere = policy.everywhere.steps.iter();
    let of_facilities = policy.facilities.values().flat_map(|policy| policy.steps.iter());
    let mut names: Vec<&str> = everywhere.chain(of_facilities).map(|step| step.name.as_str()).collect();
    names.extend(AFTER_THE_LADDER);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names
        .into_iter()
        .map(|name| {
            let taken = happened.iter().filter(|step| step.step == name);
            let providers: BTreeSet<_> = taken.clone().map(|step| step.party.provider).collect();
            SimulatedCount {
                step: name.to_owned(),
                times: taken.count() as u64,
                providers: providers.len() as u64,
            }
        })
        .collect()
}

/// The first, second and so on of a step on a track are the same one under both policies.
type Place = (TrackId, String, usize);

fn places(happened: &[Happened]) -> BTreeMap<Place, &Happened> {
    let mut counted: BTreeMap<(TrackId, &str), usize> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for step in happened {
        let number = counted.entry((step.track, &step.step)).or_insert(0);
        places.insert((step.track, step.step.clone(), *number), step);
        *number += 1;
    }
    places
}

fn difference(
    here: &World,
    there: &World,
    version: Option<u32>,
    policy: &PolicySet,
    owed: &Owed,
) -> SimulatedDifference {
    let (mine, others) = (places(&here.happened), places(&there.happened));
    let only = |these: &BTreeMap<Place, &Happened>, those: &BTreeMap<Place, &Happened>| {
        let mut only: Vec<SimulatedStep> = these
            .iter()
            .filter(|(place, _)| !those.contains_key(*place))
            .map(|(_, step)| line(step, owed))
            .collect();
        only.sort_by_key(|step| (step.at, step.track));
        only
    };
    let mut moved: Vec<SimulatedMove> = mine
        .iter()
        .filter_map(|(place, step)| {
            let other = others.get(place).filter(|other| other.at != step.at)?;
            Some(SimulatedMove { here: line(step, owed), there_at: other.at })
        })
        .collect();
    moved.sort_by_key(|moved| (moved.here.at, moved.here.track));
    SimulatedDifference {
        policy: policy.title().to_owned(),
        version,
        steps: counts(policy, &there.happened),
        only_here: only(&mine, &others),
        only_there: only(&others, &mine),
        moved,
    }
}
