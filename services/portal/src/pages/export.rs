//! `/worklist.csv`: the worklist as a file, for a spreadsheet.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::DeficiencyView;
use countersign_kernel::Phi;

use super::{
    Portal,
    list::{self, ROWS_AT_A_TIME},
    worklist::{Choice, choice},
};
use crate::{
    ask::{self, Wanted},
    failure::Failure,
    show::{Column, Spreadsheet, local, yes},
};

const COLUMNS: &[Column<DeficiencyView, ()>] = &[
    ("due", |view, ()| local(view.due_at, &view.time_zone)),
    ("time_zone", |view, ()| view.time_zone.clone()),
    ("status", |view, ()| view.status.clone()),
    ("overdue", |view, ()| yes(view.overdue)),
    ("rule", |view, ()| view.rule.clone()),
    ("rule_version", |view, ()| view.rule_version.to_string()),
    ("requirement", |view, ()| view.title.clone()),
    ("document_type", |view, ()| view.document_type.clone()),
    ("document", |view, ()| view.subject.clone().unwrap_or_default()),
    ("facility", |view, ()| view.facility.clone()),
    ("visit", |view, ()| view.encounter.clone()),
    ("patient", |view, ()| revealed(view.patient.as_ref())),
    ("patient_name", |view, ()| revealed(view.patient_name.as_ref())),
    ("responsible", |view, ()| view.responsible.clone().unwrap_or_default()),
    ("responsible_name", |view, ()| view.responsible_name.clone().unwrap_or_default()),
    ("why_responsible", |view, ()| view.responsible_because.clone()),
    ("holds_bill", |view, ()| yes(view.holds_bill)),
    ("counted_from", |view, ()| local(view.anchor_at, &view.time_zone)),
    ("opened", |view, ()| local(Some(view.opened_at), &view.time_zone)),
    ("closed", |view, ()| local(view.closed_at, &view.time_zone)),
    ("closed_because", |view, ()| view.closed_because.clone().unwrap_or_default()),
    ("clock", |view, ()| view.accountability.state.clone()),
    ("delinquent_after", |view, ()| local(view.delinquent_at, &view.time_zone)),
    ("dispute", |view, ()| view.dispute.as_ref().map(|dispute| dispute.state.clone()).unwrap_or_default()),
    ("id", |view, ()| view.id.to_string()),
];

fn revealed(patient: Option<&Phi<String>>) -> String {
    patient.map(Phi::reveal).cloned().unwrap_or_default()
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = choice(query)?;
    let items = list::all(|cursor| {
        let (api, choice) = (portal.api.as_ref(), choice.clone());
        async move {
            ask::deficiencies(api, &Wanted { cursor: cursor.as_deref(), ..choice.wanted(ROWS_AT_A_TIME) })
                .await
        }
    });
    Spreadsheet::of(COLUMNS, &items.await?, &()).answer("worklist", portal.clock.now())
}
