//! Who may read and change what, until single sign-on exists: people in a file, each with roles and the hash
//! of a bearer token. Who is not in the file may change nothing, and reads as [`Reading`] says.

mod file;
mod people;
mod token;

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use countersign_kernel::Actor;

pub use file::{AccessError, read, update};
pub use people::{People, PeopleError, Person};
pub use token::{Token, TokenHash};

use crate::config::Reading;

/// The people of the access file, as the file stands now. It is looked at for each question and read again
/// when it has changed, so that somebody who is taken out is out at once.
#[derive(Debug)]
pub struct Access {
    path: PathBuf,
    reading: Reading,
    last: Mutex<Option<(Stamp, Arc<People>)>>,
}

/// What tells one state of a file from another without reading it.
type Stamp = (u64, i64, i64, i64, i64, u64);

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let file = fs::metadata(path)?;
    Ok((file.ino(), file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec(), file.size()))
}

/// Why somebody is not let through. No variant holds the token.
#[derive(Debug, thiserror::Error)]
pub enum Stranger {
    /// The file is missing or cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Nobody in the file has this token.
    #[error(
        "nobody has this token. A new one for somebody who is known: `countersign access token NAME`; for \
         somebody new: `countersign access add NAME --role ROLE`"
    )]
    UnknownToken,
    /// Nobody in the file has this name.
    #[error(
        "`{0}` is not in the access file: `countersign access list` shows who is; to add somebody: \
         `countersign access add NAME --role ROLE`"
    )]
    UnknownName(String),
    /// The person's access is switched off.
    #[error(
        "the access of {0} is switched off: an administrator can switch it on with `countersign access enable`"
    )]
    Disabled(String),
}

impl Access {
    /// The people of the file at this path. The file is read when somebody asks, not now.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), reading: Reading::Open, last: Mutex::new(None) }
    }

    /// The same people, with this rule of who may read.
    #[must_use]
    pub fn with_reading(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// Who may read.
    pub const fn reading(&self) -> Reading {
        self.reading
    }

    /// Whether anybody is registered, switched off or not.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn knows_anybody(&self) -> Result<bool, AccessError> {
        match self.people() {
            Ok(people) => Ok(!people.all().is_empty()),
            Err(AccessError::NoFile(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who has this token.
    ///
    /// # Errors
    /// Nobody, nobody any more, or the file cannot be used: then nobody is let through.
    pub fn by_token(&self, token: &str) -> Result<Actor, Stranger> {
        let people = self.people()?;
        present(people.by_token(token).ok_or(Stranger::UnknownToken)?)
    }

    /// Who has this name: for commands that work on the data folder itself. Who can write there can write
    /// the access file too, so the name is taken on trust.
    ///
    /// # Errors
    /// Nobody, nobody any more, or the file cannot be used.
    pub fn by_name(&self, name: &str) -> Result<Actor, Stranger> {
        let people = self.people()?;
        present(people.by_name(name).ok_or_else(|| Stranger::UnknownName(name.to_owned()))?)
    }

    fn people(&self) -> Result<Arc<People>, AccessError> {
        let stamp = stamp(&self.path).map_err(|error| AccessError::of(&self.path, error))?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, people)) = &*last
            && *of == stamp
        {
            return Ok(Arc::clone(people));
        }
        // Taken out first: a file that cannot be used lets nobody through, also not those of before.
        *last = None;
        let people = Arc::new(read(&self.path)?);
        *last = Some((stamp, Arc::clone(&people)));
        Ok(people)
    }
}

fn present(person: &Person) -> Result<Actor, Stranger> {
    if person.disabled { Err(Stranger::Disabled(person.name.clone())) } else { Ok(person.actor()) }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::Role;

    use super::*;

    fn added(path: &Path, name: &str, roles: &[Role]) -> Token {
        let (person, token) = Person::new(name, roles).with_token().expect("random bytes");
        update(path, |people| people.add(person)).expect("added");
        token
    }

    #[test]
    fn without_a_file_nobody_is_let_through_and_the_way_out_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let access = Access::new(folder.path().join("access.toml"));
        let refusal = access.by_token("anything").expect_err("nobody").to_string();
        assert!(refusal.contains("countersign access add NAME --role him_manager"), "{refusal}");
    }

    #[test]
    fn a_token_names_its_person_and_another_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("access.toml");
        let access = Access::new(&path);
        let kim = added(&path, "kim", &[Role::HimManager]);
        let lee = added(&path, "lee", &[Role::RulesApprover]);
        assert_eq!(access.by_token(kim.reveal()).expect("kim").name, "kim");
        assert_eq!(access.by_token(lee.reveal()).expect("lee").roles, [Role::RulesApprover]);
        for wrong in ["", "cst_", &kim.reveal()[..67], &format!("{}0", kim.reveal())] {
            assert!(matches!(access.by_token(wrong), Err(Stranger::UnknownToken)), "{wrong}");
        }
        assert_eq!(access.by_name("KIM").expect("kim").name, "kim");
        assert!(matches!(access.by_name("kim2"), Err(Stranger::UnknownName(_))));
    }

    #[test]
    fn a_change_of_the_file_holds_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("access.toml");
        let access = Access::new(&path);
        let kim = added(&path, "kim", &[Role::HimManager]);
        assert!(access.by_token(kim.reveal()).is_ok());
        // switched off
        update(&path, |people| people.change("kim", |kim| kim.disabled = true)).expect("changed");
        assert!(matches!(access.by_token(kim.reveal()), Err(Stranger::Disabled(_))));
        // on again, with another token
        let (_, other) = Person::new("kim", &[]).with_token().expect("random bytes");
        let hash = other.hash();
        update(&path, |people| {
            people.change("kim", |kim| {
                kim.disabled = false;
                kim.token_sha256 = Some(hash);
            })
        })
        .expect("changed");
        assert!(matches!(access.by_token(kim.reveal()), Err(Stranger::UnknownToken)));
        assert!(access.by_token(other.reveal()).is_ok());
        // and a file that cannot be used lets nobody through
        fs::write(&path, "[[person]]\nname = 'kim'\nroles = ['king']\n").expect("written");
        let refusal = access.by_token(other.reveal()).expect_err("nobody").to_string();
        assert!(refusal.contains("line 3") && refusal.contains("him_manager"), "{refusal}");
    }

    #[test]
    fn the_file_holds_no_token_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("access.toml");
        let token = added(&path, "kim", &[Role::HimManager]);
        let text = fs::read_to_string(&path).expect("text");
        assert!(!text.contains(token.reveal()) && !text.contains(&token.reveal()[4..]), "{text}");
        assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        assert!(!format!("{token:?}").contains(&token.reveal()[4..]));
        assert_eq!(token.reveal().len(), 4 + 64, "256 bits");
    }

    #[test]
    fn names_are_used_once_whatever_their_case_and_those_of_the_program_are_not_given() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("access.toml");
        added(&path, "kim", &[Role::HimManager]);
        for (name, because) in [
            ("Kim", "already"),
            ("", "1 to 100"),
            (" kim2", "1 to 100"),
            ("Countersign (installation)", "program itself"),
        ] {
            let refusal = update(&path, |people| people.add(Person::new(name, &[Role::Auditor])));
            let refusal = refusal.expect_err(name).to_string();
            assert!(refusal.contains(because), "{name}: {refusal}");
        }
        // the same holds for a file that somebody wrote by hand
        fs::write(&path, "[[person]]\nname = 'kim'\nroles = []\n[[person]]\nname = 'KIM'\nroles = []\n")
            .expect("written");
        assert!(read(&path).expect_err("twice").to_string().contains("already"));
    }
}
