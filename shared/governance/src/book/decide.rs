//! Which steps are allowed.

use countersign_kernel::Timestamp;

use super::{Book, INSTALLATION, Version, beginning, parse, sha256};
use crate::{Checked, Drafted, Event, Governed, Published, Reason, Refusal, StepKind, Withdrawn};

/// A step that somebody wants to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Propose a text.
    Draft {
        /// Its name for people; left out, the one in the text.
        title: Option<String>,
        /// The whole text.
        text: String,
        /// Why.
        why: String,
    },
    /// Confirm that it is right.
    Check {
        /// Which.
        version: u32,
        /// Why.
        why: String,
    },
    /// Put it in force.
    Publish {
        /// Which.
        version: u32,
        /// From when on; left out, at once.
        effective_from: Option<Timestamp>,
        /// Why.
        why: String,
    },
    /// Take it back.
    Withdraw {
        /// Which.
        version: u32,
        /// Why.
        why: String,
    },
}

impl Command {
    /// Which step it is.
    pub const fn step(&self) -> StepKind {
        match self {
            Self::Draft { .. } => StepKind::Draft,
            Self::Check { .. } => StepKind::Check,
            Self::Publish { .. } => StepKind::Publish,
            Self::Withdraw { .. } => StepKind::Withdraw,
        }
    }

    /// Whether this event is what the command asked for, in the book of a `T`. Tells a repetition from another
    /// command.
    pub fn asked_for<T: Governed>(&self, event: &Event, at: Timestamp) -> bool {
        match (self, event) {
            (Self::Draft { title, text, why }, Event::Drafted(event)) => {
                *text == event.text
                    && why.trim() == event.why
                    && match named(title.as_deref()) {
                        Some(title) => title == event.title,
                        None => parse::<T>(text, event.version).is_ok_and(|read| read.title() == event.title),
                    }
            }
            (Self::Check { version, why }, Event::Checked(event)) => {
                *version == event.version && why.trim() == event.why
            }
            (Self::Publish { version, effective_from, why }, Event::Published(event)) => {
                *version == event.version
                    && effective_from.unwrap_or(at) == event.effective_from
                    && why.trim() == event.why
            }
            (Self::Withdraw { version, why }, Event::Withdrawn(event)) => {
                *version == event.version && why.trim() == event.why
            }
            _ => false,
        }
    }
}

impl<T: Governed> Book<T> {
    /// The instant at which a step is taken: now, and never before the last step.
    pub fn instant(&self, now: Timestamp) -> Timestamp {
        self.last_step.map_or(now, |last| last.max(now))
    }

    /// What a step comes to, or why it is refused. `at` is [`Book::instant`].
    ///
    /// # Errors
    /// The rule that refused, and what would be allowed.
    pub fn decide(&self, command: Command, by: &str, at: Timestamp) -> Result<Event, Refusal> {
        self.decided(command, by.to_owned(), at).map_err(|reason| Refusal { of: T::WORDS, reason })
    }

