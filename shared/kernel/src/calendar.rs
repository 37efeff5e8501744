//! Business calendars.

use std::collections::BTreeSet;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use crate::DayCount;

/// Which days a facility works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessCalendar {
    /// Days of the week without business.
    pub weekend: Vec<Weekday>,
    /// Days without business beside them.
    pub holidays: BTreeSet<Date>,
}

impl Default for BusinessCalendar {
    /// Saturday and Sunday, no holidays.
    fn default() -> Self {
        Self { weekend: vec![Weekday::Saturday, Weekday::Sunday], holidays: BTreeSet::new() }
    }
}

impl BusinessCalendar {
    /// Whether the facility works on this day. A calendar whose whole week is weekend works every day: it
    /// would leave no day on which anything falls due.
    pub fn works_on(&self, day: Date) -> bool {
        let all_week = Weekday::Sunday.cycle_forward().take(7).all(|day| self.weekend.contains(&day));
        all_week || !(self.weekend.contains(&day.weekday()) || self.holidays.contains(&day))
    }

    /// The first day of business on or after this one.
    pub fn on_or_after(&self, mut day: Date) -> Date {
        while !self.works_on(day) {
            let Ok(next) = day.tomorrow() else { return day };
            day = next;
        }
        day
    }

    /// The last second of the local day that is `days` days of business after the local day of `anchor`. The
    /// anchor's own day counts as day zero, whether it is one of business or not.
    pub fn end_of_business_day_after(&self, anchor: Timestamp, days: DayCount, zone: &TimeZone) -> Timestamp {
        let mut day = anchor.to_zoned(zone.clone()).date();
        for _ in 0..days.0 {
            let Ok(next) = day.checked_add(1.day()) else { return anchor };
            day = self.on_or_after(next);
        }
        let last_second = Time::constant(23, 59, 59, 0);
        day.to_datetime(last_second).to_zoned(zone.clone()).map_or(anchor, |zoned| zoned.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_and_holidays_do_not_count() {
        // given the Friday before Memorial Day 2026
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        let calendar = BusinessCalendar {
            holidays: ["2026-05-25".parse().expect("a date")].into(),
            ..BusinessCalendar::default()
        };
        let friday: Timestamp = "2026-05-22T20:00:00Z".parse().expect("an instant");
        // when one day of business is counted, then it ends on Tuesday night
        let due = calendar.end_of_business_day_after(friday, DayCount(1), &zone);
        assert_eq!(due.to_zoned(zone).to_string(), "2026-05-26T23:59:59-05:00[America/Chicago]");
    }

    #[test]
    fn a_week_without_business_works_every_day() {
        let calendar = BusinessCalendar {
            weekend: Weekday::Sunday.cycle_forward().take(7).collect(),
            holidays: BTreeSet::new(),
        };
        assert!(calendar.works_on("2026-05-25".parse().expect("a date")));
    }
}
