//! The access file: TOML, readable by its owner only, replaced as a whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::people::{People, PeopleError};

const HEADING: &str = "\
# Who may change something in Countersign, and in which roles. Written by `countersign access`, which keeps
# no comments. Tokens are not in it, only their SHA-256. Whoever can write this file can do everything.

";

/// The access file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There is none.
    #[error(
        "nobody may change anything yet: there is no access file {}. Let somebody who can write there run \
         `countersign access add NAME --role him_manager`",
        .0.display()
    )]
    NoFile(PathBuf),
    /// It cannot be read or written.
    #[error("cannot use the access file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What it says cannot be used.
    #[error("the access file {} cannot be used: {problem}", path.display())]
    Faulty {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        problem: String,
    },
    /// Somebody else writes it.
    #[error(
        "the access file is being changed by another command. If none runs, one was interrupted: delete {}",
        .0.display()
    )]
    Busy(PathBuf),
    /// The change is not allowed.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl AccessError {
    pub(super) fn of(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoFile(path.to_owned()),
            _ => Self::Io { path: path.to_owned(), source: error },
        }
    }
}

/// Reads the file.
///
/// # Errors
/// It is not there, or what it says cannot be used.
pub fn read(path: &Path) -> Result<People, AccessError> {
    let faulty = |problem: String| AccessError::Faulty { path: path.to_owned(), problem };
    let text = fs::read_to_string(path).map_err(|error| AccessError::of(path, error))?;
    let people: People = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        // the line itself is not repeated: it may hold what somebody took for a place for the token
        faulty(format!("line {line}: {}", error.message().trim()))
    })?;
    people.checked().map_err(|error| faulty(error.to_string()))
}

/// Changes the file; makes it when there is none. The whole file is written beside and then put in its
/// place, so that a reader sees the one or the other. The file beside is also the lock between commands.
///
/// # Errors
/// The change is refused, or the file cannot be read or written; then nothing has changed.
pub fn update(
    path: &Path,
    change: impl FnOnce(&mut People) -> Result<(), PeopleError>,
) -> Result<(), AccessError> {
    let io = |source| AccessError::Io { path: path.to_owned(), source };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(AccessError::Busy(beside)),
        Err(error) => return Err(io(error)),
    };
    let written = (|| {
        let mut people = match read(path) {
            Err(AccessError::NoFile(_)) => People::default(),
            result => result?,
        };
        change(&mut people)?;
        let text = toml::to_string_pretty(&people).map_err(|error| io(io::Error::other(error)))?;
        file.write_all(HEADING.as_bytes()).map_err(io)?;
        file.write_all(text.as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        fs::rename(&beside, path).map_err(io)
    })();
    if written.is_err() {
        // Best effort: what is left over would be told as `Busy`, with the remedy.
        let _ = fs::remove_file(&beside);
    }
    written
}
