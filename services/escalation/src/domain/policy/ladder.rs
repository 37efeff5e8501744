//! The steps of the ladder.

use countersign_contracts::notice::{Channel, NoticeClass};
use schemars::JsonSchema;
use serde::Deserialize;

use super::delivery::channels_schema;

/// The part in which the provider is told.
pub const PROVIDER: &str = "provider";
/// The part in which whoever heads the provider's department is told.
pub const CHAIR: &str = "chair";
/// The part in which somebody is told who looks after the provider's list.
pub const DELEGATE: &str = "delegate";
/// Offices, by the names that contacts know them by.
pub const OFFICES: [&str; 10] = [
    "medical_staff_office",
    "him",
    "chief_medical_officer",
    "executive_committee",
    "scheduling",
    "admitting",
    "bed_control",
    "credentialing",
    "graduate_medical_education",
    "counsel",
];

/// A step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, for ever: `notice-1`.
    pub name: String,
    /// Taken once the oldest item that counts is so many days old.
    pub after_days: u16,
    /// Which template tells of it.
    pub kind: String,
    /// How honestly its notices must arrive; `none`: it is a line in the digest, and no notice goes out.
    pub class: StepClass,
    /// Who is told: `provider`, `delegate`, `chair`, or an office.
    #[serde(default)]
    pub to: Vec<String>,
    /// By which channels, the preferred one first.
    #[serde(default)]
    #[schemars(schema_with = "channels_schema")]
    pub channels: Vec<Channel>,
    /// All of the channels; else the first that works.
    #[serde(default)]
    pub on_all: bool,
    /// Not before so many days have passed since the previous notice was DELIVERED to the provider. Without it the
    /// step may be the first that the provider hears of, after an outage or when charts come in late.
    #[serde(default)]
    pub days_after_previous: Option<u16>,
    /// It names the day of a suspension.
    #[serde(default)]
    pub warns_of_suspension: bool,
    /// At any time, or with the publishing run.
    #[serde(default)]
    pub at: Moment,
    /// Its notices go out outside send windows, too.
    #[serde(default)]
    pub at_any_hour: bool,
}

/// How honestly the notices of a step must arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepClass {
    /// Until they are delivered, bounced or taken over by a human.
    Formal,
    /// Once.
    Reminder,
    /// No notice: a line in the digest.
    None,
}

impl StepClass {
    /// The class of the notices; nothing for a step without one.
    pub const fn notice(self) -> Option<NoticeClass> {
        match self {
            Self::Formal => Some(NoticeClass::Formal),
            Self::Reminder => Some(NoticeClass::Reminder),
            Self::None => None,
        }
    }
}

/// When a step is taken once it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At once.
    #[default]
    Any,
    /// With the next run.
    Run,
}
