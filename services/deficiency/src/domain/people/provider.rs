//! One provider, as the directory knows it.

use countersign_contracts::staff::StaffIdentifier;
use countersign_kernel::{Person, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::leave::Leave;

/// Where somebody stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// May be responsible.
    Active,
    /// May not.
    Inactive {
        /// Since when; nothing for somebody who has not begun yet.
        since: Option<Timestamp>,
    },
    /// Not in a directory that is said to be complete, or named without an identifier.
    Unknown,
}

/// A period of activity, from `from` up to but without `until`; nothing = without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after it.
    pub until: Option<Timestamp>,
}

impl Interval {
    /// Without limits.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether the instant lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if until <= from)
    }
}

/// What is said about a provider beside identifiers and activity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Details {
    /// Name and credentials, without an identifier.
    pub name: Option<Person>,
    /// Departments, by code, in order of codes.
    pub departments: Vec<String>,
    /// Facilities, by code, in order of codes.
    pub facilities: Vec<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Specialty.
    pub specialty: Option<String>,
    /// Practitioner group.
    pub group: Option<String>,
    /// Supervisor.
    pub supervisor: Option<ProviderId>,
    /// Who may look after the list in the provider's place.
    pub delegate: Option<ProviderId>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone.
    pub telephone: Option<String>,
}

impl Details {
    /// These, and the other's where these say nothing.
    pub(super) fn or(self, other: &Self) -> Self {
        let listed = |mine: Vec<String>, others: &[String]| {
            if mine.is_empty() { others.to_vec() } else { mine }
        };
        Self {
            name: self.name.or_else(|| other.name.clone()),
            departments: listed(self.departments, &other.departments),
            facilities: listed(self.facilities, &other.facilities),
            service: self.service.or_else(|| other.service.clone()),
            specialty: self.specialty.or_else(|| other.specialty.clone()),
            group: self.group.or_else(|| other.group.clone()),
            supervisor: self.supervisor.or_else(|| other.supervisor.clone()),
            delegate: self.delegate.or_else(|| other.delegate.clone()),
            email: self.email.or_else(|| other.email.clone()),
            telephone: self.telephone.or_else(|| other.telephone.clone()),
        }
    }
}

/// Details from an instant on, until the next ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From when on they hold.
    pub from: Timestamp,
    /// What holds.
    pub details: Details,
}

/// Details at an instant. Before the first ones the first ones hold: nothing is known that says otherwise.
pub(super) fn details_at(versions: &[Version], at: Timestamp) -> Option<&Details> {
    versions
        .iter()
        .rev()
        .find(|version| version.from <= at)
        .or_else(|| versions.first())
        .map(|version| &version.details)
}

/// One provider, duplicates merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Key of the record and of its stream.
    pub key: Uuid,
    /// Main identifier.
    pub id: ProviderId,
    /// Every identifier, that of merged records too, in order.
    pub identifiers: Vec<StaffIdentifier>,
    /// Some message, file or person entered it in the directory; not so somebody of whom only a leave or a merge is
    /// known.
    pub listed: bool,
    /// When it is active, in order.
    pub activity: Vec<Interval>,
    /// What is said about it, in the order in which it takes effect.
    pub versions: Vec<Version>,
    /// Leaves that are not cancelled, by their beginning.
    pub leaves: Vec<Leave>,
    /// Main identifiers of the records that were merged into this one, in order.
    pub merged: Vec<ProviderId>,
}

impl Provider {
    /// What is said about it at an instant.
    pub fn details_at(&self, at: Timestamp) -> Option<&Details> {
        details_at(&self.versions, at)
    }

    /// The provider as a message would name it.
    pub fn person(&self, at: Timestamp) -> Person {
        Person {
            id: Some(self.id.id.clone()),
            authority: self.id.authority.clone(),
            ..self.details_at(at).and_then(|details| details.name.clone()).unwrap_or_default()
        }
    }

    /// Active or not, by its dates.
    pub fn standing(&self, at: Timestamp) -> Standing {
        if self.activity.iter().any(|interval| interval.holds(at)) {
            return Standing::Active;
        }
        let since =
            self.activity.iter().filter_map(|interval| interval.until).filter(|until| *until <= at).max();
        Standing::Inactive { since }
    }

    /// The next instant after this one at which it begins or ceases to be active.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        self.activity
            .iter()
            .flat_map(|interval| [interval.from, interval.until])
            .flatten()
            .filter(|at| *at > after)
            .min()
    }

    /// Whether it is one of this provider's identifiers.
    pub fn has(&self, id: &ProviderId) -> bool {
        self.id == *id || self.identifiers.iter().any(|known| known.id == *id)
    }
}
