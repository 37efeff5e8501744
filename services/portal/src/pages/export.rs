//! `/worklist.csv`: the worklist as a file, for a spreadsheet.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_contracts::api::DeficiencyView;
use countersign_kernel::{Phi, Timestamp};
use jiff::tz::TimeZone;

use super::{
    Portal,
    worklist::{Choice, MOST_EXPORTED, choice},
};
use crate::{
    ask::{self, Wanted},
    failure::Failure,
};

/// Rows that are asked for at a time: what the API gives at most.
const ROWS: usize = 1000;

/// Spreadsheets take a file for UTF-8 only when it begins with this.
const BYTE_ORDER_MARK: char = '\u{feff}';

const COLUMNS: [&str; 22] = [
    "due",
    "time_zone",
    "status",
    "overdue",
    "rule",
    "rule_version",
    "requirement",
    "document_type",
    "document",
    "facility",
    "visit",
    "patient",
    "patient_name",
    "responsible",
    "responsible_name",
    "why_responsible",
    "holds_bill",
    "counted_from",
    "opened",
    "closed",
    "closed_because",
    "id",
];

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = choice(query)?.first_page();
    let mut file = String::from(BYTE_ORDER_MARK);
    line(&mut file, COLUMNS.iter().map(|column| (*column).to_owned()));
    let mut written = 0_u64;
    let mut cursor: Option<String> = None;
    loop {
        let wanted = Wanted { cursor: cursor.as_deref(), ..choice.wanted(ROWS) };
        let page = ask::deficiencies(portal.api.as_ref(), &wanted).await?;
        for view in &page.items {
            line(&mut file, cells(view).into_iter());
        }
        written += page.items.len() as u64;
        cursor = page.next.filter(|_| written < MOST_EXPORTED);
        if cursor.is_none() {
            break;
        }
    }
    let today = portal.clock.now().to_zoned(TimeZone::UTC).date();
    let disposition = format!("attachment; filename=\"worklist-{today}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(|_| Failure::Fault)?),
    ];
    Ok((headers, file).into_response())
}

fn cells(view: &DeficiencyView) -> [String; 22] {
    let zone = TimeZone::get(&view.time_zone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string();
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let patient = |value: &Option<Phi<String>>| value.as_ref().map(Phi::reveal).cloned().unwrap_or_default();
    [
        view.due_at.map(local).unwrap_or_default(),
        view.time_zone.clone(),
        view.status.clone(),
        yes(view.overdue),
        view.rule.clone(),
        view.rule_version.to_string(),
        view.title.clone(),
        view.document_type.clone(),
        view.subject.clone().unwrap_or_default(),
        view.facility.clone(),
        view.encounter.clone(),
        patient(&view.patient),
        patient(&view.patient_name),
        view.responsible.clone().unwrap_or_default(),
        view.responsible_name.clone().unwrap_or_default(),
        view.responsible_because.clone(),
        yes(view.holds_bill),
        view.anchor_at.map(local).unwrap_or_default(),
        local(view.opened_at),
        view.closed_at.map(local).unwrap_or_default(),
        view.closed_because.clone().unwrap_or_default(),
        view.id.to_string(),
    ]
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
