//! Due instants: to the second, in the facility's own time.

use countersign_contracts::chart::EncounterClass::Inpatient;

use crate::given::{chart, given, summary};

#[test]
fn hours_are_counted_to_the_second() {
    let chart = given(chart().admitted("01-05 10:00:17"));
    chart.owes("R01").due("01-06 10:00:17");
}

#[test]
fn days_end_with_the_local_day() {
    // given a discharge at 23:30 in New York, which is the next day in UTC
    let chart = given(
        chart()
            .in_zone("America/New_York")
            .admitted("2026-01-05T10:00:00-05:00")
            .discharged("2026-01-09T23:30:00-05:00"),
    );
    chart.owes("R13").due("2026-01-16T23:59:59-05:00");
    chart.owes("C1").due("2026-02-08T23:59:59-05:00");
}

#[test]
fn the_first_and_the_last_second_of_a_day_have_the_same_limit() {
    for left in ["01-09 00:00:00", "01-09 23:59:59"] {
        given(chart().admitted("01-05 10:00").discharged(left)).owes("R13").due("01-16 23:59:59");
    }
}

#[test]
fn case_27_the_day_on_which_clocks_go_forward_is_a_day() {
    // given a discharge in the week before summer time begins (8 March 2026)
    let story = || chart().in_zone("America/New_York").admitted("2026-03-01T10:00:00-05:00");
    let chart = given(story().discharged("2026-03-05T15:00:00-05:00"));
    // then the seventh day ends at 23:59:59 summer time
    chart.owes("R13").due("2026-03-12T23:59:59-04:00");
    // given a discharge so that the limit is that very day
    let chart = given(story().discharged("2026-03-03T15:00:00-05:00").class(Inpatient));
    chart.owes("C0").due("2026-03-17T23:59:59-04:00");
    given(story().admission("2026-02-26T10:00:00-05:00").discharged("2026-03-01T15:00:00-05:00"))
        .owes("R13")
        .due("2026-03-08T23:59:59-04:00");
}

#[test]
fn case_27_the_day_on_which_clocks_go_back_is_a_day() {
    let chart = given(
        chart()
            .in_zone("America/New_York")
            .admitted("2026-10-20T10:00:00-04:00")
            .discharged("2026-10-25T15:00:00-04:00"),
    );
    chart.owes("R13").due("2026-11-01T23:59:59-05:00");
}

#[test]
fn case_27_hours_are_hours_when_clocks_change() {
    let chart = given(chart().in_zone("America/New_York").admitted("2026-03-07T10:00:00-05:00"));
    chart.owes("R01").due("2026-03-08T11:00:00-04:00");
}

#[test]
fn case_28_holidays_are_days() {
    let chart = given(chart().admitted("2025-12-20T10:00:00Z").discharged("2025-12-25T15:00:00Z"));
    chart.owes("R13").due("2026-01-01T23:59:59Z");
}

#[test]
fn a_zone_that_this_build_does_not_know_counts_as_utc() {
    let chart = given(chart().in_zone("Mars/Olympus").admitted("01-05 10:00").discharged("01-09 15:00"));
    chart.owes("R13").due("01-16 23:59:59");
}

#[test]
fn a_summary_at_the_due_second_is_counted_like_any_other() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .dictated("01-16 23:59:59", summary("D1").by("A1")),
    );
    let owed = chart.owes("R13").satisfied("01-16 23:59:59");
    assert_eq!(owed.0.closed_at, owed.0.due_at);
}
