//! When somebody may be disturbed: send windows and quiet hours, in the recipient's own zone.

use countersign_kernel::Timestamp;
use jiff::{
    SignedDuration, Zoned,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// How many times a candidate is moved before the preferences are taken as leaving no time at all: two weeks of
/// days, each with a window and a quiet stretch.
const MOVES: usize = 32;

/// When messages may go out. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Windows {
    /// IANA name of the zone; empty: UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// When the windows of a week are open. Empty: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenHours>,
    /// A stretch of every day in which nothing goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Hours>,
}

/// From when to when a window is open on one day of the week. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// The day of the week, by its English name in lower case.
    #[serde(with = "weekday_name")]
    pub day: Weekday,
    /// The hours, which end after they begin.
    #[serde(flatten)]
    pub hours: Hours,
}

/// From `from` up to but without `until`, by the wall clock. As quiet hours they may pass midnight.
/// Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// First instant.
    pub from: Time,
    /// First instant after it.
    pub until: Time,
}

impl Hours {
    /// Nobody is woken: 20:00 to 07:00, where nobody says otherwise.
    pub const NIGHT: Self = Self { from: Time::constant(20, 0, 0, 0), until: Time::constant(7, 0, 0, 0) };

    /// Whether a time of day lies in it.
    pub fn contain(self, time: Time) -> bool {
        if self.from <= self.until {
            self.from <= time && time < self.until
        } else {
            time >= self.from || time < self.until
        }
    }
}

impl Windows {
    /// Any hour of any day.
    pub fn always() -> Self {
        Self::default()
    }

    /// The first instant, at or after this one, at which a message may go out. Where windows and quiet hours leave no
    /// instant at all the preferences contradict themselves, and it is `at`: a message is not lost to a slip.
    pub fn opens_at(&self, at: Timestamp) -> Timestamp {
        let zone = if self.time_zone.is_empty() { Ok(TimeZone::UTC) } else { TimeZone::get(&self.time_zone) };
        let Ok(zone) = zone else { return at };
        let mut candidate = at.to_zoned(zone);
        for _ in 0..MOVES {
            let moved = self.out_of_quiet(&candidate).or_else(|| self.next_window(&candidate));
            match moved {
                None => return candidate.timestamp().max(at),
                Some(later) => candidate = later,
            }
        }
        at
    }

    /// When the quiet stretch ends in which this instant lies.
    fn out_of_quiet(&self, at: &Zoned) -> Option<Zoned> {
        let quiet = self.quiet.filter(|quiet| quiet.contain(at.time()))?;
        let passes_midnight = quiet.from > quiet.until && at.time() >= quiet.from;
        let day = if passes_midnight { at.date().tomorrow().ok()? } else { at.date() };
        later(at, day, quiet.until)
    }

