//! Names that a message may carry: staff, offices and facilities, from the directory or from configuration.

use countersign_contracts::directory::{FacilityDescribed, ProviderDescribed};
use countersign_kernel::{Person, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Link, OneLine};

/// Name of somebody of the staff, as the directory has it, e.g. `Ana Núñez, MD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StaffName(OneLine);

impl StaffName {
    /// The name of a provider of the directory.
    pub fn of(provider: &ProviderDescribed) -> Self {
        Self::of_person(&provider.name)
    }

    /// The name of a person of the staff: given name, family name, credentials; the identifier when there is no name.
    pub fn of_person(person: &Person) -> Self {
        let name = OneLine::new(&format!("{} {}", person.given, person.family));
        if name.is_empty() {
            let id = person.id.as_deref().map(OneLine::new).filter(|id| !id.is_empty());
            return Self(OneLine::new(
                &id.map_or_else(|| "Provider".to_owned(), |id| format!("Provider {id}")),
            ));
        }
        let credentials = person.credentials.join(", ");
        Self(OneLine::new(&if credentials.is_empty() {
            name.to_string()
        } else {
            format!("{name}, {credentials}")
        }))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Name of an office of the hospital, from configuration, e.g. `Medical Staff Office`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfficeName(OneLine);

impl OfficeName {
    /// The name of an office as configuration has it.
    pub fn new(configured: &str) -> Self {
        Self(OneLine::new(configured))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Name of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FacilityName(OneLine);

impl FacilityName {
    /// The name as the directory has it; the code when it has none.
    pub fn of(facility: &FacilityDescribed) -> Self {
        let name = OneLine::new(&facility.name);
        Self(if name.is_empty() { OneLine::new(&facility.code) } else { name })
    }

    /// The code, for a facility that the directory does not know.
    pub fn of_code(code: &str) -> Self {
        Self(OneLine::new(code))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Head and foot of a facility's letters and mails: text only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letterhead {
    /// Name of the hospital.
    pub name: OneLine,
    /// Its postal address, line by line.
    #[serde(default)]
    pub address: Vec<OneLine>,
    /// Whom to ask, e.g. `Medical Staff Office, extension 4711`.
    pub contact: OneLine,
    /// Who signs, e.g. `Chief of Staff, for the Medical Executive Committee`.
    pub signature: OneLine,
}

impl Letterhead {
    /// A head with the facility's name only, for a facility without a configured one.
    pub fn of_facility(facility: &FacilityName) -> Self {
        Self {
            name: OneLine::new(facility.as_str()),
            address: Vec::new(),
            contact: OneLine::new("Health Information Management"),
            signature: OneLine::new("Health Information Management"),
        }
    }
}

/// Everything that a message needs beside the request: staff, place, day.
#[derive(Debug, Clone)]
pub struct Names {
    /// Who is told: somebody of the staff, or else an office.
    pub addressee: Addressee,
    /// Whom it is about; nothing when it is about a chart.
    pub about: Option<StaffName>,
    /// The facility.
    pub facility: FacilityName,
    /// Its head and foot.
    pub letterhead: Letterhead,
    /// Where the details stand, behind sign-in.
    pub link: Link,
    /// When the message was written: it bears the day of this instant in the facility's zone. The same notice keeps it
    /// at every attempt, or its bytes would differ.
    pub at: Timestamp,
    /// The facility's zone: days and instants are shown in it.
    pub zone: TimeZone,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Addressee {
    /// Somebody of the staff.
    Person(StaffName),
    /// An office.
    Office(OfficeName),
}

impl Addressee {
    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(name) => name.as_str(),
            Self::Office(name) => name.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_staff_are_read_as_people_write_them() {
        let person = |given: &str, family: &str, credentials: &[&str]| Person {
            id: Some("1047".to_owned()),
            authority: String::new(),
            family: family.to_owned(),
            given: given.to_owned(),
            credentials: credentials.iter().map(|&c| c.to_owned()).collect(),
        };
        assert_eq!(
            StaffName::of_person(&person("Ana", "Núñez", &["MD", "FACS"])).as_str(),
            "Ana Núñez, MD, FACS"
        );
        assert_eq!(StaffName::of_person(&person("", "Łukasz", &[])).as_str(), "Łukasz");
        assert_eq!(StaffName::of_person(&person("", "", &["MD"])).as_str(), "Provider 1047");
        assert_eq!(StaffName::of_person(&Person { id: None, ..person("", "", &[]) }).as_str(), "Provider");
    }
}
