//! Local time of the hospital: what a wall clock in the messages can say, and when a calendar day ends.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::DateTime, tz::TimeZone};

use crate::settings::{SettingsError, TimeStyle};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// `instant` moved by whole seconds.
pub(crate) fn plus(instant: Timestamp, seconds: i64) -> Timestamp {
    instant + SignedDuration::from_secs(seconds)
}

/// Whole seconds from `earlier` to `later`.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.as_second() - earlier.as_second()
}

/// The zone of the hospital and how its messages write instants.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    zone: TimeZone,
    style: TimeStyle,
    /// No wall time is ever ambiguous, so the check can be skipped.
    unambiguous: bool,
}

impl Calendar {
    pub(crate) fn new(zone: TimeZone, style: TimeStyle) -> Self {
        let unambiguous = style == TimeStyle::WithOffset || zone.to_fixed_offset().is_ok();
        Self { zone, style, unambiguous }
    }

    /// The end of a run of whole calendar months.
    pub(crate) fn months_after(&self, start: Timestamp, months: u32) -> Result<Timestamp, SettingsError> {
        start
            .to_zoned(self.zone.clone())
            .checked_add(i64::from(months).months())
            .map(|end| end.timestamp())
            .map_err(|_| SettingsError::Calendar)
    }

    /// The nearest instant, not before `instant`, that the messages can express: whole seconds and, when
    /// they carry wall time only, not in the repeated hour of an autumn night (a reader takes that hour for
    /// its first occurrence, so nothing may happen in the second). Keeps the order of instants.
    pub(crate) fn expressible(&self, instant: Timestamp) -> Timestamp {
        let whole = Timestamp::from_second(instant.as_second()).expect("in range as it came");
        if self.unambiguous {
            return whole;
        }
        let first = self.zone.to_ambiguous_timestamp(self.zone.to_datetime(whole)).compatible();
        match first {
            Ok(first) if first < whole => {
                let repeated = between(first, whole);
                let began = self.zone.preceding(plus(whole, 1)).next().map_or(whole, |t| t.timestamp());
                plus(began, repeated)
            }
            _ => whole,
        }
    }

    /// The last second (23:59:59) of the local calendar day `days` after the day of `instant`.
    pub(crate) fn end_of_day(&self, instant: Timestamp, days: i64) -> Timestamp {
        let day = self.zone.to_datetime(instant).date() + days.days();
        let last = day.at(23, 59, 59, 0);
        self.zone.to_ambiguous_timestamp(last).compatible().expect("dates of a run are on the calendar")
    }

    /// `instant` moved to a given local hour of its day, the minutes and seconds kept.
    pub(crate) fn at_hour(&self, instant: Timestamp, hour: i8) -> Timestamp {
        let local = self.zone.to_datetime(instant);
        let moved = local.date().at(hour, local.minute(), local.second(), 0);
        self.zone.to_ambiguous_timestamp(moved).compatible().expect("dates of a run are on the calendar")
    }

    /// Local hour of the day, 0 to 23.
    pub(crate) fn hour(&self, instant: Timestamp) -> i8 {
        self.zone.to_datetime(instant).hour()
    }

    /// Appends `instant` as an HL7 TS in the style of this hospital.
    pub(crate) fn write(&self, instant: Timestamp, out: &mut Vec<u8>) {
        match self.style {
            TimeStyle::Local => write_wall(self.zone.to_datetime(instant), out),
            TimeStyle::WithOffset => {
                let offset = self.zone.to_offset(instant);
                write_wall(offset.to_datetime(instant), out);
                out.push(if offset.is_negative() { b'-' } else { b'+' });
                let minutes = offset.seconds().unsigned_abs() / 60;
                write_digits(minutes / 60, 2, out);
                write_digits(minutes % 60, 2, out);
            }
        }
    }
}

/// `YYYYMMDDHHMMSS`.
fn write_wall(local: DateTime, out: &mut Vec<u8>) {
    write_digits(u32::from(local.year().unsigned_abs()), 4, out);
    for part in [local.month(), local.day(), local.hour(), local.minute(), local.second()] {
        write_digits(u32::from(part.unsigned_abs()), 2, out);
    }
}

/// `value` with leading zeros.
pub(crate) fn write_digits(value: u32, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    let mut left = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(left % 10).expect("one digit");
        left /= 10;
    }
    let needed = digits.iter().position(|digit| *digit != b'0').map_or(1, |first| 10 - first);
    out.extend_from_slice(&digits[10 - needed.max(width)..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> Calendar {
        Calendar::new(TimeZone::get("America/New_York").expect("bundled"), TimeStyle::Local)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("RFC 3339")
    }

    #[test]
    fn the_repeated_hour_of_autumn_is_skipped() {
        // given 01:30 EST on the night in which 01:30 EDT came an hour before
        let second = at("2026-11-01T06:30:00Z");
        // when it is made expressible as wall time
        let told = new_york().expressible(second);
        // then it is the first instant whose wall time is not repeated, and the first 01:30 stays
        assert_eq!(told, at("2026-11-01T07:00:00Z"));
        assert_eq!(new_york().expressible(at("2026-11-01T05:30:00.5Z")), at("2026-11-01T05:30:00Z"));
    }

    #[test]
    fn a_day_ends_by_the_local_calendar() {
        // given 23:30 local on a Friday in winter, when a week later is asked for across the change of clocks
        let due = new_york().end_of_day(at("2026-03-06T04:30:00Z"), 7);
        // then it is the local end of the twelfth (the fifth is the local date), already in summer time
        assert_eq!(due, at("2026-03-13T03:59:59Z"));
    }

    #[test]
    fn instants_are_written_as_wall_time_or_with_offset() {
        let zone = TimeZone::get("Asia/Kolkata").expect("bundled");
        let mut local = Vec::new();
        Calendar::new(zone.clone(), TimeStyle::Local).write(at("2026-01-02T20:04:05Z"), &mut local);
        assert_eq!(local, b"20260103013405");
        let mut offset = Vec::new();
        Calendar::new(zone, TimeStyle::WithOffset).write(at("2026-01-02T20:04:05Z"), &mut offset);
        assert_eq!(offset, b"20260103013405+0530");
    }
}
