//! Clocks that stand: where a limit comes to lie when the clock that counts to it stood in between.
//!
//! **Definition.** A limit is *nominal* when nothing stood: by [`end_of_local_day_after`](crate::end_of_local_day_after)
//! and its like. The time from the anchor to it is spent only while the clock runs. Where a standstill moved it and the
//! limit counts days, it ends with the local day (of business, where it counts those) that it came to lie in. Both the
//! deficiency's due instant and the ladder's steps are computed here and nowhere else.

use jiff::{Timestamp, tz::TimeZone};

use crate::{BusinessCalendar, DayCount, end_of_local_day, end_of_local_day_after};

/// A stretch in which a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standstill {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; `None`: nobody knows yet.
    pub until: Option<Timestamp>,
}

impl Standstill {
    /// Whether the clock stands at this instant.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Where a limit lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Where it would lie anyway.
    Nominal(Timestamp),
    /// Later, because the clock stood; the exact instant.
    Moved(Timestamp),
    /// Nobody can say: the clock stands without an end.
    Never,
}

/// Where a limit comes to lie. `standstills` in order of their beginning; they may overlap.
pub fn reach(anchor: Timestamp, nominal: Timestamp, standstills: &[Standstill]) -> Reach {
    let mut left = nominal.duration_since(anchor);
    let (mut at, mut stood) = (anchor, false);
    for still in standstills {
        if still.until.is_some_and(|until| until <= at) {
            continue;
        }
        if still.from > at {
            let run = still.from.duration_since(at);
            // One that begins after the limit, or with its last second, does not touch it.
            if run > left {
                break;
            }
            left -= run;
        }
        stood = true;
        let Some(until) = still.until else { return Reach::Never };
        at = until;
    }
    if stood { Reach::Moved(at.checked_add(left).unwrap_or(Timestamp::MAX)) } else { Reach::Nominal(nominal) }
}

/// Which days a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountedDays {
    /// All of them.
    #[default]
    Calendar,
    /// Those on which the facility works.
    Business,
}

/// Where a facility's days end and which of them are days of business.
#[derive(Debug, Clone, Copy)]
pub struct Days<'a> {
    /// Its zone.
    pub zone: &'a TimeZone,
    /// Its calendar.
    pub calendar: &'a BusinessCalendar,
}

impl Days<'_> {
    /// The last second of the day that is `count` days after the anchor's own day, if nothing stands.
    pub fn end_after(&self, anchor: Timestamp, count: DayCount, days: CountedDays) -> Timestamp {
        match days {
            CountedDays::Calendar => end_of_local_day_after(anchor, count, self.zone),
            CountedDays::Business => self.calendar.end_of_business_day_after(anchor, count, self.zone),
        }
    }

    /// The end of the day that a moved limit came to lie in: the next one of business, where those count.
    pub fn end_of_day_of(&self, moved: Timestamp, days: CountedDays) -> Timestamp {
        match days {
            CountedDays::Calendar => end_of_local_day(moved, self.zone),
            CountedDays::Business => {
                let today = self.calendar.works_on(moved.to_zoned(self.zone.clone()).date());
                self.calendar.end_of_business_day_after(moved, DayCount(u16::from(!today)), self.zone)
            }
        }
    }

    /// The last second of the day on which a clock that starts at the anchor has run for `count` days; `None` while
    /// it stands without an end.
    pub fn reached(
        &self,
        anchor: Timestamp,
        count: DayCount,
        days: CountedDays,
        standstills: &[Standstill],
    ) -> Option<Timestamp> {
        match reach(anchor, self.end_after(anchor, count, days), standstills) {
            Reach::Nominal(at) => Some(at),
            Reach::Moved(at) => Some(self.end_of_day_of(at, days)),
            Reach::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn still(from: &str, until: Option<&str>) -> Standstill {
        Standstill { from: at(from), until: until.map(at) }
    }

    #[test]
    fn a_week_away_moves_a_limit_by_a_week_and_to_the_end_of_its_day() {
        // given a limit of seven days from a Monday noon, and a week's leave from Wednesday noon
        let days = Days { zone: &TimeZone::UTC, calendar: &BusinessCalendar::default() };
        let away = [still("2026-03-04T12:00:00Z", Some("2026-03-11T12:00:00Z"))];
        let reached = days.reached(at("2026-03-02T12:00:00Z"), DayCount(7), CountedDays::Calendar, &away);
        // then it ends seven days later than the ninth
        assert_eq!(reached, Some(at("2026-03-16T23:59:59Z")));
    }

    #[test]
    fn overlapping_standstills_count_once_and_one_without_an_end_for_ever() {
        let anchor = at("2026-03-02T00:00:00Z");
        let nominal = at("2026-03-09T23:59:59Z");
        let twice = [
            still("2026-03-03T00:00:00Z", Some("2026-03-05T00:00:00Z")),
            still("2026-03-04T00:00:00Z", Some("2026-03-06T00:00:00Z")),
        ];
        assert_eq!(reach(anchor, nominal, &twice), Reach::Moved(at("2026-03-12T23:59:59Z")));
        assert_eq!(reach(anchor, nominal, &[still("2026-03-03T00:00:00Z", None)]), Reach::Never);
        // one that begins after the limit does not touch it
        assert_eq!(reach(anchor, nominal, &[still("2026-03-10T00:00:00Z", None)]), Reach::Nominal(nominal));
    }
}
