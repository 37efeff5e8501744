//! `countersign escalation runs`, `limits`, `clock` and `audit`

use countersign_contracts::api::escalation::{
    AuditView, ClockView, DryRun, HeldRun, LimitView, Recorded, RunLine, RunView, WhyRequest,
};

use super::{COMMAND, PATH, by_whom, staff};
use crate::{
    cli::{Asking, ClockAction, Deciding, RunsAction},
    commands::api::Part,
    print,
};

pub async fn list(facility: Option<String>, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let query: Vec<(&str, String)> = facility.into_iter().map(|facility| ("facility", facility)).collect();
    let runs: Vec<RunView> = api.get(&format!("{PATH}/runs"), &query).await?;
    if asking.json {
        return print::json(&runs);
    }
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            vec![
                run.facility.clone(),
                // As `runs show` takes it.
                run.published_at.to_string(),
                print::instant(run.cutoff_at),
                run.due.to_string(),
            ]
        })
        .collect();
    print::table(&["FACILITY", "PUBLISHED", "CUTOFF", "ON THE LIST"], &rows)?;
    print::line(&format!("\n{} runs. Who is on one? {COMMAND} runs show FACILITY PUBLISHED", runs.len()))
}

pub async fn run(action: RunsAction) -> anyhow::Result<()> {
    match action {
        RunsAction::Show { facility, published_at, csv, asking } => {
            let api = asking.api(Part::Escalation, COMMAND).await?;
            let path = format!("{PATH}/runs/{facility}/{published_at}");
            if csv.csv {
                return print::text(&api.text(&path, &[("format", "csv")]).await?);
            }
            let run: RunView = api.get(&path, &()).await?;
            if asking.json {
                return print::json(&run);
            }
            print::line(&format!(
                "{}: published {}, cutoff {}\n",
                run.facility,
                print::instant(run.published_at),
                print::instant(run.cutoff_at)
            ))?;
            let rows: Vec<Vec<String>> = run.lines.iter().map(cells).collect();
            print::table(&["PROVIDER", "STEP", "COUNT", "OLDEST DAYS", "TRACK"], &rows)
        }
        RunsAction::Dry { facility, asking } => dry(&facility, &asking).await,
        RunsAction::Held { asking } => held(&asking).await,
        RunsAction::Release { facility, deciding: Deciding { why, changing } } => {
            let api = changing.api(Part::Escalation, COMMAND).await?;
            let path = format!("{PATH}/runs/{facility}/release");
            let done: Recorded = api.change(&path, &changing.acting.key(), &WhyRequest { why }).await?;
            if changing.json {
                return print::json(&done);
            }
            print::line(&format!("on record: the run of {facility} goes on"))
        }
    }
}

fn cells(line: &RunLine) -> Vec<String> {
    vec![
        staff(&line.provider),
        line.step.clone(),
        line.counting.to_string(),
        line.oldest_days.to_string(),
        line.track.to_string(),
    ]
}

async fn dry(facility: &str, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let dry: DryRun = api.get(&format!("{PATH}/runs/{facility}/dry"), &()).await?;
    if asking.json {
        return print::json(&dry);
    }
    let rows: Vec<Vec<String>> = dry
        .lines
        .iter()
        .map(|line| {
            let mut row = cells(&line.line);
            row.insert(4, line.held.as_deref().map(print::words).unwrap_or_default());
            row
        })
        .collect();
    print::table(&["PROVIDER", "STEP", "COUNT", "OLDEST DAYS", "HELD", "TRACK"], &rows)?;
    let held = dry.lines.iter().filter(|line| line.held.is_some()).count();
    print::line(&format!(
        "\nAt {}: {} tracks of {facility} are due by the next run, {held} of them are held now. Nothing was changed.",
        print::instant(dry.at),
        dry.lines.len()
    ))
}

