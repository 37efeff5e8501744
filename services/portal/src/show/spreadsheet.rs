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

/// A column of a file: its name, and what a record has there, told in a context.
pub(crate) type Column<Record, Context> = (&'static str, fn(&Record, &Context) -> String);

/// Whether something is so.
pub(crate) fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// An instant in this zone, with its offset; UTC where nobody knows the zone.
pub(crate) fn local(at: Option<Timestamp>, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.map(|at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()).unwrap_or_default()
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

    /// A file of these records.
    pub(crate) fn of<Record, Context>(
        columns: &[Column<Record, Context>],
        records: &[Record],
        context: &Context,
    ) -> Self {
        let mut file = Self::new(&columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for record in records {
            file.line(columns.iter().map(|(_, cell)| cell(record, context)));
        }
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
