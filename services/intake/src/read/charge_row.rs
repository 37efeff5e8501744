//! One row of a file with charges and the way to the bill. A row is kept and read for itself, under a header of its
//! own, so that it can be read again like any message.

use countersign_contracts::{
    Field,
    chart::{AccountFact, Charge, ChartFact, ChartFactsReported, EncounterKey, VisitSnapshot, What},
};
use countersign_kernel::{Cents, Timestamp, end_of_local_day};
use jiff::{civil::DateTime, tz::TimeZone};

use super::{FeedContext, Reading};
use crate::{
    domain::{Finding, FindingCode, Outcome, Reason},
    profile::Profile,
};

/// Columns of the file, in the order in which a row is kept.
pub(crate) const COLUMNS: [&str; 10] = [
    "facility",
    "visit_authority",
    "visit",
    "transaction",
    "amount",
    "posted_at",
    "coded_at",
    "billed_at",
    "payer",
    "total",
];

/// Columns that a file must have.
pub(crate) const REQUIRED: [&str; 2] = ["facility", "visit"];

/// What takes an instant back.
const TAKEN_BACK: &str = "none";

/// A cell that cannot be used, and what to write instead. Says nothing of the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellProblem {
    /// Its column.
    pub column: &'static str,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// Reads a kept row: a header line and one line below it.
pub(crate) fn read_row(row: &[u8], profile: &Profile, context: &FeedContext) -> Reading {
    match said(row, profile, context) {
        Ok(report) => Reading {
            outcome: Outcome::Used,
            facts: vec![report],
            merges: Vec::new(),
            staff: Vec::new(),
            findings: Vec::new(),
        },
        Err(problems) => Reading {
            outcome: Outcome::Quarantined(Reason::BadRow),
            facts: Vec::new(),
            merges: Vec::new(),
            staff: Vec::new(),
            findings: problems
                .iter()
                .map(|problem| Finding::about(FindingCode::ColumnUnreadable, problem.column))
                .collect(),
        },
    }
}

/// What a kept row says of its chart.
pub(crate) fn said(
    row: &[u8],
    profile: &Profile,
    context: &FeedContext,
) -> Result<ChartFactsReported, Vec<CellProblem>> {
    let cells = Cells::of(row)?;
    let mut problems = Vec::new();
    let mut note = |problem: CellProblem| problems.push(problem);
    let facility = cells.required("facility", &mut note);
    let visit = cells.required("visit", &mut note);
    let charge = cells.charge(&profile.zone, context.received_at, &mut note);
    let total = cells.amount("total", &mut note);
    let coded_at = cells.reached("coded_at", &profile.zone, &mut note);
    let billed_at = cells.reached("billed_at", &profile.zone, &mut note);
    let account = AccountFact { total, coded_at, billed_at, payer: cells.text("payer") };
    let mut what = Vec::with_capacity(2);
    what.extend(charge.map(What::Charged));
    if account != AccountFact::default() {
        what.push(What::Account(account));
    }
    if what.is_empty() && problems.is_empty() {
        let message = "the row says nothing: fill amount, total, coded_at, billed_at or payer".to_owned();
        problems.push(CellProblem { column: "amount", message });
    }
    let (Some(facility), Some(visit), true) = (facility, visit, problems.is_empty()) else {
        return Err(problems);
    };
    let authority = cells
        .text("visit_authority")
        .or_else(|| profile.visit_authority.clone())
        .unwrap_or_else(|| facility.clone());
    // A later import of the same thing corrects it: what counts is when it was told, not the day that it is about.
    let fact = |what: What| ChartFact {
        trigger: "CSV".to_owned(),
        occurred_at: context.received_at,
        occurred_from: "received".to_owned(),
        recorded_at: context.received_at,
        what,
        visit: VisitSnapshot::default(),
        findings: Vec::new(),
    };
    Ok(ChartFactsReported {
        encounter: EncounterKey { facility, authority, visit },
        message: context.message,
        reading: context.reading,
        time_zone: profile.time_zone.clone(),
        received_at: context.received_at,
        facts: what.into_iter().map(fact).collect(),
    })
}

