//! What our rules say of the reports and charts that the peers count.

use std::collections::BTreeMap;

use countersign_contracts::{chart::DocumentType, deficiency::DeficiencyStatus};
use countersign_kernel::{DeficiencyId, Timestamp};
use serde::Serialize;

use crate::domain::{document::Document, events::Deficiency};

/// What our rules ask for one report: its presence, signature and cosignature together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Ours {
    /// Something is owed.
    pub open: bool,
    /// The earliest due instant of what is owed.
    pub due_at: Option<Timestamp>,
    /// That instant has passed.
    pub overdue: bool,
}

/// What our rule about the chart as a whole says (C0; the one with the earliest due instant).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OursOfChart {
    /// When the patient left.
    pub discharged_at: Timestamp,
    /// When the last required item closed.
    pub completed_at: Option<Timestamp>,
    /// Not complete, and later than due.
    pub delinquent: bool,
}

fn open(deficiency: &Deficiency, now: Timestamp) -> bool {
    match deficiency.status {
        DeficiencyStatus::Open => true,
        // Signed later than the instant that is asked about.
        _ => deficiency.closed_at.is_some_and(|closed| closed > now),
    }
}

/// What is owed for a report: by its procedure, its number, or for the encounter as a whole.
pub(super) fn of_record(
    deficiencies: &BTreeMap<DeficiencyId, Deficiency>,
    kind: &DocumentType,
    procedure: Option<&str>,
    document: Option<&Document>,
    now: Timestamp,
) -> Ours {
    let about = |deficiency: &&Deficiency| match deficiency.subject.as_deref() {
        None => procedure.is_none(),
        subject => subject == procedure || subject == document.map(|document| document.number.as_str()),
    };
    let mut owed = deficiencies
        .values()
        .filter(|deficiency| deficiency.document_type == kind.name() && deficiency.opened_at <= now)
        .filter(|deficiency| open(deficiency, now))
        .filter(about);
    // What waits for somebody else is open and has no limit yet.
    let due_at = owed.clone().filter_map(|deficiency| deficiency.due_at).min();
    Ours { open: owed.next().is_some(), due_at, overdue: due_at.is_some_and(|due| now > due) }
}

pub(super) fn of_chart(
    deficiencies: &BTreeMap<DeficiencyId, Deficiency>,
    now: Timestamp,
) -> Option<OursOfChart> {
    let whole = |deficiency: &&Deficiency| deficiency.document_type == "chart";
    let first = deficiencies
        .values()
        .filter(whole)
        .filter(|deficiency| deficiency.opened_at <= now && deficiency.status != DeficiencyStatus::Voided)
        .min_by_key(|deficiency| deficiency.due_at)?;
    let open = open(first, now);
    Some(OursOfChart {
        discharged_at: first.anchor_at?,
        completed_at: first.closed_at.filter(|_| !open),
        delinquent: open && first.due_at.is_some_and(|due| now > due),
    })
}
