//! One deficiency with both verdicts. The list of these is behind every number of the report: whoever doubts
//! one filters the list and counts.

use std::sync::Arc;

use countersign_contracts::{
    api::{WhatIfRow, WhatIfVerdict},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};

/// Owes what is owed for the chart as a whole.
pub const FACILITY: &str = "(facility)";
/// Nobody is known to owe it.
pub const UNASSIGNED: &str = "(unassigned)";

/// A deficiency under both rule sets; at least one of them raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The chart.
    pub chart: EncounterId,
    /// The deficiency: derived from chart, rule and subject, so the same under both rule sets.
    pub id: DeficiencyId,
    /// Facility code.
    pub facility: Arc<str>,
    /// Hospital service.
    pub service: Arc<str>,
    /// Rule.
    pub rule: Arc<str>,
    /// Document number or procedure.
    pub subject: Option<Arc<str>>,
    /// What it asks for.
    pub document_type: Arc<str>,
    /// What the published rules say.
    pub published: Option<Verdict>,
    /// What the candidate says.
    pub candidate: Option<Verdict>,
}

/// What a rule set says of a deficiency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where it stands.
    pub status: DeficiencyStatus,
    /// What the limit counts from.
    pub anchor_at: Option<Timestamp>,
    /// The last instant that is on time.
    pub due_at: Option<Timestamp>,
    /// When the requirement arose.
    pub opened_at: Timestamp,
    /// When it closed.
    pub closed_at: Option<Timestamp>,
    /// Who owes it.
    pub responsible: Option<Arc<str>>,
    /// Whether the bill waits for it.
    pub holds_bill: bool,
}

impl Verdict {
    /// Still owed, and later than the last instant that is on time.
    pub fn overdue(&self, now: Timestamp) -> bool {
        self.status == DeficiencyStatus::Open && self.due_at.is_some_and(|due| now > due)
    }
}

/// What differs between the verdicts of a deficiency that both raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each differs or not, whatever the others do")]
pub struct Differences {
    /// Due at another instant.
    pub due: bool,
    /// Owed by somebody else.
    pub responsible: bool,
    /// In another status.
    pub status: bool,
    /// Closed at another instant.
    pub closed: bool,
}

/// How the verdicts compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Only the candidate raises it.
    Created,
    /// Only the published rules raise it.
    Avoided,
    /// Both raise it; nothing differs when all four are false.
    Both(Differences),
}

impl Differences {
    /// Whether anything differs.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl Comparison {
    /// `created`, `avoided`, `unchanged`, or what differs, joined by `+`.
    pub fn words(self) -> String {
        let differences = match self {
            Self::Created => return "created".to_owned(),
            Self::Avoided => return "avoided".to_owned(),
            Self::Both(differences) if !differences.any() => return "unchanged".to_owned(),
            Self::Both(differences) => differences,
        };
        let Differences { due, responsible, status, closed } = differences;
        let words = [(due, "due"), (responsible, "responsible"), (status, "status"), (closed, "closed")];
        let words: Vec<&str> =
            words.into_iter().filter(|(differs, _)| *differs).map(|(_, word)| word).collect();
        words.join("+")
    }
}

impl Row {
    /// How the verdicts compare.
    pub fn comparison(&self) -> Comparison {
        match (&self.published, &self.candidate) {
            (Some(published), Some(candidate)) => Comparison::Both(Differences {
                due: published.due_at != candidate.due_at,
                responsible: published.responsible != candidate.responsible,
                status: published.status != candidate.status,
                closed: published.closed_at != candidate.closed_at,
            }),
            (None, _) => Comparison::Created,
            (_, None) => Comparison::Avoided,
        }
    }

    /// Who owes it by this verdict, for people.
    pub fn owed_by<'a>(&self, verdict: &'a Verdict) -> &'a str {
        match &verdict.responsible {
            Some(responsible) => responsible,
            None if &*self.document_type == "chart" => FACILITY,
            None => UNASSIGNED,
        }
    }

    /// The row as the API shows it.
    pub fn view(&self, now: Timestamp) -> WhatIfRow {
        let verdict = |verdict: &Verdict| WhatIfVerdict {
            status: verdict.status.name().to_owned(),
            overdue: verdict.overdue(now),
            responsible: self.owed_by(verdict).to_owned(),
            anchor_at: verdict.anchor_at,
            due_at: verdict.due_at,
            opened_at: verdict.opened_at,
            closed_at: verdict.closed_at,
            holds_bill: verdict.holds_bill,
        };
        WhatIfRow {
            chart: self.chart,
            deficiency: self.id,
            facility: self.facility.to_string(),
            service: self.service.to_string(),
            rule: self.rule.to_string(),
            subject: self.subject.as_deref().map(str::to_owned),
            document_type: self.document_type.to_string(),
            change: self.comparison().words(),
            published: self.published.as_ref().map(verdict),
            candidate: self.candidate.as_ref().map(verdict),
        }
    }
}

/// Which rows are wanted. What is not given admits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Rule.
    pub rule: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// Who owes it by either verdict.
    pub provider: Option<String>,
    /// `created`, `avoided`, `unchanged`, `changed` (anything differs), `due`, `responsible`, `status` or
    /// `closed` (that differs).
    pub change: Option<String>,
}

/// A filter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Not `name=value`.
    #[error("`{0}` is not of the form name=value, e.g. rule=R13")]
    Form(String),
    /// No such name.
    #[error("`{0}` is no column to filter by: use rule, service, facility, provider or change")]
    Name(String),
    /// No such change.
    #[error(
        "`{0}` is no change: use created, avoided, unchanged, changed, due, responsible, status or closed"
    )]
    Change(String),
}

impl Filter {
    const CHANGES: [&str; 8] =
        ["created", "avoided", "unchanged", "changed", "due", "responsible", "status", "closed"];

    /// Reads `rule=R13,change=created`.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| FilterError::Form(part.to_owned()))?;
            let place = match name {
                "rule" => &mut filter.rule,
                "service" => &mut filter.service,
                "facility" => &mut filter.facility,
                "provider" => &mut filter.provider,
                "change" => &mut filter.change,
                _ => return Err(FilterError::Name(name.to_owned())),
            };
            *place = Some(value.to_owned());
        }
        filter.check()?;
        Ok(filter)
    }

    /// Refuses a change that there is not: the list would be empty without saying why.
    pub fn check(&self) -> Result<(), FilterError> {
        match &self.change {
            Some(change) if !Self::CHANGES.contains(&change.as_str()) => {
                Err(FilterError::Change(change.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row is wanted.
    pub fn admits(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|wanted| wanted == has);
        is(&self.rule, &row.rule)
            && is(&self.service, &row.service)
            && is(&self.facility, &row.facility)
            && self.provider.as_ref().is_none_or(|wanted| {
                [&row.published, &row.candidate]
                    .into_iter()
                    .flatten()
                    .any(|verdict| row.owed_by(verdict) == wanted)
            })
            && self.admits_change(row)
    }

    fn admits_change(&self, row: &Row) -> bool {
        let Some(wanted) = &self.change else { return true };
        match (wanted.as_str(), row.comparison()) {
            ("created", Comparison::Created) | ("avoided", Comparison::Avoided) => true,
            ("unchanged", Comparison::Both(differences)) => !differences.any(),
            ("changed", Comparison::Both(differences)) => differences.any(),
            ("due", Comparison::Both(differences)) => differences.due,
            ("responsible", Comparison::Both(differences)) => differences.responsible,
            ("status", Comparison::Both(differences)) => differences.status,
            ("closed", Comparison::Both(differences)) => differences.closed,
            _ => false,
        }
    }
}
