//! Points in time as HL7 writes them (data types TS and DTM).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// How exactly a time was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `YYYY`
    Year,
    /// `YYYYMM`
    Month,
    /// `YYYYMMDD`
    Day,
    /// `YYYYMMDDHH`
    Hour,
    /// `YYYYMMDDHHMM`
    Minute,
    /// `YYYYMMDDHHMMSS`
    Second,
    /// With a fraction of a second.
    Fraction,
}

/// Which end of a day, month or year a literal without a time of day means. The choice is the caller's: a discharge
/// given as a date is the end of that day for due dates, an admission its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayEdge {
    /// 00:00:00 of the first day.
    Start,
    /// 23:59:59 of the last day.
    End,
}

/// Why a literal is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TimeError {
    /// Nothing but blanks.
    #[error("the time is empty")]
    Empty,
    /// Something other than digits, one point and an offset.
    #[error("the time has characters that do not belong there")]
    Characters,
    /// A number of digits that no precision has.
    #[error("the time has {digits} digits; 4, 6, 8, 10, 12 or 14 are possible")]
    Length {
        /// Digits before point and offset.
        digits: usize,
    },
    /// No such day or time of day.
    #[error("there is no such day or time of day")]
    Impossible,
    /// The offset from UTC is not `+HHMM` or `-HHMM`.
    #[error("the offset from UTC must be +HHMM or -HHMM")]
    Offset,
}

/// A time with its literal and precision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HlTime {
    literal: String,
    precision: Precision,
    local: DateTime,
    offset: Option<Offset>,
}

impl HlTime {
    /// Reads `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][+/-ZZZZ]`; also 17 digits without a point (milliseconds) and an offset
    /// of hours only. Blanks around it are ignored.
    pub fn parse(literal: &str) -> Result<Self, TimeError> {
        let literal = literal.trim();
        if literal.is_empty() {
            return Err(TimeError::Empty);
        }
        let (clock, offset) = match literal.find(['+', '-', 'Z']) {
            Some(at) => (&literal[..at], Some(offset(&literal[at..])?)),
            None => (literal, None),
        };
        let (digits, fraction) =
            clock.split_once('.').map_or((clock, None), |(digits, rest)| (digits, Some(rest)));
        if !is_digits(digits) || fraction.is_some_and(|fraction| !is_digits(fraction)) {
            return Err(TimeError::Characters);
        }
        let (digits, fraction) = match (digits.len(), fraction) {
            (17, None) => (&digits[..14], Some(&digits[14..])),
            (_, fraction) => (digits, fraction),
        };
        let precision = match (digits.len(), fraction.is_some_and(|fraction| !fraction.is_empty())) {
            (4, false) => Precision::Year,
            (6, false) => Precision::Month,
            (8, false) => Precision::Day,
            (10, false) => Precision::Hour,
            (12, false) => Precision::Minute,
            (14, false) => Precision::Second,
            (14, true) => Precision::Fraction,
            (digits, _) => return Err(TimeError::Length { digits }),
        };
        let local = local(digits, fraction.unwrap_or_default()).ok_or(TimeError::Impossible)?;
        Ok(Self { literal: literal.to_owned(), precision, local, offset })
    }

    /// As it was sent, without blanks around it.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// How exactly it was given.
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// No time of day was given.
    pub fn is_date_only(&self) -> bool {
        self.precision <= Precision::Day
    }

    /// Date and time of day as written; what was left out is the first day or zero.
    pub const fn local(&self) -> DateTime {
        self.local
    }

    /// Offset from UTC in the literal.
    pub const fn offset(&self) -> Option<Offset> {
        self.offset
    }

    /// The instant. The offset in the literal wins over `zone`, which is the sender's.
    ///
    /// `edge` decides for literals without a time of day. A time that the zone skips is moved forward by the gap, one
    /// that it has twice is the earlier (RFC 5545). Beyond the range of [`Timestamp`] (`99991231` as "never") the
    /// result is its end.
    pub fn to_instant(&self, zone: &TimeZone, edge: DayEdge) -> Timestamp {
        let local = match edge {
            DayEdge::Start => self.local,
            DayEdge::End => self.last_second(),
        };
        let instant = match self.offset {
            Some(offset) => offset.to_timestamp(local),
            None => zone.to_ambiguous_timestamp(local).compatible(),
        };
        instant.unwrap_or(if local.year() > 0 { Timestamp::MAX } else { Timestamp::MIN })
    }

