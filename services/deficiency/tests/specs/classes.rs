//! Which visits the rules are about.

use countersign_contracts::chart::EncounterClass::{
    DaySurgery, Emergency, Inpatient, Observation, Outpatient, Unmapped,
};
use countersign_deficiency::domain::events::Stage;

use crate::given::{chart, given, history, report, summary};

#[test]
fn clinic_and_emergency_visits_owe_nothing() {
    for class in [Outpatient, Emergency] {
        let chart = given(
            chart()
                .admitted_as(class, "01-05 10:00")
                .operated("P1", "01-05 11:00", "01-05 12:00", Some("S1"))
                .wrote("01-05 13:00", summary("D1").by("A1"))
                .discharged("01-05 14:00"),
        );
        chart.never_owed_anything();
    }
}

#[test]
fn day_surgery_owes_the_report_and_the_chart() {
    let chart = given(
        chart()
            .admitted_as(DaySurgery, "01-05 07:00")
            .operated("P1", "01-05 09:00", "01-05 10:00", Some("S1"))
            .discharged("01-05 16:00"),
    );
    chart.never_owed("R01").never_owed("R13");
    chart.owes("R05").open().by("S1");
    chart.owes("C0").open();
}

#[test]
fn an_unknown_class_owes_nothing_and_is_shown() {
    let unknown = chart().admitted_as(Unmapped("ff".to_owned()), "01-05 10:00").attending("A1");
    let chart = given(unknown.clone().discharged("01-09 15:00"));
    chart.never_owed_anything().stage(Stage::Discharged).finding("`ff` is not mapped");
    // when a later message has a class that is known, then that is the class
    let known = given(unknown.clone().updated("01-05 18:00").class(Inpatient));
    known.owes("R01").open().since("01-05 10:00");
    let known = given(unknown.updated("01-05 18:00").class(Inpatient).discharged("01-09 15:00"));
    known.owes("R01").since("01-05 10:00");
    known.owes("R13").open();
}

#[test]
fn an_admission_without_class_owes_nothing_and_is_shown() {
    let chart = given(
        chart().admitted("01-05 10:00").with(|visit| visit.class = countersign_contracts::Field::Absent),
    );
    chart.never_owed_anything().finding("names no encounter class");
}

#[test]
fn an_expected_visit_owes_nothing_yet() {
    let booked =
        chart().expected("01-02 09:00").wrote("01-03 09:00", history("D1").by("A1")).class(Inpatient);
    given(booked.clone()).never_owed_anything().stage(Stage::Preadmitted);
    // when it begins, then it owes what it owes
    let begun = given(booked.admitted("01-05 10:00"));
    begun.stage(Stage::Open).owes("R01").open().since("01-05 10:00");
}

#[test]
fn an_outpatient_again_owes_nothing_of_an_inpatient() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .wrote("01-05 11:00", summary("D1").by("A1"))
            .becomes(Outpatient, "01-05 18:00")
            .discharged("01-05 20:00"),
    );
    chart.owes("R01").voided("01-05 18:00");
    chart.owes("R14").voided("01-05 18:00");
    chart.never_owed("C0");
}

#[test]
fn the_class_at_the_discharge_decides_about_the_summary() {
    let up = chart().admitted_as(Observation, "01-05 10:00").becomes(Inpatient, "01-06 02:00");
    given(up.discharged("01-09 10:00")).owes("R13").open();
    let down = chart().admitted("01-05 10:00").becomes(Observation, "01-06 02:00");
    given(down.discharged("01-09 10:00")).never_owed("R13").owes("C0");
}

#[test]
fn case_03_a_cancelled_visit_owes_nothing_any_more() {
    let cancelled = chart()
        .admitted("01-05 10:00")
        .wrote("01-05 12:00", summary("D1").by("A1"))
        .signed("01-05 12:30", "A1", history("D2").by("A1"))
        .cancelled("01-05 14:00");
    let chart = given(cancelled.clone());
    chart.stage(Stage::Cancelled);
    chart.owes("R14").voided("01-05 14:00").closed_because("ADT^A11");
    chart.owes("R01").satisfied("01-05 12:30");
    // when more is heard of it, then it still owes nothing
    let more = given(
        cancelled
            .updated("01-05 15:00")
            .wrote("01-05 16:00", summary("D3").by("A1"))
            .discharged("01-05 17:00"),
    );
    more.stage(Stage::Cancelled).never_owed("C0").never_owed("R13");
    assert_eq!(more.rows("R14").len(), 1);
}

#[test]
fn case_03_a_discharged_visit_that_is_cancelled_owes_nothing_any_more() {
    let chart = given(chart().admitted("01-05 10:00").discharged("01-09 15:00").cancelled("01-10 09:00"));
    for rule in ["R01", "R13", "C0", "C1"] {
        chart.owes(rule).voided("01-10 09:00");
    }
}

#[test]
fn case_03_a_number_used_again_after_the_cancellation_is_a_new_visit() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .attending("A1")
            .operated("P1", "01-05 11:00", "01-05 12:00", Some("S1"))
            .cancelled("01-05 14:00")
            .admitted("01-06 09:00")
            .attending("A2"),
    );
    chart.stage(Stage::Open);
    chart.owes("R01").open().since("01-06 09:00").due("01-07 09:00").by("A2");
    chart.owes("R05").voided("01-05 14:00");
}

#[test]
fn a_second_registration_corrects_the_first() {
    let chart = given(
        chart().admitted_as(Observation, "01-05 10:00").admitted("01-05 11:00").admission("01-05 09:30"),
    );
    chart.owes("R01").open().since("01-05 09:30");
}

#[test]
fn a_corrected_admission_moves_the_limit() {
    let chart = given(chart().admitted("01-05 10:00").updated("01-05 18:00").admission("01-05 08:15"));
    chart.owes("R01").open().since("01-05 08:15").due("01-06 08:15").resting_on(&["ADT^A08"]);
}

#[test]
fn an_admission_time_that_means_a_later_stay_does_not_move_the_first() {
    // given a long observation, and an update after the A06 with the instant of the A06 in PV1-44
    let chart = given(
        chart()
            .admitted_as(Observation, "01-05 10:00")
            .becomes(Inpatient, "01-06 20:00")
            .updated("01-06 21:00")
            .admission("01-06 20:00"),
    );
    chart.owes("R01").open().anchored("01-05 10:00").opened("01-06 10:00");
}

#[test]
fn documents_before_any_admission_open_a_chart_that_waits_for_it() {
    let chart = given(chart().wrote("01-05 12:00", report("D1").by("S1")).class(Inpatient).signed(
        "01-06 12:00",
        "S1",
        report("D1").by("S1"),
    ));
    chart.stage(Stage::Inferred);
    chart.owes("R06").satisfied("01-06 12:00").since("01-05 12:00");
    chart.owes("R01").open().since("01-05 12:00").unassigned();
}

#[test]
fn a_change_of_class_at_the_instant_of_the_admission_comes_after_it() {
    // given an admission that was entered after the change that happened in the same minute
    let chart = given(
        chart()
            .becomes(Inpatient, "01-05 10:00")
            .admitted_as(Observation, "01-05 10:00")
            .recorded("01-05 10:20"),
    );
    chart.owes("R01").open().since("01-05 10:00");
}
