//! What the service is told by configuration: offices, letterheads, endpoints, limits.

use std::collections::BTreeMap;

use countersign_kernel::Timestamp;
use countersign_runtime::config::Paper;
use jiff::{civil::Time, tz::TimeZone};

use crate::{
    channels::Secret,
    domain::{
        contact::{Cadence, Destination, Every},
        notice::{Mode, Settings},
        throttle::Limits,
    },
    outbound::{Letterhead, OfficeName, PublicUrl, Wording},
};

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where recipients sign in.
    pub pages: PublicUrl,
    /// The part of message ids after the `@`, e.g. `countersign.example.org`.
    pub message_domain: String,
    /// Whether anything leaves, as long as no operator has decided otherwise.
    pub mode: Mode,
    /// Labels for codes.
    pub wording: Wording,
    /// Offices, by the name that policies know them by.
    pub offices: BTreeMap<String, Office>,
    /// Letterheads, by facility code.
    pub letterheads: BTreeMap<String, Letterhead>,
    /// Webhook endpoints, by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Paper of printed proofs.
    pub paper: Paper,
    /// How patient the service is.
    pub patience: Settings,
    /// How much goes out at once.
    pub limits: Limits,
    /// The secret that signs reports of bounces and complaints (`whsec_…`); without one they are refused.
    pub reports_secret: Option<Secret>,
    /// The zone of facilities that tell none.
    pub time_zone: TimeZone,
    /// No other process dispatches on this journal: attempts without an answer that are found at the start are those of
    /// a process that is gone.
    pub alone: bool,
    /// Attempts under way at once.
    pub under_way: usize,
}

impl Config {
    /// Nothing leaves, and nothing is known of offices and endpoints.
    pub fn shadow(pages: PublicUrl) -> Self {
        Self {
            pages,
            message_domain: "countersign.invalid".to_owned(),
            mode: Mode::Shadow,
            wording: Wording::default(),
            offices: BTreeMap::new(),
            letterheads: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            paper: Paper::Letter,
            patience: Settings::default(),
            limits: Limits::default(),
            reports_secret: None,
            time_zone: TimeZone::UTC,
            alone: true,
            under_way: 16,
        }
    }
}

/// An office.
#[derive(Debug, Clone)]
pub struct Office {
    /// Its name for people.
    pub name: OfficeName,
    /// How it is reached, where no contact says otherwise.
    pub addresses: Vec<Destination>,
    /// When it is told of what need not be told at once.
    pub list: OfficeList,
}

/// When an office is told of what need not be told at once: reminders, and formal notices that say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeList {
    /// Once a day, in one message, at this time of day in the zone of the facility (or of the contact, where it has one).
    Daily(Time),
    /// Of each by itself, at once.
    AtOnce,
}

impl Default for OfficeList {
    /// At seven in the morning: the list of the day.
    fn default() -> Self {
        Self::Daily(Cadence::default().at)
    }
}

impl OfficeList {
    /// The first instant after this one at which a list is due; nothing: there is none.
    pub fn next_after(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Daily(time) => {
                Cadence { every: Every::Day, at: time, ..Cadence::default() }.next_after(at, zone)
            }
            Self::AtOnce => None,
        }
    }
}

/// A webhook endpoint.
#[derive(Clone)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// Its secret: `whsec_` and Base64.
    pub secret: String,
}

impl std::fmt::Debug for Endpoint {
    /// Secrets do not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}
