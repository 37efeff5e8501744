//! Building all read models anew, beside a bare scan of the same journal that decodes every event.

use std::{hint::black_box, ops::ControlFlow, path::Path, process::Command, time::Instant};

use anyhow::ensure;
use countersign_deficiency::domain::events::{CHART, ChartEvent, IdentifierRetired, PATIENT};
use countersign_eventsourcing::journal::{Filter, Position};
use countersign_intake::domain::{MessageRead, MessageReceived, MessageRepeated};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    Effort, raw_journal,
    report::{Figure, Section},
};

#[derive(Deserialize)]
struct Rebuilt {
    service: String,
    events: f64,
    seconds: f64,
}

pub(crate) fn measure(program: &Path, data: &Path, effort: Effort) -> anyhow::Result<Section> {
    let (mut scans, mut all) = (Vec::new(), Vec::new());
    let mut models: Vec<(String, Vec<f64>)> = Vec::new();
    let mut events = 0;
    eprintln!("rebuild");
    for _ in 0..effort.rounds {
        let (counted, rate) = scan(data)?;
        events = counted;
        scans.push(rate);
        let output = Command::new(program).args(["rebuild", "--json", "--data"]).arg(data).output()?;
        ensure!(output.status.success(), "rebuild: {}", String::from_utf8_lossy(&output.stderr));
        let rebuilt: Vec<Rebuilt> = serde_json::from_slice(&output.stdout)?;
        let sum = |of: fn(&Rebuilt) -> f64| rebuilt.iter().map(of).sum::<f64>();
        all.push(sum(|model| model.events) / sum(|model| model.seconds));
        for Rebuilt { service, events, seconds } in rebuilt {
            match models.iter_mut().find(|(name, _)| *name == service) {
                Some((_, rates)) => rates.push(events / seconds),
                None => models.push((service, vec![events / seconds])),
            }
        }
    }
    let mut section = Section::new(
        "Rebuild of all read models",
        format!(
            "`countersign rebuild` of the folder that the last measurement left ({events} events), one model after \
             the other; events folded by seconds taken. Beside it: a scan of the journal in this process that \
             decodes every event to its type and keeps nothing."
        ),
    );
    let scan = Figure::new("scan and decode", "events/s", scans);
    let all = Figure::new("rebuild of all", "events/s", all);
    let ratio = all.over(&scan, "rebuild of all / scan and decode");
    for figure in [scan, all, ratio] {
        section.add(figure);
    }
    for (service, rates) in models {
        section.add(Figure::new(format!("rebuild of `{service}`"), "events/s", rates));
    }
    Ok(section)
}

/// Events, and events a second.
pub(crate) fn scan(data: &Path) -> anyhow::Result<(u64, f64)> {
    let journal = raw_journal::open(data)?;
    let began = Instant::now();
    let mut events = 0_u64;
    let mut failed = None;
    journal.scan(Position::START, &Filter::All, |event| {
        events += 1;
        match decode(event.kind, event.stream.category(), event.data) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = events as f64;
    Ok((events, count / began.elapsed().as_secs_f64()))
}

fn decode(kind: &str, category: &str, data: &[u8]) -> Result<(), serde_json::Error> {
    match kind {
        MessageReceived::KIND => drop(black_box(serde_json::from_slice::<MessageReceived<'_>>(data)?)),
        MessageRead::KIND => drop(black_box(serde_json::from_slice::<MessageRead>(data)?)),
        MessageRepeated::KIND => drop(black_box(serde_json::from_slice::<MessageRepeated>(data)?)),
        _ if category == PATIENT => {
            drop(black_box(serde_json::from_slice::<IdentifierRetired>(data)?));
        }
        _ if category == CHART => drop(black_box(ChartEvent::decode(kind, data)?)),
        // Rules, people and places: a handful beside the charts.
        _ => drop(black_box(serde_json::from_slice::<IgnoredAny>(data)?)),
    }
    Ok(())
}
