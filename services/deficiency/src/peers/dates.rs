//! A chart as the peers see it: the dates on which something was there, in the facility's calendar.

use countersign_contracts::chart::{DocumentType, EncounterClass};
use countersign_kernel::{EncounterId, Timestamp};
use jiff::{civil::Date, tz::TimeZone};
use serde::Serialize;

use super::ours::{self, Ours, OursOfChart};
use crate::domain::{
    chart::{Chart, Known},
    decide::zone_of,
    document::Document,
    ledger::Outcome,
    state::ChartState,
};

/// What kind of stay: the peers count them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Admitted.
    Inpatient,
    /// Observed.
    Observation,
    /// Operated on without a night.
    DaySurgery,
}

impl Stay {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Observation => "observation",
            Self::DaySurgery => "day_surgery",
        }
    }
}

/// A chart of a patient who has left.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerChart {
    /// The chart.
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// What kind of stay.
    pub stay: Stay,
    /// The present date in the facility's calendar.
    pub today: Date,
    /// When the patient left.
    pub discharged: Date,
    /// The first operation.
    pub operated: Option<Date>,
    /// When the last required item closed.
    pub completed: Option<Date>,
    /// When final coding was done.
    pub coded: Option<Date>,
    /// The reports that those systems track: a discharge summary for every admission, a report for every
    /// operation.
    pub records: Vec<Record>,
    /// What our rules say of the chart as a whole.
    pub ours: Option<OursOfChart>,
}

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Discharge summary.
    DischargeSummary,
    /// Operative report.
    OperativeReport,
}

impl Kind {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DischargeSummary => "discharge_summary",
            Self::OperativeReport => "operative_report",
        }
    }
}

/// One report that is to be, or is, in the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which.
    pub kind: Kind,
    /// The procedure; nothing for the summary.
    pub subject: Option<String>,
    /// Discharge, or the operation.
    pub event: Date,
    /// Dictated, or written.
    pub dictated: Option<Date>,
    /// Could be signed: a report that is typed is there at once.
    pub transcribed: Option<Date>,
    /// Signed by its author.
    pub signed: Option<Date>,
    /// Somebody else is to sign it too.
    pub cosigner_expected: bool,
    /// Signed by that other person. Our feeds know no review beside that, so it stands for IRT's review too;
    /// where nobody else is to sign, the signature does.
    pub reviewed: Option<Date>,
    /// What our rules say of it.
    pub ours: Ours,
}

impl Record {
    /// When nothing was missing in it any more.
    pub fn resolved(&self) -> Option<Date> {
        if self.cosigner_expected {
            self.reviewed.max(self.signed).filter(|_| self.reviewed.is_some())
        } else {
            self.signed
        }
    }
}

/// Days from one date to another; negative when the other came first.
pub(super) fn days(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// So many days later; the end of the calendar at the latest.
pub(super) fn later(date: Date, days: u16) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// The chart of a patient who has left, unless those systems do not track such stays.
pub(super) fn chart(state: &ChartState, outcome: &Outcome, now: Timestamp) -> Option<PeerChart> {
    let Outcome { chart, deficiencies, .. } = outcome;
    let encounter = state.encounter.as_ref()?;
    let stay = match chart.class()? {
        EncounterClass::Inpatient => Stay::Inpatient,
        EncounterClass::Observation => Stay::Observation,
        EncounterClass::DaySurgery => Stay::DaySurgery,
        _ => return None,
    };
    let zone = zone_of(&state.time_zone);
    let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let left = chart.discharged.as_ref().filter(|_| chart.stands() && chart.continues_as.is_none())?.value;
    if left > now {
        return None;
    }
    let mut records = Vec::new();
    if stay == Stay::Inpatient {
        let summary = first(chart, &DocumentType::DischargeSummary);
        let ours = ours::of_record(deficiencies, &DocumentType::DischargeSummary, None, summary, now);
        let told = Told { chart, document: summary, zone: &zone, now };
        records.push(told.record(Kind::DischargeSummary, None, date(left), ours));
    }
    for (procedure, ended_at, report) in reports(chart, &zone, now) {
        let kind = DocumentType::OperativeReport;
        let ours = ours::of_record(deficiencies, &kind, Some(procedure), report, now);
        let procedure = Some(procedure.to_owned());
        let told = Told { chart, document: report, zone: &zone, now };
        records.push(told.record(Kind::OperativeReport, procedure, date(ended_at), ours));
    }
    let ours = ours::of_chart(deficiencies, now);
    let operated = chart.procedures.values().map(|known| known.value.started_at).min();
    Some(PeerChart {
        chart: encounter.id(),
        facility: encounter.facility.clone(),
        stay,
        today: date(now),
        discharged: date(left),
        operated: operated.map(date),
        completed: ours.as_ref().and_then(|ours| ours.completed_at).map(date),
        coded: chart.account.coded_at.filter(|at| *at <= now).map(date),
        records,
        ours,
    })
}

/// The document of a type that was there first, else one that was begun.
fn first<'a>(chart: &'a Chart, kind: &DocumentType) -> Option<&'a Document> {
    documents(chart, kind).min_by_key(|document| {
        (document.present.as_ref().map_or(Timestamp::MAX, |known| known.value), document.originated_at)
    })
}

