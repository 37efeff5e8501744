//! The accountability clock: specs, and against the oracle.

use std::collections::BTreeSet;

use countersign_contracts::{
    deficiency::{DeficiencyChanged, DeficiencyStatus, LimitUnit, Pause},
    directory::{Downtime, Leave},
};
use countersign_kernel::{BusinessCalendar, CountedDays, DayCount, Days};
use countersign_owed::{
    AgingBase, CHART, ClockRules, ItemClock, LeaveRules, OwedItem,
    clock::{CLOSED, DOWNTIME, LEAVE, NOT_STARTED, WAITING},
};
use jiff::tz::TimeZone;
use proptest::{collection::vec, option, prelude::*, sample::select};
use uuid::Uuid;

use crate::{
    given::*,
    oracle::{HOURS, Line, hour},
};

fn item(changed: DeficiencyChanged) -> OwedItem {
    OwedItem { changed, known_at: at("03-02 12:00"), told_at: at("03-02 12:00"), position: 1 }
}

/// Orlando Health: no penalty for somebody who is away, three days from the return; not for absences of less than three
/// days, nor for what was delinquent before.
fn orlando() -> ClockRules {
    let leave =
        LeaveRules { counts: true, shortest_days: 3, grace_days_after: 3, not_for_already_overdue: true };
    ClockRules { leave, ..ClockRules::default() }
}

