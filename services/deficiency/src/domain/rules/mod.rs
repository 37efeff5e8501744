//! Rules as data: what must exist, by when, and who owes it.

mod applies;
mod file;
mod limit;
mod requirement;
mod schema;

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

pub use applies::Applies;
pub use file::RuleFileError;
pub use limit::Limit;
pub use requirement::Requirement;
pub use schema::schema;

/// One published version of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    /// Rises with every draft; given by the governance, not by the file.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// What people may decide, and how far.
    pub policy: Policy,
    /// The rules that are on, in the file's order; the complete chart last.
    pub rules: Vec<Rule>,
    /// Rules that the file holds but that are off.
    pub off: Vec<Rule>,
    /// The rules by jurisdiction, where one has its own.
    jurisdictions: BTreeMap<String, Vec<Rule>>,
}

impl RuleSet {
    /// The rules that Countersign ships.
    pub const DEFAULT_FILE: &'static str = include_str!("../../../rules/default.toml");
    /// Files that others may extend, by name. A released one stays for ever: stored rule sets name it.
    const SHIPPED: [(&'static str, &'static str); 1] = [("default-1", Self::DEFAULT_FILE)];

    /// Reads a rule file. The error names line, what was found and what is allowed.
    pub fn parse(text: &str) -> Result<Self, RuleFileError> {
        file::parse(text)
    }

    /// The text of a shipped set, by the name under which others extend it.
    pub fn shipped(name: &str) -> Option<&'static str> {
        Self::SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The same set under its number.
    #[must_use]
    pub fn numbered(self, version: u32) -> Self {
        Self { version, ..self }
    }

    /// The rule with this id, as it stands outside every jurisdiction.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().chain(&self.off).find(|rule| rule.id == id)
    }

    /// The rules for a facility in this jurisdiction.
    pub fn of(&self, jurisdiction: Option<&str>) -> &[Rule] {
        jurisdiction.and_then(|name| self.jurisdictions.get(name)).unwrap_or(&self.rules)
    }

    /// The jurisdictions that have rules of their own.
    pub fn jurisdictions(&self) -> impl Iterator<Item = &str> {
        self.jurisdictions.keys().map(String::as_str)
    }
}

/// A rule set and the time for which it judges: what arose from `from` on and before `until`.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, and without, this one; `None` = until further notice.
    pub until: Option<Timestamp>,
}

impl InForce {
    /// A rule set that always was and always will be in force.
    pub fn always(rules: Arc<RuleSet>) -> Self {
        Self { rules, from: Timestamp::MIN, until: None }
    }

    /// Whether it judges what arose at this instant.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// What people may decide about single items, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// HIM answers a dispute within so many days of business.
    pub dispute_answer_business_days: u16,
    /// An extension moves the limit by at most so many days in all.
    pub extension_days_at_most: u16,
    /// Kinds of hold that count only once somebody else has approved them.
    pub holds_needing_approval: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            dispute_answer_business_days: 2,
            extension_days_at_most: 14,
            holds_needing_approval: Vec::new(),
        }
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
    /// From the anchor: later is delinquent.
    pub delinquent_after: Option<Limit>,
    /// Who owes it: the first step that names somebody decides. When none does, it goes to HIM's queue.
    pub responsible: Vec<ResponsibleStep>,
    /// The rule that takes over when this one is done.
    pub next_in_chain: Option<String>,
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

/// What a limit counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Start of the stay in the class that the rule is about.
    Admission,
    /// The patient's leaving, or death.
    Discharge,
    /// Start of the procedure.
    ProcedureStart,
    /// End of the procedure.
    ProcedureEnd,
    /// The document could be signed.
    DocumentAvailable,
    /// The author's signature.
    AuthorSignature,
    /// The order was given.
    Order,
    /// The consultation was held.
    Consultation,
    /// The patient was moved.
    Transfer,
    /// The end of a calendar day in the hospital.
    Day,
}

/// A step in the search for the responsible provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// Anesthesiologist (PR1-8).
    Anesthesiologist,
    /// Ordering provider (ORC-12).
    OrderingProvider,
    /// The consultant whom the order names.
    Consultant,
    /// Attending of record when the requirement arose (PV1-7).
    AttendingThen,
    /// Attending of record (PV1-7).
    Attending,
    /// Admitting (PV1-17).
    Admitting,
    /// Supervisor of the author, by the directory.
    Supervisor,
}

/// How sure a citation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
