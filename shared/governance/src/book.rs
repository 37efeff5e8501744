//! The book of a governed text: every version that was ever drafted, what became of it, and which one was in
//! force when.
//!
//! A version is drafted, checked by a second person, published with an instant from which it is in force, and
//! perhaps withdrawn. The version in force at an instant is the one that took effect last among those that are
//! not withdrawn at that instant: after a withdrawal the one before it is in force again. What was in force
//! at a past instant never changes.

mod decide;

use std::sync::Arc;

use countersign_kernel::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Event, Governed};

pub use decide::Command;

/// Who acts when the texts that the program brought are put in force at the first start.
pub const INSTALLATION: &str = "countersign (installation)";

/// From when the first version is in force: before any fact that a feed will tell.
pub fn beginning() -> Timestamp {
    Timestamp::constant(946_684_800, 0)
}

/// A step in the life of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who took it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A text with its life.
#[derive(Debug, Clone)]
pub struct Version<T> {
    /// Its number, from 1.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// The whole text.
    pub text: Arc<str>,
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
    /// The version that was in force when it was drafted.
    pub based_on: Option<u32>,
    /// What it says; `Err` with the reason when this program cannot read the text (any more).
    pub content: Result<Arc<T>, String>,
    /// Who drafted it.
    pub drafted: Step,
    /// Who checked it.
    pub checked: Option<Step>,
    /// Who published it, and from when it was to be in force.
    pub published: Option<(Step, Timestamp)>,
    /// Who withdrew it.
    pub withdrawn: Option<Step>,
}

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Proposed.
    Draft,
    /// Confirmed by a second person.
    Checked,
    /// Published, and not yet in force.
    Scheduled,
    /// In force.
    InForce,
    /// A later one is in force.
    Superseded,
    /// Taken back.
    Withdrawn,
}

impl Status {
    /// The name used in the API and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Checked => "checked",
            Self::Scheduled => "scheduled",
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl<T> Version<T> {
    /// From when it was to be in force, unless it was withdrawn before that: then it never was.
    fn took_effect(&self) -> Option<Timestamp> {
        let (_, from) = self.published.as_ref()?;
        let withdrawn_before = self.withdrawn.as_ref().is_some_and(|step| step.at <= *from);
        (!withdrawn_before).then_some(*from)
    }

    fn is_in_force_at(&self, at: Timestamp) -> bool {
        self.took_effect().is_some_and(|from| from <= at)
            && self.withdrawn.as_ref().is_none_or(|step| at < step.at)
    }
}

/// A stretch of time in which one version was, is or will be in force.
#[derive(Debug, Clone)]
pub struct Window<T> {
    /// Which.
    pub version: u32,
    /// From when, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive. `None`: without end, as things stand.
    pub until: Option<Timestamp>,
    /// What it says.
    pub content: Arc<T>,
}

/// Every version, and which was in force when. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Book<T> {
    versions: Vec<Arc<Version<T>>>,
    windows: Vec<Window<T>>,
    last_step: Option<Timestamp>,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self { versions: Vec::new(), windows: Vec::new(), last_step: None }
    }
}

/// The record of a governed text cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// A published version cannot be read.
    #[error(
        "{noun} {version} was published and this program cannot read it: {problem}. Run the program version \
         that published it"
    )]
    Unreadable {
        /// What is governed.
        noun: &'static str,
        /// Which.
        version: u32,
        /// Why.
        problem: String,
    },
    /// A step belongs to no draft.
    #[error("the record tells of {noun} {version}, which was never drafted")]
    OutOfOrder {
        /// What is governed.
        noun: &'static str,
        /// Which.
        version: u32,
    },
}

