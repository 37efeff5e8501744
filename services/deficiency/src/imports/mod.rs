//! Files that people import: comma-separated values (RFC 4180) in UTF-8, with a line of headings. Every line is judged
//! by itself; what cannot be used is told with line, column and remedy.

mod holidays;
mod people;

use std::collections::BTreeMap;

use countersign_contracts::api::people::{ImportLine, ImportReport};
use countersign_kernel::{Timestamp, derive_uuid};
use jiff::{civil::Date, tz::TimeZone};

pub use holidays::HolidaysImportError;
pub use people::{COLUMNS as PEOPLE_COLUMNS, PeopleImportError};

/// A file whose headings cannot be used: nothing of it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No line of headings.
    #[error("the file is empty: its first line names the columns ({0})")]
    Empty(String),
    /// A heading that means nothing.
    #[error("line 1: there is no column `{column}`; columns are {known}")]
    UnknownColumn {
        /// The heading.
        column: String,
        /// Those that are known.
        known: String,
    },
    /// A heading that stands twice.
    #[error("line 1: the column `{0}` stands twice: leave one out")]
    RepeatedColumn(String),
    /// A heading that is missing.
    #[error("line 1: the column `{0}` is missing: every line needs it")]
    MissingColumn(&'static str),
}

/// Why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
}

impl Fault {
    fn new(column: &str, reason: impl Into<String>) -> Self {
        Self { column: Some(column.to_owned()), reason: reason.into() }
    }
}

/// One line below the headings.
pub(crate) struct Row {
    /// From 1; the headings are line 1.
    pub(crate) line: u64,
    cells: Result<BTreeMap<String, String>, String>,
}

impl Row {
    /// A cell without blanks around it; nothing when it is empty.
    fn get(&self, column: &str) -> Option<&str> {
        let cells = self.cells.as_ref().ok()?;
        cells.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    fn needed(&self, column: &str) -> Result<&str, Fault> {
        self.get(column).ok_or_else(|| Fault::new(column, "it is empty: every line needs it"))
    }

    fn readable(&self) -> Result<(), Fault> {
        self.cells.as_ref().map(|_| ()).map_err(|reason| Fault { column: None, reason: reason.clone() })
    }

    /// An id of the content: the same line again is the same statement.
    fn fingerprint(&self) -> String {
        let cells = self.cells.iter().flatten().filter(|(_, cell)| !cell.trim().is_empty());
        let parts: Vec<&str> = cells.flat_map(|(column, cell)| [column.as_str(), cell.trim()]).collect();
        derive_uuid("row", &parts).to_string()
    }
}

/// Reads the lines of a file under known headings. A byte-order mark is ignored.
fn rows(text: &str, known: &[&'static str], needed: &[&'static str]) -> Result<Vec<Row>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings: Vec<String> = match reader.headers() {
        Ok(headings) => headings.iter().map(|heading| heading.trim().to_ascii_lowercase()).collect(),
        Err(_) => Vec::new(),
    };
    if headings.iter().all(String::is_empty) {
        return Err(FileError::Empty(known.join(", ")));
    }
    for (index, column) in headings.iter().enumerate() {
        if !known.contains(&column.as_str()) {
            return Err(FileError::UnknownColumn { column: column.clone(), known: known.join(", ") });
        }
        if headings[..index].contains(column) {
            return Err(FileError::RepeatedColumn(column.clone()));
        }
    }
    if let Some(missing) = needed.iter().find(|column| !headings.iter().any(|heading| heading == *column)) {
        return Err(FileError::MissingColumn(missing));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells = if record.len() > headings.len() {
                    Err(format!(
                        "it has {} cells where the headings are {}: put a cell that holds a comma in quotes",
                        record.len(),
                        headings.len()
                    ))
                } else {
                    Ok(headings.iter().cloned().zip(record.iter().map(str::to_owned)).collect())
                };
                rows.push(Row { line, cells });
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let cells = Err("it is no line of comma-separated values: check its quotes".to_owned());
                rows.push(Row { line, cells });
            }
        }
    }
    Ok(rows)
}

fn day(column: &str, text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| {
        Fault::new(column, format!("`{text}` is no day: write it as YYYY-MM-DD, such as 2026-03-01"))
    })
}

/// A day (its beginning in the zone), or an instant with its offset.
fn instant(column: &str, text: &str, zone: &TimeZone) -> Result<Timestamp, Fault> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day: Date = text.parse().map_err(|_| {
        Fault::new(
            column,
            format!("`{text}` is neither a day (2026-03-01) nor an instant with its offset (2026-03-01T08:00:00-06:00)"),
        )
    })?;
    day.to_zoned(zone.clone())
        .map(|start| start.timestamp())
        .map_err(|_| Fault::new(column, format!("`{text}` lies beyond the calendar")))
}

/// Adds a line to a report.
fn tell(report: &mut ImportReport, line: u64, about: String, outcome: Result<Effect, Fault>) {
    let (name, fault) = match outcome {
        Ok(Effect::Created) => {
            report.created += 1;
            ("created", None)
        }
        Ok(Effect::Changed) => {
            report.changed += 1;
            ("changed", None)
        }
        Ok(Effect::Unchanged) => {
            report.unchanged += 1;
            ("unchanged", None)
        }
        Err(fault) => {
            report.refused += 1;
            ("refused", Some(fault))
        }
    };
    let (column, reason) = fault.map_or((None, None), |fault| (fault.column, Some(fault.reason)));
    report.lines.push(ImportLine { line, about, outcome: name.to_owned(), column, reason });
}

/// What a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Created,
    Changed,
    Unchanged,
}
