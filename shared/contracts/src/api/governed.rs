//! Governed texts (rule sets, escalation policies): what was drafted, what became of it, steps to take.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every version of a governed text, and which was, is or will be in force when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionsView {
    /// All versions, the first one first.
    pub items: Vec<VersionView>,
    /// Which one is in force when, as things stand: in order of time, without gaps.
    pub windows: Vec<WindowView>,
    /// The version in force now.
    pub in_force: Option<u32>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// A stretch of time in which one version is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WindowView {
    /// Which.
    pub version: u32,
    /// From when, inclusive.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when, exclusive; nothing = without end, as things stand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// One version and its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionView {
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
    /// What arises from this instant on is judged by it, once it is published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<Timestamp>,
    /// Who drafted it.
    pub drafted: StepAct,
    /// Who checked it.
    pub checked: Option<StepAct>,
    /// Who published it.
    pub published: Option<StepAct>,
    /// Who withdrew it.
    pub withdrawn: Option<StepAct>,
}

/// Somebody's act in the life of a governed text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepAct {
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A part with an id (a rule, a ladder) that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PartDiff {
    /// What kind of part, by the name of the list that it stands in: `rule`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// Its fields that differ; for an added or removed part, all of them.
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

/// A text to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LintRequest {
    /// The whole file (TOML).
    pub text: String,
}

/// A text to propose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// Its name for people; left out, the one in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole file (TOML).
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

/// A version to put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// What arises from this instant on is judged by it; left out, from now on. Never an instant that is past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<Timestamp>,
    /// Why: it goes on record.
    pub why: String,
}

/// A step in the life of a governed text that was taken. The same request under the same key gets the same answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// Which version.
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
