//! What is told about a stay: visit events and document events.

use jiff::Timestamp;

use super::Class;
use crate::staff::ProviderIndex;

/// One thing that happened and that the hospital tells about in one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// When it happened: EVN-6, or EVN-2 when the message has no EVN-6.
    pub(crate) occurred: Timestamp,
    /// When somebody entered it, EVN-2. Not before `occurred`.
    pub(crate) recorded: Timestamp,
    /// EVN-6 is written although it equals EVN-2.
    pub(crate) occurred_told: bool,
    pub(crate) what: What,
    /// The stay as it stands right after the event.
    pub(crate) scene: Scene,
}

/// Visit or document event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Visit(Visit),
    Document {
        /// Index of the document in the story.
        document: usize,
        act: Act,
        /// The message carries the text (T02, T04 and so on), not only the notice (T01, T03).
        content: bool,
        /// TXA-17 after the event.
        completion: Completion,
        /// TXA-22 of this message.
        signatures: Signatures,
    },
}

/// Trigger of an ADT message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    A01,
    A02,
    A03,
    A04,
    A05,
    A06,
    A07,
    A08,
    A11,
    A12,
    A13,
    A40,
}

/// An ADT event and what it changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) trigger: Trigger,
    /// The class from now on.
    pub(crate) class: Option<Class>,
    /// The attending from now on.
    pub(crate) attending: Option<ProviderIndex>,
    /// The message lists the operations done so far in PR1 segments.
    pub(crate) procedures: bool,
    /// The patient died (an A03 with disposition 20).
    pub(crate) died: bool,
}

impl Visit {
    /// An event that changes nothing by itself.
    pub(crate) fn plain(trigger: Trigger) -> Self {
        Self { trigger, class: None, attending: None, procedures: false, died: false }
    }
}

/// The stay at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) class: Class,
    pub(crate) attending: ProviderIndex,
    /// Counts the moves, for the bed in PV1-3.
    pub(crate) moves: u8,
    pub(crate) discharged: Option<Timestamp>,
    pub(crate) died: bool,
    /// The temporary record number was merged into the patient's.
    pub(crate) merged: bool,
}

/// What happened to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// T01, T02.
    Originated,
    /// T03, T04.
    StatusChanged,
    /// T05, T06.
    AddendumMade,
    /// T07, T08.
    Edited,
    /// T09, T10.
    Replaced,
    /// T11.
    Cancelled,
}

/// TXA-17, table 0271. `Unstated` is an empty field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    Dictated,
    Documented,
    InProgress,
    Incomplete,
    PreAuthenticated,
    Authenticated,
    LegallyAuthenticated,
    Unstated,
}

impl Completion {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Dictated => "DI",
            Self::Documented => "DO",
            Self::InProgress => "IP",
            Self::Incomplete => "IN",
            Self::PreAuthenticated => "PA",
            Self::Authenticated => "AU",
            Self::LegallyAuthenticated => "LA",
            Self::Unstated => "",
        }
    }

    pub(crate) fn signed(self) -> bool {
        matches!(self, Self::Authenticated | Self::LegallyAuthenticated)
    }

    pub(crate) fn unfinished(self) -> bool {
        matches!(self, Self::InProgress | Self::Incomplete)
    }

    /// Can be signed: written out, not merely dictated.
    pub(crate) fn available(self) -> bool {
        !self.unfinished() && self != Self::Dictated
    }
}

/// Who signed, and when: TXA-22. At most an author and a cosigner.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signatures {
    pub(crate) author: Option<(ProviderIndex, Timestamp)>,
    pub(crate) cosigner: Option<(ProviderIndex, Timestamp)>,
}
