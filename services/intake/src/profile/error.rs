//! What can be wrong with a profile file, said so that it can be put right.

use std::path::PathBuf;

/// A profile file that cannot be used. The profiles in force stay in force.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file cannot be read.
    #[error("the feed profiles {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or holds a key or value that does not belong there.
    #[error("feed profiles: {message}{}", suggestion.as_deref().map(|word| format!("\ndid you mean `{word}`?")).unwrap_or_default())]
    Malformed {
        /// What the parser says, with line and column.
        message: String,
        /// The known key or value that is nearest to an unknown one.
        suggestion: Option<String>,
    },
    /// A time zone that is in no IANA database.
    #[error(
        "feed profile {profile}: there is no time zone `{zone}`; write an IANA name such as `America/New_York`"
    )]
    TimeZone {
        /// The profile.
        profile: String,
        /// What was written.
        zone: String,
    },
    /// Two feeds of one name, or a feed called `default`.
    #[error("feed profile {0}: the name is taken")]
    NameTaken(String),
    /// A feed without a name.
    #[error("a [[feed]] has no `name`")]
    NoName,
    /// `[default]` reads whatever no feed reads.
    #[error("[default] takes neither `name` nor `match`: put them into a [[feed]]")]
    DefaultIsNoFeed,
    /// `visit_number = []`.
    #[error("feed profile {0}: `visit_number` names no field")]
    NoVisitNumberField(String),
    /// One code in two lists of the same table.
    #[error("feed profile {profile}: `{code}` stands in two lists of `{table}`")]
    Ambiguous {
        /// The profile.
        profile: String,
        /// The table.
        table: &'static str,
        /// The code.
        code: String,
    },
}

impl From<toml::de::Error> for ProfileError {
    fn from(error: toml::de::Error) -> Self {
        Self::Malformed {
            suggestion: suggestion(error.message()),
            message: error.to_string().trim_end().to_owned(),
        }
    }
}

/// The nearest of the words that the parser would have taken: ``unknown field `clases`, expected one of …``.
fn suggestion(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let written = words.next()?;
    words
        .map(|known| (strsim::damerau_levenshtein(written, known), known))
        .filter(|(distance, known)| *distance <= 2 + known.len() / 4)
        .min()
        .map(|(_, known)| known.to_owned())
}
