//! `VistA` Incomplete Records Tracking 1.0: which records are listed, with how many days, and its transcription
//! productivity report. The rules of its routines `DGJTUDIS` and `DGJOTP`, told in our own words.

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Parameters,
    dates::{Record, days, later},
};

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not dictated.
    Incomplete,
    /// Not transcribed.
    Dictated,
    /// Not signed.
    Transcribed,
    /// Not reviewed.
    Signed,
    /// Reviewed, or signed where nothing is reviewed.
    Completed,
}

impl Status {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Dictated => "dictated",
            Self::Transcribed => "transcribed",
            Self::Signed => "signed",
            Self::Completed => "completed",
        }
    }
}

/// What the list of incomplete records says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Where it stands.
    pub status: Status,
    /// The column "TOTAL DAYS"; nothing when it is not listed.
    pub total_days: Option<i64>,
}

/// Judges a record. It is listed on the day itself (today >= limit). The column mixes two things: days past
/// the limit, and for dictated records days since the event.
pub fn listing(record: &Record, parameters: Parameters, today: Date) -> Listing {
    let past = |since: Date, limit: u16| {
        let limit = later(since, limit);
        (today >= limit).then(|| days(limit, today))
    };
    let (status, total_days) = match (record.dictated, record.transcribed, record.signed, record.reviewed) {
        (_, _, _, Some(_)) => (Status::Completed, None),
        (_, _, Some(signed), None) => match parameters.days_review {
            Some(limit) => (Status::Signed, past(signed, limit)),
            None => (Status::Completed, None),
        },
        (_, Some(transcribed), None, None) => {
            (Status::Transcribed, past(transcribed, parameters.days_signature))
        }
        (Some(_), None, None, None) => (Status::Dictated, Some(days(record.event, today))),
        (None, None, None, None) => (Status::Incomplete, past(record.event, parameters.days_dictation)),
    };
    Listing { status, total_days }
}

/// The constant in the productivity report.
const DELINQUENT_AFTER: i64 = 30;

/// The productivity report's last line. Only unfinished records are in it (survivor bias: who finishes quickly
/// improves nothing), and a stage that goes on counts with the days so far.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Productivity {
    /// Unfinished records.
    pub records: u64,
    /// Average days from event to dictation.
    pub event_to_dictation: Option<f64>,
    /// Average days from dictation to transcription.
    pub dictation_to_transcription: Option<f64>,
    /// Average days from transcription to coding.
    pub transcription_to_coding: Option<f64>,
    /// Average of the three together.
    pub total: Option<f64>,
    /// Records whose three stages are more than 30 days together.
    pub over_30: u64,
    /// Their share in per cent of the unfinished ones.
    pub over_30_per_cent: Option<f64>,
}

/// Sums of the productivity report.
#[derive(Debug, Default)]
pub struct Sums {
    records: i64,
    stages: [i64; 3],
    over_30: i64,
}

impl Sums {
    /// Takes a record with the date on which its chart was coded.
    pub fn take(&mut self, record: &Record, status: Status, coded: Option<Date>, today: Date) {
        if status == Status::Completed {
            return;
        }
        let stage = |began: Option<Date>, ended: Option<Date>| {
            began.map_or(0, |began| days(began, ended.unwrap_or(today)))
        };
        let stages = [
            stage(Some(record.event), record.dictated),
            stage(record.dictated, record.transcribed),
            stage(record.transcribed, coded),
        ];
        self.records += 1;
        for (sum, stage) in self.stages.iter_mut().zip(stages) {
            *sum += stage;
        }
        self.over_30 += i64::from(stages.iter().sum::<i64>() > DELINQUENT_AFTER);
    }

    /// The report. Averages are cut off after two decimals, as it prints them.
    pub fn report(&self) -> Productivity {
        let average = |sum: i64| cut(sum, self.records);
        let [event_to_dictation, dictation_to_transcription, transcription_to_coding] =
            self.stages.map(average);
        Productivity {
            records: self.records.unsigned_abs(),
            event_to_dictation,
            dictation_to_transcription,
            transcription_to_coding,
            total: average(self.stages.iter().sum()),
            over_30: self.over_30.unsigned_abs(),
            over_30_per_cent: cut(self.over_30 * 100, self.records),
        }
    }
}

/// The quotient, cut off after two decimals; nothing when there is nothing to divide by.
#[expect(clippy::cast_precision_loss, reason = "days of a year's charts are far below 2^52")]
pub(super) fn cut(sum: i64, count: i64) -> Option<f64> {
    (count != 0).then(|| (sum * 100 / count) as f64 / 100.0)
}
