//! What somebody wants: channels, topics, hours, digests.

use countersign_contracts::notice::Channel;
use countersign_kernel::Timestamp;
use jiff::{
    Zoned,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::domain::window::{Hours, OpenHours, Windows, weekday_name};

/// Topics that may be muted, as far as they are reminders. What a policy makes a formal notice reaches everybody.
pub const TOPICS: [&str; 2] = ["digest", "overdue"];

/// What a contact wants. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Channels, the preferred one first. Empty: as the policy says.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Topics of which the contact wants no reminder.
    #[serde(default)]
    pub muted: Vec<String>,
    /// The delegate gets copies.
    #[serde(default)]
    pub copy_to_delegate: bool,
    /// IANA name of the zone; empty: that of the facility.
    #[serde(default)]
    pub time_zone: String,
    /// Send windows; empty: any hour that is not quiet.
    #[serde(default)]
    pub open: Vec<OpenHours>,
    /// Quiet hours.
    #[serde(default)]
    pub quiet: Option<Hours>,
    /// The digest.
    #[serde(default)]
    pub digest: Cadence,
}

impl Default for Preferences {
    /// A weekly digest, nothing at night, everything else as the policy says.
    fn default() -> Self {
        Self {
            channels: Vec::new(),
            muted: Vec::new(),
            copy_to_delegate: false,
            time_zone: String::new(),
            open: Vec::new(),
            quiet: Some(Hours::NIGHT),
            digest: Cadence::default(),
        }
    }
}

impl Preferences {
    /// When the contact may be disturbed. `facility_zone`: where the contact names none.
    pub fn windows(&self, facility_zone: &str) -> Windows {
        let own = self.time_zone.as_str();
        let time_zone = if own.is_empty() { facility_zone } else { own }.to_owned();
        Windows { time_zone, open: self.open.clone(), quiet: self.quiet }
    }
}

/// When digests go out. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// How often.
    pub every: Every,
    /// On which day of the week, for a weekly one.
    #[serde(with = "stored_weekday")]
    pub day: Weekday,
    /// At which time of day.
    pub at: Time,
}

/// How often digests go out. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Once a week.
    Week,
    /// Every day.
    Day,
    /// Never.
    Never,
}

impl Every {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "weekly",
            Self::Day => "daily",
            Self::Never => "never",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Week, Self::Day, Self::Never].into_iter().find(|every| every.name() == name)
    }
}

impl Default for Cadence {
    /// Mondays at seven in the morning: the list of the week.
    fn default() -> Self {
        Self { every: Every::Week, day: Weekday::Monday, at: Time::constant(7, 0, 0, 0) }
    }
}

impl Cadence {
    /// The first instant after this one at which a digest is due; nothing: never.
    pub fn next_after(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local: Zoned = at.to_zoned(zone.clone());
        let mut day = local.date();
        for _ in 0..9 {
            let wanted = match self.every {
                Every::Never => return None,
                Every::Day => true,
                Every::Week => day.weekday() == self.day,
            };
            let due = day.to_datetime(self.at).to_zoned(zone.clone()).ok()?.timestamp();
            if wanted && due > at {
                return Some(due);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

mod stored_weekday {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::weekday_name;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
    pub(super) fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(weekday_name::of(*day))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let name = String::deserialize(deserializer)?;
        weekday_name::parse(&name).ok_or_else(|| D::Error::custom("no day of the week"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekly_digest_keeps_its_local_hour_through_the_change_of_clocks() {
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        let cadence = Cadence::default();
        let mut at: Timestamp = "2026-02-25T00:00:00Z".parse().expect("an instant");
        let mut due = Vec::new();
        for _ in 0..3 {
            at = cadence.next_after(at, &zone).expect("another");
            due.push(at.to_string());
        }
        assert_eq!(due, ["2026-03-02T13:00:00Z", "2026-03-09T12:00:00Z", "2026-03-16T12:00:00Z"]);
        assert_eq!(Cadence { every: Every::Never, ..cadence }.next_after(at, &zone), None);
    }
}
