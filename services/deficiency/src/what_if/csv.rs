//! The list behind the numbers, and the numbers, as CSV (RFC 4180) for a spreadsheet.

use std::fmt::Write as _;

use countersign_contracts::api::{WhatIfGroup, WhatIfMeasures, WhatIfReport};
use countersign_kernel::Timestamp;

use super::{
    money::{Account, Hold},
    row::{Row, Verdict},
};

const ROW: [&str; 8] =
    ["chart", "deficiency", "facility", "service", "rule", "subject", "document_type", "change"];
const VERDICT: [&str; 8] =
    ["status", "overdue", "responsible", "anchor_at", "due_at", "opened_at", "closed_at", "holds_bill"];
const GROUP: [&str; 10] = [
    "by",
    "key",
    "created",
    "avoided",
    "changed",
    "other_due",
    "other_responsible",
    "other_status",
    "other_closed",
    "unchanged",
];
const MEASURES: [&str; 14] = [
    "opened",
    "satisfied",
    "open",
    "dormant",
    "waived",
    "voided",
    "overdue",
    "lag_median_hours",
    "lag_p90_hours",
    "negative_lags",
    "open_age_median_hours",
    "fell_due",
    "on_time",
    "on_time_rate",
];

/// The names of the columns of rows.
pub fn heading(file: &mut String) {
    let mut line = Line::begin(file);
    line.cells(ROW);
    for side in ["published", "candidate"] {
        line.prefixed(side, VERDICT);
    }
    line.end();
}

/// A row.
pub fn line(file: &mut String, row: &Row, now: Timestamp) {
    let mut line = Line::begin(file);
    line.write(format_args!("{}", row.chart));
    line.write(format_args!("{}", row.id));
    line.cell(&row.facility);
    line.cell(&row.service);
    line.cell(&row.rule);
    line.cell(row.subject.as_deref().unwrap_or_default());
    line.cell(&row.document_type);
    line.cell(&row.comparison().words());
    for verdict in [&row.published, &row.candidate] {
        match verdict {
            Some(verdict) => line.verdict(row, verdict, now),
            None => line.cells(VERDICT.map(|_| "")),
        }
    }
    line.end();
}

const ACCOUNT: [&str; 4] = ["chart", "facility", "service", "charges_cents"];
const HOLD: [&str; 6] =
    ["held", "days_held", "dollars_held_cents", "dollar_days_cents", "blocker", "blocker_rule"];

/// Accounts that are or were held, with their heading.
pub fn accounts<'a>(accounts: impl Iterator<Item = &'a Account>) -> String {
    let mut file = String::new();
    let mut names = Line::begin(&mut file);
    names.cells(ACCOUNT);
    for side in ["published", "candidate"] {
        names.prefixed(side, HOLD);
    }
    names.end();
    for account in accounts {
        let mut line = Line::begin(&mut file);
        line.write(format_args!("{}", account.chart));
        line.cell(&account.facility);
        line.cell(&account.service);
        line.some(account.charges.map(|cents| cents.0));
        for Hold { held, days, dollars, dollar_days, blocker } in [&account.published, &account.candidate] {
            line.cell(if *held { "yes" } else { "no" });
            line.write(format_args!("{days}"));
            line.some(dollars.map(|cents| cents.0));
            line.some(dollar_days.map(|cents| cents.0));
            line.some(blocker.as_ref().map(|blocker| blocker.id));
            line.cell(blocker.as_ref().map_or("", |blocker| &blocker.rule));
        }
        line.end();
    }
    file
}

/// The numbers of a report, a line for each group.
pub fn summary(report: &WhatIfReport) -> String {
    let mut file = String::new();
    let mut names = Line::begin(&mut file);
    names.cells(GROUP);
    for side in ["published", "candidate"] {
        names.prefixed(side, MEASURES);
    }
    names.end();
    let total = std::slice::from_ref(&report.total);
    for (by, groups) in [
        ("total", total),
        ("rule", &report.by_rule),
        ("service", &report.by_service),
        ("facility", &report.by_facility),
        ("provider", &report.by_provider),
    ] {
        for group in groups {
            group_line(&mut file, by, group);
        }
    }
    file
}

