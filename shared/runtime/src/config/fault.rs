//! What is wrong with a configuration, said so that it can be put right.

use std::fmt;

use super::schema::{SCHEMA, variable_of};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    Default,
    /// In the configuration file.
    File {
        /// The file as it was named.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In an environment variable.
    Environment(String),
    /// On the command line.
    CommandLine(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in defaults"),
            Self::File { name, line, column } => write!(f, "{name}, line {line}, column {column}"),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::CommandLine(option) => write!(f, "command line, {option}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The configuration cannot be used. Lists every fault that was found, not only the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        write!(f, "the configuration has {count} fault{}:", if count == 1 { "" } else { "s" })?;
        for fault in &self.faults {
            write!(f, "\n  {}: {}", fault.origin, fault.message)?;
        }
        f.write_str("\nEvery setting with its meaning: docs/configuration.md")
    }
}

impl std::error::Error for ConfigError {}

/// `a value that does not fit`: names the key, what was found and what is allowed.
pub(super) fn misfit(origin: Origin, key: &str, found: &str, allowed: &str) -> Fault {
    Fault { origin, message: format!("`{key}` is {found}; allowed: {allowed}") }
}

/// `a setting that does not exist`, with the one that was probably meant.
pub(super) fn unknown_key(origin: Origin, path: &str) -> Fault {
    let meant = nearest(path).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
    Fault { origin, message: format!("there is no setting `{path}`{meant}") }
}

/// The same for an environment variable.
pub(super) fn unknown_variable(name: &str) -> Fault {
    let meant = SCHEMA
        .settings
        .keys()
        .map(|path| variable_of(path))
        .map(|variable| (strsim::damerau_levenshtein(&variable, name), variable))
        .min()
        .filter(|(distance, _)| *distance <= 4)
        .map(|(_, variable)| variable)
        .or_else(|| {
            let path = name.strip_prefix(super::environment::PREFIX)?.to_ascii_lowercase().replace("__", ".");
            nearest(&path).map(|known| variable_of(&known))
        })
        .map(|known| format!("; did you mean `{known}`?"))
        .unwrap_or_default();
    Fault {
        origin: Origin::Environment(name.to_owned()),
        message: format!("names no setting (COUNTERSIGN_SECTION__KEY){meant}"),
    }
}

/// The known setting or section that is nearest to what was written: by its whole name, or by its last
/// part in another section.
fn nearest(path: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let written = last(path);
    SCHEMA
        .settings
        .keys()
        .chain(&SCHEMA.sections)
        .map(|known| {
            let whole = strsim::damerau_levenshtein(known, path);
            // the right key in the wrong section is a likely slip, but less likely than a slip of the pen
            let moved = strsim::damerau_levenshtein(&last(known), &written) + 1;
            (whole.min(moved), whole, known)
        })
        .min()
        .filter(|(distance, ..)| *distance <= 1 + written.chars().count() / 3)
        .map(|(.., known)| known.clone())
}
