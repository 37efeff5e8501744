//! R13: discharge summary present; and what a discharge is.

use countersign_contracts::chart::{
    CompletionStatus::{Incomplete, Unknown},
    EncounterClass::{DaySurgery, Emergency, Inpatient, Observation},
};
use countersign_deficiency::domain::events::{Stage, Waits};

use crate::given::{chart, given, history, note, summary};

#[test]
fn a_long_stay_owes_a_summary_by_the_end_of_the_seventh_day() {
    let chart = given(chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00"));
    chart.owes("R13").open().since("01-09 15:00").due("01-16 23:59:59").target("01-12 15:00").by("A1");
    chart.stage(Stage::Discharged);
}

#[test]
fn a_dictated_summary_is_present() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .dictated("01-10 09:00", summary("D1").by("R1")),
    );
    chart.owes("R13").satisfied("01-10 09:00").resting_on(&["ADT^A03", "MDM^T02"]);
    // and its signature waits for the transcription, so that the chart is not complete
    chart.owes("R14").dormant(Waits::Transcription, "01-10 09:00");
    chart.owes("C0").open();
}

#[test]
fn a_summary_of_unknown_status_is_present() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .wrote("01-10 09:00", summary("D1").by("R1").status(Unknown)),
    );
    chart.owes("R13").satisfied("01-10 09:00");
    chart.owes("R14").open().since("01-10 09:00");
}

#[test]
fn a_summary_that_was_merely_begun_is_owed_by_whoever_began_it() {
    let begun = chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00");
    let begun = begun.began("01-10 09:00", summary("D1").by("R1"));
    given(begun.clone()).owes("R13").open().by("R1").because("begun");
    // when it is left incomplete, then it is still owed; when it is documented, then it is there
    let left = begun.status("01-11 09:00", Incomplete, summary("D1").by("R1"));
    given(left.clone()).owes("R13").open().by("R1");
    given(left.wrote("01-12 09:00", summary("D1").by("R1"))).owes("R13").satisfied("01-12 09:00").by("R1");
}

#[test]
fn a_summary_written_before_the_discharge_closes_it_when_it_arises() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .wrote("01-09 09:00", summary("D1").by("A1"))
            .discharged("01-09 15:00"),
    );
    chart.owes("R13").since("01-09 15:00").satisfied("01-09 15:00");
}

#[test]
fn case_30_a_stay_of_less_than_48_hours_owes_no_summary() {
    let left = |when: &str| given(chart().admitted("01-05 10:00").discharged(when));
    left("01-07 09:59:59").never_owed("R13").owes("C0");
    left("01-07 10:00").owes("R13").open();
}

#[test]
fn case_30_the_length_of_stay_counts_from_the_admission_told() {
    // given an A01 that came late, with the admission in PV1-44
    let chart = given(chart().admitted("01-07 10:00").admission("01-05 10:00").discharged("01-08 10:00"));
    chart.owes("R13").open();
}

#[test]
fn case_30_a_stay_of_unknown_length_counts_as_long() {
    let chart = given(chart().discharged("01-08 10:00").class(Inpatient).attending("A1"));
    chart.owes("R13").open().by("A1");
    chart.stage(Stage::Discharged);
}

#[test]
fn case_44_a_discharge_before_the_admission_excuses_nobody() {
    let chart = given(chart().admitted("01-05 10:00").discharge_told("01-06 10:00", "01-04 10:00", "PV1-45"));
    chart.owes("R13").open().since("01-04 10:00").due("01-11 23:59:59");
}

#[test]
fn case_31_a_death_owes_a_summary_after_any_stay_in_a_bed() {
    let died = |class| chart().admitted_as(class, "01-05 10:00").discharged("01-05 13:00").died();
    given(died(Inpatient)).owes("R13").open().since("01-05 13:00");
    given(died(Observation)).owes("R13").open().since("01-05 13:00");
    given(died(DaySurgery)).never_owed("R13").owes("C0");
    // given a death in the emergency department
    given(died(Emergency)).never_owed_anything();
}

