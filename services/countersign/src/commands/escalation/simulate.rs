//! `countersign escalation simulate`

mod files;
mod shown;

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use countersign_contracts::api::escalation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedSummary,
};
use countersign_escalation::domain::policy::PolicySet;
use countersign_governance::api::Offered;
use indicatif::{ProgressBar, ProgressStyle};

use super::{COMMAND, PATH, policies::WORDS};
use crate::{cli::SimulatePolicy, client::Client, commands::api::Part, print};

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often progress is told of where nobody sees a bar.
const TELL_EVERY: Duration = Duration::from_secs(10);

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
        against_in_force: policy.is_some() && args.against.is_none() && !args.alone,
        policy,
        against: args.against,
        as_if_live: args.as_if_live,
        from: args.from,
        until: args.until,
        delivered_after_minutes: args.delivered_after,
        confirmed_after_hours: args.confirmed_after,
    };
    let api = args.asking.api(Part::History, COMMAND).await?;
    let report = computed(&api, &request).await?;
    if let Some(folder) = &args.csv {
        files::write(folder, &report)?;
    }
    match (&args.provider, args.asking.json) {
        (Some(id), true) => print::json(&shown::of_provider(&report, id)),
        (Some(id), false) => shown::provider(&report, id),
        (None, true) => print::json(&report),
        (None, false) => shown::report(&report, &request),
    }
}

async fn computed(client: &Client, request: &SimulateRequest) -> anyhow::Result<SimulateReport> {
    let mut job: SimulateJob = client.post(&format!("{PATH}/simulations"), request).await?;
    let place = format!("{PATH}/simulations/{}", job.id);
    let (bar, mut told) = (progress_bar()?, Instant::now());
    while matches!(&*job.state, "queued" | "running") {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                bar.finish_and_clear();
                client.delete(&place).await?;
                bail!("stopped on request");
            }
        }
        job = client.get(&place, &()).await?;
        if job.events_total > 0 {
            bar.set_length(job.events_total);
            bar.set_position(job.events_done);
        }
        if bar.is_hidden() && told.elapsed() >= TELL_EVERY {
            eprintln!("replayed {} of {} events", job.events_done, job.events_total);
            told = Instant::now();
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

/// The figures of a summary for people, in order, each with its name in files.
fn figures(summary: &SimulatedSummary) -> [(&'static str, &'static str, String); 11] {
    [
        ("notices", "Notices", summary.notices.to_string()),
        ("notified_providers", "  providers notified", summary.notified_providers.to_string()),
        ("warnings", "Warnings of a suspension", summary.warnings.to_string()),
        ("warned_providers", "  providers warned", summary.warned_providers.to_string()),
        ("proposals", "Suspensions proposed", summary.proposals.to_string()),
        ("overrides_needed", "  that need an override (coverage)", summary.overrides_needed.to_string()),
        ("suspensions", "Suspensions", summary.suspensions.to_string()),
        ("suspended_providers", "  providers suspended", summary.suspended_providers.to_string()),
        ("suspended_days", "  days suspended", format!("{:.1}", summary.suspended_days)),
        ("reinstatements", "Reinstatements", summary.reinstatements.to_string()),
        ("charts_at_limit", "Charts at the regulatory limit", summary.charts_at_limit.to_string()),
    ]
}
