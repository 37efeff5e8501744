//! `countersign what-if`

use std::{io::IsTerminal, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use countersign_contracts::api::{
    WhatIfGroup, WhatIfJob, WhatIfMeasures, WhatIfReport, WhatIfRequest, WhatIfRow, WhatIfState,
    WhatIfVerdict,
};
use countersign_deficiency::{
    recorded::{Watch, all_cores},
    what_if::{Answer, Candidate, Question, csv, row::Filter},
};
use countersign_kernel::Cents;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{cli::WhatIf, client::Client, print};

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Groups of a kind that are printed; all of them are in `--json` and `--csv`.
const SHOWN: usize = 20;

pub async fn run(args: WhatIf) -> anyhow::Result<()> {
    let file = args.rules.display();
    let text = std::fs::read_to_string(&args.rules).with_context(|| format!("rule file {file}"))?;
    let candidate = Candidate::parse(&text).with_context(|| {
        format!("rule file {file} cannot be used: correct it where the next lines say (docs/rules.md tells the format)")
    })?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        bail!("--from {from} is later than --to {to}: nothing lies between them");
    }
    let list = args.list.as_deref().map(Filter::parse).transpose()?;
    let result = if let Some(client) = args.source.client() {
        asked(&client, &args, text, list.as_ref()).await?
    } else {
        computed(&args, candidate, list.as_ref()).await?
    };
    if let Some(folder) = &args.csv {
        write(folder, "rows.csv", &result.csv)?;
        write(folder, "accounts.csv", &result.accounts)?;
        write(folder, "summary.csv", &csv::summary(&result.report))?;
    }
    match (result.list, args.json) {
        (Some(rows), true) => print::json(&rows),
        (Some(rows), false) => show_rows(&rows),
        (None, true) => print::json(&result.report),
        (None, false) => show(&result.report),
    }
}

/// What is printed or written.
struct Answered {
    report: WhatIfReport,
    list: Option<Vec<WhatIfRow>>,
    /// All rows; empty when no file is wanted.
    csv: String,
    /// All accounts; empty when no file is wanted.
    accounts: String,
}

async fn computed(args: &WhatIf, candidate: Candidate, list: Option<&Filter>) -> anyhow::Result<Answered> {
    let ground = args.source.open("countersign what-if").await?;
    let service = ground.deficiency().await?;
    // What was received must have become charts before they can be judged.
    service.catch_up().await?;
    let question = Question { candidate, from: args.from, to: args.to, threads: all_cores() };
    let watch = Arc::new(Watch::default());
    let (watched, runtime) = (Arc::clone(&watch), tokio::runtime::Handle::current());
    let mut work = tokio::task::spawn_blocking(move || service.what_if(&runtime, &question, &watched));
    let bar = progress_bar()?;
    let mut tick = tokio::time::interval(LOOK_EVERY);
    let answer: Answer = loop {
        tokio::select! {
            done = &mut work => break done??,
            _ = tick.tick() => show_progress(&bar, watch.progress()),
        }
    };
    bar.finish_and_clear();
    let now = answer.report.now;
    let list = list.map(|filter| answer.rows(filter).map(|row| row.view(now)).collect());
    let mut file = String::new();
    if args.csv.is_some() {
        csv::heading(&mut file);
        for row in answer.rows(&Filter::default()) {
            csv::line(&mut file, row, now);
        }
    }
    let accounts = args.csv.as_ref().map(|_| csv::accounts(answer.accounts(false))).unwrap_or_default();
    Ok(Answered { report: answer.report, list, csv: file, accounts })
}

async fn asked(
    client: &Client,
    args: &WhatIf,
    rules: String,
    list: Option<&Filter>,
) -> anyhow::Result<Answered> {
    let request = WhatIfRequest { rules, from: args.from, to: args.to };
    let mut job: WhatIfJob = client.post("/api/v1/what-if", &request).await?;
    let place = format!("/api/v1/what-if/{}", job.id);
    let bar = progress_bar()?;
    while matches!(job.state, WhatIfState::Queued | WhatIfState::Running) {
        tokio::time::sleep(LOOK_EVERY).await;
        job = client.get(&place, &()).await?;
        show_progress(&bar, (job.charts_done, job.charts_total));
    }
    bar.finish_and_clear();
    let Some(report) = job.report else {
        bail!(
            "the run has {}: {}",
            job.state,
            job.problem.unwrap_or_else(|| "somebody cancelled it".to_owned())
        )
    };
    let rows = format!("{place}/rows");
    let list = match list {
        Some(filter) => Some(client.all(&rows, &query(filter)).await?),
        None => None,
    };
    let csv = match &args.csv {
        Some(_) => client.text(&rows, &[("format", "csv")]).await?,
        None => String::new(),
    };
    let accounts = match &args.csv {
        Some(_) => client.text(&format!("{place}/accounts"), &[("format", "csv")]).await?,
        None => String::new(),
    };
    Ok(Answered { report, list, csv, accounts })
}

fn query(filter: &Filter) -> Vec<(&'static str, String)> {
    let Filter { rule, service, facility, provider, change } = filter.clone();
    let parts = [
        ("rule", rule),
        ("service", service),
        ("facility", facility),
        ("provider", provider),
        ("change", change),
    ];
    parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn progress_bar() -> anyhow::Result<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} charts {eta} left")?;
    Ok(ProgressBar::new(0).with_style(style).with_message("reading"))
}

