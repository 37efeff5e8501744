//! Measures the real program, each thing beside the baseline it is compared with, in the same run and in
//! turns, so that a noisy machine disturbs both alike. `docs/performance.md` says how to read the result.

mod end_to_end;
mod frames;
mod hospital;
mod intake;
mod nats;
mod notices;
mod parsing;
mod raw_journal;
mod rebuild;
mod report;
mod rules;
mod saturate;
mod server;
mod timers;
mod visible;
mod year;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use report::Report;

/// Measures speed. Figures are medians of several rounds; read the ratios.
#[derive(Debug, Parser)]
#[command(name = "./dev bench", max_term_width = 100)]
struct Arguments {
    /// The program to be measured.
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// Folder with HL7 messages to parse.
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// Python with python-hl7 in it, to parse the same messages.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Fewer rounds and messages: about a minute.
    #[arg(long)]
    quick: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    only: Vec<Part>,
    /// Load a year of a hospital of 500 beds too, and measure what that takes: several minutes.
    #[arg(long)]
    year: bool,
    /// Keep data folders here instead of throwing them away.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Message to durable acknowledgement.
    Intake,
    /// Message to worklist, and rebuilding what came of it.
    EndToEnd,
    /// HL7 alone.
    Parsing,
    /// Judging charts, and what-if.
    Rules,
    /// Timers that are due at once, and in time.
    Timers,
    /// Notices over webhooks and mail.
    Notices,
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds of everything; odd, for a median that was measured.
    pub(crate) rounds: usize,
    /// Messages of one saturating round.
    pub(crate) messages: usize,
    /// Seconds of one round at an offered load.
    pub(crate) seconds: u64,
    /// Timers armed, and those of them that come due in a round.
    pub(crate) timers: (usize, usize),
    /// Notices of one round.
    pub(crate) notices: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let effort = if arguments.quick {
        Effort { rounds: 3, messages: 6_000, seconds: 4, timers: (100_000, 10_000), notices: 320 }
    } else {
        Effort { rounds: 5, messages: 20_000, seconds: 8, timers: (1_000_000, 50_000), notices: 1_600 }
    };
    let wants = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let program = arguments.program.canonicalize().context("--program")?;
    // One thread for the load: the other core is the program's, as far as the machine has one.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut report = Report::new();
    if wants(Part::Parsing) {
        report.add(parsing::measure(&arguments.corpus, arguments.python.as_deref(), effort)?);
    }
    if wants(Part::Intake) {
        report.add(runtime.block_on(intake::measure(&program, effort))?);
    }
    if wants(Part::EndToEnd) {
        let data = server::Data::new(arguments.keep.as_deref())?;
        report.add(runtime.block_on(end_to_end::measure(&program, data.path(), effort))?);
        report.add(rebuild::measure(&program, data.path(), effort)?);
    }
    if wants(Part::Rules) {
        let data = server::Data::new(arguments.keep.as_deref())?;
        rules::fill(&program, data.path(), effort)?;
        report.add(rules::measure(&program, data.path(), &runtime, effort)?);
    }
    if wants(Part::Timers) {
        // The loop is measured in this process: it has all cores, as in the program.
        let whole = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        report.add(whole.block_on(timers::measure(effort))?);
    }
    if wants(Part::Notices) {
        let whole = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        report.add(whole.block_on(notices::measure(effort))?);
    }
    if arguments.year {
        let data = server::Data::new(arguments.keep.as_deref())?;
        report.add(runtime.block_on(year::measure(&program, data.path()))?);
        let once = Effort { rounds: 1, ..effort };
        report.add(rebuild::measure(&program, data.path(), once)?);
        report.add(rules::measure(&program, data.path(), &runtime, once)?);
    }
    report.print(arguments.json)
}
