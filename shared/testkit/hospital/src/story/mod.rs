//! What happens to a patient: one encounter from booking to the last signature.
//!
//! A story is told without any regard to messages or rules. The message writer and the truth both read it.

mod amendments;
mod documents;
mod events;
mod lags;
mod stay;
mod telling;

pub(crate) use documents::{Document, DocumentKind};
pub(crate) use events::{Act, Completion, Event, Scene, Signatures, Trigger, Visit, What};

use jiff::Timestamp;

use crate::{hospital::World, staff::ProviderIndex};

/// Patient class, PV1-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Preadmit,
    Inpatient,
    Observation,
    DaySurgery,
    Emergency,
    Outpatient,
}

impl Class {
    /// Inpatient, observation and day surgery charts have to be completed; the others owe nothing.
    pub(crate) fn has_rules(self) -> bool {
        matches!(self, Self::Inpatient | Self::Observation | Self::DaySurgery)
    }

    /// The code in PV1-2 (site-defined table 0004).
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Preadmit => "P",
            Self::Inpatient => "I",
            Self::Observation => "OBS",
            Self::DaySurgery => "SDS",
            Self::Emergency => "E",
            Self::Outpatient => "O",
        }
    }
}

/// An operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Procedure {
    /// PR1-5.
    pub(crate) start: Timestamp,
    /// PR1-7.
    pub(crate) minutes: i64,
    /// PR1-11.
    pub(crate) surgeon: ProviderIndex,
    /// Local code for PR1-3.
    pub(crate) code: u32,
}

impl Procedure {
    /// PR1-5 plus PR1-7.
    pub(crate) fn end(&self) -> Timestamp {
        crate::calendar::plus(self.start, self.minutes * crate::calendar::MINUTE)
    }
}

/// One encounter.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// Number of the encounter in the run; visit, account, procedure and document numbers derive from it.
    pub(crate) number: u64,
    /// Index of the facility.
    pub(crate) facility: usize,
    /// Number of the patient: the encounter's own, or that of an earlier one on a readmission.
    pub(crate) patient: u64,
    /// Admission or registration instant, PV1-44.
    pub(crate) admitted: Timestamp,
    /// PV1-17.
    pub(crate) admitting: ProviderIndex,
    /// The chart is first registered under a temporary record number that an A40 retires later.
    pub(crate) temporary_record: bool,
    pub(crate) procedures: Vec<Procedure>,
    pub(crate) documents: Vec<Document>,
    /// In order of occurrence.
    pub(crate) events: Vec<Event>,
    /// What was unusual in this stay, for whoever has to explain a difference.
    pub(crate) tags: Vec<&'static str>,
}

impl Story {
    /// The story of encounter `number`, which first shows at `begins`.
    pub(crate) fn tell(world: &World, number: u64, begins: Timestamp) -> Self {
        telling::Telling::new(world, number, begins).tell(begins)
    }

    /// PV1-19.
    pub(crate) fn visit_number(&self) -> String {
        format!("V{:08}", self.number)
    }

    /// TXA-12 of a document.
    pub(crate) fn document_number(&self, document: usize) -> String {
        format!("D{:08}{:02}", self.number, document + 1)
    }

    /// PR1-19 of a procedure.
    pub(crate) fn procedure_number(&self, procedure: usize) -> String {
        format!("P{:08}{:02}", self.number, procedure + 1)
    }
}