impl<T: Governed> Book<T> {
    /// Every version, the first one first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &Version<T>> + ExactSizeIterator {
        self.versions.iter().map(|version| &**version)
    }

    /// One version.
    pub fn version(&self, version: u32) -> Option<&Version<T>> {
        let place = usize::try_from(version).ok()?.checked_sub(1)?;
        self.versions.get(place).map(|version| &**version)
    }

    /// What is in force at an instant. `None` before the first version took effect.
    pub fn in_force_at(&self, at: Timestamp) -> Option<&Arc<T>> {
        self.window_at(at).map(|window| &window.content)
    }

    /// Which versions were, are and will be in force, as things stand: in order of time, without gaps.
    pub fn windows(&self) -> &[Window<T>] {
        &self.windows
    }

    /// What has become of a version by now.
    pub fn status(&self, version: &Version<T>, now: Timestamp) -> Status {
        if version.withdrawn.is_some() {
            return Status::Withdrawn;
        }
        match (&version.published, &version.checked) {
            (Some((_, from)), _) if now < *from => Status::Scheduled,
            (Some(_), _) => match self.window_at(now) {
                Some(window) if window.version == version.version => Status::InForce,
                _ => Status::Superseded,
            },
            (None, Some(_)) => Status::Checked,
            (None, None) => Status::Draft,
        }
    }

    /// Takes note of a step that was taken at an instant.
    ///
    /// # Errors
    /// The record contradicts itself, or a published version cannot be read.
    pub fn evolve(&mut self, event: &Event, at: Timestamp) -> Result<(), BookError> {
        let step = |by: &str, why: &str| Step { by: by.to_owned(), at, why: why.to_owned() };
        match event {
            Event::Drafted(drafted) => {
                if usize::try_from(drafted.version) != Ok(self.versions.len() + 1) {
                    return Err(out_of_order::<T>(drafted.version));
                }
                self.versions.push(Arc::new(Version {
                    version: drafted.version,
                    title: drafted.title.clone(),
                    text: drafted.text.as_str().into(),
                    sha256: drafted.sha256.clone(),
                    based_on: drafted.based_on,
                    content: parse(&drafted.text, drafted.version).map(Arc::new),
                    drafted: step(&drafted.author, &drafted.why),
                    checked: None,
                    published: None,
                    withdrawn: None,
                }));
            }
            Event::Checked(checked) => {
                self.known(checked.version)?.checked = Some(step(&checked.by, &checked.why));
            }
            Event::Published(published) => {
                let version = self.known(published.version)?;
                if let Err(problem) = &version.content {
                    return Err(BookError::Unreadable {
                        noun: T::WORDS.noun,
                        version: published.version,
                        problem: problem.clone(),
                    });
                }
                version.published = Some((step(&published.by, &published.why), published.effective_from));
            }
            Event::Withdrawn(withdrawn) => {
                self.known(withdrawn.version)?.withdrawn = Some(step(&withdrawn.by, &withdrawn.why));
            }
        }
        self.windows = windows(&self.versions);
        self.last_step = self.last_step.max(Some(at));
        Ok(())
    }

    fn known(&mut self, version: u32) -> Result<&mut Version<T>, BookError> {
        let place = usize::try_from(version).ok().and_then(|number| number.checked_sub(1));
        let found = place.and_then(|place| self.versions.get_mut(place));
        found.map(Arc::make_mut).ok_or_else(|| out_of_order::<T>(version))
    }

    pub(crate) fn window_at(&self, at: Timestamp) -> Option<&Window<T>> {
        let after = self.windows.partition_point(|window| window.from <= at);
        self.windows.get(after.checked_sub(1)?).filter(|window| window.until.is_none_or(|until| at < until))
    }
}

/// SHA-256 of a text, hexadecimal.
pub fn sha256(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Reads a text as this version.
fn parse<T: Governed>(text: &str, version: u32) -> Result<T, String> {
    T::read(text, version).map_err(|problem| problem.to_string())
}

const fn out_of_order<T: Governed>(version: u32) -> BookError {
    BookError::OutOfOrder { noun: T::WORDS.noun, version }
}

fn windows<T>(versions: &[Arc<Version<T>>]) -> Vec<Window<T>> {
    let starts = versions.iter().filter_map(|version| version.took_effect());
    let ends = versions
        .iter()
        .filter(|version| version.took_effect().is_some())
        .filter_map(|version| version.withdrawn.as_ref().map(|step| step.at));
    let mut instants: Vec<Timestamp> = starts.chain(ends).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut windows: Vec<Window<T>> = Vec::new();
    for at in instants {
        // Two versions never take effect at the same instant: a decision sees to it.
        let in_force = versions
            .iter()
            .filter(|version| version.is_in_force_at(at))
            .max_by_key(|version| (version.took_effect(), version.version));
        if let (Some(last), Some(version)) = (windows.last(), in_force)
            && last.version == version.version
            && last.until.is_none()
        {
            continue;
        }
        if let Some(last) = windows.last_mut()
            && last.until.is_none()
        {
            last.until = Some(at);
        }
        if let Some(version) = in_force
            && let Ok(content) = &version.content
        {
            let content = Arc::clone(content);
            windows.push(Window { version: version.version, from: at, until: None, content });
        }
    }
    windows
}

#[cfg(test)]
mod tests;