fn documents<'a>(chart: &'a Chart, kind: &DocumentType) -> impl Iterator<Item = &'a Document> {
    chart.documents.values().filter(move |document| document.counts() && document.document_type == *kind)
}

/// The procedures in order of time, each with its report: the one about that day (TXA-4), else the next one
/// that was written.
fn reports<'a>(
    chart: &'a Chart,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<(&'a str, Timestamp, Option<&'a Document>)> {
    let mut procedures: Vec<(&str, Timestamp, Option<&Document>)> = chart
        .procedures
        .iter()
        .map(|(id, known)| (id.as_str(), known.value.ended_at, None))
        .filter(|(_, ended_at, _)| *ended_at <= now)
        .collect();
    procedures.sort_by_key(|(id, ended_at, _)| (*ended_at, *id));
    let mut reports: Vec<&Document> = documents(chart, &DocumentType::OperativeReport).collect();
    reports.sort_by_key(|report| (report.activity_at.unwrap_or(report.originated_at), &report.number));
    let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
    for same_day in [true, false] {
        reports.retain(|report| {
            let about = report.activity_at.map(date);
            let open = procedures.iter_mut().find(|(_, ended_at, answer)| {
                answer.is_none() && (!same_day || about == Some(date(*ended_at)))
            });
            open.map(|(_, _, answer)| *answer = Some(report)).is_none()
        });
    }
    procedures
}

/// What was told of a report.
struct Told<'a> {
    chart: &'a Chart,
    document: Option<&'a Document>,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Told<'_> {
    fn record(&self, kind: Kind, subject: Option<String>, event: Date, ours: Ours) -> Record {
        let Self { chart, document, zone, now } = self;
        // What is dated after the instant that is asked about had not happened.
        let date = |at: Timestamp| (at <= *now).then(|| at.to_zoned((*zone).clone()).date());
        let known = |known: Option<&Known<Timestamp>>| known.and_then(|known| date(known.value));
        let signed = document.and_then(Document::signed).and_then(|known| date(known.value.at));
        let cosigner_expected = document.is_some_and(Document::needs_cosigner);
        let cosigned = document.and_then(|document| {
            document.cosigned(|person| match document.assigned_cosigner() {
                Some(cosigner) => cosigner.same_id(person),
                None => {
                    document.originator.as_ref().is_none_or(|author| !author.same_id(person))
                        && chart.attendings.iter().any(|attending| attending.same_id(person))
                }
            })
        });
        Record {
            kind,
            subject,
            event,
            dictated: document.and_then(|document| known(document.present.as_ref())),
            transcribed: document.and_then(|document| known(document.available.as_ref())),
            signed,
            cosigner_expected,
            reviewed: if cosigner_expected { known(cosigned.as_ref()) } else { signed },
            ours,
        }
    }
}
