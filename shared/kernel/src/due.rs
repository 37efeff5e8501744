//! The one place that says when a limit counted in days ends.
//!
//! **Definition.** A limit of *n* days from an anchor ends at the last second (23:59:59) of the *n*-th local
//! calendar day after the anchor's own local day, in the facility's time zone. An item is *overdue* when the
//! present instant is later than that second: the due second itself is still on time. Limits in hours are
//! instants: anchor plus exactly that many hours, and the same comparison.
//!
//! Existing systems disagree with themselves by a day here (VistA IRT lists at `>=`, TIU at `>`); so the sum
//! is done here and nowhere else.

use jiff::{Timestamp, ToSpan, civil::Time, tz::TimeZone};

/// A whole number of days, as rules state them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayCount(pub u16);

/// The last second of the local day that holds `at`.
pub fn end_of_local_day(at: Timestamp, zone: &TimeZone) -> Timestamp {
    end_of_local_day_after(at, DayCount(0), zone)
}

/// The last second of the local day that is `days` after the local day of `anchor`. Safe over changes of
/// daylight-saving time: days are counted on the calendar, not in hours.
pub fn end_of_local_day_after(anchor: Timestamp, days: DayCount, zone: &TimeZone) -> Timestamp {
    let last_second = Time::constant(23, 59, 59, 0);
    let date = anchor.to_zoned(zone.clone()).date();
    date.checked_add(i64::from(days.0).days())
        .ok()
        .and_then(|day| day.to_datetime(last_second).to_zoned(zone.clone()).ok())
        .map_or(anchor, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn seven_days_end_at_the_last_second_of_the_seventh_local_day() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        // given a discharge at 23:30 local on 1 March, when 7 days are counted over the change to summer time
        let due = end_of_local_day_after(at("2026-03-02T04:30:00Z"), DayCount(7), &zone);
        // then the limit is 8 March 23:59:59 local, which is summer time already
        assert_eq!(due, at("2026-03-09T03:59:59Z"));
    }

    #[test]
    fn the_day_of_the_anchor_counts_as_day_zero() {
        assert_eq!(end_of_local_day(at("2026-01-05T00:00:00Z"), &TimeZone::UTC), at("2026-01-05T23:59:59Z"));
        assert_eq!(
            end_of_local_day_after(at("2026-01-05T23:59:59Z"), DayCount(14), &TimeZone::UTC),
            at("2026-01-19T23:59:59Z")
        );
    }
}
