//! Visits that change their number, and people who share a room.

use countersign_contracts::chart::{
    EncounterClass::{Inpatient, Observation, Outpatient},
    EncounterKey,
};
use countersign_deficiency::domain::events::Stage;

use crate::given::{Story, chart, given, history, summary};

/// An observation stay that is to go on as an admission with another number.
fn first_number() -> Story {
    chart()
        .numbered("V1")
        .admitted_as(Observation, "01-05 10:00")
        .attending("A1")
        .signed("01-05 12:00", "A1", history("D1").by("A1"))
        .wrote("01-05 13:00", summary("D2").by("A1"))
        .continues_as("V2", "01-05 20:00")
}

fn second_number() -> Story {
    chart().numbered("V2").becomes(Inpatient, "01-05 20:00").discharged("01-09 15:00")
}

fn v(number: &str) -> EncounterKey {
    EncounterKey { facility: "HOSP1".to_owned(), authority: "HOSP1".to_owned(), visit: number.to_owned() }
}

#[test]
fn case_05_under_the_old_number_nothing_is_owed_any_more() {
    let chart = given(first_number());
    chart.stage(Stage::Renumbered).never_owed_anything();
    assert_eq!(chart.description().continues_as, Some(v("V2")));
}

#[test]
fn case_05_under_the_new_number_everything_goes_on() {
    let (to, handed_over) = given(first_number()).hands_over();
    assert_eq!(to, v("V2"));
    let chart = given(second_number().taking_over(handed_over));
    chart.stage(Stage::Discharged);
    chart.owes("R01").since("01-05 20:00").satisfied("01-05 20:00");
    chart.owes("R13").since("01-09 15:00").satisfied("01-09 15:00");
    chart.owes_for("R14", "D2").open().since("01-05 13:00").by("A1");
    assert_eq!(chart.description().admitted_at, Some(crate::given::at("01-05 10:00")));
}

#[test]
fn case_05_what_is_still_sent_under_the_old_number_goes_on_too() {
    let late = first_number().signed("01-10 09:00", "A1", summary("D2").by("A1"));
    let (_, handed_over) = given(late).hands_over();
    let chart = given(second_number().taking_over(handed_over));
    chart.owes_for("R14", "D2").satisfied("01-10 09:00");
}

#[test]
fn case_05_a_visit_renumbered_twice_brings_everything_along() {
    let (_, first) = given(first_number()).hands_over();
    let second = second_number().taking_over(first).continues_as("V3", "01-09 16:00");
    let (to, handed_over) = given(second).hands_over();
    assert_eq!(to, v("V3"));
    let chart = given(chart().numbered("V3").becomes(Inpatient, "01-09 16:00").taking_over(handed_over));
    chart.stage(Stage::Discharged);
    chart.owes("R13").since("01-09 15:00").satisfied("01-09 15:00");
    chart.owes("R14").open();
}

#[test]
fn case_05_a_message_about_both_numbers_is_handed_on_whole() {
    // given a message whose facts are split between the numbers: a reading moved the attending's name to V1
    let (old, _) = first_number().into_messages();
    let mut about_both = old[0].reported.clone();
    let (new, _) = second_number().into_messages();
    about_both.message = new[0].reported.message;
    about_both.facts[0].visit.attending = countersign_contracts::Field::Value(countersign_kernel::Person {
        id: Some("A5".to_owned()),
        ..Default::default()
    });
    let second = second_number().taking_over(vec![(about_both, v("V1"))]).continues_as("V3", "01-09 16:00");
    // when the second number goes on as a third
    let (_, handed_over) = given(second).hands_over();
    // then both parts of the message arrive there
    let chart = given(chart().numbered("V3").taking_over(handed_over));
    chart.stage(Stage::Discharged).owes("R13").by("A5");
}

#[test]
fn what_a_visit_brought_from_a_number_is_not_handed_back_to_it() {
    // given a visit that goes from the first number to the second and back
    let (_, first) = given(first_number()).hands_over();
    let brought = first.len();
    let second = second_number().taking_over(first).continues_as("V1", "01-09 16:00");
    let (to, handed_over) = given(second.clone()).hands_over();
    // then the first number is told what the second was told itself
    assert_eq!((to, brought), (v("V1"), 4));
    assert!(handed_over.iter().all(|(_, reported_for)| *reported_for == v("V2")));
    assert_eq!(handed_over.len(), second.into_messages().0.len() - brought);
}

#[test]
fn a_visit_that_returns_to_its_old_number_goes_on_there() {
    let back = first_number().becomes(Outpatient, "01-05 22:00").becomes(Observation, "01-05 23:00");
    let chart = given(back.looked_at("01-07 00:00"));
    chart.stage(Stage::Open).owes("R01").anchored("01-05 23:00").opened("01-06 23:00");
    assert_eq!(chart.description().continues_as, None);
}

#[test]
fn case_29_mother_and_newborn_have_charts_of_their_own() {
    let mother = given(chart().numbered("V10").admitted("01-05 10:00").attending("A1"));
    let newborn = given(chart().numbered("V11").admitted("01-05 18:30").attending("A2"));
    mother.owes("R01").since("01-05 10:00").by("A1");
    newborn.owes("R01").since("01-05 18:30").by("A2");
    assert_ne!(mother.owes("R01").0.id, newborn.owes("R01").0.id);
}
