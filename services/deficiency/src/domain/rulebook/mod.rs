//! The rule book: rule sets as governed texts, with what differs between two of them.

pub mod diff;

use countersign_governance::{Book, Governed, Words};

use super::rules::{RuleFileError, RuleSet};

/// Every rule set that was ever drafted, and which one was in force when.
pub type RuleBook = Book<RuleSet>;

/// Category of the stream in which rule sets are governed: `rules-site`.
pub const RULES: &str = RuleSet::CATEGORY;

impl Governed for RuleSet {
    const WORDS: Words = Words {
        category: "rules",
        noun: "rule set",
        plural: "rule sets",
        command: "countersign rules",
        installed: "the rules that this installation began with",
    };
    type Problem = RuleFileError;

    fn read(text: &str, version: u32) -> Result<Self, RuleFileError> {
        Ok(Self::parse(text)?.numbered(version))
    }

    fn title(&self) -> &str {
        &self.title
    }
}

#[cfg(test)]
mod tests;
