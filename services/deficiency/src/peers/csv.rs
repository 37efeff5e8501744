//! The list as CSV (RFC 4180).

use super::comparison::{Comparison, Row};
use crate::what_if::csv::Line;

const COLUMNS: [&str; 20] = [
    "chart",
    "facility",
    "stay",
    "report",
    "procedure",
    "event",
    "dictated",
    "transcribed",
    "signed",
    "reviewed",
    "irt_status",
    "irt_total_days",
    "tiu_status",
    "tiu_days",
    "tiu_overdue",
    "rpms_delinquent_on",
    "rpms_delinquent",
    "ours_open",
    "ours_due_at",
    "ours_overdue",
];

/// One record for each report.
pub fn file(comparison: &Comparison) -> String {
    let mut file = String::new();
    let mut names = Line::begin(&mut file);
    names.cells(COLUMNS);
    names.end();
    for row in &comparison.rows {
        line(&mut file, row);
    }
    file
}

fn line(file: &mut String, row: &Row) {
    let mut line = Line::begin(file);
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    line.write(format_args!("{}", row.chart));
    line.cell(&row.facility);
    line.cell(row.stay.name());
    line.cell(row.kind.name());
    line.cell(row.subject.as_deref().unwrap_or_default());
    line.write(format_args!("{}", row.event));
    for date in [row.dictated, row.transcribed, row.signed, row.reviewed] {
        line.some(date);
    }
    line.cell(row.irt.status.name());
    line.some(row.irt.total_days);
    line.cell(row.tiu.status.name());
    line.some(row.tiu.days);
    line.cell(yes(row.tiu.overdue));
    line.write(format_args!("{}", row.rpms_delinquent_on));
    line.cell(yes(row.rpms_delinquent));
    line.cell(yes(row.ours.open));
    line.some(row.ours.due_at);
    line.cell(yes(row.ours.overdue));
    line.end();
}
