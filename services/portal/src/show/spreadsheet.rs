//! Files for spreadsheets (RFC 4180).

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_kernel::Timestamp;
use jiff::tz::TimeZone;

use crate::failure::Failure;

/// Spreadsheets take a file for UTF-8 only when it begins with this.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rows of a file at most.
const MOST: usize = 10_000;

/// The pages of a list on their way into a file.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    next: Option<String>,
    written: usize,
    over: bool,
}

impl Pages {
    /// Rows that are asked for at a time: what the API gives at most.
    pub(crate) const ROWS: usize = 500;

    /// Whether there is a page to ask for.
    pub(crate) fn go_on(&self) -> bool {
        !self.over
    }

    /// Where it begins; nothing: at the first row.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.next.clone()
    }

    /// So many rows were written, and this is where the next page begins.
    pub(crate) fn written(&mut self, rows: usize, next: Option<String>) {
        self.written += rows;
        self.over = next.is_none() || self.written >= MOST;
        self.next = next;
    }
}

/// A file of records, each cell in quotes.
pub(crate) struct Spreadsheet(String);

impl Spreadsheet {
    /// A file with these columns.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut file = Self(String::from(BYTE_ORDER_MARK));
        file.line(columns.iter().map(|column| (*column).to_owned()));
        file
    }

    /// One more record.
    pub(crate) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        line(&mut self.0, cells.into_iter());
    }

    /// The file as an answer, named after its subject and the day.
    pub(crate) fn answer(self, subject: &str, now: Timestamp) -> Result<Response, Failure> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let disposition = format!("attachment; filename=\"{subject}-{today}.csv\"");
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
            (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(|_| Failure::Fault)?),
        ];
        Ok((headers, self.0).into_response())
    }
}

/// One record (RFC 4180), every cell in quotes.
fn line(file: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            file.push(',');
        }
        file.push('"');
        // A spreadsheet would take the cell for a formula and run it: an apostrophe makes it text.
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
            file.push('\'');
        }
        file.push_str(&cell.replace('"', "\"\""));
        file.push('"');
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_can_become_a_formula_or_leave_its_quotes() {
        let mut file = String::new();
        line(
            &mut file,
            [
                "plain",
                "=HYPERLINK(\"http://evil.example\")",
                "+1",
                "-2",
                "@SUM(A1)",
                "\tx",
                "a\",=1",
                "O'Brien, Ann",
            ]
            .map(str::to_owned)
            .into_iter(),
        );
        assert_eq!(
            file,
            "\"plain\",\"'=HYPERLINK(\"\"http://evil.example\"\")\",\"'+1\",\"'-2\",\"'@SUM(A1)\",\"'\tx\",\"a\"\",=1\",\"O'Brien, Ann\"\r\n"
        );
    }
}
