//! Rules: charts judged in this process, and `countersign what-if` on a whole folder, beside a bare scan of the
//! same journal that decodes every event.

use std::{hint::black_box, num::NonZeroUsize, path::Path, process::Command, time::Instant};

use anyhow::ensure;
use countersign_deficiency::{
    domain::{decide::outcome, reference::Reference, rules::RuleSet, state::ChartState},
    recorded::{Recorded, Watch},
};
use countersign_hospital::{Hospital, Settings};
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::{
    Effort, raw_journal, rebuild,
    report::{Figure, Section},
};

/// Charts judged in a round in this process: a few months of a large hospital, and some hundred MB.
const MOST_CHARTS: usize = 10_000;

#[derive(Deserialize)]
struct Report {
    position: u64,
    charts: u64,
}

/// Fills an empty folder with the first messages of a hospital of 500 beds, straight through the program.
pub(crate) fn fill(program: &Path, data: &Path, effort: Effort) -> anyhow::Result<()> {
    eprintln!("a hospital's first {} messages", effort.messages);
    let hospital =
        Hospital::new(Settings { discharges_per_month: 2_300, months: 12, ..Settings::default() })?;
    let mut bytes = Vec::new();
    for message in hospital.messages().take(effort.messages) {
        bytes.extend_from_slice(&message.bytes);
        bytes.push(b'\r');
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("messages.hl7");
    std::fs::write(&file, bytes)?;
    let output = Command::new(program).arg("ingest").arg(&file).arg("--data").arg(data).output()?;
    ensure!(output.status.success(), "ingest: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

pub(crate) fn measure(
    program: &Path,
    data: &Path,
    runtime: &Runtime,
    effort: Effort,
) -> anyhow::Result<Section> {
    eprintln!("rules");
    let folder = tempfile::tempdir()?;
    let candidate = folder.path().join("candidate.toml");
    std::fs::write(&candidate, candidate_rules()?)?;
    // The first run works through what was received; it is not counted.
    let Report { charts, position } = what_if(program, data, &candidate)?.0;
    let states = states(data, runtime)?;
    let rules = Reference::with_rules(std::sync::Arc::new(RuleSet::parse(RuleSet::DEFAULT_FILE)?));
    let (mut judged, mut scans, mut whole, mut seconds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        judged.push(judge(&states, &rules));
        scans.push(rebuild::scan(data)?.1);
        let (_, taken) = what_if(program, data, &candidate)?;
        whole.push(taken);
        seconds.push(taken);
    }
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let (charts, events) = (charts as f64, position as f64);
    let mut section = Section::new(
        "Rules: judging charts, and what-if",
        format!(
            "Judging: {} charts in this process, decoded before, on one core, the shipped rules. What-if: \
             `countersign what-if --json` on the folder, from the start of the process to its end, both rule sets, all \
             cores: {charts} charts, {events} events in the journal. Beside it: a scan of the journal in this process, \
             on one core, that decodes every event to its type and keeps nothing.",
            states.len()
        ),
    );
    let rates = |count: f64| whole.iter().map(|taken| count / taken).collect::<Vec<f64>>();
    let scan = Figure::new("scan and decode", "events/s", scans);
    let what_if = Figure::new("what-if, events of the journal", "events/s", rates(events));
    let ratio = what_if.over(&scan, "what-if / scan and decode");
    section.add(Figure::new("rule evaluation on one core", "charts/s", judged));
    section.add(Figure::new("what-if, charts judged under both rule sets", "charts/s", rates(charts)));
    for figure in [what_if, scan, ratio, Figure::new("what-if, the whole run", "s", seconds)] {
        section.add(figure);
    }
    Ok(section)
}

/// The shipped rules with the limits in days two days shorter.
fn candidate_rules() -> anyhow::Result<String> {
    let text = RuleSet::DEFAULT_FILE.replace("due = { days = 7 }", "due = { days = 5 }");
    ensure!(text != RuleSet::DEFAULT_FILE, "no shipped rule is due after 7 days: choose another change");
    Ok(text)
}

fn what_if(program: &Path, data: &Path, candidate: &Path) -> anyhow::Result<(Report, f64)> {
    let began = Instant::now();
    let output = Command::new(program)
        .args(["what-if", "--json", "--rules"])
        .arg(candidate)
        .arg("--data")
        .arg(data)
        .output()?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(output.status.success(), "what-if: {}", String::from_utf8_lossy(&output.stderr));
    Ok((serde_json::from_slice(&output.stdout)?, seconds))
}

/// Charts as they were told, decoded.
fn states(data: &Path, runtime: &Runtime) -> anyhow::Result<Vec<ChartState>> {
    let journal = raw_journal::open(data)?;
    let watch = Watch::default();
    let recorded = Recorded::read(journal.as_ref(), runtime.handle(), &watch)?;
    let mut states = recorded.judge(NonZeroUsize::MIN, &watch, |state, states| {
        // Every so manieth chart, so that all months and kinds of stay are among them.
        let share = recorded.charts().div_ceil(MOST_CHARTS);
        let id = state.encounter.as_ref().map(|encounter| encounter.id().0.as_u128());
        if id.is_some_and(|id| id.is_multiple_of(share as u128)) {
            states.push(state.clone());
        }
    })?;
    states.truncate(MOST_CHARTS);
    ensure!(!states.is_empty(), "the folder has no charts");
    Ok(states)
}

fn judge(states: &[ChartState], reference: &Reference) -> f64 {
    let began = Instant::now();
    for state in states {
        black_box(outcome(black_box(state), reference, None, None));
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = states.len() as f64;
    count / began.elapsed().as_secs_f64()
}