    fn last_second(&self) -> DateTime {
        let date = self.local.date();
        let last = match self.precision {
            Precision::Year => date.last_of_year(),
            Precision::Month => date.last_of_month(),
            Precision::Day => date,
            _ => return self.local,
        };
        last.at(23, 59, 59, 0)
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn local(digits: &str, fraction: &str) -> Option<DateTime> {
    let part = |from: usize, to: usize, otherwise: i8| match digits.get(from..to) {
        Some(digits) => digits.parse::<i8>().ok(),
        None => Some(otherwise),
    };
    let year = digits.get(..4)?.parse::<i16>().ok()?;
    let date = Date::new(year, part(4, 6, 1)?, part(6, 8, 1)?).ok()?;
    // Nanoseconds: digits beyond the ninth are cut off.
    let nanoseconds = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    let time =
        jiff::civil::Time::new(part(8, 10, 0)?, part(10, 12, 0)?, part(12, 14, 0)?, nanoseconds).ok()?;
    Some(date.to_datetime(time))
}

fn offset(text: &str) -> Result<Offset, TimeError> {
    if text == "Z" {
        return Ok(Offset::UTC);
    }
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return Err(TimeError::Offset),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(TimeError::Offset);
    }
    let pair = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    let (hours, minutes) = match *digits {
        [a, b] => (pair(a, b), 0),
        [a, b, c, d] => (pair(a, b), pair(c, d)),
        _ => return Err(TimeError::Offset),
    };
    // The farthest zones are -12:00 and +14:00; local mean times stay below 16 hours.
    if hours > 15 || minutes > 59 {
        return Err(TimeError::Offset);
    }
    let seconds = i32::try_from(sign * (hours * 3600 + minutes * 60)).map_err(|_| TimeError::Offset)?;
    Offset::from_seconds(seconds).map_err(|_| TimeError::Offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(literal: &str, zone: &str, edge: DayEdge) -> String {
        let zone = TimeZone::get(zone).expect("zone");
        HlTime::parse(literal).expect("time").to_instant(&zone, edge).to_string()
    }

    #[test]
    fn every_length_has_its_precision() {
        for (literal, precision) in [
            ("2024", Precision::Year),
            ("202402", Precision::Month),
            ("20240229", Precision::Day),
            ("2024022913", Precision::Hour),
            ("202402291314", Precision::Minute),
            ("20240229131415", Precision::Second),
            ("20240229131415.", Precision::Second),
            ("20240229131415.1", Precision::Fraction),
            ("20240229131415.123456789012", Precision::Fraction),
            ("20240229131415123", Precision::Fraction),
            ("202402291314-0500", Precision::Minute),
            ("20240229+0100", Precision::Day),
        ] {
            let time = HlTime::parse(literal).expect(literal);
            assert_eq!(time.precision(), precision, "{literal}");
            assert_eq!(time.literal(), literal);
        }
    }

    #[test]
    fn seventeen_digits_are_milliseconds() {
        assert_eq!(instant("20240229131415123", "UTC", DayEdge::Start), "2024-02-29T13:14:15.123Z");
        assert_eq!(instant("20240229131415.0421", "UTC", DayEdge::Start), "2024-02-29T13:14:15.0421Z");
    }

    #[test]
    fn offsets_may_have_any_minutes_and_win_over_the_zone() {
        assert_eq!(
            instant("20240701120000+0215", "America/New_York", DayEdge::Start),
            "2024-07-01T09:45:00Z"
        );
        assert_eq!(instant("20240701120000+0110", "UTC", DayEdge::Start), "2024-07-01T10:50:00Z");
        assert_eq!(instant("20240701120000.5-0330", "UTC", DayEdge::Start), "2024-07-01T15:30:00.5Z");
        assert_eq!(instant("20240701120000-05", "UTC", DayEdge::Start), "2024-07-01T17:00:00Z");
        assert_eq!(instant("20240701120000", "America/New_York", DayEdge::Start), "2024-07-01T16:00:00Z");
    }

    #[test]
    fn a_date_is_the_start_or_the_end_of_the_senders_day() {
        assert_eq!(instant("20240701", "America/New_York", DayEdge::Start), "2024-07-01T04:00:00Z");
        assert_eq!(instant("20240701", "America/New_York", DayEdge::End), "2024-07-02T03:59:59Z");
        assert_eq!(instant("202402", "UTC", DayEdge::End), "2024-02-29T23:59:59Z");
        assert_eq!(instant("2024", "UTC", DayEdge::End), "2024-12-31T23:59:59Z");
        assert_eq!(instant("20240701+0100", "America/New_York", DayEdge::End), "2024-07-01T22:59:59Z");
        assert_eq!(instant("202407011200", "UTC", DayEdge::End), "2024-07-01T12:00:00Z");
    }

    #[test]
    fn gaps_move_forward_and_folds_take_the_earlier() {
        // New York: 02:00 to 03:00 skipped on 10 March 2024, 01:00 to 02:00 twice on 3 November.
        assert_eq!(instant("202403100230", "America/New_York", DayEdge::Start), "2024-03-10T07:30:00Z");
        assert_eq!(instant("202411030130", "America/New_York", DayEdge::Start), "2024-11-03T05:30:00Z");
        // Havana skips midnight itself on 10 March 2024.
        assert_eq!(instant("20240310", "America/Havana", DayEdge::Start), "2024-03-10T05:00:00Z");
    }

    #[test]
    fn junk_is_an_error_that_says_why() {
        for (literal, error) in [
            ("", TimeError::Empty),
            ("  ", TimeError::Empty),
            ("Aug 14, 2004", TimeError::Characters),
            ("2024-02-29", TimeError::Offset),
            ("20230231", TimeError::Impossible),
            ("20241301", TimeError::Impossible),
            ("20240101250000", TimeError::Impossible),
            ("20240101126000", TimeError::Impossible),
            ("202", TimeError::Length { digits: 3 }),
            ("2024010112345", TimeError::Length { digits: 13 }),
            ("20240101.5", TimeError::Length { digits: 8 }),
            ("20240101120000+1", TimeError::Offset),
            ("20240101120000+9900", TimeError::Offset),
            ("20240101120000+01:0", TimeError::Offset),
            ("20240101120000+0160", TimeError::Offset),
            ("+0100", TimeError::Length { digits: 0 }),
            ("２０２４０１０１", TimeError::Characters),
        ] {
            assert_eq!(HlTime::parse(literal), Err(error), "{literal}");
        }
    }

    #[test]
    fn never_as_a_date_is_the_end_of_time() {
        assert_eq!(
            HlTime::parse("99991231").expect("time").to_instant(&TimeZone::UTC, DayEdge::End),
            Timestamp::MAX
        );
    }
}
