//! R05 and R06: the operative report, and its signature.

use countersign_contracts::chart::EncounterClass::{DaySurgery, Inpatient};
use countersign_deficiency::domain::events::Waits;

use crate::given::{Story, chart, given, report};

/// Two operations of the same surgeon on two days.
fn two_operations() -> Story {
    chart()
        .admitted("01-05 08:00")
        .attending("A1")
        .updated("01-05 12:00")
        .operated("P1", "01-05 10:00", "01-05 11:30", Some("S1"))
        .updated("01-07 12:00")
        .operated("P1", "01-05 10:00", "01-05 11:30", Some("S1"))
        .operated("P2", "01-07 10:00", "01-07 11:00", Some("S1"))
}

#[test]
fn an_operation_owes_a_report_within_24_hours_of_its_end() {
    let chart = given(chart().admitted("01-05 08:00").attending("A1").operated(
        "P1",
        "01-05 06:30",
        "01-05 07:45",
        Some("S1"),
    ));
    let owed = chart.owes_for("R05", "P1");
    owed.open().since("01-05 07:45").due("01-06 07:45").by("S1").because("surgeon");
}

#[test]
fn a_dictated_report_is_there_but_cannot_be_signed_yet() {
    let dictated = chart().admitted_as(DaySurgery, "01-05 08:00").operated(
        "P1",
        "01-05 06:00",
        "01-05 07:00",
        Some("S1"),
    );
    let dictated = dictated.dictated("01-05 12:00", report("D1").by("S1"));
    let chart = given(dictated.clone());
    chart.owes("R05").satisfied("01-05 12:00");
    chart.owes("R06").dormant(Waits::Transcription, "01-05 12:00");
    // when it has been typed, then the signature is owed from then
    let typed = given(dictated.wrote("01-06 09:00", report("D1").by("S1")));
    typed
        .owes_for("R06", "D1")
        .open()
        .since("01-06 09:00")
        .due("01-13 23:59:59")
        .target("01-09 09:00")
        .by("S1");
}

#[test]
fn a_planned_operation_owes_a_report_once_it_has_ended() {
    // given an operation that is announced with the admission
    let story = || {
        chart()
            .admitted("01-05 08:00")
            .operated("P1", "01-06 10:00", "01-06 12:00", Some("S1"))
            .attending("A1")
    };
    given(story()).never_owed("R05").waits_until(Some("01-06 12:00"));
    // when it has ended, though nobody said so
    given(story().looked_at("01-06 12:00")).owes("R05").open().since("01-06 12:00").due("01-07 12:00");
}

#[test]
fn case_07_two_operations_need_two_reports() {
    let chart = given(two_operations().wrote("01-05 15:00", report("D1").by("S1")));
    chart.owes_for("R05", "P1").satisfied("01-05 15:00");
    chart.owes_for("R05", "P2").open().since("01-07 11:00");
}

#[test]
fn case_07_a_report_answers_the_operation_that_it_says_it_is_about() {
    // given that only the second operation was reported on
    let chart = given(two_operations().wrote("01-07 15:00", report("D1").by("S1").about("01-07 10:00")));
    chart.owes_for("R05", "P1").open();
    chart.owes_for("R05", "P2").satisfied("01-07 15:00");
}

#[test]
fn case_07_two_reports_about_one_operation_do_not_answer_for_the_other() {
    let chart = given(
        two_operations()
            .wrote("01-05 15:00", report("D1").by("S1").about("01-05 10:00"))
            .wrote("01-08 15:00", report("D2").by("S1").about("01-05 10:00")),
    );
    chart.owes_for("R05", "P1").satisfied("01-05 15:00");
    chart.owes_for("R05", "P2").open();
}

#[test]
fn case_07_a_report_from_before_an_operation_is_not_about_it() {
    // given two reports on the day of the first operation that do not say what they are about
    let chart = given(
        two_operations()
            .wrote("01-05 15:00", report("D1").by("S1"))
            .wrote("01-05 16:00", report("D2").by("S1")),
    );
    chart.owes_for("R05", "P2").open();
}

