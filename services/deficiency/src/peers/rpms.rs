//! IHS RPMS "Incomplete Chart" (PIMS 5.3): delinquent lines, and the workload report's average completion time.
//! The rules of its routines `BDGICC`, `BDGICS4` and `BDGICS5`, told in our own words.

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Parameters,
    dates::{PeerChart, Record, Stay, days, later},
};

/// The date on which everything in the chart becomes delinquent: one number for a whole division, counted from
/// discharge, or from surgery where nobody was admitted. Always today's number: a change of the parameter
/// restates the past.
pub fn delinquent_on(chart: &PeerChart, parameters: Parameters) -> Date {
    let from = match chart.stay {
        Stay::DaySurgery => chart.operated.unwrap_or(chart.discharged),
        Stay::Inpatient | Stay::Observation => chart.discharged,
    };
    later(from, parameters.delinquent_after)
}

/// Whether a line counts as delinquent: resolved, or not resolved today, after that date. Lines of completed
/// charts are not looked at, however late they were.
pub fn delinquent(chart: &PeerChart, record: &Record, parameters: Parameters) -> bool {
    chart.completed.is_none() && late(chart, record, parameters)
}

fn late(chart: &PeerChart, record: &Record, parameters: Parameters) -> bool {
    delinquent_on(chart, parameters) < record.resolved().unwrap_or(chart.today)
}

/// The statistics of one kind of visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// Charts not completed.
    pub incomplete_charts: u64,
    /// Charts completed.
    pub completed_charts: u64,
    /// Provider lines in charts that are not completed, resolved ones too.
    pub lines: u64,
    /// Those that count as delinquent.
    pub delinquent_lines: u64,
    /// Late lines of completed charts, which the statistics leave out.
    pub vanished_lines: u64,
    /// Average days until completed, fractions cut off; charts completed on the day itself left out.
    pub average_days: Option<i64>,
    /// How many were left out.
    pub same_day: u64,
}

/// The statistics while they are being counted.
#[derive(Debug, Default)]
pub struct Sums {
    statistics: Statistics,
    days: i64,
    counted: i64,
}

impl Sums {
    /// Takes a chart.
    pub fn take(&mut self, chart: &PeerChart, parameters: Parameters) {
        let Self { statistics, .. } = self;
        let late_lines = chart.records.iter().filter(|record| late(chart, record, parameters)).count() as u64;
        match chart.completed {
            None => {
                statistics.incomplete_charts += 1;
                statistics.lines += chart.records.len() as u64;
                statistics.delinquent_lines += late_lines;
            }
            Some(completed) => {
                statistics.completed_charts += 1;
                statistics.vanished_lines += late_lines;
                let taken = days(chart.discharged, completed);
                if taken == 0 {
                    statistics.same_day += 1;
                } else {
                    self.days += taken;
                    self.counted += 1;
                }
            }
        }
    }

    /// The statistics.
    pub fn statistics(&self) -> Statistics {
        // A sum of nought prints nothing, as if nothing had been counted.
        let average_days = (self.days != 0).then(|| self.days / self.counted);
        Statistics { average_days, ..self.statistics }
    }
}
