//! Rules as data: what must exist, by when, and who owes it.

mod file;

use countersign_contracts::chart::{DocumentType, EncounterClass};
use countersign_kernel::{DayCount, Timestamp, end_of_local_day_after};
pub use file::RuleFileError;
use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// One published version of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    /// Rises with every publication.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// Facts from this instant on are judged by it.
    pub effective_from: Timestamp,
    /// The rules, in the file's order.
    pub rules: Vec<Rule>,
}

impl RuleSet {
    /// The rules that Countersign ships.
    pub const DEFAULT_FILE: &'static str = include_str!("../../../rules/default.toml");

    /// Reads a rule file. The error names line, what was found and what is allowed.
    pub fn parse(text: &str) -> Result<Self, RuleFileError> {
        file::parse(text)
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its number in the catalogue, e.g. `R13`.
    pub id: String,
    /// What it asks for, in a few words.
    pub title: String,
    /// What must be there.
    pub requires: Requirement,
    /// What the limit counts from.
    pub anchor: Anchor,
    /// The limit: later is overdue.
    pub due: Limit,
    /// What scorecards aim at.
    pub target: Option<Limit>,
    /// Who owes it: the first step that names somebody decides. When none does, it goes to HIM's queue.
    pub responsible: Vec<ResponsibleStep>,
    /// Whether the bill waits for it.
    pub holds_bill: bool,
    /// Where the requirement comes from.
    pub citation: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// What a reader should know beside.
    pub note: String,
    /// Which charts it concerns.
    pub applies: Applies,
}

/// What a rule requires, and what the thing is that one deficiency is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// A signed document of the type: once per encounter.
    EncounterDocumentSigned(DocumentType),
    /// A document of the type, dictated or written: once per encounter.
    EncounterDocumentPresent(DocumentType),
    /// A document of the type, dictated or written: once per procedure.
    DocumentPerProcedure(DocumentType),
    /// The author's signature: once per document of the type.
    DocumentSigned(DocumentType),
    /// The cosigner's signature: once per document of the type.
    DocumentCosigned(DocumentType),
    /// Every other item of the chart is closed.
    ChartComplete,
}

impl Requirement {
    /// The document type asked for; `chart` for the chart as a whole.
    pub fn document_type(&self) -> &str {
        self.document().map_or("chart", DocumentType::name)
    }

    /// The type of document that it looks at.
    pub fn document(&self) -> Option<&DocumentType> {
        match self {
            Self::EncounterDocumentSigned(kind)
            | Self::EncounterDocumentPresent(kind)
            | Self::DocumentPerProcedure(kind)
            | Self::DocumentSigned(kind)
            | Self::DocumentCosigned(kind) => Some(kind),
            Self::ChartComplete => None,
        }
    }

    /// What closes a deficiency of this kind, in plain words.
    pub fn closed_by(&self) -> String {
        match self {
            Self::EncounterDocumentSigned(kind) => {
                format!("a {} with completion status AU or LA", readable(kind.name()))
            }
            Self::EncounterDocumentPresent(kind) => {
                format!("a {}, dictated or written", readable(kind.name()))
            }
            Self::DocumentPerProcedure(kind) => {
                format!("a {}, dictated or written, for this procedure", readable(kind.name()))
            }
            Self::DocumentSigned(_) => "the author's signature on this document (status AU or LA)".to_owned(),
            Self::DocumentCosigned(_) => {
                "the cosigner's signature on this document (named in TXA-22, or status LA)".to_owned()
            }
            Self::ChartComplete => "the last open item of this chart".to_owned(),
        }
    }
}

fn readable(name: &str) -> String {
    name.replace('_', " ")
}

/// What a limit counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Start of the stay in the class that the rule is about.
    Admission,
    /// The patient's leaving.
    Discharge,
    /// End of the procedure.
    ProcedureEnd,
    /// The document could be signed.
    DocumentAvailable,
    /// The author's signature.
    AuthorSignature,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// That many hours, to the second.
    Hours(u16),
    /// To the end of that many local calendar days later.
    Days(u16),
}

impl Limit {
    /// The last instant that is on time.
    pub fn after(self, anchor: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Hours(hours) => {
                anchor.saturating_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
            }
            Self::Days(days) => end_of_local_day_after(anchor, DayCount(days), zone),
        }
    }

    /// `24 hours`, `7 days`.
    pub fn readable(self) -> String {
        match self {
            Self::Hours(1) => "1 hour".to_owned(),
            Self::Hours(hours) => format!("{hours} hours"),
            Self::Days(1) => "1 day".to_owned(),
            Self::Days(days) => format!("{days} days"),
        }
    }
}

/// A step in the search for the responsible provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponsibleStep {
    /// The author (TXA-9) where somebody else is to cosign; else TXA-10, else TXA-9.
    AuthorOrAuthenticator,
    /// The author (TXA-9) of a document that was begun.
    AuthorOfUnfinished,
    /// The assigned authenticator (TXA-10) who is not the author.
    Cosigner,
    /// Surgeon of record (PR1-11).
    Surgeon,
    /// Attending of record (PV1-7).
    Attending,
    /// Admitting (PV1-17).
    Admitting,
}

/// How sure a citation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Seen in the source.
    Source,
    /// Quoted by another source.
    Secondary,
    /// Not checked.
    Unverified,
    /// A choice.
    Policy,
}

/// Which charts a rule concerns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Encounter classes.
    pub classes: Vec<EncounterClass>,
    /// Observation counts only once it has lasted longer than this.
    #[serde(default)]
    pub observation_longer_than_hours: Option<u16>,
    /// Only stays at least this long, from admission to discharge. An unknown admission counts as long.
    #[serde(default)]
    pub stay_at_least_hours: Option<u16>,
    /// Deaths in these classes count whatever the length of stay.
    #[serde(default)]
    pub deaths_in: Vec<EncounterClass>,
}