fn with<T>(
    item: &OwedItem,
    leaves: &[Leave],
    downtimes: &[Downtime],
    rules: &ClockRules,
    ask: impl FnOnce(&ItemClock<'_>) -> T,
) -> T {
    let days = Days { zone: &TimeZone::UTC, calendar: &BusinessCalendar::default() };
    ask(&ItemClock::new(item, leaves, downtimes, rules, days))
}

#[test]
fn an_age_is_reached_with_the_first_second_of_the_day_after_the_limit() {
    // given an item whose clock counts from noon of the second of March
    let (item, rules) = (item(owed("a", None)), ClockRules::default());
    with(&item, &[], &[], &rules, |clock| {
        // then it is seven days old after the last second of the ninth, not with it
        assert_eq!(clock.reached(DayCount(7)), Some(at("03-10")));
        assert_eq!(clock.age_days(at("03-09 23:59:59")), 6);
        assert_eq!(clock.age_days(at("03-10")), 7);
        assert_eq!(clock.effective_due_at(), Some(at("03-09 23:59:59")));
        assert!(!clock.is_overdue_at(at("03-09 23:59:59")));
        assert!(clock.is_overdue_at(at("03-10")));
        // and an age of no days is reached with the start
        assert_eq!(clock.reached(DayCount(0)), Some(at("03-02 12:00")));
        assert_eq!((clock.age_days(at("03-01")), clock.age_days(at("03-02 12:00"))), (0, 0));
        assert_eq!(clock.standing_at(at("03-02 11:59")), Some(NOT_STARTED));
        assert_eq!(clock.standing_at(at("03-02 12:00")), None);
    });
}

#[test]
fn from_the_due_second_on_days_overdue_are_counted() {
    let rules = ClockRules { base: AgingBase::Due, ..ClockRules::default() };
    with(&item(owed("a", None)), &[], &[], &rules, |clock| {
        assert_eq!(clock.reached(DayCount(0)), Some(at("03-10")));
        assert_eq!(clock.reached(DayCount(7)), Some(at("03-17")));
        assert_eq!(clock.age_days(at("03-16 23:59:59")), 6);
    });
    // a leave before the due second moves both
    let away = [leave("03-04", Some("03-06"))];
    with(&item(owed("a", None)), &away, &[], &rules, |clock| {
        assert_eq!(clock.effective_due_at(), Some(at("03-11 23:59:59")));
        assert_eq!(clock.reached(DayCount(7)), Some(at("03-19")));
    });
}

#[test]
fn reopened_items_count_from_their_reopening_where_the_policy_counts_from_opening() {
    let reopened = DeficiencyChanged { reopened_at: Some(at("03-20 08:00")), ..owed("a", None) };
    let rules = ClockRules { base: AgingBase::Opened, ..ClockRules::default() };
    with(&item(reopened), &[], &[], &rules, |clock| {
        assert_eq!(clock.reached(DayCount(1)), Some(at("03-22")));
    });
}

#[test]
fn days_of_business_leave_out_the_weekend() {
    // the second of March 2026 is a Monday
    let rules = ClockRules { days: CountedDays::Business, ..ClockRules::default() };
    with(&item(owed("a", None)), &[], &[], &rules, |clock| {
        assert_eq!(clock.reached(DayCount(5)), Some(at("03-10")));
    });
}

#[test]
fn whoever_is_away_for_a_week_has_three_days_from_the_return() {
    let away = [leave("03-04 12:00", Some("03-11 12:00"))];
    with(&item(owed("a", None)), &away, &[], &orlando(), |clock| {
        // then ten days were not counted: seven of leave and three after it
        assert_eq!(clock.effective_due_at(), Some(at("03-19 23:59:59")));
        assert_eq!(clock.standing_at(at("03-14 11:59")), Some(LEAVE));
        assert_eq!(clock.standing_at(at("03-14 12:00")), None);
    });
}

#[test]
fn an_absence_of_less_than_three_days_counts_for_nothing_and_two_that_touch_are_one() {
    let short = leave("03-04", Some("03-06 23:59:59"));
    with(&item(owed("a", None)), std::slice::from_ref(&short), &[], &orlando(), |clock| {
        assert_eq!(clock.stretches(), []);
    });
    let both = [leave("03-06", Some("03-08")), leave("03-04", Some("03-06"))];
    with(&item(owed("a", None)), &both, &[], &orlando(), |clock| {
        assert_eq!(clock.effective_due_at(), Some(at("03-16 23:59:59")));
    });
}

#[test]
fn what_was_overdue_before_the_absence_goes_on() {
    let late = [leave("03-10", Some("03-20"))];
    with(&item(owed("a", None)), &late, &[], &orlando(), |clock| {
        assert_eq!(clock.stretches(), []);
        assert_eq!(clock.age_days(at("03-16")), 13);
    });
    // but not what falls due with the very second before it, nor what another leave had given time to
    let in_time = [leave("03-09 23:59:59", Some("03-20"))];
    with(&item(owed("a", None)), &in_time, &[], &orlando(), |clock| {
        assert_eq!(clock.stretches().len(), 1);
    });
    let twice = [leave("03-04", Some("03-08")), leave("03-12", Some("03-20"))];
    with(&item(owed("a", None)), &twice, &[], &orlando(), |clock| {
        assert_eq!(clock.stretches().len(), 2);
        assert_eq!(clock.effective_due_at(), Some(at("03-27 23:59:59")));
    });
}

#[test]
fn nothing_is_reached_while_a_leave_has_no_end() {
    let gone = [leave("03-04", None)];
    with(&item(owed("a", None)), &gone, &[], &orlando(), |clock| {
        assert_eq!((clock.effective_due_at(), clock.reached(DayCount(7))), (None, None));
        assert_eq!(clock.reached(DayCount(1)), Some(at("03-04")));
        assert_eq!(clock.age_days(at("12-31")), 1);
    });
}

#[test]
fn a_policy_may_let_causes_downtimes_and_leaves_count_for_nothing() {
    let disputed =
        DeficiencyChanged { pauses: vec![pause("dispute_under_review", "03-04", None)], ..owed("a", None) };
    let down = [downtime("03-05", Some("03-06"))];
    let away = [leave("03-05", Some("03-09"))];
    let item = item(disputed);
    let deaf = ClockRules {
        ignored_causes: ["dispute_under_review".to_owned()].into(),
        downtime_counts: false,
        leave: LeaveRules { counts: false, ..LeaveRules::default() },
        ..ClockRules::default()
    };
    with(&item, &away, &down, &deaf, |clock| {
        assert_eq!(clock.effective_due_at(), Some(at("03-09 23:59:59")));
        assert_eq!(clock.standing_at(at("03-05")), None);
    });
    with(&item, &away, &down, &ClockRules::default(), |clock| {
        assert_eq!(clock.effective_due_at(), None);
        assert_eq!(clock.standing_at(at("03-05")), Some("dispute_under_review"));
    });
    let only_down = OwedItem { changed: owed("a", None), ..item };
    with(&only_down, &[], &down, &ClockRules::default(), |clock| {
        assert_eq!(clock.standing_at(at("03-05")), Some(DOWNTIME));
    });
}

#[test]
fn the_clock_of_a_whole_chart_never_stands() {
    let of_chart = DeficiencyChanged {
        document_type: CHART.to_owned(),
        pauses: vec![pause("legal_hold", "03-03", None)],
        ..owed("a", None)
    };
    with(&item(of_chart), &[leave("03-04", None)], &[downtime("03-05", None)], &orlando(), |clock| {
        assert_eq!(clock.stretches(), []);
        assert_eq!(clock.reached(DayCount(30)), Some(at("04-02")));
    });
}

#[test]
fn what_waits_has_no_age_and_what_is_done_grows_no_older() {
    let waiting = DeficiencyChanged {
        status: DeficiencyStatus::Dormant,
        anchor_at: None,
        due_at: None,
        ..owed("a", None)
    };
    for base in [AgingBase::Anchor, AgingBase::Due, AgingBase::Opened] {
        let rules = ClockRules { base, ..ClockRules::default() };
        with(&item(waiting.clone()), &[], &[], &rules, |clock| {
            assert_eq!((clock.reached(DayCount(0)), clock.age_days(at("04-01"))), (None, 0));
            assert_eq!(clock.standing_at(at("03-05")), Some(WAITING));
        });
    }
    with(&item(done("a", None, "03-07 09:00")), &[], &[], &ClockRules::default(), |clock| {
        assert_eq!((clock.age_days(at("04-01")), clock.reached(DayCount(7))), (4, None));
        assert!(!clock.is_overdue_at(at("04-01")));
        assert_eq!(clock.standing_at(at("03-07 09:00")), Some(CLOSED));
    });
}

/// Hours from and until, or without an end.
type Stretch = (i64, Option<i64>);

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = (0_i64..900, option::weighted(0.9, 0_i64..150));
    vec(stretch.prop_map(|(from, length)| (from, length.map(|length| from + length))), 0..4)
}

