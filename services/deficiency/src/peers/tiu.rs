//! `VistA` Text Integration Utility 1.0: unsigned and uncosigned documents past the grace period, and the means
//! of its line-count statistics.

use jiff::{ToSpan, civil::Date};
use serde::Serialize;

use super::{
    Parameters,
    dates::{Record, days},
    irt::cut,
};

/// Where a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There is none: TIU knows only documents that exist.
    None,
    /// Dictated, not there yet.
    Untranscribed,
    /// Not signed by its author.
    Unsigned,
    /// Signed, not cosigned.
    Uncosigned,
    /// Done.
    Completed,
}

impl Status {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Untranscribed => "untranscribed",
            Self::Unsigned => "unsigned",
            Self::Uncosigned => "uncosigned",
            Self::Completed => "completed",
        }
    }
}

/// What the nightly task does about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Where the document stands.
    pub status: Status,
    /// Days since it was there, for one that waits for a signature.
    pub days: Option<i64>,
    /// More days than the grace period: strictly more, so one day later than IRT lists it for the same number.
    pub overdue: bool,
    /// Overdue and within the look-back of 12 months: older ones fall silent.
    pub alerted: bool,
}

/// Judges a document.
pub fn alert(record: &Record, parameters: Parameters, today: Date) -> Alert {
    let waits = |status: Status, since: Date| {
        let days = days(since, today);
        let overdue = days > i64::from(parameters.grace);
        let alerted = overdue && since >= today.saturating_sub(12.months());
        Alert { status, days: Some(days), overdue, alerted }
    };
    let rests = |status: Status| Alert { status, days: None, overdue: false, alerted: false };
    match (record.transcribed, record.signed) {
        (Some(since), None) => waits(Status::Unsigned, since),
        (Some(since), Some(_)) if record.cosigner_expected && record.reviewed.is_none() => {
            waits(Status::Uncosigned, since)
        }
        (_, Some(_)) => rests(Status::Completed),
        (None, None) if record.dictated.is_some() => rests(Status::Untranscribed),
        (None, None) => rests(Status::None),
    }
}

/// Means of the stages, over documents that have both dates. Negative intervals are averaged in, and one long
/// case moves everything.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Means {
    /// Discharge (or operation) to dictation.
    pub event_to_dictation: Option<f64>,
    /// Dictation to transcription.
    pub dictation_to_transcription: Option<f64>,
    /// Transcription to signature.
    pub transcription_to_signature: Option<f64>,
    /// Signature to cosignature.
    pub signature_to_cosignature: Option<f64>,
}

/// Sums of the stages with how many went into them.
#[derive(Debug, Default)]
pub struct Sums([(i64, i64); 4]);

impl Sums {
    /// Takes a document.
    pub fn take(&mut self, record: &Record) {
        let cosigned = record.reviewed.filter(|_| record.cosigner_expected);
        let stages = [
            (Some(record.event), record.dictated),
            (record.dictated, record.transcribed),
            (record.transcribed, record.signed),
            (record.signed, cosigned),
        ];
        for ((sum, count), stage) in self.0.iter_mut().zip(stages) {
            if let (Some(began), Some(ended)) = stage {
                *sum += days(began, ended);
                *count += 1;
            }
        }
    }

    /// The means, cut off after two decimals.
    pub fn means(&self) -> Means {
        let [
            event_to_dictation,
            dictation_to_transcription,
            transcription_to_signature,
            signature_to_cosignature,
        ] = self.0.map(|(sum, count)| cut(sum, count));
        Means {
            event_to_dictation,
            dictation_to_transcription,
            transcription_to_signature,
            signature_to_cosignature,
        }
    }
}
