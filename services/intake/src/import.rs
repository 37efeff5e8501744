//! Files with charges and the way to the bill (CSV). Every row goes through the intake like a message: it is kept raw,
//! read, recognised when it comes again, and waits in quarantine when it cannot be used.

use countersign_eventsourcing::journal::JournalError;
use countersign_kernel::{MessageId, Timestamp};
use futures::{StreamExt, stream::FuturesOrdered};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Disposition, Intake,
    domain::{Connection, MessageIdentity, stream_of},
    read::{CHARGE_COLUMNS, CHARGE_COLUMNS_REQUIRED, FeedContext, charge_row_said},
    record::Sender,
};

/// Feed name of rows from files of charges.
pub const CHARGES_FEED: &str = "csv:charges";
/// How the connection of such a row is called.
pub(crate) const CHARGES_SOURCE: &str = "csv";
/// How far two rows are apart at least.
const NEXT: SignedDuration = SignedDuration::from_nanos(1);
/// Rows under way at once.
const WINDOW: usize = 256;

/// A file that cannot be imported at all: nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The header lacks a column.
    #[error(
        "line 1: there is no column `{0}`: the first line names the columns, among them facility and visit"
    )]
    ColumnMissing(&'static str),
    /// The header has a column that means nothing here.
    #[error("line 1, column {place}: `{name}` is no column of charges{}; the columns are {}",
        suggestion.as_deref().map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default(), CHARGE_COLUMNS.join(", "))]
    ColumnUnknown {
        /// Its place, from 1.
        place: usize,
        /// What was written.
        name: String,
        /// The known column that is nearest.
        suggestion: Option<String>,
    },
    /// A column stands twice in the header.
    #[error("line 1: the column `{0}` stands there twice")]
    ColumnTwice(String),
    /// It is no CSV.
    #[error("line {line}: the file cannot be read as CSV in UTF-8; save it as \"CSV UTF-8\"")]
    Unreadable {
        /// Where reading stopped.
        line: u64,
    },
    /// The journal could not take a row.
    #[error(
        "the journal could not take line {line}: see the log and free space, and import the file again (what was taken is recognised)"
    )]
    NotStored {
        /// Its line.
        line: u64,
    },
    /// The journal could not be read.
    #[error("the journal cannot be read: {0}")]
    Journal(String),
}

