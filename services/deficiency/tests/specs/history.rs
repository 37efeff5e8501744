//! R01: history and physical, present and signed, within 24 hours.

use countersign_contracts::chart::EncounterClass::{Emergency, Inpatient, Observation};

use crate::given::{chart, given, history};

#[test]
fn an_inpatient_owes_a_signed_history_within_24_hours_of_the_admission() {
    let chart = given(chart().admitted("01-05 10:00").attending("A1"));
    chart.owes("R01").open().since("01-05 10:00").due("01-06 10:00").target("01-06 10:00").by("A1");
}

#[test]
fn a_history_without_signature_does_not_do() {
    let chart =
        given(chart().admitted("01-05 10:00").attending("A1").wrote("01-05 12:00", history("D1").by("R1")));
    chart.owes("R01").open().by("R1").because("TXA-9");
}

#[test]
fn a_signed_history_does() {
    let chart = given(
        chart().admitted("01-05 10:00").attending("A1").wrote("01-05 12:00", history("D1").by("R1")).signed(
            "01-05 13:00",
            "R1",
            history("D1").by("R1"),
        ),
    );
    chart.owes("R01").satisfied("01-05 13:00").by("R1").resting_on(&["ADT^A01", "MDM^T04"]);
}

#[test]
fn a_history_signed_before_the_admission_counts_from_the_admission() {
    let chart = given(
        chart().signed("01-05 08:00", "A1", history("D1").by("A1")).admitted("01-05 10:00").attending("A1"),
    );
    chart.owes("R01").since("01-05 10:00").satisfied("01-05 10:00");
}

#[test]
fn an_emergency_visit_owes_it_from_becoming_an_inpatient() {
    let chart = given(chart().admitted_as(Emergency, "01-05 06:00").becomes(Inpatient, "01-05 10:00"));
    chart.owes("R01").open().since("01-05 10:00").due("01-06 10:00").resting_on(&["ADT^A06"]);
}

#[test]
fn case_06_observation_that_becomes_an_admission_within_a_day_owes_it_from_the_admission() {
    let chart = given(chart().admitted_as(Observation, "01-05 10:00").becomes(Inpatient, "01-05 20:00"));
    chart.owes("R01").open().since("01-05 20:00").due("01-06 20:00");
}

#[test]
fn case_06_observation_that_was_long_before_it_became_an_admission_owes_it_all_along() {
    let chart = given(chart().admitted_as(Observation, "01-05 10:00").becomes(Inpatient, "01-06 20:00"));
    chart.owes("R01").open().anchored("01-05 10:00").opened("01-06 10:00").due("01-06 10:00");
}

#[test]
fn case_06_observation_owes_it_once_a_day_has_passed_without_any_message() {
    // given an observation of which nothing more is heard
    let story = || chart().admitted_as(Observation, "01-05 10:00").attending("A1");
    // when a day has almost passed
    let almost = given(story().looked_at("01-06 09:59:59"));
    // then nothing is owed, and the chart waits for the instant
    almost.never_owed("R01").waits_until(Some("01-06 10:00"));
    // when the day has passed
    let passed = given(story().looked_at("01-06 10:00"));
    // then it is owed, counted from the start
    passed.owes("R01").open().anchored("01-05 10:00").opened("01-06 10:00").due("01-06 10:00").by("A1");
    passed.waits_until(None);
}

#[test]
fn observation_that_ends_with_the_24th_hour_owes_none() {
    let story = || chart().admitted_as(Observation, "01-05 10:00");
    given(story().discharged("01-06 10:00").looked_at("02-01 00:00")).never_owed("R01").waits_until(None);
    given(story().discharged("01-06 10:00:01")).owes("R01").open().opened("01-06 10:00");
}

#[test]
fn an_observation_known_from_a_document_only_is_waited_for_too() {
    let chart = given(
        chart()
            .wrote("01-05 12:00", history("D1").by("R1"))
            .class(Observation)
            .admission("01-05 10:00")
            .looked_at("01-07 00:00"),
    );
    chart.owes("R01").open().opened("01-06 10:00").by("R1");
}

