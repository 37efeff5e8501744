//! `countersign escalation simulate`

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::IsTerminal,
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};
use countersign_contracts::api::escalation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedDifference, SimulatedStep,
};
use countersign_escalation::domain::policy::PolicySet;
use countersign_governance::api::Offered;
use indicatif::{ProgressBar, ProgressStyle};

use super::{COMMAND, PATH, policies::WORDS, staff};
use crate::{cli::SimulatePolicy, client::Client, commands::api::Part, print};

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// People that are printed; all of them are in `--json` and `--csv`.
const SHOWN: usize = 40;

pub async fn run(args: SimulatePolicy) -> anyhow::Result<()> {
    if let (Some(from), Some(until)) = (args.from, args.until)
        && from > until
    {
        bail!("--from {from} is later than --until {until}: nothing lies between them");
    }
    let policy = args.policy.as_deref().map(|file| WORDS.read(file)).transpose()?;
    if let (Some(text), Some(file)) = (&policy, &args.policy) {
        super::policies::refuse(&PolicySet::lint(text), file)?;
    }
    let request = SimulateRequest {
        policy,
        against: args.against,
        from: args.from,
        until: args.until,
        delivered_after_minutes: args.delivered_after,
        confirmed_after_hours: args.confirmed_after,
    };
    let api = args.asking.api(Part::History, COMMAND).await?;
    let report = computed(&api, &request).await?;
    if let Some(folder) = &args.csv {
        write(folder, &report)?;
    }
    if args.asking.json { print::json(&report) } else { show(&report, &request) }
}

async fn computed(client: &Client, request: &SimulateRequest) -> anyhow::Result<SimulateReport> {
    let mut job: SimulateJob = client.post(&format!("{PATH}/simulations"), request).await?;
    let place = format!("{PATH}/simulations/{}", job.id);
    let bar = progress_bar()?;
    while matches!(&*job.state, "queued" | "running") {
        tokio::time::sleep(LOOK_EVERY).await;
        job = client.get(&place, &()).await?;
        if job.events_total > 0 {
            bar.set_length(job.events_total);
            bar.set_position(job.events_done);
        }
    }
    bar.finish_and_clear();
    job.report.with_context(|| {
        let why = job.problem.unwrap_or_else(|| "somebody cancelled it".to_owned());
        format!("the simulation has {}: {why}", job.state)
    })
}

fn progress_bar() -> anyhow::Result<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} events {eta} left")?;
    Ok(ProgressBar::new(0).with_style(style).with_message("replaying"))
}

fn show(report: &SimulateReport, request: &SimulateRequest) -> anyhow::Result<()> {
    print::line(&format!("Policy   {}, SHA-256 {}", report.policy, report.sha256))?;
    print::line(&format!("History  {} to {}, {} events", report.from, report.until, report.events))?;
    let confirmed = request.confirmed_after_hours.map_or_else(
        || "leadership confirms nothing".to_owned(),
        |hours| format!("leadership confirms after {hours} hours"),
    );
    print::line(&format!(
        "Assumed  a notice is delivered after {} minutes; {confirmed}",
        request.delivered_after_minutes.unwrap_or(60)
    ))?;
    print::line(&format!("{} cycles began, {} notices\n", report.tracks, report.notices))?;
    steps(report)?;
    print::line("")?;
    places(report)?;
    print::line("")?;
    people(report)?;
    if report.lines.is_empty() {
        print::line(
            "\nNobody would have got a step. Facts count from the instant they were received here: messages that came in \
             all at once have no past. --until TIME lets time pass over what is owed at the end.",
        )?;
    }
    match &report.against {
        Some(difference) => differences(difference),
        None => Ok(()),
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

/// How often each step was taken at each facility.
fn places(report: &SimulateReport) -> anyhow::Result<()> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for line in &report.lines {
        *counts.entry((&line.facility, &line.step)).or_default() += 1;
    }
    let facilities: BTreeSet<&str> = counts.keys().map(|(facility, _)| *facility).collect();
    let mut headings = vec!["FACILITY".to_owned()];
    headings.extend(report.steps.iter().map(|count| count.step.to_uppercase()));
    let rows: Vec<Vec<String>> = facilities
        .into_iter()
        .map(|facility| {
            let of = |step: &str| counts.get(&(facility, step)).copied().unwrap_or_default().to_string();
            [facility.to_owned()]
                .into_iter()
                .chain(report.steps.iter().map(|count| of(&count.step)))
                .collect()
        })
        .collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    print::table(&headings, &rows)
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
    if tracks.len() > SHOWN {
        print::line(&format!("and {} more: --csv DIR or --json has them all", tracks.len() - SHOWN))?;
    }
    Ok(())
}

fn differences(difference: &SimulatedDifference) -> anyhow::Result<()> {
    let version = difference.version.map(|version| format!("version {version}, ")).unwrap_or_default();
    print::line(&format!(
        "\nBeside {version}{}: {} steps only here, {} only there, {} at other times",
        difference.policy,
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
    if rows.len() > SHOWN {
        print::line(&format!("and {} more: --csv DIR or --json has them all", rows.len() - SHOWN))?;
    }
    Ok(())
}

fn changes(difference: &SimulatedDifference) -> Vec<Vec<String>> {
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

fn write(folder: &Path, report: &SimulateReport) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lines: Vec<Vec<String>> = report
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
                line.counting.to_string(),
                line.oldest_days.to_string(),
                line.track.to_string(),
            ]
        })
        .collect();
    file(
        &folder.join("steps.csv"),
        &["at", "step", "provider", "authority", "name", "facility", "counting", "oldest_days", "track"],
        &lines,
    )?;
    let counts: Vec<Vec<String>> = report
        .steps
        .iter()
        .map(|count| vec![count.step.clone(), count.times.to_string(), count.providers.to_string()])
        .collect();
    file(&folder.join("summary.csv"), &["step", "times", "providers"], &counts)?;
    let Some(difference) = &report.against else { return Ok(()) };
    file(
        &folder.join("difference.csv"),
        &["change", "provider", "name", "facility", "step", "at", "at_there"],
        &changes(difference),
    )
}

fn file(path: &Path, headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let to = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    print::csv_to(to, headings, rows)
}
