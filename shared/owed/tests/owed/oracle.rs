//! A second, naive clock: hours on a line, each of which runs or stands. It shares no arithmetic with the first one.

use countersign_kernel::Timestamp;
use jiff::{
    SignedDuration, ToSpan,
    civil::{Date, Weekday, time},
    tz::TimeZone,
};

/// Hours that the oracle looks at from its beginning on: beyond them nothing is reached.
pub(crate) const HOURS: usize = 24 * 150;

/// The first hour.
pub(crate) fn begin() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn hour(count: i64) -> Timestamp {
    begin() + SignedDuration::from_hours(count)
}

/// A line of hours.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) stands: Vec<bool>,
    pub(crate) zone: TimeZone,
    pub(crate) holidays: Vec<Date>,
}

impl Line {
    pub(crate) fn new(zone: TimeZone, holidays: Vec<Date>) -> Self {
        Self { stands: vec![false; HOURS], zone, holidays }
    }

    pub(crate) fn stand(&mut self, from: i64, until: Option<i64>) {
        let until = until.map_or(HOURS, |until| usize::try_from(until.max(0)).unwrap().min(HOURS));
        let from = usize::try_from(from.max(0)).unwrap().min(until);
        self.stands[from..until].fill(true);
    }

    pub(crate) fn stand_all(&mut self, stretches: &[(i64, Option<i64>)]) {
        for (from, until) in stretches {
            self.stand(*from, *until);
        }
    }

    fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    fn last_second(&self, day: Date) -> Timestamp {
        day.to_datetime(time(23, 59, 59, 0)).to_zoned(self.zone.clone()).unwrap().timestamp()
    }

    fn is_business(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.holidays.contains(&day)
    }

    /// The last second of the day that is `count` days after, of business or of all.
    pub(crate) fn nominal(&self, anchor: Timestamp, count: u16, business: bool) -> Timestamp {
        let mut day = self.date(anchor);
        let mut left = count;
        while left > 0 {
            day = day.tomorrow().unwrap();
            if !business || self.is_business(day) {
                left -= 1;
            }
        }
        self.last_second(day)
    }

    /// Where a limit comes to lie. `days`: whether the limit counts days, and of business.
    pub(crate) fn limit(&self, anchor: i64, nominal: Timestamp, days: Option<bool>) -> Option<Timestamp> {
        let mut left = nominal.duration_since(hour(anchor));
        let mut stood = false;
        for cell in anchor.. {
            let index = usize::try_from(cell).unwrap();
            if index >= HOURS {
                return None;
            }
            if self.stands[index] {
                stood = true;
            } else if left < SignedDuration::from_hours(1) {
                let at = hour(cell) + left;
                return Some(match days {
                    Some(business) if stood => self.end_of_day(at, business),
                    _ => at,
                });
            } else {
                left -= SignedDuration::from_hours(1);
            }
        }
        None
    }

    fn end_of_day(&self, at: Timestamp, business: bool) -> Timestamp {
        let mut day = self.date(at);
        while business && !self.is_business(day) {
            day = day.checked_add(1.day()).unwrap();
        }
        self.last_second(day)
    }
}
