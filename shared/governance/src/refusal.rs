//! Why a step in the life of a governed text is refused, and what would be allowed.

use std::fmt;

use countersign_kernel::Timestamp;

use crate::Words;

/// Why a step is refused, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How people call what is governed.
    pub of: Words,
    /// Why.
    pub reason: Reason,
}

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No such version.
    Unknown {
        /// Asked for.
        version: u32,
        /// The newest.
        last: u32,
    },
    /// No reason is given.
    NoReason,
    /// The text cannot be used.
    Invalid(String),
    /// It would change nothing.
    Unchanged(u32),
    /// The author wants to check or publish the own draft.
    OwnDraft {
        /// Which.
        version: u32,
        /// Who.
        author: String,
    },
    /// It was not checked.
    NotChecked(u32),
    /// It was checked before.
    AlreadyChecked {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
    },
    /// It was published before.
    AlreadyPublished {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
        /// From when on.
        from: Timestamp,
    },
    /// It was withdrawn.
    Withdrawn {
        /// Which.
        version: u32,
        /// By whom.
        by: String,
    },
    /// History would be rewritten.
    InThePast {
        /// Asked for.
        wanted: Timestamp,
        /// The present instant.
        now: Timestamp,
    },
    /// Another one takes effect at or after that instant.
    NotAfter {
        /// The other one.
        other: u32,
        /// Its instant.
        from: Timestamp,
    },
    /// Nothing would be in force.
    NothingLeft(u32),
}

impl Reason {
    /// The rule's own name, the same each time.
    const fn rule(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::NoReason => "reason",
            Self::Invalid(_) => "valid",
            Self::Unchanged(_) => "changed",
            Self::OwnDraft { .. } => "second-person",
            Self::NotChecked(_) => "checked-first",
            Self::AlreadyChecked { .. } => "checked-once",
            Self::AlreadyPublished { .. } => "published-once",
            Self::Withdrawn { .. } => "withdrawn",
            Self::InThePast { .. } => "not-in-the-past",
            Self::NotAfter { .. } => "one-after-the-other",
            Self::NothingLeft(_) => "something-in-force",
        }
    }
}

impl Refusal {
    /// The rule's name, the same each time: `rules/second-person`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.of.category, self.reason.rule())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { noun, plural, .. } = self.of;
        match &self.reason {
            Reason::Unknown { version, last } => {
                write!(f, "there is no {noun} {version}; the versions on record are 1 to {last}")
            }
            Reason::NoReason => f.write_str("say why: it goes on record with your name"),
            Reason::Invalid(problem) => write!(f, "the text is no valid {noun}: {problem}"),
            Reason::Unchanged(version) => write!(
                f,
                "this is word for word {noun} {version}, which is in force: there is nothing to draft"
            ),
            Reason::OwnDraft { version, author } => write!(
                f,
                "{author} drafted {noun} {version}, so that somebody else must check and publish it: {plural} \
                 are checked by a second person"
            ),
            Reason::NotChecked(version) => {
                write!(f, "{noun} {version} has not been checked: let a second person check it first")
            }
            Reason::AlreadyChecked { version, by } => {
                write!(f, "{noun} {version} was checked by {by} already: it can be published")
            }
            Reason::AlreadyPublished { version, by, from } => write!(
                f,
                "{noun} {version} was published by {by} already, in force from {from}. To change that, withdraw \
                 it and draft another"
            ),
            Reason::Withdrawn { version, by } => {
                write!(f, "{noun} {version} was withdrawn by {by}: draft its text anew to use it again")
            }
            Reason::InThePast { wanted, now } => write!(
                f,
                "{wanted} is past (it is {now}): a {noun} takes effect when it is published or later, because \
                 what was judged before stays judged"
            ),
            Reason::NotAfter { other, from } => write!(
                f,
                "{noun} {other} takes effect at {from}: this one must take effect later than that (or withdraw \
                 {other} first)"
            ),
            Reason::NothingLeft(version) => {
                write!(f, "without {noun} {version} nothing would be in force: publish another one first")
            }
        }
    }
}

impl std::error::Error for Refusal {}