/// The cells of a row by column.
struct Cells(Vec<(String, String)>);

impl Cells {
    fn of(row: &[u8]) -> Result<Self, Vec<CellProblem>> {
        let broken = |message: &str| vec![CellProblem { column: "facility", message: message.to_owned() }];
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(row);
        let header = reader.headers().map_err(|_| broken("the row is no UTF-8 text"))?.clone();
        let Some(Ok(record)) = reader.records().next() else {
            return Err(broken("the row is empty or no UTF-8 text"));
        };
        if record.len() != header.len() {
            let message =
                "the row has more or fewer cells than the header: put a cell that holds a comma into quotes";
            return Err(broken(message));
        }
        let cells = header.iter().zip(&record);
        Ok(Self(cells.map(|(name, cell)| (name.to_owned(), cell.trim().to_owned())).collect()))
    }

    fn text(&self, column: &str) -> Option<String> {
        let cell = self.0.iter().find(|(name, _)| name == column).map(|(_, cell)| cell);
        cell.filter(|cell| !cell.is_empty()).cloned()
    }

    fn required(&self, column: &'static str, note: &mut impl FnMut(CellProblem)) -> Option<String> {
        let cell = self.text(column);
        if cell.is_none() {
            note(CellProblem { column, message: format!("{column} is empty: every row needs one") });
        }
        cell
    }

    fn amount(&self, column: &'static str, note: &mut impl FnMut(CellProblem)) -> Option<Cents> {
        let cell = self.text(column)?;
        let amount = Cents::parse(&cell);
        if amount.is_none() {
            let message = format!("`{cell}` is no amount: write 1234.56, with two decimals at the most");
            note(CellProblem { column, message });
        }
        amount
    }

    fn charge(
        &self,
        zone: &TimeZone,
        received_at: Timestamp,
        note: &mut impl FnMut(CellProblem),
    ) -> Option<Charge> {
        let transaction = self.text("transaction");
        let posted_at = self.instant("posted_at", zone, note);
        let Some(written) = self.text("amount") else {
            if transaction.is_some() {
                let message =
                    "the transaction has no amount: write one, or leave transaction empty".to_owned();
                note(CellProblem { column: "amount", message });
            }
            return None;
        };
        let amount = self.amount("amount", note);
        if transaction.is_none() {
            let message = format!(
                "the amount {written} has no transaction number: without one a charge that is sent again \
                 cannot be told from a new one"
            );
            note(CellProblem { column: "transaction", message });
        }
        Some(Charge {
            transaction: transaction?,
            amount: amount?,
            posted_at: posted_at.map_or(received_at, |(at, _)| at),
        })
    }

    /// An instant that was reached. A date counts from the end of that day; `none` takes back what was said.
    fn reached(
        &self,
        column: &'static str,
        zone: &TimeZone,
        note: &mut impl FnMut(CellProblem),
    ) -> Field<Timestamp> {
        if self.text(column).is_some_and(|cell| cell.eq_ignore_ascii_case(TAKEN_BACK)) {
            return Field::Null;
        }
        match self.instant(column, zone, note) {
            Some((at, true)) => Field::Value(end_of_local_day(at, zone)),
            Some((at, false)) => Field::Value(at),
            None => Field::Absent,
        }
    }

    /// An instant, and whether only its date was written.
    fn instant(
        &self,
        column: &'static str,
        zone: &TimeZone,
        note: &mut impl FnMut(CellProblem),
    ) -> Option<(Timestamp, bool)> {
        let cell = self.text(column)?;
        let instant = cell.parse::<Timestamp>().ok().map(|at| (at, false)).or_else(|| {
            let date_only = cell.len() == "2026-01-31".len();
            let local: DateTime = cell.parse().ok()?;
            Some((local.to_zoned(zone.clone()).ok()?.timestamp(), date_only))
        });
        if instant.is_none() {
            let message = format!(
                "`{cell}` is no date or time: write 2026-01-31, 2026-01-31 14:30 or 2026-01-31T14:30:00-05:00"
            );
            note(CellProblem { column, message });
        }
        instant
    }
}
