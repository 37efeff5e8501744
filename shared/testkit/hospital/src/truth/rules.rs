//! What a chart owes.
//!
//! | Rule | Asks for | Anchor | Due |
//! |---|---|---|---|
//! | R01 | signed history and physical | admission, class change to inpatient, start of a long observation | 24 h |
//! | R05 | operative report | end of the operation | 24 h |
//! | R06 | its signature | available | end of the 7th local day |
//! | R13 | discharge summary | discharge | end of the 7th local day |
//! | R14 | its signature | available | end of the 7th local day |
//! | R15 | cosignature of a summary or history | the author's signature | end of the 7th local day |
//! | C0, C1 | complete chart | discharge | end of the 14th, 30th local day |

use jiff::Timestamp;

use super::{
    Row, Status,
    chart::{Chart, Discharge, Paper},
};
use crate::{
    calendar::{DAY, between, plus},
    hospital::World,
    staff::ProviderIndex,
    story::{Class, DocumentKind},
};

/// Shortest stay of an inpatient that asks for a discharge summary.
const SUMMARY_FROM: i64 = 2 * DAY;
/// Local days for a signature, a cosignature or a summary.
const SIGNATURE_DAYS: i64 = 7;
/// Local days for a complete chart: the internal and the regulatory limit.
const CHART_DAYS: [(&str, i64); 2] = [("C0", 14), ("C1", 30)];

/// Everything the chart owes or owed.
pub(super) fn rows(world: &World, chart: &Chart<'_>) -> Vec<Row> {
    if !chart.has_rules() {
        return Vec::new();
    }
    let ledger = Ledger { world, chart };
    let mut debts: Vec<Debt> = Vec::new();
    debts.extend(ledger.history_and_physical());
    debts.extend(chart.operations.iter().map(|operation| ledger.operative_report(*operation)));
    debts.extend(ledger.signatures(DocumentKind::OperativeReport, "R06"));
    debts.extend(ledger.discharge_summary());
    debts.extend(ledger.signatures(DocumentKind::DischargeSummary, "R14"));
    debts.extend(ledger.cosignatures());
    if let Some(cancelled) = chart.cancelled {
        debts.retain(|debt| debt.status != Status::Dormant);
        for debt in &mut debts {
            debt.void(cancelled);
        }
    }
    let charts = ledger.complete_chart(&debts);
    debts.extend(charts);
    debts.into_iter().map(|debt| ledger.row(debt)).collect()
}

/// A row before it is written out.
#[derive(Debug)]
struct Debt {
    rule: &'static str,
    document_type: &'static str,
    responsible: Option<ProviderIndex>,
    anchor: Timestamp,
    due: Timestamp,
    opened: Timestamp,
    status: Status,
    closed: Option<Timestamp>,
    subject: Option<String>,
    waits: bool,
}

impl Debt {
    /// Owed from the anchor on.
    fn new(rule: &'static str, document_type: &'static str, anchor: Timestamp, due: Timestamp) -> Self {
        Self {
            rule,
            document_type,
            responsible: None,
            anchor,
            due,
            opened: anchor,
            status: Status::Open,
            closed: None,
            subject: None,
            waits: false,
        }
    }

    /// Known, and waiting for the typist or the author: no clock runs.
    fn waiting(rule: &'static str, document_type: &'static str, since: Timestamp) -> Self {
        Self { waits: true, status: Status::Dormant, ..Self::new(rule, document_type, since, since) }
    }

    /// Done at an instant, though not before it was owed.
    fn satisfied(mut self, at: Option<Timestamp>) -> Self {
        if let Some(at) = at {
            self.status = Status::Satisfied;
            self.closed = Some(at.max(self.opened));
        }
        self
    }

    /// No longer asked for, if it is still owed.
    fn void(&mut self, at: Timestamp) {
        if self.status == Status::Open {
            self.status = Status::Voided;
            self.closed = Some(at.max(self.opened));
        }
    }
}

struct Ledger<'a> {
    world: &'a World,
    chart: &'a Chart<'a>,
}

