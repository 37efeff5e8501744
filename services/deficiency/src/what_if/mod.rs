//! What-if: a candidate rule set over the recorded history, beside the published one.
//!
//! - [`run`]: reads the record, judges every chart twice, compares.
//! - [`judge`](self): the one place that asks the engine.
//! - [`row`]: one deficiency with both verdicts: the list behind every number; [`csv`] writes it.
//! - [`money`]: bills that wait for documentation.
//! - [`tally`]: the numbers; [`report`]: all of them together.
//! - [`jobs`]: runs that are asked for over the API.
//!
//! Deterministic: the same journal position, published rules and candidate give the same report. Nothing
//! here reads a clock; charts are judged as they stood at an instant that comes from the question or the
//! record.

pub mod csv;
pub mod jobs;
mod judge;
pub mod money;
pub mod report;
pub mod row;
pub mod tally;

use std::{num::NonZeroUsize, sync::Arc};

use countersign_contracts::api::WhatIfReport;
use countersign_eventsourcing::journal::Journal;
use countersign_kernel::Timestamp;
use tokio::runtime::Handle;

pub use self::judge::Window;
pub(crate) use self::judge::judge;
use self::{
    judge::Compared,
    money::Account,
    row::{Filter, Row},
};
use crate::{
    domain::{
        reference::Reference,
        rules::{RuleFileError, RuleSet},
    },
    recorded::{HistoryError, Recorded, Watch},
};

/// A candidate rule set: its text and what it says.
#[derive(Debug, Clone)]
pub struct Candidate {
    rules: Arc<RuleSet>,
    sha256: String,
}

impl Candidate {
    /// Reads a rule file's text. The error names what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Self, RuleFileError> {
        Ok(Self { rules: Arc::new(RuleSet::parse(text)?), sha256: report::sha256(text.as_bytes()) })
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The candidate.
    pub candidate: Candidate,
    /// The candidate is taken as in force from this instant: what arose before is left out of the numbers.
    pub from: Option<Timestamp>,
    /// Charts are judged as they stood at this instant.
    pub to: Option<Timestamp>,
    /// Threads to judge on.
    pub threads: NonZeroUsize,
}

/// The numbers, and the list behind them.
#[derive(Debug)]
pub struct Answer {
    /// The numbers.
    pub report: WhatIfReport,
    rows: Vec<Row>,
    accounts: Vec<Account>,
}

impl Answer {
    /// The rows that a filter admits, in the list's order: by chart, then by deficiency.
    pub fn rows<'a>(&'a self, filter: &'a Filter) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|row| filter.admits(row))
    }

    /// The accounts that are or were held under either rule set, by chart; if asked for, only those of which
    /// anything differs.
    pub fn accounts(&self, only_changed: bool) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |account| !only_changed || account.published != account.candidate)
    }

    /// How many rows there are in all.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether neither rule set raised anything.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Judges every recorded chart under both rule sets, and compares. Blocks for as long as that takes: not for
/// async workers.
pub fn run(
    journal: &dyn Journal,
    runtime: &Handle,
    published: &Reference,
    question: &Question,
    watch: &Watch,
) -> Result<Answer, HistoryError> {
    let recorded = Recorded::read(journal, runtime, watch)?;
    compare(&recorded, published, question, watch)
}

/// The same on a record that has been read.
pub fn compare(
    recorded: &Recorded,
    published: &Reference,
    question: &Question,
    watch: &Watch,
) -> Result<Answer, HistoryError> {
    let Question { candidate, from, to, threads } = question;
    let now = to.or(recorded.last_received).ok_or(HistoryError::Empty)?;
    let window = Window { from: *from, now };
    let trying = published.trying(Arc::clone(&candidate.rules), *from);
    let in_force = published.in_force_at(now).ok_or(HistoryError::Empty)?;
    let compared = recorded.judge(*threads, watch, |state, compared| {
        compared.extend(judge::compare(state, published, &trying, window));
    })?;
    let (mut rows, mut accounts) = (Vec::new(), Vec::new());
    for Compared { rows: more, account } in compared {
        rows.extend(more);
        accounts.extend(account);
    }
    rows.sort_unstable_by_key(|row| (row.chart, row.id));
    accounts.sort_unstable_by_key(|account| account.chart);
    let about = report::About {
        position: recorded.position,
        window,
        published: in_force,
        candidate: &candidate.rules,
        candidate_sha256: &candidate.sha256,
        charts: recorded.charts(),
    };
    Ok(Answer { report: report::report(&about, &rows, &accounts), rows, accounts })
}
