//! What came of a simulation, for people.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::api::escalation::{
    SimulateReport, SimulatedChart, SimulatedDifference, SimulatedMove, SimulatedStep,
};
use countersign_eventsourcing::journal::Position;
use countersign_kernel::{Timestamp, TrackId};
use countersign_owed::{Directory, Owed};

use super::{
    Question,
    charts::Escalated,
    groups::{Grouped, department_of, grouped, week_of},
    world::{Happened, OVERRIDE_NEEDED, PROPOSED, REINSTATED, SUSPENDED, World},
};
use crate::{domain::policy::PolicySet, show};

/// The names of a policy's steps in the order of the ladder, and what follows.
pub(super) fn step_names(policy: &PolicySet) -> Vec<String> {
    let everywhere = std::iter::once(&policy.everywhere);
    let policies = || everywhere.clone().chain(policy.facilities.values());
    let mut names: Vec<&str> =
        policies().flat_map(|policy| &policy.steps).map(|step| step.name.as_str()).collect();
    names.push(PROPOSED);
    if policies().any(|policy| !policy.suspension.coverage.is_empty()) {
        names.push(OVERRIDE_NEEDED);
    }
    names.extend([SUSPENDED, REINSTATED]);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    names.into_iter().map(str::to_owned).collect()
}

pub(super) fn report(
    question: &Question,
    worlds: &[World],
    owed: &Owed,
    (from, until): (Timestamp, Timestamp),
    (events, position): (u64, Position),
) -> SimulateReport {
    let here = &worlds[0];
    let directory = owed.directory();
    let lines: Vec<SimulatedStep> = here.happened.iter().map(|step| line(step, directory)).collect();
    let Grouped { whole, facilities, departments, weeks } = grouped(worlds, directory, until);
    let mut whole = whole.into_iter();
    let (summary, steps) = whole.next().unwrap_or_default();
    let against = worlds.get(1).zip(question.against.as_ref()).zip(whole.next());
    let against = against.map(|((there, (version, policy)), (summary, steps))| {
        let (only_here, only_there, moved) = difference(here, there, directory);
        SimulatedDifference {
            policy: policy.title().to_owned(),
            version: *version,
            summary,
            steps,
            only_here,
            only_there,
            moved,
        }
    });
    let reference = &question.policy.everywhere.reference;
    SimulateReport {
        policy: reference.title.clone(),
        sha256: reference.sha256.clone(),
        as_if_live: question.as_if_live,
        from,
        until,
        events,
        position: position.0,
        summary,
        steps,
        facilities,
        departments,
        weeks,
        notices: here.notices,
        tracks: here.opened,
        lines,
        charts: here.charts.escalated.iter().map(chart).collect(),
        against,
    }
}

fn chart(escalated: &Escalated) -> SimulatedChart {
    let Escalated { chart, facility, discharged_at, at, offices, ended_at } = escalated.clone();
    SimulatedChart { chart, facility, discharged_at, at, offices, ended_at }
}

fn line(step: &Happened, directory: &Directory) -> SimulatedStep {
    SimulatedStep {
        track: step.track,
        provider: show::staff(&step.provider, directory),
        facility: step.party.facility.clone(),
        department: department_of(directory, &step.party, step.at).map(str::to_owned),
        step: step.step.clone(),
        at: step.at,
        week: week_of(directory, &step.party.facility, step.at),
        counting: step.counting,
        oldest_days: step.oldest_days,
        uncovered: step.uncovered.clone(),
    }
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

/// Steps that only one of the policies takes, and those that both take at other times.
type Differences = (Vec<SimulatedStep>, Vec<SimulatedStep>, Vec<SimulatedMove>);

fn difference(here: &World, there: &World, directory: &Directory) -> Differences {
    let (mine, others) = (places(&here.happened), places(&there.happened));
    let only = |these: &BTreeMap<Place, &Happened>, those: &BTreeMap<Place, &Happened>| {
        let mut only: Vec<SimulatedStep> = these
            .iter()
            .filter(|(place, _)| !those.contains_key(*place))
            .map(|(_, step)| line(step, directory))
            .collect();
        only.sort_by_key(|step| (step.at, step.track));
        only
    };
    let mut moved: Vec<SimulatedMove> = mine
        .iter()
        .filter_map(|(place, step)| {
            let other = others.get(place).filter(|other| other.at != step.at)?;
            Some(SimulatedMove { here: line(step, directory), there_at: other.at })
        })
        .collect();
    moved.sort_by_key(|moved| (moved.here.at, moved.here.track));
    (only(&mine, &others), only(&others, &mine), moved)
}