#[test]
fn a_history_signed_while_observation_was_short_closes_it_when_it_arises() {
    let chart = given(
        chart()
            .admitted_as(Observation, "01-05 10:00")
            .signed("01-05 12:00", "A1", history("D1").by("A1"))
            .looked_at("01-07 00:00"),
    );
    chart.owes("R01").opened("01-06 10:00").satisfied("01-06 10:00");
}

#[test]
fn stepping_down_to_observation_ends_it_until_a_day_has_passed() {
    let story = || chart().admitted("01-05 10:00").becomes(Observation, "01-05 22:00");
    // given a discharge within the day, then what was owed fell away with the A07
    let short = given(story().discharged("01-06 08:00"));
    short.owes("R01").voided("01-05 22:00").since("01-05 10:00").resting_on(&["ADT^A01", "ADT^A07"]);
    // given an observation that lasts, then it is owed again, counted from the A07
    let long = given(story().discharged("01-07 08:00"));
    long.owes("R01").open().anchored("01-05 22:00").opened("01-06 22:00").due("01-06 22:00");
}

#[test]
fn a_history_signed_before_the_step_down_stays_done() {
    let story = || {
        chart()
            .admitted("01-05 10:00")
            .signed("01-05 12:00", "A1", history("D1").by("A1"))
            .becomes(Observation, "01-05 22:00")
    };
    given(story()).owes("R01").satisfied("01-05 12:00").since("01-05 10:00");
    given(story().looked_at("02-01 00:00")).owes("R01").satisfied("01-05 12:00").since("01-05 10:00");
}

#[test]
fn a_signature_from_before_the_step_down_that_is_heard_of_later_counts() {
    let chart = given(
        chart().admitted("01-05 10:00").becomes(Observation, "01-05 22:00").document(
            "MDM^T04",
            "01-06 03:00",
            history("D1")
                .by("A1")
                .status(countersign_contracts::chart::CompletionStatus::Authenticated)
                .signed_by("A1", "01-05 12:00"),
        ),
    );
    chart.owes("R01").satisfied("01-05 12:00");
}

#[test]
fn two_histories_are_one_requirement() {
    let chart = given(chart().admitted("01-05 10:00").wrote("01-05 11:00", history("D1").by("R1")).signed(
        "01-05 13:00",
        "A1",
        history("D2").by("A1"),
    ));
    chart.owes("R01").satisfied("01-05 13:00");
}

#[test]
fn when_the_signed_history_is_withdrawn_the_next_signed_one_counts() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .signed("01-05 12:00", "R1", history("D1").by("R1"))
            .signed("01-05 18:00", "A1", history("D2").by("A1"))
            .withdrew("01-06 09:00", history("D1").by("R1")),
    );
    chart.owes("R01").satisfied("01-05 18:00");
}

#[test]
fn a_replaced_history_needs_its_own_signature() {
    let chart =
        given(chart().admitted("01-05 10:00").signed("01-05 12:00", "R1", history("D1").by("R1")).replaced(
            "01-06 09:00",
            "D1",
            history("D2").by("R1"),
        ));
    chart.owes("R01").open().since("01-05 10:00");
}

#[test]
fn an_admission_that_does_not_say_when_counts_from_the_event() {
    let chart = given(chart().admitted("01-05 10:07").without_admission_time());
    let owed = chart.owes("R01").open().since("01-05 10:07");
    assert_eq!(owed.0.matched[0].says, "admission (EVN-2)");
}

#[test]
fn what_happens_at_the_very_instant_comes_before_what_time_brings() {
    let cancelled = chart().admitted_as(Observation, "01-05 10:00").cancelled("01-06 10:00");
    given(cancelled.clone()).never_owed("R01");
    // given something else at that instant, which makes the rules be asked
    given(cancelled.wrote("01-06 10:00", history("D1").by("A1"))).never_owed("R01");
}

#[test]
fn a_signature_at_the_very_instant_of_the_step_down_is_in_time() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .becomes(Observation, "01-05 22:00")
            .signed("01-05 22:00", "A1", history("D1").by("A1"))
            .discharged("01-06 08:00"),
    );
    chart.owes("R01").satisfied("01-05 22:00");
}
