//! The file of outlets: letterheads by facility, webhook endpoints, own labels.

use std::{collections::BTreeMap, path::Path};

use jiff::civil::Time;
use serde::Deserialize;

use super::{
    Address, Secret,
    webhook::{SigningKey, WebhookSettings},
};
use crate::{
    config,
    domain::contact::Destination,
    outbound::{FacilityName, Letterhead, OfficeName, Wording},
};

/// What leaves by which way, as the hospital has written it down (`notification.outlets_file`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outlets {
    /// Heads of letters and mails, by facility code; `default` for the others.
    pub letterheads: BTreeMap<String, Letterhead>,
    /// Offices, by the code that policies know them by, e.g. `medical_staff_office`.
    pub offices: BTreeMap<String, Office>,
    /// What webhooks may reach.
    pub webhook: WebhookSettings,
    /// Webhook endpoints, by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Labels of the hospital, before those of this program.
    pub wording: Wording,
}

/// One office and how it is reached, where no contact says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its name for people.
    pub name: OfficeName,
    /// Mailboxes.
    #[serde(default)]
    pub email: Vec<String>,
    /// Names of endpoints.
    #[serde(default)]
    pub webhook: Vec<String>,
    /// Where letters go, line by line.
    #[serde(default)]
    pub letter: Vec<String>,
    /// Whether what need not be told at once waits for the list of the day.
    #[serde(default)]
    pub list: List,
    /// At which time of day that goes out.
    #[serde(default)]
    pub list_at: Option<Time>,
}

/// Whether an office gets a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum List {
    /// Once a day.
    #[default]
    #[serde(rename = "daily")]
    Daily,
    /// It is told of each by itself.
    #[serde(rename = "at once")]
    AtOnce,
}

impl Office {
    fn list(&self) -> config::OfficeList {
        match self.list {
            List::Daily => self.list_at.map_or_else(Default::default, config::OfficeList::Daily),
            List::AtOnce => config::OfficeList::AtOnce,
        }
    }

    fn addresses(&self) -> Vec<Destination> {
        let mails = self.email.iter().map(|address| Destination::Email { address: address.clone() });
        let calls = self.webhook.iter().map(|endpoint| Destination::Webhook { endpoint: endpoint.clone() });
        let letter = (!self.letter.is_empty()).then(|| Destination::Letter { lines: self.letter.clone() });
        mails.chain(calls).chain(letter).collect()
    }
}

/// One webhook endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// Its secret: `whsec_` and base64.
    pub secret: Secret,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutletsError {
    /// It cannot be read.
    #[error("{0}")]
    Read(#[from] std::io::Error),
    /// It is no file of outlets. Only the place and the reason are told: the text beside it may hold a secret.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Why.
        problem: String,
    },
    /// The secret of an endpoint cannot be used.
    #[error("endpoints.{endpoint}.secret: {problem}")]
    Secret {
        /// Which endpoint.
        endpoint: String,
        /// Why.
        problem: super::webhook::SignatureError,
    },
}

impl Outlets {
    /// Reads the file.
    pub fn read(file: &Path) -> Result<Self, OutletsError> {
        Self::parse(&std::fs::read_to_string(file)?)
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, OutletsError> {
        let outlets: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            OutletsError::Syntax {
                line: before.matches('\n').count() + 1,
                problem: error.message().to_owned(),
            }
        })?;
        for (name, endpoint) in &outlets.endpoints {
            SigningKey::parse(endpoint.secret.reveal())
                .map_err(|problem| OutletsError::Secret { endpoint: name.clone(), problem })?;
        }
        Ok(outlets)
    }

    /// The head for a facility.
    pub fn letterhead(&self, code: &str, name: &FacilityName) -> Letterhead {
        let found = self.letterheads.get(code).or_else(|| self.letterheads.get("default"));
        found.cloned().unwrap_or_else(|| Letterhead::of_facility(name))
    }

    /// The offices, as the service is told of them.
    pub fn offices(&self) -> BTreeMap<String, config::Office> {
        let told = |office: &Office| config::Office {
            name: office.name.clone(),
            addresses: office.addresses(),
            list: office.list(),
        };
        self.offices.iter().map(|(code, office)| (code.clone(), told(office))).collect()
    }

    /// The endpoints, as the service is told of them.
    pub fn endpoints(&self) -> BTreeMap<String, config::Endpoint> {
        let told = |endpoint: &Endpoint| config::Endpoint {
            url: endpoint.url.clone(),
            secret: endpoint.secret.reveal().to_owned(),
        };
        self.endpoints.iter().map(|(name, endpoint)| (name.clone(), told(endpoint))).collect()
    }

    /// The address of an endpoint.
    pub fn endpoint(&self, name: &str) -> Option<Address> {
        self.endpoints.get(name).map(|endpoint| Address::Webhook {
            endpoint: name.to_owned(),
            url: endpoint.url.clone(),
            secret: endpoint.secret.reveal().to_owned(),
        })
    }

    /// Every label: those of the hospital first.
    pub fn wording(&self) -> Wording {
        self.wording.clone().or(Wording::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[letterheads.default]
name = "Example General Hospital"
address = ["100 Example Avenue"]
contact = "HIM, extension 4711"
signature = "Chief of Staff"

[offices.medical_staff_office]
name = "Medical Staff Office"
email = ["mso@example.org"]
letter = ["Room 4-110"]

[webhook]
internal_networks = ["10.20.0.0/16"]

[endpoints.messenger]
url = "https://messenger.example.org/hooks/charts"
secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

[wording.documents]
stress_test = "Stress test"
"#;

    #[test]
    fn a_file_of_outlets_is_read_whole() {
        let outlets = Outlets::parse(FILE).expect("outlets");
        let facility = FacilityName::of_code("MAIN");
        assert_eq!(outlets.letterhead("MAIN", &facility).contact.as_str(), "HIM, extension 4711");
        assert_eq!(outlets.offices()["medical_staff_office"].addresses.len(), 2);
        assert_eq!(Outlets::default().letterhead("MAIN", &facility).name.as_str(), "MAIN");
        assert!(matches!(outlets.endpoint("messenger"), Some(Address::Webhook { .. })));
        assert_eq!(outlets.endpoint("other"), None);
        let wording = outlets.wording();
        assert_eq!(wording.document("stress_test").as_str(), "Stress test");
        assert_eq!(wording.document("discharge_summary").as_str(), "Discharge summary");
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let text = include_str!("../../../../docs/notification.md");
        let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let outlets = Outlets::parse(example.expect("an example")).expect("outlets");
        assert_eq!(outlets.offices()["medical_staff_office"].addresses.len(), 2);
        assert!(outlets.letterheads.contains_key("NORTH") && outlets.endpoints().contains_key("scheduling"));
    }

    #[test]
    fn faults_are_named_without_secrets() {
        let short = FILE.replace("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsec_c2VjcmV0");
        let error = Outlets::parse(&short).expect_err("too short").to_string();
        assert!(error.starts_with("endpoints.messenger.secret: ") && !error.contains("c2VjcmV0"), "{error}");
        let unknown = Outlets::parse("[endpoint]\nx = 1").expect_err("unknown").to_string();
        assert!(unknown.starts_with("line 1: unknown field `endpoint`"), "{unknown}");
    }
}