fn unit() -> impl Strategy<Value = (LimitUnit, u16)> {
    select(vec![
        (LimitUnit::Hours, 24),
        (LimitUnit::Hours, 72),
        (LimitUnit::Days, 0),
        (LimitUnit::Days, 7),
        (LimitUnit::Days, 21),
        (LimitUnit::BusinessDays, 5),
    ])
}

fn leaves_of(stretches: &[Stretch]) -> Vec<Leave> {
    let leave = |(from, until): &Stretch| Leave {
        id: Uuid::nil(),
        kind: "planned".to_owned(),
        from: hour(*from),
        until: until.map(hour),
        recorded_at: hour(0),
    };
    stretches.iter().map(leave).collect()
}

/// Absences on the line of hours that these rules let count, laid on what stands anyway.
fn absences(line: &Line, away: &[Stretch], rules: LeaveRules, due: impl Fn(&Line) -> Option<i64>) -> Line {
    let mut gone = Line::new(line.zone.clone(), Vec::new());
    gone.stand_all(away);
    let mut all = line.clone();
    let mut cell = 0;
    while cell < HOURS {
        let from = cell;
        while cell < HOURS && gone.stands[cell] {
            cell += 1;
        }
        let endless = cell == HOURS;
        let long_enough = cell > from && (endless || cell - from >= usize::from(rules.shortest_days) * 24);
        let from = i64::try_from(from).unwrap();
        // Overdue when the due second lies in an hour before.
        let overdue = rules.not_for_already_overdue && due(&all).is_some_and(|due| due < from);
        if long_enough && !overdue {
            let until = i64::try_from(cell).unwrap() + i64::from(rules.grace_days_after) * 24;
            all.stand(from, (!endless).then_some(until));
        }
        cell += 1;
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Due instants, ages and standstills of the clock are those of a line of hours that is walked hour by hour.
    #[test]
    fn the_clock_agrees_with_a_walk_through_the_hours(
        anchor in 0_i64..240,
        (unit, count) in unit(),
        holds in stretches(),
        away in stretches(),
        down in stretches(),
        leave in (any::<bool>(), 0_u16..5, 0_u16..4, any::<bool>()),
        (business, from_due, abroad, downtime_counts) in any::<(bool, bool, bool, bool)>(),
        now in 0_i64..1000,
    ) {
        let leave = LeaveRules {
            counts: leave.0,
            shortest_days: leave.1,
            grace_days_after: leave.2,
            not_for_already_overdue: leave.3,
        };
        // Days of leave have 24 hours on the line: over a change of the clocks they have not.
        let plain = LeaveRules { shortest_days: 0, grace_days_after: 0, ..leave };
        let (zone, leave) =
            if abroad { (TimeZone::get("America/New_York").unwrap(), plain) } else { (TimeZone::UTC, leave) };
        let holidays = vec!["2026-03-17".parse().unwrap(), "2026-04-03".parse().unwrap()];
        let mut line = Line::new(zone.clone(), holidays.clone());
        let nominal = match unit {
            LimitUnit::Hours => hour(anchor + i64::from(count)),
            LimitUnit::Days => line.nominal(hour(anchor), count, false),
            LimitUnit::BusinessDays => line.nominal(hour(anchor), count, true),
        };
        let of_days = match unit {
            LimitUnit::Hours => None,
            LimitUnit::Days => Some(false),
            LimitUnit::BusinessDays => Some(true),
        };
        line.stand_all(&holds);
        if downtime_counts {
            line.stand_all(&down);
        }
        let due_of = |line: &Line| line.limit(anchor, nominal, of_days);
        if leave.counts {
            // The hour in which an item is overdue for the first time, less one: a due instant at a full hour is over
            // in that hour, one with the last second of a day with the next.
            let due_hour = |line: &Line| {
                due_of(line).map(|due| due.duration_since(hour(0)).as_hours())
            };
            line = absences(&line, &away, leave, due_hour);
        }
        let due = due_of(&line);

        let item = item(DeficiencyChanged {
            anchor_at: Some(hour(anchor)),
            opened_at: hour(anchor),
            due_at: Some(nominal),
            limit: Some(unit),
            pauses: holds
                .iter()
                .map(|(from, until)| Pause {
                    cause: "legal_hold".to_owned(),
                    from: hour(*from),
                    until: until.map(hour),
                })
                .collect(),
            ..owed("a", None)
        });
        let rules = ClockRules {
            base: if from_due { AgingBase::Due } else { AgingBase::Anchor },
            days: if business { CountedDays::Business } else { CountedDays::Calendar },
            leave,
            ignored_causes: BTreeSet::new(),
            downtime_counts,
        };
        let downtimes: Vec<Downtime> =
            down.iter().map(|(from, until)| Downtime { from: hour(*from), until: until.map(hour) }).collect();
        let leaves = leaves_of(&away);
        let calendar = BusinessCalendar { holidays: holidays.into_iter().collect(), ..BusinessCalendar::default() };
        let clock = ItemClock::new(&item, &leaves, &downtimes, &rules, Days { zone: &zone, calendar: &calendar });
        prop_assert_eq!(clock.effective_due_at(), due);
        let stands = line.stands[usize::try_from(now).unwrap()];
        prop_assert_eq!(clock.stretches().iter().any(|stretch| stretch.still.covers(hour(now))), stands);
        if from_due {
            // Counted from a second of a day that is no full hour: the walk begins at full hours, so only the first
            // second overdue is compared.
            prop_assert!(due.is_some() || clock.reached(DayCount(0)).is_none());
            return Ok(());
        }
        let mut age = 0;
        for count in 1..=40 {
            let nominal = line.nominal(hour(anchor), count, business);
            let reached = line.limit(anchor, nominal, Some(business)).map(|last| last + jiff::SignedDuration::from_secs(1));
            prop_assert_eq!(clock.reached(DayCount(count)), reached, "after {} days", count);
            if reached.is_some_and(|at| at <= hour(now)) {
                age = u32::from(count);
            }
        }
        prop_assert_eq!(clock.age_days(hour(now)), age);
    }
}