impl Ledger<'_> {
    fn row(&self, debt: Debt) -> Row {
        let story = self.chart.story;
        let facility = &self.world.facilities[story.facility];
        Row {
            facility: facility.name.clone(),
            encounter: story.visit_number(),
            rule: debt.rule.to_owned(),
            document_type: debt.document_type.to_owned(),
            responsible: debt.responsible.map(|provider| facility.staff.get(provider).id.clone()),
            status: debt.status,
            anchor_at: debt.anchor,
            due_at: debt.due,
            opened_at: debt.opened,
            closed_at: debt.closed,
            subject: debt.subject,
            waits: debt.waits,
            tags: story.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    fn papers(&self, kind: DocumentKind) -> impl Iterator<Item = &Paper> {
        self.chart.papers.iter().filter(move |paper| paper.document.kind == kind && !paper.document.addendum)
    }

    // ── R01 ───────────────────────────────────────────────────────────────────────────────────────────

    /// Anchor and opening: an inpatient owes it from the admission or from becoming one, a patient in
    /// observation once that lasts more than 24 hours. A duty that runs is not restarted by a class change.
    fn history_and_physical(&self) -> Option<Debt> {
        let inpatient = self.chart.since(Class::Inpatient);
        let observation = self.chart.since(Class::Observation);
        let long = observation.filter(|since| {
            let day = plus(*since, DAY);
            day < self.world.end && self.chart.until(*since).is_none_or(|until| until > day)
        });
        let (anchor, opened) = match (inpatient, long) {
            (Some(inpatient), Some(long)) if long < inpatient => (long, plus(long, DAY)),
            (Some(inpatient), _) => (inpatient, inpatient),
            (None, Some(long)) => (long, plus(long, DAY)),
            (None, None) => return None,
        };
        let mut debt = self.history_from(anchor, opened);
        // A07: what the inpatient still owed falls away, until the observation has lasted a day.
        if let Some(downgraded) =
            observation.filter(|observation| inpatient.is_some_and(|i| i < *observation))
        {
            let done_before = debt.closed.is_some_and(|closed| closed <= downgraded);
            match long {
                _ if done_before => {}
                Some(long) => debt = self.history_from(long, plus(long, DAY)),
                None => {
                    debt.status = Status::Open;
                    debt.void(downgraded);
                    debt.responsible = Some(self.owes_history(downgraded));
                }
            }
        }
        Some(debt)
    }

    fn history_from(&self, anchor: Timestamp, opened: Timestamp) -> Debt {
        let mut debt = Debt::new("R01", "history_and_physical", anchor, plus(anchor, DAY));
        debt.opened = opened;
        let signed = self.papers(DocumentKind::HistoryAndPhysical).filter(|paper| paper.valid());
        let signed = signed.filter_map(|paper| paper.signed).min();
        let mut debt = debt.satisfied(signed);
        let asked = debt.closed.or(self.chart.cancelled).unwrap_or(self.world.end);
        debt.responsible = Some(self.owes_history(asked));
        debt
    }

    /// Who owed it just before `at`: author or authenticator of an unsigned one, else the attending.
    fn owes_history(&self, at: Timestamp) -> ProviderIndex {
        let unsigned = self.papers(DocumentKind::HistoryAndPhysical).find(|paper| {
            paper.present.is_some_and(|present| present < at)
                && paper.signed.is_none_or(|signed| signed >= at)
                && paper.ended.is_none_or(|ended| ended >= at)
        });
        let signer = unsigned.and_then(author_first);
        signer.unwrap_or_else(|| self.chart.attending(at))
    }

    // ── R05, R13 ──────────────────────────────────────────────────────────────────────────────────────

    fn operative_report(&self, operation: usize) -> Debt {
        let done = self.chart.story.procedures[operation];
        let mut debt = Debt::new("R05", "operative_report", done.end(), plus(done.end(), DAY));
        debt.responsible = Some(done.surgeon);
        debt.subject = Some(self.chart.story.procedure_number(operation));
        let reports = self.papers(DocumentKind::OperativeReport);
        let present = reports
            .filter(|paper| paper.valid() && paper.document.procedure == Some(operation))
            .filter_map(|paper| paper.present)
            .min();
        debt.satisfied(present)
    }

    fn discharge_summary(&self) -> Option<Debt> {
        let discharge = self.chart.discharges.last()?;
        let stayed = between(self.chart.story.admitted, discharge.at);
        let asked = match discharge.class {
            Class::Inpatient => stayed >= SUMMARY_FROM || discharge.died,
            Class::Observation => discharge.died,
            _ => false,
        };
        if !asked {
            return None;
        }
        let due = self.world.calendar.end_of_day(discharge.at, SIGNATURE_DAYS);
        let debt = Debt::new("R13", "discharge_summary", discharge.at, due);
        let summaries = self.papers(DocumentKind::DischargeSummary).filter(|paper| paper.valid());
        let present = summaries.filter_map(|paper| paper.present).min();
        let mut debt = match discharge.cancelled {
            Some(cancelled) => {
                let mut debt = debt;
                debt.void(cancelled);
                debt
            }
            None => debt.satisfied(present),
        };
        let at = debt.closed.unwrap_or(self.world.end);
        // Who owed it just before `at`: the author of one that was begun and not finished.
        let begun = self.papers(DocumentKind::DischargeSummary).find(|paper| {
            paper.unfinished.is_some_and(|begun| begun < at)
                && paper.present.is_none_or(|present| present >= at)
                && paper.ended.is_none_or(|ended| ended >= at)
        });
        let author = begun.and_then(|paper| paper.document.author);
        debt.responsible = Some(author.unwrap_or_else(|| self.chart.attending(at.max(discharge.at))));
        Some(debt)
    }

    // ── R06, R14, R15 ─────────────────────────────────────────────────────────────────────────────────

    /// One debt for each document that is there; while it is being typed it waits.
    fn signatures(&self, kind: DocumentKind, rule: &'static str) -> Vec<Debt> {
        self.papers(kind)
            .filter_map(|paper| {
                let present = paper.present?;
                let mut debt = match paper.available {
                    Some(available) => {
                        let due = self.world.calendar.end_of_day(available, SIGNATURE_DAYS);
                        Debt::new(rule, document_type(kind), available, due).satisfied(paper.signed)
                    }
                    None => Debt::waiting(rule, document_type(kind), present),
                };
                debt.subject = Some(self.chart.story.document_number(paper.index));
                if let Some(ended) = paper.ended {
                    // What only waited was never owed.
                    if debt.waits {
                        return None;
                    }
                    debt.void(ended);
                }
                let at = debt.closed.unwrap_or(self.world.end);
                let surgeon =
                    paper.document.procedure.map(|index| self.chart.story.procedures[index].surgeon);
                let signer = author_first(paper).or(surgeon);
                debt.responsible = Some(signer.unwrap_or_else(|| self.chart.attending(at)));
                Some(debt)
            })
            .collect()
    }

    /// One debt for each document of an author who needs a cosigner; until the author has signed it waits.
    fn cosignatures(&self) -> Vec<Debt> {
        let histories = self.papers(DocumentKind::HistoryAndPhysical);
        let papers = histories
            .filter(|_| self.world.settings.histories_cosigned)
            .chain(self.papers(DocumentKind::DischargeSummary));
        papers
            .filter(|paper| paper.needs_cosigner())
            .filter_map(|paper| {
                let present = paper.present?;
                let kind = document_type(paper.document.kind);
                let mut debt = match paper.signed {
                    Some(signed) => {
                        let due = self.world.calendar.end_of_day(signed, SIGNATURE_DAYS);
                        Debt::new("R15", kind, signed, due).satisfied(paper.cosigned)
                    }
                    None => Debt::waiting("R15", kind, present),
                };
                debt.subject = Some(self.chart.story.document_number(paper.index));
                debt.responsible = paper.document.authenticator;
                if let Some(ended) = paper.ended {
                    if debt.waits {
                        return None;
                    }
                    debt.void(ended);
                }
                Some(debt)
            })
            .collect()
    }

    // ── C0, C1 ────────────────────────────────────────────────────────────────────────────────────────

    fn complete_chart(&self, debts: &[Debt]) -> Vec<Debt> {
        let Some(discharge) = self.chart.discharges.last().filter(|discharge| discharge.class.has_rules())
        else {
            return Vec::new();
        };
        let complete = debts.iter().all(|debt| !matches!(debt.status, Status::Open | Status::Dormant));
        let last = debts.iter().filter_map(|debt| debt.closed).max();
        CHART_DAYS
            .map(|(rule, days)| {
                let due = self.world.calendar.end_of_day(discharge.at, days);
                let mut debt = Debt::new(rule, "chart", discharge.at, due);
                match *discharge {
                    Discharge { cancelled: Some(cancelled), .. } => {
                        debt.void(cancelled);
                        debt
                    }
                    _ if complete => debt.satisfied(Some(last.unwrap_or(discharge.at))),
                    _ => debt,
                }
            })
            .into()
    }
}

/// Author if the authenticator is somebody else, else whichever is known.
fn author_first(paper: &Paper) -> Option<ProviderIndex> {
    match (paper.document.author, paper.document.authenticator) {
        (Some(author), Some(authenticator)) if author != authenticator => Some(author),
        (author, authenticator) => authenticator.or(author),
    }
}

fn document_type(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::HistoryAndPhysical => "history_and_physical",
        DocumentKind::OperativeReport => "operative_report",
        DocumentKind::DischargeSummary => "discharge_summary",
        DocumentKind::ProgressNote | DocumentKind::Consultation => "note",
    }
}