fn group_line(file: &mut String, by: &str, group: &WhatIfGroup) {
    let mut line = Line::begin(file);
    line.cell(by);
    line.cell(&group.key);
    for count in [
        group.created,
        group.avoided,
        group.changed,
        group.other_due,
        group.other_responsible,
        group.other_status,
        group.other_closed,
        group.unchanged,
    ] {
        line.write(format_args!("{count}"));
    }
    for measures in [&group.published, &group.candidate] {
        line.measures(measures);
    }
    line.end();
}

/// One record under way.
pub(crate) struct Line<'a> {
    file: &'a mut String,
    first: bool,
}

impl<'a> Line<'a> {
    pub(crate) fn begin(file: &'a mut String) -> Self {
        Self { file, first: true }
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.file.push(',');
        }
    }

    /// A text, quoted where it must be. A spreadsheet would take some texts for a formula and run them: an
    /// apostrophe makes them text.
    pub(crate) fn cell(&mut self, text: &str) {
        self.separate();
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        if !formula && !text.contains([',', '"', '\r', '\n']) {
            self.file.push_str(text);
            return;
        }
        self.file.push('"');
        if formula {
            self.file.push('\'');
        }
        self.file.push_str(&text.replace('"', "\"\""));
        self.file.push('"');
    }

    /// Several texts.
    pub(crate) fn cells<const N: usize>(&mut self, texts: [&str; N]) {
        for text in texts {
            self.cell(text);
        }
    }

    /// Several names of columns of one side.
    fn prefixed<const N: usize>(&mut self, side: &str, names: [&str; N]) {
        for name in names {
            self.write(format_args!("{side}_{name}"));
        }
    }

    /// What holds neither comma nor quote and is no formula: ids, instants, numbers.
    pub(crate) fn write(&mut self, value: std::fmt::Arguments<'_>) {
        self.separate();
        let _ = self.file.write_fmt(value);
    }

    /// The same, if there is one.
    pub(crate) fn some(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.write(format_args!("{value}")),
            None => self.cell(""),
        }
    }

    fn verdict(&mut self, row: &Row, verdict: &Verdict, now: Timestamp) {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        self.cell(verdict.status.name());
        self.cell(yes(verdict.overdue(now)));
        self.cell(row.owed_by(verdict));
        for instant in [verdict.anchor_at, verdict.due_at, Some(verdict.opened_at), verdict.closed_at] {
            self.some(instant);
        }
        self.cell(yes(verdict.holds_bill));
    }

    fn measures(&mut self, measures: &WhatIfMeasures) {
        let WhatIfMeasures {
            opened,
            satisfied,
            open,
            dormant,
            waived,
            voided,
            overdue,
            lag_median_hours,
            lag_p90_hours,
            negative_lags,
            open_age_median_hours,
            fell_due,
            on_time,
            on_time_rate,
        } = measures;
        for count in [opened, satisfied, open, dormant, waived, voided, overdue] {
            self.write(format_args!("{count}"));
        }
        self.some(*lag_median_hours);
        self.some(*lag_p90_hours);
        self.write(format_args!("{negative_lags}"));
        self.some(*open_age_median_hours);
        self.write(format_args!("{fell_due}"));
        self.write(format_args!("{on_time}"));
        self.some(*on_time_rate);
    }

    pub(crate) fn end(self) {
        self.file.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn no_cell_can_become_a_formula_or_leave_its_quotes() {
        let mut file = String::new();
        let mut line = Line::begin(&mut file);
        for cell in ["plain", "=1+1", "a,b", "a\",=1", "-2", ""] {
            line.cell(cell);
        }
        line.end();
        assert_eq!(file, "plain,\"'=1+1\",\"a,b\",\"a\"\",=1\",\"'-2\",\r\n");
    }
}
