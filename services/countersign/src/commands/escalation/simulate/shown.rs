//! What a simulation says, on the screen.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::api::escalation::{
    SimulateReport, SimulateRequest, SimulatedDifference, SimulatedGroup, SimulatedStep,
};
use serde::Serialize;

use super::{super::staff, figures, files::changes};
use crate::print;

/// Rows that are printed of a list; all of them are in `--json` and `--csv`.
const SHOWN: usize = 40;
/// Weeks that are printed: a year.
const WEEKS_SHOWN: usize = 53;

pub(super) fn report(report: &SimulateReport, request: &SimulateRequest) -> anyhow::Result<()> {
    head(report)?;
    let confirmed = request.confirmed_after_hours.map_or_else(
        || "leadership confirms nothing".to_owned(),
        |hours| format!("leadership confirms after {hours} hours"),
    );
    print::line(&format!(
        "Assumed  a notice is delivered after {} minutes; {confirmed}",
        request.delivered_after_minutes.unwrap_or(60)
    ))?;
    print::line(&format!("{} cycles began, {} notices to anybody\n", report.tracks, report.notices))?;
    summary(report)?;
    print::line("")?;
    steps(report)?;
    groups("FACILITY", &report.facilities, SHOWN)?;
    groups("DEPARTMENT", &report.departments, SHOWN)?;
    groups("WEEK OF", &report.weeks, WEEKS_SHOWN)?;
    print::line("")?;
    people(report)?;
    if report.lines.is_empty() {
        let why = if report.as_if_live {
            "--until TIME lets time pass over what is owed at the end."
        } else {
            "Facts count from the instant they were received here: messages that came in all at once have no past. \
             --as-if-live takes them when the hospital's systems recorded them; --until TIME lets time pass over what is \
             owed at the end."
        };
        print::line(&format!("\nNobody would have got a step. {why}"))?;
    }
    match &report.against {
        Some(difference) => differences(difference),
        None => Ok(()),
    }
}

fn head(report: &SimulateReport) -> anyhow::Result<()> {
    print::line(&format!("Policy   {}, SHA-256 {}", report.policy, report.sha256))?;
    if let Some(other) = &report.against {
        print::line(&format!("Beside   {}", other_policy(other)))?;
    }
    print::line(&format!("History  {} to {}, {} events", report.from, report.until, report.events))?;
    print::line(if report.as_if_live {
        "Facts    AS IF THE FEEDS HAD BEEN LIVE: taken when the hospital's systems recorded them, not when they were \
         received here"
    } else {
        "Facts    taken when they were received here"
    })
}

fn other_policy(other: &SimulatedDifference) -> String {
    let version = other.version.map(|version| format!("version {version}, ")).unwrap_or_default();
    format!("{version}{}", other.policy)
}

/// What leadership reads first.
fn summary(report: &SimulateReport) -> anyhow::Result<()> {
    let here = figures(&report.summary);
    let Some(other) = &report.against else {
        let rows: Vec<Vec<String>> =
            here.into_iter().map(|(_, name, count)| vec![name.to_owned(), count]).collect();
        return print::table(&["FIGURE", "COUNT"], &rows);
    };
    let rows: Vec<Vec<String>> = here
        .into_iter()
        .zip(figures(&other.summary))
        .map(|((_, name, here), (_, _, there))| {
            let change = change(&there, &here);
            vec![name.to_owned(), there, here, change]
        })
        .collect();
    print::table(&["FIGURE", "BESIDE", "POLICY", "CHANGE"], &rows)
}

/// By how much a figure differs; nothing where it does not.
fn change(before: &str, after: &str) -> String {
    let number = |text: &str| text.parse::<f64>().unwrap_or_default();
    let by = number(after) - number(before);
    match after.contains('.') {
        _ if before == after => String::new(),
        true => format!("{by:+.1}"),
        false => format!("{by:+.0}"),
    }
}

