//! One item that somebody owes.

use countersign_contracts::deficiency::{DeficiencyChanged, DeficiencyStatus};
use countersign_kernel::{ProviderId, Timestamp};

/// The document type of rules about a chart as a whole, e.g. C1: complete within 30 days of the discharge (42 CFR
/// 482.24(c)(4)(viii)). Their clock counts from the discharge and never stands.
pub const CHART: &str = "chart";

/// A deficiency as its service told of it last.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedItem {
    /// The whole of it.
    pub changed: DeficiencyChanged,
    /// When it was told of first: receipt here of what raised it.
    pub known_at: Timestamp,
    /// When it was told of last.
    pub told_at: Timestamp,
    /// Position in the journal of what was told last.
    pub position: u64,
}

impl OwedItem {
    /// It is owed now.
    pub fn is_open(&self) -> bool {
        self.changed.status == DeficiencyStatus::Open
    }

    /// It is neither owed nor waiting: done, fallen away or waived.
    pub fn is_closed(&self) -> bool {
        !matches!(self.changed.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant)
    }

    /// When it closed: in the hospital, else when it was told of. `None` while it is not closed.
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.is_closed().then(|| self.changed.closed_at.unwrap_or(self.told_at))
    }

    /// It is about the chart as a whole ([`CHART`]).
    pub fn is_chart_level(&self) -> bool {
        self.changed.document_type == CHART
    }

    /// Identifier of the person who owes it; `None` for HIM's queue "unassigned", and for a person whom the feed named
    /// without an identifier: a name alone proves nothing.
    pub fn named(&self) -> Option<ProviderId> {
        let person = self.changed.responsible.as_ref()?;
        Some(ProviderId { id: person.id.clone()?, authority: person.authority.clone() })
    }
}
