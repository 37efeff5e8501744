//! Rule sets: what was drafted, what became of it, what differs.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RuleView;

pub use super::governed::{
    DraftRequest, FieldDiff, LintRequest, PartDiff as RuleDiff, PublishRequest, ReasonRequest,
    StepAct as RuleSetAct, StepView as RulesStep, VersionView as RuleSetView, VersionsView as RuleSetsView,
    WindowView as RuleWindow,
};

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
