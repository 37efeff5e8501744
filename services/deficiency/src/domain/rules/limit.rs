//! How long a rule allows.

use countersign_kernel::{BusinessCalendar, DayCount, Timestamp, end_of_local_day_after};
use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// That many hours, to the second.
    Hours(u16),
    /// To the end of that many local calendar days later.
    Days(u16),
    /// To the end of that many days of business later, by the facility's calendar.
    BusinessDays(u16),
}

impl Limit {
    /// The last instant that is on time.
    pub fn after(self, anchor: Timestamp, zone: &TimeZone, calendar: &BusinessCalendar) -> Timestamp {
        match self {
            Self::Hours(hours) => {
                anchor.saturating_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
            }
            Self::Days(days) => end_of_local_day_after(anchor, DayCount(days), zone),
            Self::BusinessDays(days) => calendar.end_of_business_day_after(anchor, DayCount(days), zone),
        }
    }

    /// `24 hours`, `7 days`, `2 business days`.
    pub fn readable(self) -> String {
        let (count, unit) = match self {
            Self::Hours(hours) => (hours, "hour"),
            Self::Days(days) => (days, "day"),
            Self::BusinessDays(days) => (days, "business day"),
        };
        format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}
