//! Why a step in the life of a rule set is refused, and what would be allowed.

use countersign_kernel::Timestamp;

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesRefusal {
    /// No such version.
    #[error("there is no rule set {version}; the versions on record are 1 to {last}")]
    Unknown {
        /// Asked for.
        version: u32,
        /// The newest.
        last: u32,
    },
    /// No reason is given.
    #[error("say why: it goes on record with your name")]
    NoReason,
    /// The text is no rule file.
    #[error("the text is no valid rule set: {0}")]
    Invalid(String),
    /// It would change nothing.
    #[error("this is word for word rule set {0}, which is in force: there is nothing to draft")]
    Unchanged(u32),
    /// The author wants to check or publish the own draft.
    #[error(
        "{author} drafted rule set {version}, so that somebody else must check and publish it: rules are \
         checked by a second person"
    )]
    OwnDraft {
        /// Which.
        version: u32,
        /// Who.
        author: String,
    },
    /// It was not checked.
    #[error("rule set {0} has not been checked: let a second person check it first")]
    NotChecked(u32),
    /// It was checked before.
    #[error("rule set {version} was checked by {by} already: it can be published")]
    AlreadyChecked {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
    },
    /// It was published before.
    #[error(
        "rule set {version} was published by {by} already, in force from {from}. To change that, withdraw it \
         and draft another"
    )]
    AlreadyPublished {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
        /// From when on.
        from: Timestamp,
    },
    /// It was withdrawn.
    #[error("rule set {version} was withdrawn by {by}: draft its text anew to use it again")]
    Withdrawn {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
    },
    /// History would be rewritten.
    #[error(
        "{wanted} is past (it is {now}): a rule set takes effect when it is published or later, because what \
         was judged before stays judged"
    )]
    InThePast {
        /// Asked for.
        wanted: Timestamp,
        /// The present instant.
        now: Timestamp,
    },
    /// Another one takes effect at or after that instant.
    #[error(
        "rule set {other} takes effect at {from}: this one must take effect later than that (or withdraw {other} \
         first)"
    )]
    NotAfter {
        /// The other one.
        other: u32,
        /// Its instant.
        from: Timestamp,
    },
    /// No rules would be in force.
    #[error("without rule set {0} no rules would be in force: publish another one first")]
    NothingLeft(u32),
}

impl RulesRefusal {
    /// The rule's name, the same each time.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "rules/unknown",
            Self::NoReason => "rules/reason",
            Self::Invalid(_) => "rules/valid",
            Self::Unchanged(_) => "rules/changed",
            Self::OwnDraft { .. } => "rules/second-person",
            Self::NotChecked(_) => "rules/checked-first",
            Self::AlreadyChecked { .. } => "rules/checked-once",
            Self::AlreadyPublished { .. } => "rules/published-once",
            Self::Withdrawn { .. } => "rules/withdrawn",
            Self::InThePast { .. } => "rules/not-in-the-past",
            Self::NotAfter { .. } => "rules/one-after-the-other",
            Self::NothingLeft(_) => "rules/something-in-force",
        }
    }
}