#[test]
fn a_death_told_by_a_later_update_counts_from_the_discharge() {
    let chart = given(
        chart()
            .admitted_as(Observation, "01-05 10:00")
            .discharged("01-05 13:00")
            .updated("01-06 09:00")
            .died(),
    );
    chart.owes("R13").open().since("01-05 13:00");
}

#[test]
fn case_32_leaving_against_advice_is_a_discharge() {
    let chart = given(chart().admitted("01-05 10:00").discharged("01-08 10:00").with(|visit| {
        visit.disposition = countersign_contracts::Field::Value("07".to_owned());
        visit.died = countersign_contracts::Field::Value(false);
    }));
    chart.owes("R13").open();
}

#[test]
fn observation_owes_no_summary() {
    given(chart().admitted_as(Observation, "01-05 10:00").discharged("01-09 10:00"))
        .never_owed("R13")
        .owes("C0");
}

#[test]
fn case_01_a_cancelled_discharge_takes_back_what_it_asked_for() {
    let back = chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00");
    let back = back.discharge_cancelled("01-10 08:00");
    let chart = given(back);
    for rule in ["R13", "C0", "C1"] {
        chart.owes(rule).voided("01-10 08:00").since("01-09 15:00").closed_because("ADT^A13");
    }
    chart.stage(Stage::Open).owes("R01").open();
}

#[test]
fn case_02_a_later_discharge_asks_again_from_its_own_instant() {
    let twice = chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00");
    let twice = twice.discharge_cancelled("01-09 18:00").discharged("01-12 11:00");
    let again = given(twice.clone());
    again.owes("R13").open().since("01-12 11:00").due("01-19 23:59:59");
    again.owes("C0").open().since("01-12 11:00").due("01-26 23:59:59");
    again.owes("C1").open().since("01-12 11:00").due("02-11 23:59:59");
    // given that the summary was written after the first discharge, then it is done when it is asked for again
    let written = given(twice.wrote("01-09 17:00", summary("D1").by("A1")));
    written.owes("R13").since("01-12 11:00").satisfied("01-12 11:00");
}

#[test]
fn case_01_what_was_done_for_a_cancelled_discharge_falls_away_with_it_and_counts_for_the_next() {
    let back = chart()
        .admitted("01-05 10:00")
        .signed("01-05 11:00", "A1", history("D0").by("A1"))
        .discharged("01-09 15:00")
        .signed("01-09 17:00", "A1", summary("D1").by("A1"));
    let complete = given(back.clone());
    complete.owes("R13").satisfied("01-09 17:00");
    complete.owes("C0").satisfied("01-09 17:00");
    // when the discharge is cancelled, then nothing was asked for, but the work stays
    let back = back.discharge_cancelled("01-09 18:00");
    let cancelled = given(back.clone());
    for rule in ["R13", "C0", "C1"] {
        cancelled.owes(rule).voided("01-09 18:00").since("01-09 15:00");
    }
    cancelled.owes("R14").satisfied("01-09 17:00");
    // when the patient leaves in the end, then it is all done already
    let again = given(back.discharged("01-10 11:00"));
    for rule in ["R13", "C0", "C1"] {
        again.owes(rule).since("01-10 11:00").satisfied("01-10 11:00");
    }
}

#[test]
fn a_discharge_is_corrected_by_cancelling_it_and_telling_an_earlier_one() {
    // given an A03 with the wrong day, its A13, and an A03 told later about an earlier instant
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-10 15:00")
            .discharge_cancelled("01-10 15:10")
            .discharge_told("01-10 15:12", "01-09 15:00", "PV1-45"),
    );
    chart.owes("R13").open().since("01-09 15:00");
}

#[test]
fn discharge_cancellation_and_discharge_in_the_same_minute_keep_the_senders_order() {
    // given a feed that writes minutes, and recorded them in this order
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .recorded("01-09 15:00:10")
            .discharge_cancelled("01-09 15:00")
            .recorded("01-09 15:00:20")
            .discharged("01-09 15:00")
            .recorded("01-09 15:00:30"),
    );
    chart.stage(Stage::Discharged).owes("R13").open();
}