impl From<JournalError> for ImportError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error.to_string())
    }
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// Nothing was changed: this is what would happen.
    pub dry_run: bool,
    /// Rows in the file.
    pub read: u64,
    /// New and used.
    pub accepted: u64,
    /// Known already, word for word.
    pub duplicate: u64,
    /// Not usable: kept in quarantine.
    pub quarantined: u64,
    /// Every row, in order.
    pub rows: Vec<ImportedRow>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRow {
    /// Its line in the file, from 1 (the header).
    pub line: u64,
    /// `accepted`, `duplicate` or `quarantined`.
    pub outcome: String,
    /// The message under which it is kept.
    #[schema(value_type = String, format = Uuid)]
    pub message: MessageId,
    /// What is wrong with it, cell by cell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<RowProblem>,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowProblem {
    /// Its column.
    pub column: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// A row in the form in which it is kept.
struct Row {
    line: u64,
    facility: String,
    bytes: Vec<u8>,
}

impl Intake {
    /// Imports a file of charges; with `dry_run` only tells what would happen. Rows are kept in the order of the file,
    /// so that of two about one thing the later one counts. `lines_before` is how many lines of the file stood before
    /// this part of it, apart from the header that it repeats.
    pub async fn import_charges(
        &self,
        file: &[u8],
        lines_before: u64,
        dry_run: bool,
    ) -> Result<ImportReport, ImportError> {
        let rows = rows(file, lines_before)?;
        let mut report = ImportReport { dry_run, ..ImportReport::default() };
        let mut under_way = FuturesOrdered::new();
        let mut received_at = Timestamp::MIN;
        for row in &rows {
            // No two rows at the same instant: what a chart makes of them follows the order of the file.
            received_at = self.clock.now().max(received_at.saturating_add(NEXT).unwrap_or(Timestamp::MAX));
            if under_way.len() >= WINDOW
                && let Some(imported) = under_way.next().await
            {
                report.add(imported?);
            }
            under_way.push_back(self.import_row(row, received_at, dry_run));
        }
        while let Some(imported) = under_way.next().await {
            report.add(imported?);
        }
        Ok(report)
    }

    async fn import_row(
        &self,
        row: &Row,
        received_at: Timestamp,
        dry_run: bool,
    ) -> Result<ImportedRow, ImportError> {
        let identity = row_sender(&row.facility).identify(&row.bytes);
        let message = identity.id;
        let (usable, problems) = self.judge(row, &identity, received_at);
        let known = if dry_run {
            !self.journal.read_stream(stream_of(message), 0).await?.is_empty()
        } else {
            let connection = Connection { source: CHARGES_SOURCE.to_owned(), sequence: row.line };
            let received = self.receive_row(&row.facility, &row.bytes, connection, received_at).await;
            match received.disposition {
                Disposition::New(_) => false,
                Disposition::Duplicate(_) => true,
                Disposition::NotStored => return Err(ImportError::NotStored { line: row.line }),
            }
        };
        let outcome = match (usable, known) {
            (false, _) => "quarantined",
            (true, true) => "duplicate",
            (true, false) => "accepted",
        };
        Ok(ImportedRow { line: row.line, outcome: outcome.to_owned(), message, problems })
    }

    fn judge(
        &self,
        row: &Row,
        identity: &MessageIdentity,
        received_at: Timestamp,
    ) -> (bool, Vec<RowProblem>) {
        let profiles = self.profiles().current();
        let profile = profiles.of(CHARGES_FEED, &row.facility);
        let context = FeedContext { message: identity.id, reading: 0, received_at };
        match charge_row_said(&row.bytes, profile, &context) {
            Ok(_) => (true, Vec::new()),
            Err(problems) => {
                let problem = problems.into_iter().map(|problem| RowProblem {
                    column: problem.column.to_owned(),
                    message: problem.message,
                });
                (false, problem.collect())
            }
        }
    }
}

impl ImportReport {
    fn add(&mut self, row: ImportedRow) {
        self.read += 1;
        match row.outcome.as_str() {
            "accepted" => self.accepted += 1,
            "duplicate" => self.duplicate += 1,
            _ => self.quarantined += 1,
        }
        self.rows.push(row);
    }

    /// Adds what became of the next part of the same file.
    pub fn extend(&mut self, more: Self) {
        self.dry_run = more.dry_run;
        self.read += more.read;
        self.accepted += more.accepted;
        self.duplicate += more.duplicate;
        self.quarantined += more.quarantined;
        self.rows.extend(more.rows);
    }
}

/// Who sends such a row. The file is no part of it: the same row in another file is the same row.
pub(crate) fn row_sender(facility: &str) -> Sender {
    Sender {
        application: CHARGES_FEED.to_owned(),
        facility: facility.to_owned(),
        control_id: String::new(),
        message_type: "CSV^CHG".to_owned(),
        version: String::new(),
        charset: "UTF-8".to_owned(),
    }
}

/// The rows of a file, each under a header of its own, its cells in the known order.
fn rows(file: &[u8], lines_before: u64) -> Result<Vec<Row>, ImportError> {
    let file = without_mark(file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let unreadable = |error: &csv::Error| ImportError::Unreadable {
        line: error.position().map_or(1, csv::Position::line) + lines_before,
    };
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| unreadable(&error))?
        .iter()
        .map(|name| name.trim().to_lowercase().replace(' ', "_"))
        .collect();
    check_header(&header)?;
    let mut lines = Lines::of(file);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |name: &str| {
            let place = header.iter().position(|column| column == name)?;
            record.get(place)
        };
        let mut cells: Vec<&str> = CHARGE_COLUMNS.iter().map(|name| cell(name).unwrap_or("")).collect();
        // A row of another length is kept with all its cells, and refused when it is read.
        if record.len() != header.len() {
            cells = record.iter().collect();
            if cells.len() == CHARGE_COLUMNS.len() {
                cells.push("");
            }
        }
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let written = writer
            .write_record(CHARGE_COLUMNS)
            .and_then(|()| writer.write_record(&cells))
            .map_err(|error| unreadable(&error));
        written?;
        let line = lines.at(record.position().map_or(0, csv::Position::byte)) + lines_before;
        rows.push(Row {
            line,
            facility: cell("facility").unwrap_or_default().trim().to_owned(),
            bytes: writer.into_inner().map_err(|_| ImportError::Unreadable { line })?,
        });
    }
    Ok(rows)
}

/// A file without the byte order mark that spreadsheets write.
pub fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}

/// Counts the lines of a file. The CSV reader's own count stands before the line end of the row before, and passes over
/// blank lines.
#[derive(Debug)]
pub struct Lines<'a> {
    file: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Of this file.
    pub const fn of(file: &'a [u8]) -> Self {
        Self { file, counted: 0, line: 1 }
    }

    /// The line, from 1, of the row that begins at or right behind this byte. Asked in the order of the file.
    pub fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.counted, self.file.len());
        let ends = self.file[byte..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.file[self.counted..byte + ends];
        self.line += passed.split(|byte| *byte == b'\n').count() as u64 - 1;
        self.counted = byte + ends;
        self.line
    }
}

fn check_header(header: &[String]) -> Result<(), ImportError> {
    for (index, name) in header.iter().enumerate() {
        if !CHARGE_COLUMNS.contains(&name.as_str()) {
            let suggestion = CHARGE_COLUMNS
                .iter()
                .map(|known| (strsim::damerau_levenshtein(name, known), *known))
                .filter(|(distance, known)| *distance <= 2 + known.len() / 4)
                .min()
                .map(|(_, known)| known.to_owned());
            return Err(ImportError::ColumnUnknown { place: index + 1, name: name.clone(), suggestion });
        }
        if header[..index].contains(name) {
            return Err(ImportError::ColumnTwice(name.clone()));
        }
    }
    match CHARGE_COLUMNS_REQUIRED.into_iter().find(|name| !header.iter().any(|known| known == name)) {
        Some(missing) => Err(ImportError::ColumnMissing(missing)),
        None => Ok(()),
    }
}