fn steps(report: &SimulateReport) -> anyhow::Result<()> {
    let Some(other) = &report.against else {
        let rows: Vec<Vec<String>> = report
            .steps
            .iter()
            .map(|count| vec![count.step.clone(), count.times.to_string(), count.providers.to_string()])
            .collect();
        return print::table(&["STEP", "TIMES", "PROVIDERS"], &rows);
    };
    let there: BTreeMap<&str, (u64, u64)> =
        other.steps.iter().map(|count| (&*count.step, (count.times, count.providers))).collect();
    let here: BTreeSet<&str> = report.steps.iter().map(|count| &*count.step).collect();
    let mut rows: Vec<Vec<String>> = report
        .steps
        .iter()
        .map(|count| {
            let (times, providers) = there.get(&*count.step).copied().unwrap_or_default();
            [count.step.clone()]
                .into_iter()
                .chain([count.times, count.providers, times, providers].map(|number| number.to_string()))
                .collect()
        })
        .collect();
    rows.extend(other.steps.iter().filter(|count| !here.contains(&*count.step)).map(|count| {
        let (times, providers) = (count.times.to_string(), count.providers.to_string());
        vec![count.step.clone(), "0".to_owned(), "0".to_owned(), times, providers]
    }));
    print::table(&["STEP", "TIMES", "PROVIDERS", "TIMES THERE", "PROVIDERS THERE"], &rows)
}

/// What came to a part of the hospital, or to a week.
fn groups(heading: &str, groups: &[SimulatedGroup], most: usize) -> anyhow::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = groups
        .iter()
        .take(most)
        .map(|group| {
            let there = group.there.as_ref().map(figures);
            let figures = figures(&group.here);
            let of = |wanted: &str| -> String {
                let Some(at) = figures.iter().position(|(name, ..)| *name == wanted) else {
                    return String::new();
                };
                let here = &figures[at].2;
                match there.as_ref().map(|there| &there[at].2).filter(|there| *there != here) {
                    Some(there) => format!("{here} (was {there})"),
                    None => here.clone(),
                }
            };
            let counts =
                ["notices", "warnings", "proposals", "suspensions", "suspended_days", "charts_at_limit"];
            [name(group)].into_iter().chain(counts.map(of)).collect()
        })
        .collect();
    print::line("")?;
    print::table(
        &[heading, "NOTICES", "WARNINGS", "PROPOSED", "SUSPENDED", "DAYS", "CHARTS AT LIMIT"],
        &rows,
    )?;
    more(groups.len(), most)
}

fn name(group: &SimulatedGroup) -> String {
    let key = if group.key.is_empty() { "no department" } else { &group.key };
    let place = match &group.facility {
        Some(facility) => format!("{facility} {key}"),
        None => key.to_owned(),
    };
    match &group.name {
        Some(name) if *name != group.key => format!("{place}, {name}"),
        _ => place,
    }
}

fn more(all: usize, shown: usize) -> anyhow::Result<()> {
    if all > shown {
        print::line(&format!("and {} more: --csv DIR or --json has them all", all - shown))?;
    }
    Ok(())
}

/// Who would have got which step when: those who went farthest first.
fn people(report: &SimulateReport) -> anyhow::Result<()> {
    let rank = |step: &str| report.steps.iter().position(|count| count.step == step).unwrap_or_default();
    let mut tracks: BTreeMap<_, Vec<&SimulatedStep>> = BTreeMap::new();
    for line in &report.lines {
        tracks.entry(line.track).or_default().push(line);
    }
    let mut tracks: Vec<Vec<&SimulatedStep>> = tracks.into_values().collect();
    let farthest =
        |steps: &[&SimulatedStep]| steps.iter().map(|line| rank(&line.step)).max().unwrap_or_default();
    tracks.sort_by_key(|steps| {
        (std::cmp::Reverse(farthest(steps)), steps.first().map(|first| (first.at, first.provider.id.clone())))
    });
    let rows: Vec<Vec<String>> = tracks
        .iter()
        .take(SHOWN)
        .filter_map(|steps| {
            let first = steps.first()?;
            let when: Vec<String> =
                steps.iter().map(|line| format!("{} {}", line.step, line.at.strftime("%Y-%m-%d"))).collect();
            Some(vec![staff(&first.provider), first.facility.clone(), when.join(", ")])
        })
        .collect();
    print::table(&["PROVIDER", "FACILITY", "STEPS"], &rows)?;
    more(tracks.len(), SHOWN)
}

