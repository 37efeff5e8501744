//! The outlets file: offices and how they are reached, letterheads, webhook endpoints, words for codes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use countersign_notification::{
    channels::webhook::WebhookSettings,
    config::{Endpoint, Office},
    domain::contact::Destination,
    outbound::{Letterhead, OfficeName, Wording},
};
use serde::Deserialize;

/// What the file says. Everything may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outlets {
    office: BTreeMap<String, OfficeLines>,
    /// By facility code.
    pub letterhead: BTreeMap<String, Letterhead>,
    endpoint: BTreeMap<String, EndpointLines>,
    /// How webhooks are called.
    pub webhooks: WebhookSettings,
    /// Labels for codes.
    pub words: Wording,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeLines {
    name: String,
    #[serde(default)]
    email: Vec<String>,
    #[serde(default)]
    webhook: Vec<String>,
    #[serde(default)]
    letter: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointLines {
    url: String,
    secret_file: PathBuf,
}

impl Outlets {
    /// Reads the file; without one, nothing is set up.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let named = || format!("outlets file {}", file.display());
        let text = std::fs::read_to_string(file).with_context(named)?;
        toml::from_str(&text).with_context(named)
    }

    /// Offices, by the name that policies know them by.
    pub fn offices(&self) -> BTreeMap<String, Office> {
        let office = |(key, lines): (&String, &OfficeLines)| {
            let mails = lines.email.iter().map(|address| Destination::Email { address: address.clone() });
            let calls =
                lines.webhook.iter().map(|endpoint| Destination::Webhook { endpoint: endpoint.clone() });
            let letter = (!lines.letter.is_empty()).then(|| Destination::Letter { lines: lines.letter.clone() });
            let office = Office {
                name: OfficeName::new(&lines.name),
                addresses: mails.chain(calls).chain(letter).collect(),
            };
            (key.clone(), office)
        };
        self.office.iter().map(office).collect()
    }

    /// Webhook endpoints, with their secrets.
    pub fn endpoints(&self) -> anyhow::Result<BTreeMap<String, Endpoint>> {
        let endpoint = |(name, lines): (&String, &EndpointLines)| {
            let secret = std::fs::read_to_string(&lines.secret_file).with_context(|| {
                format!("secret of the endpoint {name}: {}", lines.secret_file.display())
            })?;
            let endpoint = Endpoint { url: lines.url.clone(), secret: secret.trim().to_owned() };
            Ok((name.clone(), endpoint))
        };
        self.endpoint.iter().map(endpoint).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let text = include_str!("../../../../docs/notification.md");
        let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let outlets: Outlets = toml::from_str(example.expect("an example")).expect("it can be read");
        assert_eq!(outlets.offices()["medical_staff_office"].addresses.len(), 2);
        assert!(outlets.letterhead.contains_key("NORTH"));
    }
}
