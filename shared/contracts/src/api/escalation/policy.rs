//! Escalation policies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::governed::{FieldDiff, PartDiff, VersionView};

/// A version of the escalation policy that something rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRef {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
}

/// A policy with everything in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDetail {
    /// Its life.
    #[serde(flatten)]
    pub set: VersionView,
    /// Its ladder.
    pub steps: Vec<PolicyStep>,
    /// Its other settings, in words.
    pub settings: Vec<PolicySetting>,
    /// Why this program cannot read it, if it cannot.
    pub problem: Option<String>,
    /// The policy file, as it was drafted.
    pub text: String,
}

/// One step of a policy's ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyStep {
    /// Its name.
    pub name: String,
    /// After how long, in words.
    pub after: String,
    /// What it does, in words.
    pub does: String,
    /// Who is told.
    pub to: Vec<String>,
}

/// A setting of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicySetting {
    /// Its name in the file.
    pub name: String,
    /// What it is, in words.
    pub value: String,
}

/// What differs between two policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDiff {
    /// The policy that is looked at.
    pub version: u32,
    /// The policy that it is compared with.
    pub against: u32,
    /// Settings that differ.
    pub settings: Vec<FieldDiff>,
    /// Steps of the ladder that were added, removed or changed.
    pub steps: Vec<PartDiff>,
}

/// Whether a policy file can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyLint {
    /// It can.
    pub valid: bool,
    /// What is wrong, with line and column where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What is allowed and should be known before it is published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Its ladder, when it can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PolicyStep>,
}
