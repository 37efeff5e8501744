//! Which message: one kind is one set of templates.

use serde::{Serialize, Serializer};

/// Which message. The name is that of the template folder and of `NoticeRequested::kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What is new, due soon, overdue and done since the last time.
    Digest,
    /// Notice 1: items are overdue.
    Overdue,
    /// Notice 2: items are still overdue; the chair is told.
    Warning,
    /// Notice 3: names the items and the day from which privileges are to be suspended.
    PreSuspension,
    /// To leadership: a suspension waits for a named human's decision.
    SuspensionProposed,
    /// A suspension is in force.
    Suspended,
    /// A suspension has ended.
    Reinstated,
    /// To the executive committee: a suspension has lasted 30 days in a row.
    Review,
    /// Suspensions repeat within the months that the policy counts.
    RepeatSuspension,
    /// To HIM and the chief medical officer: charts come close to the federal limit of 30 days.
    RegulatoryLimit,
    /// A suspension comes close to 30 days: the question of a report to the National Practitioner Data Bank.
    NpdbPrompt,
    /// Facts that arrived late would have changed an earlier step.
    Correction,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Digest,
        Self::Overdue,
        Self::Warning,
        Self::PreSuspension,
        Self::SuspensionProposed,
        Self::Suspended,
        Self::Reinstated,
        Self::Review,
        Self::RepeatSuspension,
        Self::RegulatoryLimit,
        Self::NpdbPrompt,
        Self::Correction,
    ];

    /// The name in events, folders and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Overdue => "overdue",
            Self::Warning => "warning",
            Self::PreSuspension => "pre-suspension",
            Self::SuspensionProposed => "suspension-proposed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Review => "review",
            Self::RepeatSuspension => "repeat-suspension",
            Self::RegulatoryLimit => "regulatory-limit",
            Self::NpdbPrompt => "npdb-prompt",
            Self::Correction => "correction",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
