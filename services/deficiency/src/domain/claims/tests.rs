use proptest::prelude::*;

use super::*;

const MINIMUM: DayCount = DayCount(3);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").expect("a zone")
}

fn span(from: &str, until: Option<&str>) -> Span {
    Span { from: at(from), until: until.map(at) }
}

fn item(name: &str, open: Vec<Span>) -> Item {
    Item {
        id: DeficiencyId::derive(&[name]),
        rule: name.to_owned(),
        document_type: "discharge_summary".to_owned(),
        responsible: None,
        open,
    }
}

/// Discharged on Monday 2 March 2026 at 14:00 in New York, 1,000.00 of charges.
fn bill(items: Vec<Item>) -> Bill {
    Bill {
        discharged: vec![span("2026-03-02T19:00:00Z", None)],
        charges: Some(Cents(100_000)),
        items,
        ..Bill::default()
    }
}

fn hold(bill: &Bill, now: &str) -> ClaimHold {
    claim_hold(bill, MINIMUM, &new_york(), at(now))
}

#[test]
fn an_account_is_held_from_the_first_second_after_the_minimum_days() {
    // given a summary that is missing since the discharge
    let bill = bill(vec![item("R13", vec![span("2026-03-02T19:00:00Z", None)])]);
    // when it is asked in the last second of the third local day, then nothing is held yet, and it is said from when
    let before = hold(&bill, "2026-03-06T04:59:59Z");
    assert!(!before.held);
    assert_eq!(before.begins_at, Some(at("2026-03-06T05:00:00Z")));
    assert_eq!((before.days_held, before.dollars_held), (0, Some(Cents(0))));
    assert_eq!(before.sole_blocker, None, "nothing is blocked before the minimum days are over");
    // when the next day begins, then it is, with its charges
    let after = hold(&bill, "2026-03-06T05:00:00Z");
    assert!(after.held);
    assert_eq!((after.from, after.begins_at), (Some(at("2026-03-06T05:00:00Z")), None));
    assert_eq!((after.days_held, after.dollars_held), (0, Some(Cents(100_000))));
    assert_eq!(after.sole_blocker, Some(DeficiencyId::derive(&["R13"])));
}

#[test]
fn a_day_counts_when_the_account_is_held_at_its_end_over_the_change_to_summer_time_too() {
    // given a hold that began on 6 March, before clocks went forward on 8 March
    let bill = bill(vec![item("R13", vec![span("2026-03-02T19:00:00Z", None)])]);
    // when it is asked around the end of 9 March, local summer time
    for (now, days) in [
        ("2026-03-10T03:59:59Z", 3), // the last second of the 9th is not over yet
        ("2026-03-10T04:00:00Z", 4), // 6, 7, 8 and 9 March
    ] {
        let hold = hold(&bill, now);
        assert_eq!(
            (hold.days_held, hold.dollar_days),
            (days, Some(Cents(100_000 * i64::from(days)))),
            "{now}"
        );
    }
}

#[test]
fn the_last_item_to_close_releases_and_is_charged_with_the_hold() {
    // given two items, of which one closed on 8 March and the other on 9 March at noon
    let bill = bill(vec![
        item("R13", vec![span("2026-03-02T19:00:00Z", Some("2026-03-09T16:00:00Z"))]),
        item("R05", vec![span("2026-03-01T19:00:00Z", Some("2026-03-08T16:00:00Z"))]),
    ]);
    // when it is asked between, then the one that is left is the sole blocker
    let between = hold(&bill, "2026-03-08T17:00:00Z");
    assert_eq!(between.sole_blocker, Some(DeficiencyId::derive(&["R13"])));
    assert_eq!(between.attributed_to, None);
    // when both are closed, then the account is released with the later one
    let after = hold(&bill, "2026-03-20T00:00:00Z");
    assert!(!after.held);
    assert_eq!(after.released_at, Some(at("2026-03-09T16:00:00Z")));
    assert_eq!(after.attributed_to, Some(DeficiencyId::derive(&["R13"])));
    assert_eq!(after.ended_by, Some(HoldEnd::Documented));
    assert_eq!((after.days_held, after.dollars_held), (3, Some(Cents(0))));
    // 00:00 on 6 March (EST) to 12:00 on 9 March (EDT)
    assert_eq!(after.time_to_release, Some(SignedDuration::from_hours(83)));
}

#[test]
fn an_item_that_reopens_holds_the_account_again() {
    let bill = bill(vec![item(
        "R13",
        vec![
            span("2026-03-02T19:00:00Z", Some("2026-03-07T17:00:00Z")),
            span("2026-03-12T17:00:00Z", Some("2026-03-13T17:00:00Z")),
        ],
    )]);
    let periods = hold_periods(&bill, MINIMUM, &new_york());
    assert_eq!(
        periods.iter().map(|period| period.span).collect::<Vec<_>>(),
        [
            span("2026-03-06T05:00:00Z", Some("2026-03-07T17:00:00Z")),
            span("2026-03-12T17:00:00Z", Some("2026-03-13T17:00:00Z")),
        ]
    );
    // 6 March in the first, 12 March in the second
    assert_eq!(hold(&bill, "2026-04-01T00:00:00Z").days_held, 2);
}

