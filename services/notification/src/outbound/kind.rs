//! Which message: one kind is one set of templates.

use serde::{Serialize, Serializer};

/// Which message. The name is that of the template folder and of `NoticeRequested::kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What is new, due soon, overdue and done since the last time.
    Digest,
    /// What an office is told of in a day, in one message.
    OfficeList,
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
    /// To leadership: nothing justifies a suspension any more, and the policy wants its end confirmed.
    ReinstatementProposed,
    /// To the executive committee: a suspension has lasted 30 days in a row.
    Review,
    /// Suspensions repeat within the months that the policy counts.
    RepeatSuspension,
    /// The same, for the credentials file.
    CredentialsLetter,
    /// The same, as the question of a deemed relinquishment of privileges.
    RelinquishmentProposal,
    /// To HIM and the chief medical officer: charts come close to the federal limit of 30 days.
    RegulatoryLimit,
    /// A suspension comes close to 30 days: the question of a report to the National Practitioner Data Bank.
    NpdbPrompt,
    /// Facts that arrived late would have changed an earlier step.
    Correction,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Digest,
        Self::OfficeList,
        Self::Overdue,
        Self::Warning,
        Self::PreSuspension,
        Self::SuspensionProposed,
        Self::Suspended,
        Self::Reinstated,
        Self::ReinstatementProposed,
        Self::Review,
        Self::RepeatSuspension,
        Self::CredentialsLetter,
        Self::RelinquishmentProposal,
        Self::RegulatoryLimit,
        Self::NpdbPrompt,
        Self::Correction,
    ];

    /// The name in events, folders and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::OfficeList => "office-list",
            Self::Overdue => "overdue",
            Self::Warning => "warning",
            Self::PreSuspension => "pre-suspension",
            Self::SuspensionProposed => "suspension-proposed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::ReinstatementProposed => "reinstatement-proposed",
            Self::Review => "review",
            Self::RepeatSuspension => "repeat-suspension",
            Self::CredentialsLetter => "credentials-letter",
            Self::RelinquishmentProposal => "relinquishment-proposal",
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use countersign_contracts::notice::kind;

    use super::*;

    #[test]
    fn whatever_may_be_asked_for_has_templates_and_nothing_else_has() {
        // A set of templates without one of the kinds is refused when it is compiled.
        let asked: BTreeSet<_> = kind::all().collect();
        assert_eq!(Kind::ALL.map(Kind::name).into_iter().collect::<BTreeSet<_>>(), asked);
        assert_eq!((asked.len(), Kind::from_name("fax")), (kind::all().count(), None));
    }
}
