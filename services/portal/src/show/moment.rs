//! Instants, the way a reader at the facility would say them.

use countersign_kernel::Timestamp;
use jiff::{Zoned, tz::TimeZone};

/// An instant in the time zone of a facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// RFC 3339 in UTC, for machines (`<time datetime>`).
    pub(crate) iso: String,
    /// `Tue, Mar 3, 14:00`, with the year when it is not the present one.
    pub(crate) text: String,
    /// Abbreviation of the zone at that instant: `CST`.
    pub(crate) zone: String,
    /// In full, with zone and seconds.
    pub(crate) full: String,
    /// `in 3 days`, `5 hours ago`.
    pub(crate) relative: String,
}

impl Moment {
    /// `at` as seen from `now`, in the zone with this IANA name. A name that is not known means UTC, which
    /// the text then says.
    pub(crate) fn new(at: Timestamp, now: Timestamp, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let (local, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone));
        let date = if local.year() == today.year() { "%a, %b %-d" } else { "%b %-d, %Y" };
        Self {
            iso: at.to_string(),
            text: local.strftime(&format!("{date}, %H:%M")).to_string(),
            zone: local.strftime("%Z").to_string(),
            full: format!(
                "{} ({})",
                local.strftime("%A, %B %-d, %Y, %H:%M:%S %Z"),
                local.time_zone().iana_name().unwrap_or("UTC")
            ),
            relative: relative(&local, &today),
        }
    }

    /// The distance of a due instant that has passed, `2 days overdue`, or that is to come, `due in 2 days`.
    pub(crate) fn due(&self) -> String {
        match self.relative.strip_suffix(" ago") {
            Some(distance) => format!("{distance} overdue"),
            None if self.relative == "now" => "due now".to_owned(),
            None => format!("due {}", self.relative),
        }
    }
}

/// Below a day the clock counts (`in 5 hours`); beyond, the calendar of the facility does (`in 3 days`).
fn relative(at: &Zoned, now: &Zoned) -> String {
    let seconds = at.timestamp().duration_since(now.timestamp()).as_secs();
    let distance = span(at, now);
    match seconds {
        -59..=59 => "now".to_owned(),
        60.. => format!("in {distance}"),
        _ => format!("{distance} ago"),
    }
}

/// The distance of two instants in its largest unit: `20 minutes`, `5 hours`, `3 days`.
fn span(one: &Zoned, other: &Zoned) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = one.timestamp().duration_since(other.timestamp()).as_secs().unsigned_abs();
    let (count, unit) = match seconds {
        0..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ => (days_between(one, other), "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// Calendar days apart, in the zone of the two.
fn days_between(one: &Zoned, other: &Zoned) -> u64 {
    let days = one.date().duration_since(other.date()).as_hours() / 24;
    days.unsigned_abs().max(1)
}

/// How much later than `limit` something happened: `2 days`. Nothing when it was on time.
pub(crate) fn lateness(at: Timestamp, limit: Timestamp, zone: &str) -> Option<String> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    (at > limit).then(|| span(&at.to_zoned(zone.clone()), &limit.to_zoned(zone)))
}

/// A sentence with the RFC 3339 instants in it said in the facility's zone.
pub(crate) fn localized(sentence: &str, now: Timestamp, zone: &str) -> String {
    sentence
        .split(' ')
        .map(|word| {
            let instant = word.trim_end_matches([',', ';', '.', ')']);
            // a bare number or date is none: an instant ends with its offset, which is Z throughout the API
            match instant.strip_suffix('Z').and_then(|_| instant.parse::<Timestamp>().ok()) {
                Some(at) => {
                    let moment = Moment::new(at, now, zone);
                    format!("{} {}{}", moment.text, moment.zone, &word[instant.len()..])
                }
                None => word.to_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHICAGO: &str = "America/Chicago";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("instant")
    }

    fn seen(instant: &str, now: &str) -> Moment {
        Moment::new(at(instant), at(now), CHICAGO)
    }

    #[test]
    fn an_instant_is_told_in_the_zone_of_the_facility() {
        let moment = seen("2026-03-08T05:59:59Z", "2026-03-05T12:00:00Z");
        assert_eq!(moment.text, "Sat, Mar 7, 23:59");
        assert_eq!(moment.zone, "CST");
        assert_eq!(moment.full, "Saturday, March 7, 2026, 23:59:59 CST (America/Chicago)");
        assert_eq!(moment.iso, "2026-03-08T05:59:59Z");
        // an hour after the clocks have changed
        assert_eq!(seen("2026-03-08T09:00:00Z", "2026-03-05T12:00:00Z").zone, "CDT");
        assert_eq!(seen("2025-12-24T18:00:00Z", "2026-03-05T12:00:00Z").text, "Dec 24, 2025, 12:00");
    }

    #[test]
    fn an_unknown_zone_is_utc_and_says_so() {
        let moment = Moment::new(at("2026-03-08T05:59:59Z"), at("2026-03-05T12:00:00Z"), "Mars/Olympus");
        assert_eq!((moment.text.as_str(), moment.zone.as_str()), ("Sun, Mar 8, 05:59", "UTC"));
    }

    #[test]
    fn distances_are_what_people_say() {
        let now = "2026-03-05T18:00:00Z"; // noon in Chicago
        for (instant, relative, due) in [
            ("2026-03-05T18:00:30Z", "now", "due now"),
            ("2026-03-05T18:20:00Z", "in 20 minutes", "due in 20 minutes"),
            ("2026-03-05T19:00:00Z", "in 1 hour", "due in 1 hour"),
            ("2026-03-06T17:59:00Z", "in 23 hours", "due in 23 hours"),
            ("2026-03-06T18:00:00Z", "in 1 day", "due in 1 day"),
            // three nights away, whatever the hours say
            ("2026-03-09T04:59:59Z", "in 3 days", "due in 3 days"),
            ("2026-03-05T13:00:00Z", "5 hours ago", "5 hours overdue"),
            ("2026-03-03T23:00:00Z", "2 days ago", "2 days overdue"),
        ] {
            let moment = seen(instant, now);
            assert_eq!((moment.relative.as_str(), moment.due().as_str()), (relative, due), "{instant}");
        }
    }

    #[test]
    fn a_day_with_25_hours_is_one_day() {
        // clocks go back on 1 November 2026
        assert_eq!(seen("2026-11-02T05:59:59Z", "2026-11-01T04:59:59Z").relative, "in 1 day");
    }

    #[test]
    fn lateness_is_told_only_when_late() {
        let limit = at("2026-03-05T18:00:00Z");
        assert_eq!(lateness(limit, limit, CHICAGO), None);
        assert_eq!(lateness(at("2026-03-07T19:00:00Z"), limit, CHICAGO).as_deref(), Some("2 days"));
    }

    #[test]
    fn instants_in_a_sentence_are_told_in_the_zone_and_other_words_stay() {
        let now = at("2026-03-05T12:00:00Z");
        assert_eq!(
            localized("R14 opened, due 2026-03-08T05:59:59Z, by Z and 2026.", now, CHICAGO),
            "R14 opened, due Sat, Mar 7, 23:59 CST, by Z and 2026."
        );
        assert_eq!(localized("", now, CHICAGO), "");
    }
}
