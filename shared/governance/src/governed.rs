//! What a service says of the texts that it has governed.

use std::fmt;

use countersign_runtime::authority;

/// What is governed: what the text says, once it is read.
pub trait Governed: fmt::Debug + Clone + Send + Sync + 'static {
    /// How it is called, by people and in the record.
    const WORDS: Words;
    /// Category of the stream in which it is on record. Stored.
    const CATEGORY: &'static str = Self::WORDS.category;
    /// What is wrong with a text, with the line.
    type Problem: fmt::Display;

    /// Reads a text as this version. The number in the book counts, whatever the text says of itself.
    ///
    /// # Errors
    /// The text cannot be used.
    fn read(text: &str, version: u32) -> Result<Self, Self::Problem>;

    /// Its name for people, as the text says.
    fn title(&self) -> &str;
}

/// How what is governed is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Category of the stream in which it is on record, and the first word of the kinds of its events and of
    /// the names of the rules of governance: `rules` gives `rules-drafted` and `rules/second-person`. Stored:
    /// never changed once released.
    pub category: &'static str,
    /// One of them: `rule set`.
    pub noun: &'static str,
    /// Several of them: `rule sets`.
    pub plural: &'static str,
    /// The command for them: `countersign rules`.
    pub command: &'static str,
    /// Why there is a first version. Stored as the reason of its events.
    pub installed: &'static str,
}

/// What a step in the life of a governed text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// To propose a text.
    Draft,
    /// To confirm that it is right.
    Check,
    /// To put it in force.
    Publish,
    /// To take it back.
    Withdraw,
}

/// Who may take which step, in the service's own list of acts.
pub trait Guarded: Governed {
    /// The service's acts.
    type Act: authority::Act;

    /// The act that a step is.
    fn act(step: StepKind) -> Self::Act;
}