async fn held(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let held: Vec<HeldRun> = api.get(&format!("{PATH}/runs/held"), &()).await?;
    if asking.json {
        return print::json(&held);
    }
    let rows: Vec<Vec<String>> = held
        .iter()
        .map(|run| {
            vec![
                run.facility.clone(),
                print::instant(run.since),
                run.tracks.to_string(),
                run.limit.to_string(),
                run.released.as_ref().map(by_whom).unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["FACILITY", "SINCE", "WOULD MOVE", "LIMIT", "RELEASED"], &rows)?;
    print::line(&format!(
        "\n{} runs are held. Look with `{COMMAND} runs dry FACILITY`; then `{COMMAND} runs release FACILITY --why ...`",
        held.iter().filter(|run| run.released.is_none()).count()
    ))
}

pub async fn limits(facility: Option<String>, all: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let mut query: Vec<(&str, String)> =
        facility.into_iter().map(|facility| ("facility", facility)).collect();
    query.extend(all.then(|| ("all", "true".to_owned())));
    let limits: Vec<LimitView> = api.get(&format!("{PATH}/limits"), &query).await?;
    if asking.json {
        return print::json(&limits);
    }
    let rows: Vec<Vec<String>> = limits
        .iter()
        .map(|limit| {
            vec![
                limit.facility.clone(),
                print::instant(limit.counts_from),
                print::instant(limit.due_at),
                print::instant(limit.escalated_at),
                print::instant(limit.ended_at),
                limit.open.to_string(),
                limit.acknowledged.as_ref().map(|by| by.name.clone()).unwrap_or_default(),
                limit.chart.to_string(),
            ]
        })
        .collect();
    print::table(
        &["FACILITY", "COUNTS FROM", "TO BE TOLD", "TOLD", "COMPLETED", "OPEN", "SEEN BY", "CHART"],
        &rows,
    )?;
    print::line(&format!("\n{} charts near the regulatory limit", limits.len()))
}

pub async fn clock(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let clock: ClockView = api.get(&format!("{PATH}/clock"), &()).await?;
    if asking.json {
        return print::json(&clock);
    }
    let because = clock.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
    let since = clock.since.map(|since| format!(" since {}", print::instant(since))).unwrap_or_default();
    print::line(&format!("The clock is {}{since}{because}", clock.state))?;
    print::line(&format!("  now            {}", clock.now))?;
    if let Some(mark) = clock.high_water {
        print::line(&format!("  latest seen    {mark}"))?;
    }
    if let Some(until) = clock.settles_until {
        print::line(&format!("  back from an outage: nothing grave before {}", print::instant(until)))?;
    }
    print::line(&format!(
        "  timers         {} armed, {} due, the oldest {} s late",
        clock.armed, clock.due, clock.late_seconds
    ))?;
    if clock.state == "doubted" {
        print::line(&format!("Suspensions wait. When the clock is right: {COMMAND} clock trust --why ..."))?;
    }
    Ok(())
}

pub async fn clock_action(action: ClockAction) -> anyhow::Result<()> {
    let ClockAction::Trust { why, changing } = action;
    let api = changing.api(Part::Escalation, COMMAND).await?;
    let path = format!("{PATH}/clock/trust");
    let done: Recorded = api.change(&path, &changing.acting.key(), &WhyRequest { why }).await?;
    if changing.json {
        return print::json(&done);
    }
    print::line("on record: the clock is right, and what waited for that goes on")
}

pub async fn audit(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let audit: AuditView = api.get(&format!("{PATH}/auditor"), &()).await?;
    if asking.json {
        return print::json(&audit);
    }
    let Some(at) = audit.looked_at else {
        return print::line(
            "The auditor has not looked yet: it runs in a running Countersign (ask it with --url).",
        );
    };
    let beat = match (audit.heartbeat_configured, audit.heartbeat_at) {
        (false, _) => "none is configured (escalation.heartbeat_url)".to_owned(),
        (true, Some(at)) => format!("sent {}", print::instant(at)),
        (true, None) => "none got through yet".to_owned(),
    };
    print::line(&format!(
        "Looked {} at position {}; heartbeat: {beat}\n",
        print::instant(at),
        audit.position
    ))?;
    let rows: Vec<Vec<String>> = audit
        .checked
        .iter()
        .map(|check| vec![print::words(&check.check), check.looked_at.to_string(), check.broken.to_string()])
        .collect();
    print::table(&["PROMISE BROKEN BY", "CHECKED", "BROKEN"], &rows)?;
    for finding in &audit.findings {
        print::line(&format!(
            "\n{} since {}: {}",
            print::words(&finding.check),
            print::instant(finding.since),
            finding.text
        ))?;
    }
    Ok(())
}