fn differences(difference: &SimulatedDifference) -> anyhow::Result<()> {
    print::line(&format!(
        "\nBeside {}: {} steps only here, {} only there, {} at other times",
        other_policy(difference),
        difference.only_here.len(),
        difference.only_there.len(),
        difference.moved.len()
    ))?;
    let rows = changes(difference);
    if rows.is_empty() {
        return Ok(());
    }
    print::table(
        &["CHANGE", "PROVIDER", "NAME", "FACILITY", "STEP", "AT", "AT THERE"],
        &rows[..rows.len().min(SHOWN)],
    )?;
    more(rows.len(), SHOWN)
}

/// Everything about one provider.
#[derive(Serialize)]
pub(super) struct OfProvider<'a> {
    as_if_live: bool,
    /// Under the policy asked about.
    here: Vec<&'a SimulatedStep>,
    /// Under the policy that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    there: Option<Vec<SimulatedStep>>,
}

/// Everything about the provider with an identifier.
pub(super) fn of_provider<'a>(report: &'a SimulateReport, id: &str) -> OfProvider<'a> {
    let theirs = |step: &&SimulatedStep| step.provider.id == id;
    let here: Vec<&SimulatedStep> = report.lines.iter().filter(theirs).collect();
    let there = report.against.as_ref().map(|other| {
        // What both do alike is told once: the other's steps are these, but for the differences.
        let same = |step: &SimulatedStep, other: &SimulatedStep| {
            (step.track, &step.step, step.at) == (other.track, &other.step, other.at)
        };
        let mut there: Vec<SimulatedStep> = here
            .iter()
            .filter(|step| !other.only_here.iter().any(|only| same(step, only)))
            .map(|step| {
                let moved = other.moved.iter().find(|moved| same(step, &moved.here));
                SimulatedStep {
                    at: moved.map_or(step.at, |moved| moved.there_at),
                    ..SimulatedStep::clone(step)
                }
            })
            .chain(other.only_there.iter().filter(theirs).cloned())
            .collect();
        there.sort_by_key(|step| step.at);
        there
    });
    OfProvider { as_if_live: report.as_if_live, here, there }
}

/// Prints everything about the provider with an identifier.
pub(super) fn provider(report: &SimulateReport, id: &str) -> anyhow::Result<()> {
    head(report)?;
    let OfProvider { here, there, .. } = of_provider(report, id);
    let known = here.first().copied().or_else(|| there.as_ref().and_then(|there| there.first()));
    let Some(known) = known else {
        return print::line(&format!("\n{id} would have got no step."));
    };
    print::line(&format!("\n{}", staff(&known.provider)))?;
    table(&here)?;
    let Some((there, other)) = there.zip(report.against.as_ref()) else { return Ok(()) };
    print::line(&format!("\nUnder {}:", other_policy(other)))?;
    let there: Vec<&SimulatedStep> = there.iter().collect();
    table(&there)
}

fn table(steps: &[&SimulatedStep]) -> anyhow::Result<()> {
    if steps.is_empty() {
        return print::line("No step.");
    }
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            vec![
                print::instant(step.at),
                step.facility.clone(),
                step.department.clone().unwrap_or_default(),
                step.step.clone(),
                step.counting.to_string(),
                step.oldest_days.to_string(),
                step.uncovered.join(", "),
            ]
        })
        .collect();
    print::table(&["AT", "FACILITY", "DEPARTMENT", "STEP", "ITEMS", "OLDEST, DAYS", "NOBODY LEFT FOR"], &rows)
}
