//! What holds for every accountability clock.

use countersign_contracts::deficiency::DeficiencyStatus;
use countersign_deficiency::domain::{
    clock::{Accountability, Days, SegmentState, accountability},
    events::{Deficiency, Pause, PauseCause},
    rules::Limit,
};
use countersign_kernel::{BusinessCalendar, DeficiencyId, EventId, Timestamp};
use jiff::{SignedDuration, tz::TimeZone};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::given::at;

const ANCHOR: &str = "03-05 15:00";

fn hours(count: i64) -> Timestamp {
    at(ANCHOR) + SignedDuration::from_hours(count)
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").expect("a zone")
}

fn owed(limit: Limit, dormant: Option<i64>, closed: Option<i64>) -> Deficiency {
    let calendar = BusinessCalendar::default();
    Deficiency {
        id: DeficiencyId::derive(&["clock"]),
        rule: "R14".to_owned(),
        rule_version: 1,
        subject: Some("D1".to_owned()),
        document_type: "discharge_summary".to_owned(),
        title: None,
        responsible: None,
        responsible_because: String::new(),
        status: if closed.is_some() { DeficiencyStatus::Satisfied } else { DeficiencyStatus::Open },
        anchor_at: Some(at(ANCHOR)),
        due_at: Some(limit.after(at(ANCHOR), &zone(), &calendar)),
        target_at: None,
        delinquent_at: Some(Limit::Days(21).after(at(ANCHOR), &zone(), &calendar)),
        limit: Some(limit),
        dormant_since: dormant.map(|before| hours(-before)),
        waits_for: None,
        opened_at: at(ANCHOR),
        closed_at: closed.map(hours),
        closed_because: closed.map(|_| "signed".to_owned()),
        holds_bill: true,
        pauses: Vec::new(),
        dispute: None,
        open_before: Vec::new(),
        reopened_at: None,
        matched: Vec::new(),
    }
}

fn pause(number: usize, from: i64, length: Option<i64>) -> Pause {
    Pause {
        act: EventId::derive(&["pause", &number.to_string()]),
        cause: PauseCause::PhysicianLeave,
        from: hours(from),
        until: length.map(|length| hours(from + length)),
        by: "kim".to_owned(),
        why: "leave".to_owned(),
    }
}

fn any_limit() -> impl Strategy<Value = Limit> {
    select(vec![Limit::Hours(24), Limit::Hours(72), Limit::Days(0), Limit::Days(7), Limit::BusinessDays(5)])
}

fn clock(item: &Deficiency, pauses: &[Pause], now: Timestamp) -> Accountability {
    let (zone, calendar) = (zone(), BusinessCalendar::default());
    accountability(item, pauses, Days { zone: &zone, calendar: &calendar }, now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The stretches follow each other without gaps, none is negative, and together they are the time elapsed;
    /// what is due moves later with every pause, never earlier.
    #[test]
    fn segments_add_up_and_pauses_only_give_time(
        limit in any_limit(),
        dormant in option::of(0_i64..50),
        closed in option::of(0_i64..400),
        pauses in vec((-30_i64..300, option::weighted(0.8, 0_i64..120)), 0..5),
        now in -60_i64..500,
    ) {
        let item = owed(limit, dormant, closed);
        let pauses: Vec<Pause> =
            pauses.into_iter().enumerate().map(|(number, (from, length))| pause(number, from, length)).collect();
        let clock_now = clock(&item, &pauses, hours(now));
        let begins = item.dormant_since.unwrap_or(item.opened_at);
        let ends = item.closed_at.unwrap_or(hours(now));
        let mut at = begins;
        for segment in &clock_now.segments {
            prop_assert_eq!(segment.from, at);
            prop_assert!(segment.until > segment.from, "{:?}", segment);
            at = segment.until;
        }
        prop_assert_eq!(at, ends.max(begins));
        prop_assert!(clock_now.ran >= SignedDuration::ZERO && clock_now.stood >= SignedDuration::ZERO);
        prop_assert_eq!(clock_now.ran + clock_now.stood, ends.max(begins).duration_since(begins));
        // Without pauses the limit is the rule's.
        prop_assert_eq!(clock(&item, &[], hours(now)).due_at, item.due_at);
        for count in 0..pauses.len() {
            let fewer = clock(&item, &pauses[..count], hours(now)).due_at;
            let more = clock(&item, &pauses[..=count], hours(now)).due_at;
            prop_assert!(fewer.is_some() || more.is_none(), "a pause set a limit");
            prop_assert!(more.is_none_or(|more| fewer.is_some_and(|fewer| fewer <= more)));
        }
        // What is due does not depend on when it is looked at.
        prop_assert_eq!(clock(&item, &pauses, hours(now + 99)).due_at, clock_now.due_at);
        // Up to the limit the clock ran no longer than the rule allows, and with whole days at most to midnight.
        if let (Some(due), Limit::Hours(allowed), None) = (clock_now.due_at, limit, item.closed_at) {
            let at_due = clock(&item, &pauses, due);
            prop_assert_eq!(at_due.ran, SignedDuration::from_hours(i64::from(allowed)));
        }
    }
}

#[test]
fn the_due_second_itself_is_on_time() {
    let item = owed(Limit::Hours(24), None, None);
    let due = clock(&item, &[], hours(1)).due_at.expect("a limit");
    assert_eq!(due, hours(24));
}

#[test]
fn a_leave_of_a_week_moves_a_limit_in_days_by_a_week_to_the_end_of_that_day() {
    // given a limit of seven days, and leave from the second to the ninth day
    let item = owed(Limit::Days(7), None, None);
    let leave = pause(1, 24, Some(7 * 24));
    let clock = clock(&item, &[leave], hours(48));
    // then it stands now, and the end of the day after seven days of running is the limit; the clocks of the wall
    // were changed in between
    assert_eq!(clock.state(), SegmentState::Paused(PauseCause::PhysicianLeave));
    assert_eq!(clock.due_at, Some(at("2026-03-20T03:59:59Z")));
}

#[test]
fn a_pause_without_an_end_leaves_no_limit_unless_it_begins_after_it() {
    let item = owed(Limit::Hours(24), None, None);
    assert_eq!(clock(&item, &[pause(1, 3, None)], hours(5)).due_at, None);
    assert_eq!(clock(&item, &[pause(1, 30, None)], hours(5)).due_at, Some(hours(24)));
}

#[test]
fn the_limit_of_a_whole_chart_never_stands() {
    let chart = Deficiency { document_type: "chart".to_owned(), ..owed(Limit::Days(30), None, None) };
    let clock = clock(&chart, &[pause(1, 3, None)], hours(500));
    assert_eq!((clock.due_at, clock.stood), (chart.due_at, SignedDuration::ZERO));
}
