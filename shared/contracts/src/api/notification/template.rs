//! Templates of notices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateView {
    /// Its name: the kind of the notice.
    pub kind: String,
    /// On which channels it is rendered.
    pub channels: Vec<String>,
    /// Name and version, by channel.
    pub versions: Vec<String>,
}

/// A template with invented data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplatePreview {
    /// Its name and version.
    pub template: String,
    /// The subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A page of its own.
    pub html: String,
    /// The paragraphs of a letter.
    pub letter: Vec<String>,
}

/// What differs between two versions of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateDifference {
    /// Name and version of the one.
    pub old: String,
    /// Name and version of the other.
    pub new: String,
    /// The lines that differ, as `diff -u` writes them; empty where none does.
    pub text: String,
}
