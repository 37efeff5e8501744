//! The people of the access file.

use countersign_kernel::{Actor, ProviderId, Role};
use serde::{Deserialize, Serialize};

use super::token::{Token, TokenHash};

/// Under names that begin so, the program itself acts on record.
const OWN_NAMES: &str = "countersign";

/// Somebody who may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name under which acts go on record.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// Switched off: the person is known and may do nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// SHA-256 of the token; without one the person acts on the data folder only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<TokenHash>,
    /// The facilities the person works for. Empty: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facilities: Vec<String>,
    /// Whose own items these are, when the person is a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// The providers whose list a delegate looks after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub for_providers: Vec<ProviderId>,
}

impl Person {
    /// Somebody with these roles, without a token.
    pub fn new(name: &str, roles: &[Role]) -> Self {
        Self {
            name: name.to_owned(),
            roles: roles.to_vec(),
            disabled: false,
            token_sha256: None,
            facilities: Vec::new(),
            provider: None,
            for_providers: Vec::new(),
        }
    }

    /// The same person with a new token, and that token: it is kept nowhere else.
    ///
    /// # Errors
    /// The operating system has no random bytes to give.
    pub fn with_token(mut self) -> std::io::Result<(Self, Token)> {
        let token = Token::new()?;
        self.token_sha256 = Some(token.hash());
        Ok((self, token))
    }

    /// The person as services know somebody who acts.
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            roles: self.roles.clone(),
            provider: self.provider.clone(),
            for_providers: self.for_providers.clone(),
            facilities: self.facilities.clone(),
        }
    }
}

/// Everybody who may act.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    #[serde(default)]
    person: Vec<Person>,
}

/// What the list of people does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// A name that cannot be used.
    #[error(
        "`{0}` is no name to act under: use 1 to 100 characters, no space at the ends, no control characters"
    )]
    Name(String),
    /// A name of ours.
    #[error(
        "`{0}` begins like a name of the program itself: choose one that does not begin with `countersign`"
    )]
    OwnName(String),
    /// The name is taken.
    #[error(
        "`{0}` is in the access file already (names differ by more than case): `countersign access roles` \
         changes roles, `countersign access token` gives a new token"
    )]
    Taken(String),
    /// Nobody has the name.
    #[error("`{0}` is not in the access file: `countersign access list` shows who is")]
    Unknown(String),
}

impl People {
    /// Everybody, in the order of the file.
    pub fn all(&self) -> &[Person] {
        &self.person
    }

    /// The person of this name; upper and lower case are the same.
    pub fn by_name(&self, name: &str) -> Option<&Person> {
        self.person.iter().find(|person| same_name(&person.name, name))
    }

    /// The person with this token. Takes the same time whoever it is.
    pub fn by_token(&self, token: &str) -> Option<&Person> {
        let hash = TokenHash::of(token);
        self.person.iter().fold(None, |found, person| match person.token_sha256 {
            Some(known) if known.is_same(&hash) => Some(person),
            _ => found,
        })
    }

    /// Adds somebody.
    ///
    /// # Errors
    /// The name is taken or cannot be used.
    pub fn add(&mut self, person: Person) -> Result<(), PeopleError> {
        let name = &person.name;
        if name.is_empty()
            || name.chars().count() > 100
            || name.trim() != name
            || name.chars().any(char::is_control)
        {
            return Err(PeopleError::Name(name.clone()));
        }
        if name.to_lowercase().starts_with(OWN_NAMES) {
            return Err(PeopleError::OwnName(name.clone()));
        }
        if self.by_name(name).is_some() {
            return Err(PeopleError::Taken(name.clone()));
        }
        self.person.push(person);
        Ok(())
    }

    /// Changes somebody. The name stays: it is on record.
    ///
    /// # Errors
    /// Nobody has the name.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Person)) -> Result<(), PeopleError> {
        let found = self.person.iter_mut().find(|person| same_name(&person.name, name));
        let person = found.ok_or_else(|| PeopleError::Unknown(name.to_owned()))?;
        let kept = person.name.clone();
        change(person);
        person.name = kept;
        Ok(())
    }

    /// Takes somebody out.
    ///
    /// # Errors
    /// Nobody has the name.
    pub fn remove(&mut self, name: &str) -> Result<(), PeopleError> {
        let place = self.person.iter().position(|person| same_name(&person.name, name));
        self.person.remove(place.ok_or_else(|| PeopleError::Unknown(name.to_owned()))?);
        Ok(())
    }

    /// The same people, each checked as [`People::add`] checks: a file may have been written by hand.
    pub(super) fn checked(self) -> Result<Self, PeopleError> {
        let mut people = Self::default();
        self.person.into_iter().try_for_each(|person| people.add(person))?;
        Ok(people)
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
