//! Everything together: the totals of each system, and the list behind them.

use countersign_eventsourcing::journal::Position;
use countersign_kernel::{EncounterId, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

use super::{
    Parameters,
    dates::{Kind, PeerChart, Record, Stay},
    irt, ours, rpms, tiu,
};
use crate::what_if::tally::percentile;

/// What the systems say of the same charts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Charts as they stood at this instant.
    pub as_of: Timestamp,
    /// Journal position up to which the record was read.
    pub position: u64,
    /// The numbers that a site sets in those systems.
    pub parameters: Parameters,
    /// Charts compared: patients who have left, inpatients, observed and operated on without a night.
    pub charts: u64,
    /// Reports compared: a summary for every admission, a report for every operation.
    pub records: u64,
    /// `VistA` IRT.
    pub irt: Irt,
    /// `VistA` TIU.
    pub tiu: Tiu,
    /// RPMS, inpatients.
    pub rpms_inpatient: rpms::Statistics,
    /// RPMS, day surgery and observation.
    pub rpms_other: rpms::Statistics,
    /// Countersign.
    pub ours: Totals,
    /// What every number means, and why it differs.
    pub definitions: Vec<Meaning>,
    /// The list: one row for each report.
    pub rows: Vec<Row>,
}

/// The totals of IRT.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Irt {
    /// Listed, not dictated.
    pub listed_incomplete: u64,
    /// Listed, not transcribed.
    pub listed_dictated: u64,
    /// Listed, not signed.
    pub listed_transcribed: u64,
    /// Listed, not reviewed.
    pub listed_signed: u64,
    /// The productivity report.
    pub productivity: irt::Productivity,
}

/// The totals of TIU.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Tiu {
    /// Documents that wait for their author.
    pub unsigned: u64,
    /// Of those, past the grace period.
    pub unsigned_overdue: u64,
    /// Documents that wait for a cosigner.
    pub uncosigned: u64,
    /// Of those, past the grace period.
    pub uncosigned_overdue: u64,
    /// Overdue and silent, because older than 12 months.
    pub silent: u64,
    /// Means of the stages.
    pub means: tiu::Means,
}

/// Our totals.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Totals {
    /// Reports for which something is owed.
    pub records_open: u64,
    /// Of those, overdue.
    pub records_overdue: u64,
    /// Charts not complete.
    pub charts_incomplete: u64,
    /// Of those, past the limit of the rule about the chart as a whole.
    pub charts_delinquent: u64,
    /// Charts complete.
    pub charts_complete: u64,
    /// Days from discharge to the last required item closed, median over complete charts.
    pub lag_median_days: Option<f64>,
    /// The same, 90th percentile.
    pub lag_p90_days: Option<f64>,
    /// Days from discharge to `as_of`, median over charts not complete.
    pub open_age_median_days: Option<f64>,
}

/// A number's meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meaning {
    /// The number.
    pub name: &'static str,
    /// What it is, and why others differ.
    pub meaning: &'static str,
}

/// One report, as every system has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The chart.
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// What kind of stay.
    pub stay: Stay,
    /// Which report.
    pub kind: Kind,
    /// The procedure; nothing for the summary.
    pub subject: Option<String>,
    /// Discharge or operation.
    pub event: Date,
    /// Dictated, or written.
    pub dictated: Option<Date>,
    /// Could be signed.
    pub transcribed: Option<Date>,
    /// Signed.
    pub signed: Option<Date>,
    /// Cosigned; signed, where nobody else is to sign.
    pub reviewed: Option<Date>,
    /// IRT.
    pub irt: irt::Listing,
    /// TIU.
    pub tiu: tiu::Alert,
    /// RPMS: everything in the chart is delinquent after this date.
    pub rpms_delinquent_on: Date,
    /// RPMS: it counts as delinquent.
    pub rpms_delinquent: bool,
    /// Countersign.
    pub ours: ours::Ours,
}

impl Comparison {
    /// Compares charts, in whatever order they come.
    pub fn of(
        mut charts: Vec<PeerChart>,
        parameters: Parameters,
        as_of: Timestamp,
        position: Position,
    ) -> Self {
        charts.sort_by_key(|chart| chart.chart);
        let mut irt_totals = Irt::default();
        let mut productivity = irt::Sums::default();
        let mut tiu_totals = Tiu::default();
        let mut means = tiu::Sums::default();
        let (mut inpatient, mut other) = (rpms::Sums::default(), rpms::Sums::default());
        let mut rows = Vec::new();
        for chart in &charts {
            let of_stay = if chart.stay == Stay::Inpatient { &mut inpatient } else { &mut other };
            of_stay.take(chart, parameters);
            for record in &chart.records {
                let row = Row::of(chart, record, parameters);
                irt_totals.count(row.irt);
                productivity.take(record, row.irt.status, chart.coded, chart.today);
                tiu_totals.count(row.tiu);
                means.take(record);
                rows.push(row);
            }
        }
        Self {
            as_of,
            position: position.0,
            parameters,
            charts: charts.len() as u64,
            records: rows.len() as u64,
            irt: Irt { productivity: productivity.report(), ..irt_totals },
            tiu: Tiu { means: means.means(), ..tiu_totals },
            rpms_inpatient: inpatient.statistics(),
            rpms_other: other.statistics(),
            ours: Totals::of(&charts, &rows, as_of),
            definitions: DEFINITIONS.iter().map(|(name, meaning)| Meaning { name, meaning }).collect(),
            rows,
        }
    }
}

