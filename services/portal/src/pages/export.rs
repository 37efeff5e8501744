//! `/worklist.csv`: the worklist as a file, for a spreadsheet.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
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
    show::Spreadsheet,
};

/// Rows that are asked for at a time: what the API gives at most.
const ROWS: usize = 1000;

const COLUMNS: [&str; 25] = [
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
    "clock",
    "delinquent_after",
    "dispute",
    "id",
];

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = choice(query)?.first_page();
    let mut file = Spreadsheet::new(&COLUMNS);
    let mut written = 0_u64;
    let mut cursor: Option<String> = None;
    loop {
        let wanted = Wanted { cursor: cursor.as_deref(), ..choice.wanted(ROWS) };
        let page = ask::deficiencies(portal.api.as_ref(), &wanted).await?;
        for view in &page.items {
            file.line(cells(view));
        }
        written += page.items.len() as u64;
        cursor = page.next.filter(|_| written < MOST_EXPORTED);
        if cursor.is_none() {
            break;
        }
    }
    file.answer("worklist", portal.clock.now())
}

fn cells(view: &DeficiencyView) -> [String; 25] {
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
        view.accountability.state.clone(),
        view.delinquent_at.map(local).unwrap_or_default(),
        view.dispute.as_ref().map(|dispute| dispute.state.clone()).unwrap_or_default(),
        view.id.to_string(),
    ]
}