fn show_progress(bar: &ProgressBar, (done, total): (u64, u64)) {
    if total > 0 {
        bar.set_message("judging");
        bar.set_length(total);
        bar.set_position(done);
    }
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn show(report: &WhatIfReport) -> anyhow::Result<()> {
    let WhatIfReport { published, candidate, charts, now, position, .. } = report;
    print::line(&format!("Published  version {}, {}", published.version, published.title))?;
    print::line(&format!("Candidate  version {}, {}", candidate.version, candidate.title))?;
    print::line(&format!("{charts} charts as of {now}, journal position {position}"))?;
    let from = report.from.map_or_else(String::new, |from| format!(", from {from} on"));
    print::line(&format!(
        "{} deficiencies compared{from}: {} created, {} avoided, {} changed, {} the same\n",
        report.rows, report.total.created, report.total.avoided, report.total.changed, report.total.unchanged
    ))?;
    for delinquency in &report.delinquent_charts {
        print::line(&format!(
            "Delinquent charts ({}): {} published, {} candidate",
            delinquency.rule, delinquency.published, delinquency.candidate
        ))?;
    }
    let (before, after) = (&report.held.published, &report.held.candidate);
    print::line(&format!(
        "Bills held: {} published, {} candidate; {} and {} in charges, {} and {} dollar-days{}",
        before.accounts_held,
        after.accounts_held,
        Cents(before.dollars_held_cents),
        Cents(after.dollars_held_cents),
        Cents(before.dollar_days_cents),
        Cents(after.dollar_days_cents),
        match after.accounts_without_charges.max(before.accounts_without_charges) {
            0 => String::new(),
            unknown => format!("; charges of {unknown} accounts are unknown"),
        }
    ))?;
    print::line("\nPublished → candidate; lags in hours over what is done, open items are not in them.\n")?;
    for (heading, groups) in [
        ("RULE", &report.by_rule),
        ("SERVICE", &report.by_service),
        ("FACILITY", &report.by_facility),
        ("PROVIDER", &report.by_provider),
    ] {
        show_groups(heading, groups)?;
    }
    print::line("Which ones? --list rule=R13,change=due · all of it: --csv DIR or --json")
}

fn show_groups(heading: &str, groups: &[WhatIfGroup]) -> anyhow::Result<()> {
    let touched = |group: &WhatIfGroup| group.created + group.avoided + group.changed;
    let mut shown: Vec<&WhatIfGroup> = groups.iter().filter(|group| touched(group) > 0).collect();
    shown.sort_by_key(|group| std::cmp::Reverse(touched(group)));
    let left_out = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    shown.sort_by(|one, other| one.key.cmp(&other.key));
    let rows: Vec<Vec<String>> = shown.into_iter().map(cells).collect();
    let headings =
        [heading, "CREATED", "AVOIDED", "CHANGED", "OPENED", "OVERDUE", "ON TIME", "MEDIAN", "P90"];
    print::table(&headings, &rows)?;
    let same = groups.iter().filter(|group| touched(group) == 0).count();
    let more = if left_out > 0 { format!("{left_out} more, ") } else { String::new() };
    print::line(&format!("{more}{same} without a difference\n"))
}

fn cells(group: &WhatIfGroup) -> Vec<String> {
    let count = |of: fn(&WhatIfMeasures) -> u64| {
        let (published, candidate) = (of(&group.published), of(&group.candidate));
        if published == candidate { published.to_string() } else { format!("{published} → {candidate}") }
    };
    let number = |of: fn(&WhatIfMeasures) -> Option<f64>, unit: &str, scale: f64| {
        let text = |measures| {
            of(measures).map_or_else(|| "-".to_owned(), |value| format!("{:.1}{unit}", value * scale))
        };
        let (published, candidate) = (text(&group.published), text(&group.candidate));
        if published == candidate { published } else { format!("{published} → {candidate}") }
    };
    vec![
        group.key.clone(),
        group.created.to_string(),
        group.avoided.to_string(),
        group.changed.to_string(),
        count(|measures| measures.opened),
        count(|measures| measures.overdue),
        number(|measures| measures.on_time_rate, " %", 100.0),
        number(|measures| measures.lag_median_hours, "", 1.0),
        number(|measures| measures.lag_p90_hours, "", 1.0),
    ]
}

fn show_rows(rows: &[WhatIfRow]) -> anyhow::Result<()> {
    let verdict = |verdict: &Option<WhatIfVerdict>| {
        verdict.as_ref().map_or_else(
            || "-".to_owned(),
            |WhatIfVerdict { status, overdue, responsible, due_at, .. }| {
                let overdue = if *overdue { " overdue" } else { "" };
                let due = due_at.map_or_else(|| "no limit yet".to_owned(), |due| format!("due {due}"));
                format!("{status}{overdue} {responsible}, {due}")
            },
        )
    };
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.rule.clone(),
                row.change.clone(),
                verdict(&row.published),
                verdict(&row.candidate),
                row.facility.clone(),
                row.service.clone(),
                row.subject.clone().unwrap_or_default(),
                row.chart.to_string(),
                row.deficiency.to_string(),
            ]
        })
        .collect();
    let headings =
        ["RULE", "CHANGE", "PUBLISHED", "CANDIDATE", "FACILITY", "SERVICE", "ABOUT", "CHART", "DEFICIENCY"];
    print::table(&headings, &table)?;
    print::line(&format!("\n{} deficiencies", rows.len()))
}