#[test]
fn a_cancellation_in_the_same_second_as_what_it_cancels_comes_after_it() {
    for visit in ["V1", "V2", "V3", "V4", "V5", "V6"] {
        let story = chart().numbered(visit).admitted("01-05 10:00").discharge_cancelled("01-09 15:00");
        given(story.discharged("01-09 15:00")).stage(Stage::Open).owes("R13").voided("01-09 15:00");
    }
}

#[test]
fn an_observation_whose_end_was_taken_back_lasts() {
    let back = chart().admitted_as(Observation, "01-05 10:00").discharged("01-05 20:00");
    let back = back.discharge_cancelled("01-05 21:00");
    given(back.looked_at("01-06 10:00")).owes("R01").open().opened("01-06 10:00");
}

#[test]
fn a_death_that_was_taken_back_asks_for_nothing() {
    let back = chart().admitted_as(Observation, "01-05 10:00").discharged("01-05 12:00").died();
    let back = back.discharge_cancelled("01-05 12:30").discharged("01-05 15:00");
    given(back).owes("R13").voided("01-05 12:30");
}

#[test]
fn a_corrected_discharge_in_an_update_re_dates_what_is_owed() {
    let story = || {
        let chart = chart().admitted("01-05 10:00").discharged("01-09 15:00");
        chart.updated("01-10 09:00").saying_discharged("01-08 23:30")
    };
    let open = given(story());
    open.owes("R13").open().since("01-08 23:30").due("01-15 23:59:59").resting_on(&["ADT^A08"]);
    open.owes("C1").open().since("01-08 23:30").due("02-07 23:59:59");
    // given that it was done meanwhile, then it is done as of then
    let done = given(story().dictated("01-09 20:00", summary("D1").by("A1")));
    done.owes("R13").since("01-08 23:30").satisfied("01-09 20:00");
}

#[test]
fn an_update_that_carries_a_discharge_discharges_nobody() {
    let chart =
        given(chart().admitted("01-05 10:00").updated("01-09 16:00").saying_discharged("01-09 15:00"));
    chart.stage(Stage::Open).never_owed("R13").never_owed("C0");
}

#[test]
fn an_update_after_the_discharge_reopens_nothing() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .updated("01-10 09:00")
            .class(Inpatient)
            .attending("A2"),
    );
    chart.stage(Stage::Discharged).owes("R13").open().since("01-09 15:00").by("A2");
}

#[test]
fn an_update_does_not_bring_a_cancelled_discharge_back() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .discharged("01-09 15:00")
            .discharge_cancelled("01-09 18:00")
            .updated("01-09 19:00")
            .saying_discharged("01-09 15:00"),
    );
    chart.stage(Stage::Open).owes("R13").voided("01-09 18:00");
}

#[test]
fn a_repeated_discharge_without_a_time_of_its_own_re_dates_nothing() {
    // given an A03 with PV1-45 and a second one, a day later, that only has EVN-2
    let story = || chart().admitted("01-05 10:00").discharged("01-09 15:00");
    let silent = given(story().discharge_told("01-10 08:00", "01-10 08:00", "EVN-2"));
    silent.owes("R13").since("01-09 15:00");
    // given one that does say when, then that counts
    let stated = given(story().discharge_told("01-10 08:00", "01-09 14:40", "PV1-45"));
    stated.owes("R13").since("01-09 14:40");
}

#[test]
fn case_33_transfers_on_the_same_day_ask_for_nothing() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .transferred("01-05 12:00")
            .attending("A2")
            .transferred("01-05 18:00")
            .attending("A3")
            .discharged("01-08 10:00"),
    );
    chart.owes("R01").since("01-05 10:00").by("A3");
    chart.owes("R13").by("A3");
}

#[test]
fn case_34_a_series_without_discharge_owes_nothing() {
    let series = chart().admitted_as(countersign_contracts::chart::EncounterClass::Recurring, "01-05 10:00");
    given(series.wrote("01-05 11:00", note("D1").by("A1")).wrote("01-12 11:00", summary("D2").by("A1")))
        .never_owed_anything();
}