impl Row {
    fn of(chart: &PeerChart, record: &Record, parameters: Parameters) -> Self {
        Self {
            chart: chart.chart,
            facility: chart.facility.clone(),
            stay: chart.stay,
            kind: record.kind,
            subject: record.subject.clone(),
            event: record.event,
            dictated: record.dictated,
            transcribed: record.transcribed,
            signed: record.signed,
            reviewed: record.reviewed,
            irt: irt::listing(record, parameters, chart.today),
            tiu: tiu::alert(record, parameters, chart.today),
            rpms_delinquent_on: rpms::delinquent_on(chart, parameters),
            rpms_delinquent: rpms::delinquent(chart, record, parameters),
            ours: record.ours,
        }
    }
}

impl Irt {
    fn count(&mut self, listing: irt::Listing) {
        let listed = u64::from(listing.total_days.is_some());
        match listing.status {
            irt::Status::Incomplete => self.listed_incomplete += listed,
            irt::Status::Dictated => self.listed_dictated += listed,
            irt::Status::Transcribed => self.listed_transcribed += listed,
            irt::Status::Signed => self.listed_signed += listed,
            irt::Status::Completed => {}
        }
    }
}

impl Tiu {
    fn count(&mut self, alert: tiu::Alert) {
        let overdue = u64::from(alert.overdue);
        match alert.status {
            tiu::Status::Unsigned => {
                self.unsigned += 1;
                self.unsigned_overdue += overdue;
            }
            tiu::Status::Uncosigned => {
                self.uncosigned += 1;
                self.uncosigned_overdue += overdue;
            }
            tiu::Status::None | tiu::Status::Untranscribed | tiu::Status::Completed => {}
        }
        self.silent += u64::from(alert.overdue && !alert.alerted);
    }
}

impl Totals {
    fn of(charts: &[PeerChart], rows: &[Row], as_of: Timestamp) -> Self {
        let count = |wanted: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
        let (mut lags, mut ages) = (Vec::new(), Vec::new());
        let mut delinquent = 0;
        for ours in charts.iter().filter_map(|chart| chart.ours.as_ref()) {
            let since = |until: Timestamp| (until.as_second() - ours.discharged_at.as_second()).max(0);
            match ours.completed_at {
                Some(completed) => lags.push(since(completed)),
                None => ages.push(since(as_of)),
            }
            delinquent += u64::from(ours.delinquent);
        }
        lags.sort_unstable();
        ages.sort_unstable();
        let in_days = |seconds: &[i64], per_cent| {
            percentile(seconds, per_cent).map(|hours| (hours / 24.0 * 1000.0).round() / 1000.0)
        };
        Self {
            records_open: count(&|row| row.ours.open),
            records_overdue: count(&|row| row.ours.overdue),
            charts_incomplete: ages.len() as u64,
            charts_delinquent: delinquent,
            charts_complete: lags.len() as u64,
            lag_median_days: in_days(&lags, 50),
            lag_p90_days: in_days(&lags, 90),
            open_age_median_days: in_days(&ages, 50),
        }
    }
}

/// What every number means, and why they differ.
const DEFINITIONS: [(&str, &str); 11] = [
    (
        "irt.listed_incomplete",
        "Not dictated, and today is at or after event date + days for dictation. TOTAL DAYS counts from that day.",
    ),
    (
        "irt.listed_dictated",
        "Dictated, not transcribed: always listed. TOTAL DAYS counts from the event, so one column holds two different things.",
    ),
    (
        "irt.listed_transcribed, irt.listed_signed",
        "Today is at or after transcription + days for signature (signature + days for review, where reports are reviewed). TOTAL DAYS counts from that day.",
    ),
    (
        "irt.productivity",
        "Averages over UNFINISHED records only; a stage that goes on counts with the days so far, one not begun with nought. Finishing quickly never improves them. More than 30 days is a constant of the program.",
    ),
    (
        "tiu.unsigned_overdue, tiu.uncosigned_overdue",
        "More days since the document was there than the grace period: strictly more. With the same number of days IRT lists a document one day earlier. A document that does not exist is not counted at all.",
    ),
    ("tiu.silent", "Overdue for more than 12 months: no alert any more."),
    ("tiu.means", "Means of days over documents that have both dates, negative intervals averaged in."),
    (
        "rpms.delinquent_lines",
        "One number of days for everything in the chart. Completed charts are left out, however late they were: vanished_lines says how many lines that hides. The present parameter is applied to the past.",
    ),
    (
        "rpms.average_days",
        "Charts completed on the day itself are left out of the average (same_day says how many), and its fraction is cut off.",
    ),
    (
        "ours.records_overdue",
        "Any of presence, signature and cosignature of the report is owed, and now is later than its due instant by the rule that asks for it. Hours count as instants, days end with the local day; each kind of report has its own limit, and what waits for another person's signature is not yet anybody else's.",
    ),
    (
        "ours.lag_median_days, ours.lag_p90_days",
        "Days from discharge to the last required item closed, by elapsed time, over complete charts, those of the first day included; charts not complete are shown apart (charts_incomplete, open_age_median_days) and never averaged in.",
    ),
];
