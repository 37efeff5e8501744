//! What counts as delivered.

use std::collections::BTreeSet;

use countersign_contracts::notice::Channel;
use schemars::JsonSchema;
use serde::Deserialize;

/// What counts as delivered. A delivery that is told of as such (a letter handed over) always does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// An e-mail.
    pub email: EmailProof,
    /// Days of 24 hours without a bounce that make an accepted e-mail a delivered one, for `email = "bounce_free"`.
    pub bounce_free_days: u16,
    /// A message in the inbox.
    pub inbox: ReadProof,
    /// A webhook's call.
    pub webhook: ReadProof,
    /// The channels that prove a notice. A letter counts on the day it is handed over or mailed.
    #[schemars(schema_with = "channels_schema")]
    pub channels: BTreeSet<Channel>,
    /// Any one of them, or all.
    pub required: Required,
    /// A notice that came back or could not be sent is asked for again, so often.
    pub attempts: u16,
    /// So many days of 24 hours lie between.
    pub again_after_days: u16,
    /// After so many days of 24 hours without any answer a human is asked.
    pub silence_days: u16,
    /// The office that is told in place of a chair who is not there, or who is the provider.
    pub in_place_of_chair: String,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            email: EmailProof::default(),
            bounce_free_days: 1,
            inbox: ReadProof::Read,
            webhook: ReadProof::Accepted,
            channels: [Channel::Email, Channel::Letter, Channel::Inbox].into(),
            required: Required::default(),
            attempts: 3,
            again_after_days: 1,
            silence_days: 3,
            in_place_of_chair: "medical_staff_office".to_owned(),
        }
    }
}

/// What proves an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmailProof {
    /// The mail server of the recipient took it.
    Accepted,
    /// It took it, and it did not come back for some days: delivered when those are over.
    #[default]
    BounceFree,
    /// The recipient opened it.
    Read,
}

/// What proves a message whose receiver answers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadProof {
    /// It was taken over.
    Accepted,
    /// It was opened.
    Read,
}

/// How many of the channels have to prove a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Required {
    /// Any one: the earliest counts.
    #[default]
    Any,
    /// All: the latest counts.
    All,
}

pub(super) fn channels_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = Channel::ALL.map(Channel::name);
    schemars::json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}
