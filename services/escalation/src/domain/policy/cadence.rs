//! When steps are taken: at any time, or with a run.

use countersign_kernel::{Days, Timestamp};
use jiff::{
    ToSpan,
    civil::{Date, Time},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// When steps are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cadence {
    /// As soon as they are due, or with the runs.
    pub mode: Mode,
    /// The run with which notices go out, for steps with `at = "run"`.
    pub publish: Run,
    /// The run with which suspensions are proposed.
    pub cutoff: Run,
}

/// As soon as they are due, or with the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Whatever says `at = "run"` waits for the next run.
    #[default]
    Weekly,
    /// Nothing waits for a run.
    Continuous,
}

/// A run that comes back: on a day of the week, at a time of day, in the facility's zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// Its day.
    pub day: Weekday,
    /// Its time, e.g. `12:00`.
    #[schemars(with = "String")]
    pub at: Time,
    /// Every so many weeks, from 1.
    pub every_weeks: u16,
    /// A day in one of its weeks: which weeks those are, where they are not all.
    #[schemars(with = "String")]
    pub counted_from: Date,
}

impl Default for Run {
    fn default() -> Self {
        // 2024-01-01 was a Monday.
        Self {
            day: Weekday::Wednesday,
            at: Time::constant(12, 0, 0, 0),
            every_weeks: 1,
            counted_from: Date::constant(2024, 1, 1),
        }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    const fn days_after_monday(self) -> i64 {
        self as i64
    }
}

impl Run {
    /// The first run at or after an instant. Where a day of the run has no such time (the clocks go forward), the run
    /// is at the first instant after the gap. At the end of time: the instant itself.
    pub fn on_or_after(&self, at: Timestamp, days: Days<'_>) -> Timestamp {
        let today = at.to_zoned(days.zone.clone()).date();
        let into_week = i64::from(self.counted_from.weekday().to_monday_zero_offset());
        let monday = self.counted_from.saturating_sub(into_week.days());
        let passed = i64::from(monday.until(today).map_or(0, |span| span.get_days()));
        let cycle = i64::from(self.every_weeks.max(1)) * 7;
        let offset = self.day.days_after_monday();
        // The last run's day that is not after today, and the one after it.
        let mut day = (passed - offset).div_euclid(cycle) * cycle + offset;
        loop {
            let Some(run) = monday.checked_add(day.days()).ok().and_then(|date| {
                date.to_datetime(self.at).to_zoned(days.zone.clone()).ok().map(|zoned| zoned.timestamp())
            }) else {
                return at;
            };
            if run >= at {
                return run;
            }
            day += cycle;
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::BusinessCalendar;
    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_weekly_run_comes_on_its_day_at_its_local_time_over_a_change_of_summer_time() {
        // given Wednesdays at noon in New York, where summer time began on Sunday, 8 March 2026
        let (zone, calendar) =
            (TimeZone::get("America/New_York").expect("a zone"), BusinessCalendar::default());
        let days = Days { zone: &zone, calendar: &calendar };
        let run = Run::default();
        // then the one before and the one after the change are an hour apart by UTC
        assert_eq!(run.on_or_after(at("2026-03-04T00:00:00Z"), days), at("2026-03-04T17:00:00Z"));
        assert_eq!(run.on_or_after(at("2026-03-04T17:00:00Z"), days), at("2026-03-04T17:00:00Z"));
        assert_eq!(run.on_or_after(at("2026-03-04T17:00:01Z"), days), at("2026-03-11T16:00:00Z"));
    }

    #[test]
    fn every_second_week_is_counted_from_the_week_that_the_policy_names() {
        let (zone, calendar) = (TimeZone::UTC, BusinessCalendar::default());
        let days = Days { zone: &zone, calendar: &calendar };
        let run = Run {
            day: Weekday::Friday,
            every_weeks: 2,
            counted_from: "2026-03-12".parse().expect("a date"),
            ..Run::default()
        };
        assert_eq!(run.on_or_after(at("2026-03-01T00:00:00Z"), days), at("2026-03-13T12:00:00Z"));
        assert_eq!(run.on_or_after(at("2026-03-14T00:00:00Z"), days), at("2026-03-27T12:00:00Z"));
    }
}
