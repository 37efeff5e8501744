//! `countersign rebuild` and `countersign verify`: what can be derived, derived again.

use std::{process::ExitCode, sync::Arc, time::Instant};

use countersign_eventsourcing::{journal::Position, projection::Projection, read_model::ReadModel};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::open_folder;
use crate::{
    cli::{Model, Rebuild, Verify},
    compose::Ground,
    print,
};

#[derive(Serialize)]
struct Rebuilt {
    service: &'static str,
    events: u64,
    seconds: f64,
    events_per_second: f64,
}

fn projection(ground: &Ground, model: Model) -> (&'static str, Box<dyn Projection>) {
    match model {
        Model::Escalation => {
            ("escalation", countersign_escalation::service::read_model(Arc::clone(&ground.publishers)))
        }
        Model::Notification => ("notification", countersign_notification::service::read_model()),
        Model::Intake => ("intake", countersign_intake::projections::read_model()),
        Model::Deficiency => ("deficiency", countersign_deficiency::service::read_model()),
    }
}

pub async fn rebuild(args: Rebuild) -> anyhow::Result<()> {
    let ground =
        open_folder(args.config.config.as_deref(), args.data.as_deref(), "countersign rebuild").await?;
    let models = args.service.map_or_else(|| Model::ALL.to_vec(), |model| vec![model]);
    let head = ground.journal.head().await?;
    let mut results = Vec::new();
    for model in models {
        let (service, projection) = projection(&ground, model);
        let bar = ProgressBar::new(head.0)
            .with_prefix(service)
            .with_style(ProgressStyle::with_template("{prefix:>12} {bar:40} {percent:>3} % {per_sec}")?);
        let started = Instant::now();
        let progress = |position: Position| bar.set_position(position.0);
        let folded =
            ReadModel::rebuild(&ground.state(service), projection, ground.journal.as_ref(), progress).await?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let events_per_second = folded.events as f64 / seconds.max(1e-9);
        results.push(Rebuilt { service, events: folded.events, seconds, events_per_second });
    }
    if args.json {
        return print::json(&results);
    }
    for result in results {
        print::line(&format!(
            "{}: {} events in {:.2} s, {:.0} events per second",
            result.service, result.events, result.seconds, result.events_per_second
        ))?;
    }
    Ok(())
}

pub async fn verify(args: Verify) -> anyhow::Result<ExitCode> {
    let ground =
        open_folder(args.config.config.as_deref(), args.data.as_deref(), "countersign verify").await?;
    if let Some(fault) = first_fault(&ground).await? {
        print::line(&format!("NOT VERIFIED: {fault}"))?;
        return Ok(ExitCode::FAILURE);
    }
    let head = ground.journal.head().await?;
    print::line(&format!(
        "verified: streams have no gaps, and every read model equals a fold of the journal from zero to position {head}"
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn first_fault(ground: &Ground) -> anyhow::Result<Option<String>> {
    if let Some(journal) = &ground.embedded
        && let Some(gap) = journal.stream_gaps().await?
    {
        return Ok(Some(format!(
            "stream {} has revision {} where {} must be, at position {}",
            gap.stream, gap.found, gap.expected, gap.position
        )));
    }
    // What was received must have been worked through before the models can be compared with it.
    ground.deficiency().await?.catch_up().await?;
    for model in Model::ALL {
        let (service, fresh) = projection(ground, model);
        let (_, opened) = projection(ground, model);
        let model = ReadModel::open(&ground.state(service), opened)?;
        model.catch_up(ground.journal.as_ref()).await?;
        if let Some(difference) = model.difference(fresh, ground.journal.as_ref()).await? {
            return Ok(Some(format!(
                "read model {service}: {difference}; countersign rebuild {service} makes it anew"
            )));
        }
    }
    Ok(None)
}
