//! Why a command about facilities and departments is refused, and what would be allowed.

use super::state::DowntimeId;

/// A command is refused. The text says what would be allowed; [`Refusal::rule`] names the rule for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No reason was given.
    #[error("say why: the reason goes on record")]
    NoReason,
    /// A code is empty.
    #[error("facilities and departments have a code: give the one that messages carry")]
    NoCode,
    /// A new facility or department without what it needs.
    #[error("a new one needs {0}: give it")]
    Missing(&'static str),
    /// The time zone is unknown.
    #[error("`{0}` is no IANA time zone: take one such as `America/Chicago`")]
    UnknownZone(String),
    /// The jurisdiction is none.
    #[error("`{0}` is no jurisdiction: take country and state as in ISO 3166-2, such as `US-CA`")]
    BadJurisdiction(String),
    /// The day of the week is none.
    #[error("`{0}` is no day of the week: take names such as `saturday`")]
    BadWeekday(String),
    /// A week without business.
    #[error("a week has a day of business: leave at least one out of the weekend")]
    NoBusinessDay,
    /// Nobody described the facility.
    #[error("there is no facility `{0}`: describe it first, or check the code")]
    UnknownFacility(String),
    /// The period has no length.
    #[error("a downtime ends after it begins: give an end later than the beginning, or none")]
    EmptyPeriod,
    /// No such downtime.
    #[error("there is no downtime {0}, or it is cancelled: the facility's page lists those that are")]
    NoDowntime(DowntimeId),
}

impl Refusal {
    /// The rule that refused, for programs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NoReason => "reason-needed",
            Self::NoCode => "code-needed",
            Self::Missing(_) => "content-missing",
            Self::UnknownZone(_) => "time-zone-unknown",
            Self::BadJurisdiction(_) => "jurisdiction-unknown",
            Self::BadWeekday(_) => "weekday-unknown",
            Self::NoBusinessDay => "week-without-business",
            Self::UnknownFacility(_) => "facility-unknown",
            Self::EmptyPeriod => "period-empty",
            Self::NoDowntime(_) => "downtime-unknown",
        }
    }

    /// Whether it is about something that does not exist.
    pub const fn is_about_absence(&self) -> bool {
        matches!(self, Self::UnknownFacility(_) | Self::NoDowntime(_))
    }
}