    /// When the next window opens after this instant, which lies in none.
    fn next_window(&self, at: &Zoned) -> Option<Zoned> {
        let on = |day: Date| self.open.iter().filter(move |window| window.day == day.weekday());
        if self.open.is_empty() || on(at.date()).any(|window| window.hours.contain(at.time())) {
            return None;
        }
        let mut day = at.date();
        for ahead in 0..8 {
            let opens = on(day)
                .filter(|window| window.hours.from < window.hours.until)
                .map(|window| window.hours.from)
                .filter(|from| ahead > 0 || *from > at.time())
                .min();
            if let Some(from) = opens {
                return later(at, day, from);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

/// A wall-clock time as an instant that is really later: where the clocks go back or forward the wall clock alone might
/// lead to one that is not.
fn later(at: &Zoned, day: Date, time: Time) -> Option<Zoned> {
    let next = day.to_datetime(time).to_zoned(at.time_zone().clone()).ok()?;
    if next.timestamp() > at.timestamp() {
        Some(next)
    } else {
        at.checked_add(SignedDuration::from_mins(30)).ok()
    }
}

/// Names of the days of the week, as they are stored and as people write them.
pub mod weekday_name {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];

    /// Its English name in lower case.
    pub fn of(day: Weekday) -> &'static str {
        NAMES.iter().find(|(_, named)| *named == day).map_or("", |(name, _)| name)
    }

    /// The day with this English name, in whatever case.
    pub fn parse(name: &str) -> Option<Weekday> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, day)| *day)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
    pub(super) fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(of(*day))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let name = String::deserialize(deserializer)?;
        parse(&name).ok_or_else(|| D::Error::custom("no day of the week"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn hours(from: i8, until: i8) -> Hours {
        Hours { from: Time::constant(from, 0, 0, 0), until: Time::constant(until, 0, 0, 0) }
    }

    fn weekdays_9_to_17() -> Windows {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        let open = [Monday, Tuesday, Wednesday, Thursday, Friday]
            .map(|day| OpenHours { day, hours: hours(9, 17) })
            .to_vec();
        Windows { time_zone: "America/Chicago".to_owned(), open, quiet: None }
    }

    #[test]
    fn nothing_set_is_always_open() {
        assert_eq!(Windows::always().opens_at(at("2026-03-07T03:00:00Z")), at("2026-03-07T03:00:00Z"));
    }

    #[test]
    fn what_falls_on_a_friday_evening_goes_out_on_monday_morning_in_the_zone_of_the_recipient() {
        // 2026-03-06 is a Friday; the clocks go forward in Chicago on Sunday, 2026-03-08
        let windows = weekdays_9_to_17();
        assert_eq!(windows.opens_at(at("2026-03-06T22:59:59Z")), at("2026-03-06T22:59:59Z"));
        assert_eq!(windows.opens_at(at("2026-03-06T23:00:00Z")), at("2026-03-09T14:00:00Z"));
        assert_eq!(windows.opens_at(at("2026-03-06T10:00:00Z")), at("2026-03-06T15:00:00Z"));
    }

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let windows = Windows { quiet: Some(Hours::NIGHT), ..Windows::default() };
        assert_eq!(windows.opens_at(at("2026-03-06T20:00:00Z")), at("2026-03-07T07:00:00Z"));
        assert_eq!(windows.opens_at(at("2026-03-07T06:59:59Z")), at("2026-03-07T07:00:00Z"));
        assert_eq!(windows.opens_at(at("2026-03-07T07:00:00Z")), at("2026-03-07T07:00:00Z"));
    }

    #[test]
    fn windows_and_quiet_hours_hold_together() {
        let windows = Windows { quiet: Some(hours(8, 12)), ..weekdays_9_to_17() };
        assert_eq!(windows.opens_at(at("2026-03-06T15:00:00Z")), at("2026-03-06T18:00:00Z"));
    }

    #[test]
    fn preferences_that_leave_no_time_at_all_do_not_swallow_the_message() {
        let windows = Windows { quiet: Some(hours(0, 23)), ..weekdays_9_to_17() };
        assert_eq!(windows.opens_at(at("2026-03-06T15:00:00Z")), at("2026-03-06T15:00:00Z"));
    }

    #[test]
    fn an_hour_that_does_not_exist_or_exists_twice_never_leads_backwards() {
        let zone = "America/Chicago".to_owned();
        let quiet = Some(Hours { from: Time::constant(0, 0, 0, 0), until: Time::constant(2, 30, 0, 0) });
        let windows = Windows { time_zone: zone, open: Vec::new(), quiet };
        // forward: 02:30 does not exist on 2026-03-08
        assert_eq!(windows.opens_at(at("2026-03-08T07:00:00Z")), at("2026-03-08T08:30:00Z"));
        // back: every instant of that night leads to one that is not earlier and not quiet
        for minutes in 0..300 {
            let asked = at("2026-11-01T05:00:00Z") + SignedDuration::from_mins(minutes);
            let opens = windows.opens_at(asked);
            assert!(opens >= asked);
            assert_eq!(windows.opens_at(opens), opens, "{asked}");
        }
    }
}
