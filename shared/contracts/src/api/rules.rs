//! Rule sets: what was drafted, what became of it, what differs.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RuleView;

/// Every rule set, and which was, is or will be in force when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetsView {
    /// All versions, the first one first.
    pub items: Vec<RuleSetView>,
    /// Which set is in force when, as things stand: in order of time, without gaps.
    pub windows: Vec<RuleWindow>,
    /// The version in force now.
    pub in_force: Option<u32>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// A stretch of time in which one rule set is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleWindow {
    /// Which.
    pub version: u32,
    /// From when, inclusive.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when, exclusive; nothing = without end, as things stand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// A rule set and its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetView {
    /// Its number, from 1.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// `draft`, `checked`, `scheduled`, `in_force`, `superseded` or `withdrawn`.
    pub status: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// The version that was in force when it was drafted.
    pub based_on: Option<u32>,
    /// Facts from this instant on are judged by it, once it is published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<Timestamp>,
    /// Who drafted it.
    pub drafted: RuleSetAct,
    /// Who checked it.
    pub checked: Option<RuleSetAct>,
    /// Who published it.
    pub published: Option<RuleSetAct>,
    /// Who withdrew it.
    pub withdrawn: Option<RuleSetAct>,
}

/// Somebody's act in the life of a rule set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetAct {
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A rule set with everything in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetDetail {
    /// Its life.
    #[serde(flatten)]
    pub set: RuleSetView,
    /// Its rules.
    pub rules: Vec<RuleView>,
    /// Why this program cannot read it, if it cannot.
    pub problem: Option<String>,
    /// The rule file, as it was drafted.
    pub text: String,
}

/// What differs between two rule sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetDiff {
    /// The set that is looked at.
    pub version: u32,
    /// The set that it is compared with.
    pub against: u32,
    /// Fields of the set as a whole.
    pub settings: Vec<FieldDiff>,
    /// Rules that were added, removed or changed.
    pub rules: Vec<RuleDiff>,
}

/// A rule that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleDiff {
    /// `rule`, or what else of the file has an id.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// Its fields that differ; for an added or removed rule, all of them.
    pub fields: Vec<FieldDiff>,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldDiff {
    /// Its name in the file, e.g. `applies.classes`.
    pub field: String,
    /// What it was; nothing = it was not set.
    pub was: Option<String>,
    /// What it is; nothing = it is not set any more.
    pub is: Option<String>,
    /// The same in a sentence.
    pub words: String,
}

/// A rule file to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LintRequest {
    /// The whole rule file (TOML).
    pub text: String,
}

/// Whether a rule file can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LintReport {
    /// It can.
    pub valid: bool,
    /// What is wrong, with the line and what would be right.
    pub faults: Vec<String>,
    /// Its title, when it can be read.
    pub title: Option<String>,
    /// Its rules, when it can be read.
    pub rules: Vec<RuleView>,
}

/// A rule set to propose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// Its name for people; left out, the one in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole rule file (TOML).
    pub text: String,
    /// Why: it goes on record.
    pub why: String,
}

/// Why somebody acts: it goes on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why.
    pub why: String,
}

/// A rule set to put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Facts from this instant on are judged by it; left out, from now on. Never an instant that is past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<Timestamp>,
    /// Why: it goes on record.
    pub why: String,
}

/// A step in the life of a rule set that was taken. The same request under the same key gets the same answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RulesStep {
    /// Which rule set.
    pub version: u32,
    /// `drafted`, `checked`, `published` or `withdrawn`.
    pub step: String,
    /// Who took it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// From when it is in force, for a publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<Timestamp>,
    /// Journal position of the step.
    pub position: u64,
}

/// Which open charts are to be judged by a version, by decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReevaluationRequest {
    /// Only charts of this facility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Only say what would become of them.
    #[serde(default)]
    pub preview: bool,
    /// Why: it goes on record in every chart.
    pub why: String,
}

/// What became of open charts, or would become of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ReevaluationReport {
    /// Nothing was recorded.
    pub preview: bool,
    /// The version.
    pub version: u32,
    /// Charts that owe something under another version.
    pub charts: u64,
    /// Items that the version asks for anew.
    pub opened: u64,
    /// Items that it does not ask for.
    pub fell_away: u64,
    /// Items that are due at another time, or owed by somebody else.
    pub changed: u64,
    /// Items that go over to the version and stay as they are.
    pub carried_over: u64,
    /// What became of single items that changed; at most a thousand are listed.
    pub items: Vec<ReevaluatedItem>,
    /// How many more there are than are listed.
    pub more: u64,
    /// Journal position of the last decision, when something was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReevaluatedItem {
    /// Its chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// The item.
    #[schema(value_type = String, format = Uuid)]
    pub deficiency: DeficiencyId,
    /// Its rule.
    pub rule: String,
    /// `opened`, `changed`, `voided` and so on.
    pub change: String,
    /// Due from now on, pauses aside.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
}