#[test]
fn a_discharge_that_is_taken_back_ends_the_hold_and_the_next_one_counts_anew() {
    // given a discharge taken back on 8 March, and another on 10 March
    let mut bill = bill(vec![item("R05", vec![span("2026-03-01T19:00:00Z", None)])]);
    bill.discharged =
        vec![span("2026-03-02T19:00:00Z", Some("2026-03-08T15:00:00Z")), span("2026-03-10T19:00:00Z", None)];
    let periods = hold_periods(&bill, MINIMUM, &new_york());
    assert_eq!(periods[0].ended_by, Some(HoldEnd::DischargeTakenBack));
    assert_eq!((periods[0].released_by, periods.len()), (None, 2));
    assert_eq!(periods[1].span, span("2026-03-14T04:00:00Z", None));
    // and in between nothing is held, though an item is open
    let between = hold(&bill, "2026-03-09T15:00:00Z");
    assert_eq!((between.held, between.open_items.len(), between.time_to_release), (false, 1, None));
}

#[test]
fn a_bill_that_went_out_is_not_held() {
    let mut bill = bill(vec![item("R05", vec![span("2026-03-01T19:00:00Z", None)])]);
    bill.billed_at = Some(at("2026-03-09T15:00:00Z"));
    let hold = hold(&bill, "2026-03-20T00:00:00Z");
    assert_eq!((hold.held, hold.ended_by), (false, Some(HoldEnd::Billed)));
    assert_eq!(hold.attributed_to, None, "nothing was documented");
}

#[test]
fn charges_that_were_never_sent_are_unknown_and_credits_never_hold_less_than_nothing() {
    let mut bill = bill(vec![item("R05", vec![span("2026-03-01T19:00:00Z", None)])]);
    bill.charges = None;
    let unknown = hold(&bill, "2026-03-20T00:00:00Z");
    assert!(unknown.held);
    assert_eq!((unknown.dollars_held, unknown.dollar_days), (None, None));
    bill.charges = Some(Cents(-500));
    assert_eq!(hold(&bill, "2026-03-20T00:00:00Z").dollars_held, Some(Cents(0)));
}

/// Minutes after the first of March 2026, over some 50 days: daylight-saving time changes within.
fn minutes() -> impl Strategy<Value = i64> {
    0_i64..72_000
}

fn instant(minutes: i64) -> Timestamp {
    at("2026-03-01T00:00:00Z") + SignedDuration::from_mins(minutes)
}

/// Stretches one after the other, the last of which may last.
fn spans(most: usize) -> impl Strategy<Value = Vec<Span>> {
    (proptest::collection::btree_set(minutes(), 0..=most * 2)).prop_map(|cuts| {
        let cuts: Vec<Timestamp> = cuts.into_iter().map(instant).collect();
        cuts.chunks(2).map(|cut| Span { from: cut[0], until: cut.get(1).copied() }).collect()
    })
}

fn any_bill() -> impl Strategy<Value = Bill> {
    let items = proptest::collection::vec(spans(3), 0..5);
    let charges = proptest::option::of(-1_000_000_i64..100_000_000).prop_map(|charges| charges.map(Cents));
    let billed = proptest::option::of(minutes()).prop_map(|billed| billed.map(instant));
    (spans(2), items, charges, billed).prop_map(|(discharged, items, charges, billed_at)| Bill {
        discharged,
        charges,
        coded_at: None,
        billed_at,
        items: items.into_iter().enumerate().map(|(index, open)| item(&format!("I{index}"), open)).collect(),
    })
}

proptest! {
    /// Straight from the definition, without any period: held means discharged long enough, not billed, and
    /// something open.
    #[test]
    fn held_is_what_the_definition_says(bill in any_bill(), now in minutes(), minimum in 0_u16..6) {
        let (zone, now) = (new_york(), instant(now));
        let past = |discharged: &Span| {
            discharged.holds(now) && now > end_of_local_day_after(discharged.from, DayCount(minimum), &zone)
        };
        let open = bill.items.iter().any(|item| item.open.iter().any(|span| span.holds(now)));
        let expected = open
            && bill.discharged.iter().any(past)
            && bill.billed_at.is_none_or(|billed| now < billed);
        let hold = claim_hold(&bill, DayCount(minimum), &zone, now);
        prop_assert_eq!(hold.held, expected);
        if hold.held {
            prop_assert!(hold.released_at.is_none() && hold.attributed_to.is_none() && !hold.open_items.is_empty());
        } else {
            prop_assert_eq!(hold.dollars_held, Some(Cents(0)));
            prop_assert_eq!(hold.released_at.is_some(), hold.from.is_some());
        }
        if let Some(took) = hold.time_to_release {
            prop_assert!(took > SignedDuration::ZERO);
        }
    }

    /// Periods are in order and apart; their days are those of a nightly census, one by one, and add up.
    #[test]
    fn the_days_of_all_periods_are_those_of_a_nightly_census(bill in any_bill(), now in minutes()) {
        let (zone, now) = (new_york(), instant(now));
        let periods = hold_periods(&bill, MINIMUM, &zone);
        for pair in periods.windows(2) {
            prop_assert!(pair[0].span.until.is_some_and(|until| until < pair[1].span.from));
        }
        let mut census = 0_u32;
        let mut night = end_of_local_day(instant(-3 * 1440), &zone);
        while night < now {
            census += u32::from(claim_hold(&bill, MINIMUM, &zone, night).held);
            night = end_of_local_day_after(night, DayCount(1), &zone);
        }
        let hold = claim_hold(&bill, MINIMUM, &zone, now);
        prop_assert_eq!(hold.days_held, census);
        prop_assert_eq!(hold.days_held, periods.iter().map(|period| period.days(&zone, now)).sum::<u32>());
        if let (Some(charges), Some(dollar_days)) = (bill.charges, hold.dollar_days) {
            prop_assert_eq!(dollar_days.0, charges.0.max(0) * i64::from(census));
        }
    }
}
