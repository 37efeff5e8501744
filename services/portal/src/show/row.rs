//! One deficiency, as a row of a table.

use countersign_contracts::api::DeficiencyView;
use countersign_kernel::{Phi, Timestamp};

use super::{Moment, clock, moment::lateness, words};
use crate::{pages::worklist, visitor::Visitor};

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
        ("dormant", _) => return Chip { class: "waiting", label: "Waiting".to_owned() },
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

/// A form that disputes an item with one click.
pub(crate) struct QuickDispute {
    /// What the reader has before the eyes: the same click twice has one effect.
    pub(crate) seen: String,
    /// Where the reader is.
    pub(crate) back: String,
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
    /// Its turn has not come: it waits for somebody else.
    pub(crate) dormant: bool,
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
    /// HIM has not answered a dispute about it yet.
    pub(crate) disputed: bool,
    /// Why its clock stands, of an open one.
    pub(crate) paused: Option<String>,
    /// Offered to those whose item it is.
    pub(crate) dispute: Option<QuickDispute>,
}

impl DeficiencyRow {
    /// The row, with the form to dispute it if the item is the visitor's.
    pub(crate) fn offer_dispute(mut self, view: &DeficiencyView, visitor: &Visitor, at: (u64, &str)) -> Self {
        self.dispute = may_dispute(view, visitor)
            .then(|| QuickDispute { seen: format!("position {}", at.0), back: at.1.to_owned() });
        self
    }

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
            dormant: view.status == "dormant",
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
            disputed: is_disputed(view),
            paused: (view.status == "open" && view.accountability.state != "running")
                .then(|| clock::cause(&view.accountability.state)),
            dispute: None,
        }
    }
}

/// HIM has not answered a dispute about it yet.
pub(crate) fn is_disputed(view: &DeficiencyView) -> bool {
    view.dispute.as_ref().is_some_and(|dispute| dispute.state == "open")
}

/// It is owed, and by a person: what decisions are about.
pub(crate) fn is_owed(view: &DeficiencyView) -> bool {
    matches!(view.status.as_str(), "open" | "dormant") && view.document_type != "chart"
}

/// Whether to offer the visitor to dispute it.
pub(crate) fn may_dispute(view: &DeficiencyView, visitor: &Visitor) -> bool {
    is_owed(view) && !is_disputed(view) && visitor.looks_after(view.responsible.as_deref())
}

/// Why nothing falls due.
fn clock_stands(view: &DeficiencyView) -> String {
    let cause = clock::cause(&view.accountability.state);
    if view.status == "dormant" { cause } else { format!("Clock stands: {cause}") }
}
