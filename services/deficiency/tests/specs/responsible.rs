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