    fn decided(&self, command: Command, by: String, at: Timestamp) -> Result<Event, Reason> {
        Ok(match command {
            Command::Draft { title, text, why } => {
                let why = reason(&why)?;
                let version = self.last() + 1;
                let read = parse::<T>(&text, version).map_err(Reason::Invalid)?;
                let in_force = self.window_at(at).and_then(|window| self.version(window.version));
                if let Some(same) = in_force.filter(|version| *version.text == *text) {
                    return Err(Reason::Unchanged(same.version));
                }
                Event::Drafted(Drafted {
                    version,
                    title: named(title.as_deref()).unwrap_or(read.title()).to_owned(),
                    sha256: sha256(&text),
                    text,
                    based_on: in_force.map(|version| version.version),
                    author: by,
                    why,
                })
            }
            Command::Check { version, why } => {
                let why = reason(&why)?;
                let draft = self.current(version)?;
                not_published(draft)?;
                second_person(draft, &by)?;
                if let Some(step) = &draft.checked {
                    return Err(Reason::AlreadyChecked { version, by: step.by.clone() });
                }
                // A newer program may have stored what this one cannot read.
                draft.content.as_ref().map_err(|problem| Reason::Invalid(problem.clone()))?;
                Event::Checked(Checked { version, by, why })
            }
            Command::Publish { version, effective_from, why } => {
                let why = reason(&why)?;
                let draft = self.current(version)?;
                not_published(draft)?;
                second_person(draft, &by)?;
                if draft.checked.is_none() {
                    return Err(Reason::NotChecked(version));
                }
                draft.content.as_ref().map_err(|problem| Reason::Invalid(problem.clone()))?;
                let effective_from = effective_from.unwrap_or(at);
                if effective_from < at {
                    return Err(Reason::InThePast { wanted: effective_from, now: at });
                }
                let newest = self.versions().filter_map(|other| Some((other.took_effect()?, other.version)));
                if let Some((from, other)) = newest.max()
                    && effective_from <= from
                {
                    return Err(Reason::NotAfter { other, from });
                }
                Event::Published(Published { version, effective_from, by, why })
            }
            Command::Withdraw { version, why } => {
                let why = reason(&why)?;
                let known = self.current(version)?;
                let others = self.versions().filter(|other| other.version != version);
                if known.published.is_some() && !others.into_iter().any(|other| other.is_in_force_at(at)) {
                    return Err(Reason::NothingLeft(version));
                }
                Event::Withdrawn(Withdrawn { version, by, why })
            }
        })
    }

    /// The first version of an installation: what the program brought, or the site named.
    ///
    /// # Errors
    /// The text cannot be used.
    pub fn installation(text: &str) -> Result<[Event; 3], Refusal> {
        let (version, why, by) = (1, T::WORDS.installed.to_owned(), INSTALLATION.to_owned());
        let read = parse::<T>(text, version)
            .map_err(|problem| Refusal { of: T::WORDS, reason: Reason::Invalid(problem) })?;
        Ok([
            Event::Drafted(Drafted {
                version,
                title: read.title().to_owned(),
                text: text.to_owned(),
                sha256: sha256(text),
                based_on: None,
                author: by.clone(),
                why: why.clone(),
            }),
            Event::Checked(Checked { version, by: by.clone(), why: why.clone() }),
            Event::Published(Published { version, effective_from: beginning(), by, why }),
        ])
    }

    fn last(&self) -> u32 {
        self.versions().next_back().map_or(0, |version| version.version)
    }

    /// One version.
    ///
    /// # Errors
    /// There is none with this number.
    pub fn find(&self, version: u32) -> Result<&Version<T>, Refusal> {
        self.known_version(version).map_err(|reason| Refusal { of: T::WORDS, reason })
    }

    fn known_version(&self, version: u32) -> Result<&Version<T>, Reason> {
        let last = self.last();
        self.version(version).ok_or(Reason::Unknown { version, last })
    }

    /// A version that is not withdrawn.
    fn current(&self, version: u32) -> Result<&Version<T>, Reason> {
        let known = self.known_version(version)?;
        match &known.withdrawn {
            Some(step) => Err(Reason::Withdrawn { version, by: step.by.clone() }),
            None => Ok(known),
        }
    }
}

/// A title that says something.
fn named(title: Option<&str>) -> Option<&str> {
    title.map(str::trim).filter(|title| !title.is_empty())
}

fn reason(why: &str) -> Result<String, Reason> {
    let why = why.trim();
    if why.is_empty() { Err(Reason::NoReason) } else { Ok(why.to_owned()) }
}

fn not_published<T>(version: &Version<T>) -> Result<(), Reason> {
    match &version.published {
        Some((step, from)) => {
            Err(Reason::AlreadyPublished { version: version.version, by: step.by.clone(), from: *from })
        }
        None => Ok(()),
    }
}

/// The author cannot confirm the own work. Names that differ by case only are one person's.
fn second_person<T>(draft: &Version<T>, by: &str) -> Result<(), Reason> {
    if draft.drafted.by.to_lowercase() == by.to_lowercase() {
        return Err(Reason::OwnDraft { version: draft.version, author: draft.drafted.by.clone() });
    }
    Ok(())
}
