//! One deficiency, as a row of a table.

use countersign_contracts::api::DeficiencyView;
use countersign_kernel::{Phi, Timestamp};

use super::{Moment, moment::lateness, words};
use crate::pages::worklist;

/// A short word in a coloured shape. The word says it all: colour and shape only help to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chip {
    /// Class in the stylesheet.
    pub(crate) class: &'static str,
    /// The word.
    pub(crate) label: String,
}

/// The chip of a status.
fn status_chip(status: &str, overdue: bool) -> Chip {
    let class = match (status, overdue) {
        ("open", true) => return Chip { class: "overdue", label: "Overdue".to_owned() },
        ("open", false) => "open",
        ("satisfied", _) => "satisfied",
        _ => "closed",
    };
    Chip { class, label: words(status) }
}

/// Who owes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Responsible {
    /// A provider, with the address of the provider's worklist.
    Provider { name: String, id: String, href: String },
    /// A person whom no message names with an identifier.
    Named(String),
    /// The facility: limits of the whole chart.
    Facility,
    /// Nobody yet: HIM's queue.
    Unassigned,
}

impl Responsible {
    fn of(view: &DeficiencyView) -> Self {
        match (&view.responsible, &view.responsible_name) {
            (Some(id), name) => Self::Provider {
                name: name.clone().unwrap_or_else(|| id.clone()),
                id: id.clone(),
                href: worklist::of_provider(id),
            },
            (None, Some(name)) => Self::Named(name.clone()),
            (None, None) if view.document_type == "chart" => Self::Facility,
            (None, None) => Self::Unassigned,
        }
    }
}

/// One deficiency, ready to be shown. Holds a patient's name in the clear, so it cannot be printed (`Debug`).
pub(crate) struct DeficiencyRow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) rule: String,
    /// Document number or procedure.
    pub(crate) subject: Option<String>,
    pub(crate) status: Chip,
    pub(crate) open: bool,
    pub(crate) due: Option<Moment>,
    /// `2 days overdue`, for an open one.
    pub(crate) distance: String,
    pub(crate) overdue: bool,
    pub(crate) closed: Option<Moment>,
    /// `2 days late` or `on time`, for a satisfied one.
    pub(crate) punctual: Option<String>,
    pub(crate) closed_because: Option<String>,
    pub(crate) patient: Option<String>,
    pub(crate) patient_name: Option<String>,
    pub(crate) visit: String,
    pub(crate) facility: String,
    pub(crate) responsible: Responsible,
    pub(crate) holds_bill: bool,
}

impl DeficiencyRow {
    /// The deficiency as seen at `now`.
    pub(crate) fn new(view: &DeficiencyView, now: Timestamp) -> Self {
        let zone = view.time_zone.as_str();
        let due = view.due_at.map(|due| Moment::new(due, now, zone));
        let punctual = view.closed_at.filter(|_| view.status == "satisfied").map(|closed_at| {
            view.due_at
                .and_then(|due| lateness(closed_at, due, zone))
                .map_or_else(|| "on time".to_owned(), |late| format!("{late} late"))
        });
        Self {
            id: view.id.to_string(),
            title: view.title.clone(),
            rule: view.rule.clone(),
            subject: view.subject.clone(),
            status: status_chip(&view.status, view.overdue),
            open: view.status == "open",
            distance: due.as_ref().map_or_else(|| clock_stands(view), Moment::due),
            overdue: view.overdue,
            due,
            closed: view.closed_at.map(|at| Moment::new(at, now, zone)),
            punctual,
            closed_because: view.closed_because.clone(),
            patient: view.patient.as_ref().map(Phi::reveal).cloned(),
            patient_name: view.patient_name.as_ref().map(Phi::reveal).cloned(),
            visit: view.encounter.clone(),
            facility: view.facility.clone(),
            responsible: Responsible::of(view),
            holds_bill: view.holds_bill,
        }
    }
}

/// Why nothing falls due.
fn clock_stands(view: &DeficiencyView) -> String {
    let cause = view.accountability.state.replace('_', " ");
    if view.status == "dormant" { format!("waits: {cause}") } else { format!("clock stands: {cause}") }
}
