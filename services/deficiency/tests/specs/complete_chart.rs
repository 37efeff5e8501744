//! C0 and C1: the chart as a whole.

use countersign_contracts::chart::EncounterClass::{DaySurgery, Observation};

use crate::given::{Story, chart, given, history, summary};

/// An inpatient with a signed history who left.
fn left() -> Story {
    chart()
        .admitted("01-05 10:00")
        .attending("A1")
        .signed("01-05 12:00", "A1", history("D0").by("A1"))
        .discharged("01-09 15:00")
}

#[test]
fn every_discharge_starts_both_limits() {
    let chart = given(left());
    chart.owes("C0").open().since("01-09 15:00").due("01-23 23:59:59").target("01-14 23:59:59").unassigned();
    chart.owes("C1").open().since("01-09 15:00").due("02-08 23:59:59").because("facility");
    assert_eq!(chart.owes("C1").0.target_at, None);
}

#[test]
fn nobody_owes_a_complete_chart_before_the_discharge() {
    given(chart().admitted("01-05 10:00")).never_owed("C0").never_owed("C1");
}

#[test]
fn a_chart_is_complete_when_its_last_item_is_closed() {
    let written = left().wrote("01-12 09:00", summary("D1").by("R1").for_signature_of("A1"));
    given(written.clone()).owes("C0").open();
    let signed = written.signed("01-13 09:00", "R1", summary("D1").by("R1").for_signature_of("A1"));
    given(signed.clone()).owes("C0").open();
    let cosigned =
        given(signed.legally_signed("01-15 09:00", "A1", summary("D1").by("R1").for_signature_of("A1")));
    for rule in ["C0", "C1"] {
        let owed = cosigned.owes(rule).satisfied("01-15 09:00").closed_because("(R15)");
        owed.resting_on(&["ADT^A03", "MDM^T04"]);
    }
}

#[test]
fn a_chart_of_which_nothing_is_asked_is_complete_at_the_discharge() {
    let chart = given(chart().admitted_as(DaySurgery, "01-05 07:00").discharged("01-05 16:00"));
    chart.owes("C0").satisfied("01-05 16:00").closed_because("nothing was open");
}

#[test]
fn work_done_before_the_discharge_completes_the_chart_with_it() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .signed("01-05 12:00", "A1", history("D1").by("A1"))
            .signed("01-09 09:00", "A1", summary("D2").by("A1"))
            .discharged("01-09 15:00"),
    );
    chart.owes("C0").satisfied("01-09 15:00").closed_because("nothing was open");
}

#[test]
fn a_complete_chart_is_incomplete_again_when_something_is_taken_back() {
    let complete = left().signed("01-12 09:00", "A1", summary("D1").by("A1"));
    given(complete.clone()).owes("C0").satisfied("01-12 09:00");
    let withdrawn = complete.withdrew("01-20 09:00", summary("D1").by("A1"));
    given(withdrawn.clone()).owes("C0").open().since("01-09 15:00").due("01-23 23:59:59");
    given(withdrawn.signed("01-22 09:00", "A1", summary("D2").by("A1"))).owes("C0").satisfied("01-22 09:00");
}

#[test]
fn an_item_that_fell_away_was_in_the_way_until_it_did() {
    // given a short stay with a summary nobody asked for, which waits for a signature and is then withdrawn
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .signed("01-05 12:00", "A1", history("D0").by("A1"))
            .discharged("01-06 10:00")
            .wrote("01-07 09:00", summary("D1").by("A1"))
            .withdrew("01-09 09:00", summary("D1").by("A1")),
    );
    chart.owes("R14").voided("01-09 09:00");
    chart.owes("C0").satisfied("01-09 09:00").closed_because("(R14)");
}

#[test]
fn an_observation_that_lasted_is_incomplete_without_a_history() {
    let chart = given(chart().admitted_as(Observation, "01-05 10:00").discharged("01-06 18:00"));
    chart.owes("R01").open();
    chart.owes("C0").open();
}
