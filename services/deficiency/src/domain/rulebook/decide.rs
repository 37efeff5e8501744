//! Which steps are allowed.

use countersign_kernel::Timestamp;

use super::{
    INSTALLATION, RuleBook, RulesEvent, RulesRefusal, Version, beginning,
    events::{RulesChecked, RulesDrafted, RulesPublished, RulesWithdrawn},
    parse, sha256,
};

/// A step that somebody wants to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulesCommand {
    /// Propose a rule set.
    Draft {
        /// Its name for people; left out, the one in the text.
        title: Option<String>,
        /// The whole rule file.
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

impl RulesCommand {
    /// Whether this event is what the command asked for. Tells a repetition from another command.
    pub fn asked_for(&self, event: &RulesEvent, at: Timestamp) -> bool {
        match (self, event) {
            (Self::Draft { title, text, why }, RulesEvent::Drafted(event)) => {
                *text == event.text
                    && why.trim() == event.why
                    && match named(title.as_deref()) {
                        Some(title) => title == event.title,
                        None => parse(text, event.version).is_ok_and(|rules| rules.title == event.title),
                    }
            }
            (Self::Check { version, why }, RulesEvent::Checked(event)) => {
                *version == event.version && why.trim() == event.why
            }
            (Self::Publish { version, effective_from, why }, RulesEvent::Published(event)) => {
                *version == event.version
                    && effective_from.unwrap_or(at) == event.effective_from
                    && why.trim() == event.why
            }
            (Self::Withdraw { version, why }, RulesEvent::Withdrawn(event)) => {
                *version == event.version && why.trim() == event.why
            }
            _ => false,
        }
    }
}

impl RuleBook {
    /// The instant at which a step is taken: now, and never before the last step.
    pub fn instant(&self, now: Timestamp) -> Timestamp {
        self.last_step.map_or(now, |last| last.max(now))
    }

    /// What a step comes to, or why it is refused. `at` is [`RuleBook::instant`].
    ///
    /// # Errors
    /// The rule that refused, and what would be allowed.
    pub fn decide(&self, command: RulesCommand, by: &str, at: Timestamp) -> Result<RulesEvent, RulesRefusal> {
        let by = by.to_owned();
        Ok(match command {
            RulesCommand::Draft { title, text, why } => {
                let why = reason(&why)?;
                let version = self.last() + 1;
                let rules = parse(&text, version).map_err(RulesRefusal::Invalid)?;
                let in_force = self.window_at(at).and_then(|window| self.version(window.version));
                if let Some(same) = in_force.filter(|version| *version.text == *text) {
                    return Err(RulesRefusal::Unchanged(same.version));
                }
                RulesEvent::Drafted(RulesDrafted {
                    version,
                    title: named(title.as_deref()).map_or(rules.title, str::to_owned),
                    sha256: sha256(&text),
                    text,
                    based_on: in_force.map(|version| version.version),
                    author: by,
                    why,
                })
            }
            RulesCommand::Check { version, why } => {
                let why = reason(&why)?;
                let draft = self.current(version)?;
                not_published(draft)?;
                second_person(draft, &by)?;
                if let Some(step) = &draft.checked {
                    return Err(RulesRefusal::AlreadyChecked { version, by: step.by.clone() });
                }
                // A newer program may have stored what this one cannot read.
                draft.rules.as_ref().map_err(|problem| RulesRefusal::Invalid(problem.clone()))?;
                RulesEvent::Checked(RulesChecked { version, by, why })
            }
            RulesCommand::Publish { version, effective_from, why } => {
                let why = reason(&why)?;
                let draft = self.current(version)?;
                not_published(draft)?;
                second_person(draft, &by)?;
                if draft.checked.is_none() {
                    return Err(RulesRefusal::NotChecked(version));
                }
                draft.rules.as_ref().map_err(|problem| RulesRefusal::Invalid(problem.clone()))?;
                let effective_from = effective_from.unwrap_or(at);
                if effective_from < at {
                    return Err(RulesRefusal::InThePast { wanted: effective_from, now: at });
                }
                let newest = self.versions().filter_map(|other| Some((other.took_effect()?, other.version)));
                if let Some((from, other)) = newest.max()
                    && effective_from <= from
                {
                    return Err(RulesRefusal::NotAfter { other, from });
                }
                RulesEvent::Published(RulesPublished { version, effective_from, by, why })
            }
            RulesCommand::Withdraw { version, why } => {
                let why = reason(&why)?;
                let known = self.current(version)?;
                let others = self.versions().filter(|other| other.version != version);
                if known.published.is_some() && !others.into_iter().any(|other| other.is_in_force_at(at)) {
                    return Err(RulesRefusal::NothingLeft(version));
                }
                RulesEvent::Withdrawn(RulesWithdrawn { version, by, why })
            }
        })
    }

    /// The first rule set of an installation: what the program brought, or the site named.
    ///
    /// # Errors
    /// The text is no rule file.
    pub fn installation(text: &str) -> Result<[RulesEvent; 3], RulesRefusal> {
        const WHY: &str = "the rules that this installation began with";
        let (version, why, by) = (1, WHY.to_owned(), INSTALLATION.to_owned());
        let rules = parse(text, version).map_err(RulesRefusal::Invalid)?;
        Ok([
            RulesEvent::Drafted(RulesDrafted {
                version,
                title: rules.title,
                text: text.to_owned(),
                sha256: sha256(text),
                based_on: None,
                author: by.clone(),
                why: why.clone(),
            }),
            RulesEvent::Checked(RulesChecked { version, by: by.clone(), why: why.clone() }),
            RulesEvent::Published(RulesPublished { version, effective_from: beginning(), by, why }),
        ])
    }

    fn last(&self) -> u32 {
        self.versions().next_back().map_or(0, |version| version.version)
    }

    /// A version that is not withdrawn.
    fn current(&self, version: u32) -> Result<&Version, RulesRefusal> {
        let last = self.last();
        let known = self.version(version).ok_or(RulesRefusal::Unknown { version, last })?;
        match &known.withdrawn {
            Some(step) => Err(RulesRefusal::Withdrawn { version, by: step.by.clone() }),
            None => Ok(known),
        }
    }
}

/// A title that says something.
fn named(title: Option<&str>) -> Option<&str> {
    title.map(str::trim).filter(|title| !title.is_empty())
}

fn reason(why: &str) -> Result<String, RulesRefusal> {
    let why = why.trim();
    if why.is_empty() { Err(RulesRefusal::NoReason) } else { Ok(why.to_owned()) }
}

fn not_published(version: &Version) -> Result<(), RulesRefusal> {
    match &version.published {
        Some((step, from)) => {
            Err(RulesRefusal::AlreadyPublished { version: version.version, by: step.by.clone(), from: *from })
        }
        None => Ok(()),
    }
}

/// The author cannot confirm the own work. Names that differ by case only are one person's.
fn second_person(draft: &Version, by: &str) -> Result<(), RulesRefusal> {
    if draft.drafted.by.to_lowercase() == by.to_lowercase() {
        return Err(RulesRefusal::OwnDraft { version: draft.version, author: draft.drafted.by.clone() });
    }
    Ok(())
}
