//! Who owes it.

use countersign_contracts::chart::CompletionStatus::Documented;

use crate::given::{chart, given, history, summary};

#[test]
fn the_assigned_authenticator_goes_before_the_originator() {
    let same = summary("D1").by("A7").for_signature_of("A7");
    let chart = given(chart().admitted("01-05 10:00").wrote("01-06 10:00", same));
    chart.owes("R14").by("A7").because("TXA-10");
}

#[test]
fn the_authenticator_of_a_document_without_author_owes_it() {
    let chart =
        given(chart().admitted("01-05 10:00").wrote("01-06 10:00", summary("D1").for_signature_of("A7")));
    chart.owes("R14").by("A7").because("TXA-10");
    chart.never_owed("R15");
}

#[test]
fn a_name_without_identifier_is_passed_over() {
    let unnamed = summary("D1").by_name_only("Nobody");
    let chart = given(chart().admitted("01-05 10:00").attending("A1").wrote("01-06 10:00", unnamed));
    chart.owes("R14").by("A1").because("PV1-7");
}

#[test]
fn the_admitting_provider_owes_it_where_no_attending_is_known() {
    let story = chart().admitted("01-05 10:00").attending("A1").admitting("A2");
    given(story.clone()).owes("R01").by("A1");
    given(story.updated("01-05 11:00").no_attending()).owes("R01").by("A2").because("PV1-17");
}

#[test]
fn case_41_what_nobody_owes_waits_unassigned() {
    let chart = given(chart().admitted("01-05 10:00"));
    chart.owes("R01").open().unassigned().because("unassigned");
}

#[test]
fn case_16_while_it_is_owed_a_new_attending_takes_it_over() {
    let story = chart().admitted("01-05 10:00").attending("A1").updated("01-05 20:00").attending("A2");
    given(story).owes("R01").open().since("01-05 10:00").due("01-06 10:00").by("A2");
}

#[test]
fn case_16_what_was_done_stays_with_who_owed_it_then() {
    let chart = given(
        chart()
            .admitted("01-05 10:00")
            .attending("A1")
            .signed("01-05 12:00", "A9", history("D1").by("A9"))
            .updated("01-05 20:00")
            .attending("A2"),
    );
    chart.owes("R01").satisfied("01-05 12:00").by("A1");
}

#[test]
fn a_corrected_author_takes_it_over() {
    let chart = given(chart().admitted("01-05 10:00").wrote("01-06 10:00", summary("D1").by("A1")).status(
        "01-07 10:00",
        Documented,
        summary("D1").by("A2"),
    ));
    chart.owes("R14").open().by("A2").since("01-06 10:00");
}

#[test]
fn where_nobody_was_known_when_it_was_done_a_later_answer_counts() {
    // given a report without author, signed before any message named the operation
    let unnamed = || crate::given::report("D1").about("01-05 10:00");
    let signed = chart()
        .admitted("01-05 08:00")
        .wrote("01-05 15:00", unnamed())
        .signed_by_nobody_named("01-05 16:00", unnamed());
    given(signed.clone()).owes("R06").satisfied("01-05 16:00").unassigned();
    // when the operation is told
    let told = given(signed.updated("01-06 08:00").operated("P1", "01-05 10:00", "01-05 11:00", Some("S1")));
    told.owes("R06").satisfied("01-05 16:00").by("S1").because("PR1-11");
}

#[test]
fn what_was_done_before_it_was_asked_for_was_nobodys_debt() {
    // given a history that was signed before the observation had lasted a day, of which was heard only after
    let resident = || history("D1").by("R1").for_signature_of("A1");
    let chart = given(
        chart()
            .admitted_as(countersign_contracts::chart::EncounterClass::Observation, "01-05 10:00")
            .attending("A1")
            .wrote("01-05 12:00", resident())
            .status(
                "01-08 12:00",
                countersign_contracts::chart::CompletionStatus::Authenticated,
                resident().signed_by("R1", "01-05 13:00"),
            ),
    );
    chart.owes("R01").opened("01-06 10:00").satisfied("01-06 10:00").by("A1");
}