#[test]
fn case_07_surgeons_answer_for_their_own_operations_first() {
    let chart = given(
        chart()
            .admitted("01-05 08:00")
            .updated("01-05 18:00")
            .operated("P1", "01-05 09:00", "01-05 10:00", Some("S1"))
            .operated("P2", "01-05 11:00", "01-05 12:00", Some("S2"))
            .wrote("01-05 19:00", report("D1").by("S2"))
            .wrote("01-05 20:00", report("D2").by("F1").for_signature_of("S1")),
    );
    chart.owes_for("R05", "P1").satisfied("01-05 20:00");
    chart.owes_for("R05", "P2").satisfied("01-05 19:00");
}

#[test]
fn a_report_by_somebody_else_answers_what_is_left() {
    let chart = given(
        chart()
            .admitted("01-05 08:00")
            .updated("01-05 18:00")
            .operated("P1", "01-05 09:00", "01-05 10:00", None)
            .wrote("01-05 19:00", report("D1").by("F1")),
    );
    chart.owes_for("R05", "P1").satisfied("01-05 19:00").unassigned();
}

#[test]
fn a_report_without_author_is_signed_by_the_surgeon_of_its_operation() {
    let chart = given(
        chart()
            .admitted("01-05 08:00")
            .updated("01-05 18:00")
            .operated("P1", "01-05 09:00", "01-05 10:00", Some("S1"))
            .operated("P2", "01-05 11:00", "01-05 12:00", Some("S2"))
            .wrote("01-05 19:00", report("D1").about("01-05 11:00")),
    );
    chart.owes_for("R06", "D1").open().by("S2").because("PR1-11");
}

#[test]
fn a_report_on_no_known_operation_needs_a_signature_all_the_same() {
    let chart = given(chart().admitted("01-05 08:00").wrote("01-05 19:00", report("D1").by("S1")));
    chart.never_owed("R05").owes("R06").open().by("S1");
}

#[test]
fn case_09_a_withdrawn_report_is_owed_again() {
    let chart = given(
        two_operations()
            .wrote("01-05 15:00", report("D1").by("S1").about("01-05 10:00"))
            .withdrew("01-06 09:00", report("D1").by("S1")),
    );
    chart.owes_for("R05", "P1").open().since("01-05 11:30").due("01-06 11:30").by("S1");
    chart.owes_for("R06", "D1").voided("01-06 09:00");
}

#[test]
fn case_10_a_replaced_report_answers_on_and_is_signed_anew() {
    let chart =
        given(
            two_operations()
                .signed("01-05 15:00", "S1", report("D1").by("S1").about("01-05 10:00"))
                .replaced("01-06 09:00", "D1", report("D2").by("S1").about("01-05 10:00")),
        );
    chart.owes_for("R05", "P1").satisfied("01-05 15:00");
    chart.owes_for("R06", "D1").satisfied("01-05 15:00");
    chart.owes_for("R06", "D2").open().since("01-06 09:00");
}

#[test]
fn an_operation_in_the_emergency_department_is_owed_once_the_patient_is_admitted() {
    let story = chart()
        .admitted_as(countersign_contracts::chart::EncounterClass::Emergency, "01-05 08:00")
        .operated("P1", "01-05 06:00", "01-05 07:00", Some("S1"));
    given(story.clone()).never_owed_anything();
    given(story.becomes(Inpatient, "01-05 09:00")).owes_for("R05", "P1").open().since("01-05 07:00");
}

#[test]
fn a_corrected_operation_keeps_its_row() {
    let chart = given(
        chart()
            .admitted("01-05 08:00")
            .operated("P1", "01-05 06:00", "01-05 07:00", Some("S1"))
            .updated("01-06 08:00")
            .operated("P1", "01-05 06:00", "01-05 07:40", Some("S2")),
    );
    chart.owes_for("R05", "P1").open().since("01-05 07:40").due("01-06 07:40").by("S2");
}
