//! What a simulation says, as files.

use std::{fs::File, path::Path};

use anyhow::Context;
use countersign_contracts::api::escalation::{
    SimulateReport, SimulatedDifference, SimulatedGroup, SimulatedStep,
};

use super::figures;
use crate::print;

/// The differences between two policies, a row each.
pub(super) fn changes(difference: &SimulatedDifference) -> Vec<Vec<String>> {
    let row = |change: &str, step: &SimulatedStep, at: String, there: String| {
        vec![
            change.to_owned(),
            step.provider.id.clone(),
            step.provider.name.clone(),
            step.facility.clone(),
            step.step.clone(),
            at,
            there,
        ]
    };
    let here =
        difference.only_here.iter().map(|step| row("only here", step, step.at.to_string(), String::new()));
    let there =
        difference.only_there.iter().map(|step| row("only there", step, String::new(), step.at.to_string()));
    let moved = difference
        .moved
        .iter()
        .map(|moved| row("moved", &moved.here, moved.here.at.to_string(), moved.there_at.to_string()));
    here.chain(there).chain(moved).collect()
}

/// Writes everything to a folder.
pub(super) fn write(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    summary(folder, report)?;
    counts(folder, report)?;
    groups(folder, report)?;
    steps(folder, report)?;
    charts(folder, report)?;
    let Some(difference) = &report.against else { return Ok(()) };
    file(
        &folder.join("difference.csv"),
        &["change", "provider", "name", "facility", "step", "at", "at_there"],
        &changes(difference),
    )
}

fn facts(report: &SimulateReport) -> String {
    if report.as_if_live { "as if live" } else { "as received" }.to_owned()
}

fn summary(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    let there = report.against.as_ref().map(|other| figures(&other.summary));
    let rows: Vec<Vec<String>> = figures(&report.summary)
        .into_iter()
        .enumerate()
        .map(|(at, (name, _, here))| {
            let there = there.as_ref().map(|there| there[at].2.clone()).unwrap_or_default();
            vec![name.to_owned(), here, there, facts(report)]
        })
        .collect();
    file(&folder.join("summary.csv"), &["figure", "policy", "beside", "facts"], &rows)
}

fn counts(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = report
        .steps
        .iter()
        .map(|count| vec![count.step.clone(), count.times.to_string(), count.providers.to_string()])
        .collect();
    file(&folder.join("counts.csv"), &["step", "times", "providers"], &rows)
}

fn groups(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    let mut headings: Vec<String> = ["by", "facility", "key", "name"].map(str::to_owned).into();
    let names = figures(&report.summary).map(|(name, ..)| name);
    headings.extend(names.map(str::to_owned));
    headings.extend(names.map(|name| format!("{name}_beside")));
    headings.extend(report.steps.iter().map(|count| format!("step_{}", count.step)));
    let row = |by: &str, group: &SimulatedGroup| -> Vec<String> {
        let there = group.there.as_ref().map(figures);
        let there =
            (0..names.len()).map(|at| there.as_ref().map(|there| there[at].2.clone()).unwrap_or_default());
        let whose = [by.to_owned(), group.facility.clone().unwrap_or_default(), group.key.clone()];
        whose
            .into_iter()
            .chain([group.name.clone().unwrap_or_default()])
            .chain(figures(&group.here).map(|(_, _, count)| count))
            .chain(there)
            .chain(group.steps.iter().map(|count| count.times.to_string()))
            .collect()
    };
    let of = |by: &'static str, groups: &[SimulatedGroup]| -> Vec<Vec<String>> {
        groups.iter().map(|group| row(by, group)).collect()
    };
    let mut rows = of("facility", &report.facilities);
    rows.extend(of("department", &report.departments));
    rows.extend(of("week", &report.weeks));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    file(&folder.join("groups.csv"), &headings, &rows)
}

fn steps(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = report
        .lines
        .iter()
        .map(|line| {
            vec![
                line.at.to_string(),
                line.step.clone(),
                line.provider.id.clone(),
                line.provider.authority.clone(),
                line.provider.name.clone(),
                line.facility.clone(),
                line.department.clone().unwrap_or_default(),
                line.week.to_string(),
                line.counting.to_string(),
                line.oldest_days.to_string(),
                line.uncovered.join(" "),
                line.track.to_string(),
                facts(report),
            ]
        })
        .collect();
    let headings = [
        "at",
        "step",
        "provider",
        "authority",
        "name",
        "facility",
        "department",
        "week",
        "counting",
        "oldest_days",
        "uncovered",
        "track",
        "facts",
    ];
    file(&folder.join("steps.csv"), &headings, &rows)
}

fn charts(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = report
        .charts
        .iter()
        .map(|chart| {
            vec![
                chart.at.to_string(),
                chart.facility.clone(),
                chart.chart.to_string(),
                chart.discharged_at.to_string(),
                chart.offices.join(" "),
                chart.ended_at.map(|at| at.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    let headings = ["at", "facility", "chart", "discharged_at", "offices", "ended_at"];
    file(&folder.join("charts.csv"), &headings, &rows)
}

fn file(path: &Path, headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let to = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    print::csv_to(to, headings, rows)
}
