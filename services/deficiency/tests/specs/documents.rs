//! What counts as a document: corrected types, withdrawals, replacements, addenda.

use countersign_contracts::chart::DocumentAction::{AddendumAdded, Replaced};

use crate::given::{Story, chart, given, note, summary};

/// A stay that needs a summary.
fn left() -> Story {
    chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00")
}

#[test]
fn case_08_a_document_of_the_wrong_type_counts_once_it_is_corrected() {
    let wrong = left().wrote("01-10 09:00", note("D1").by("A1"));
    given(wrong.clone()).never_owed("R14").owes("R13").open();
    // when an edit says that it is the summary, then it has been there all along
    let corrected = given(wrong.edited("01-12 09:00", summary("D1").by("A1")));
    corrected.owes("R13").satisfied("01-10 09:00");
    corrected.owes_for("R14", "D1").open().since("01-10 09:00");
}

#[test]
fn case_08_a_summary_that_turns_out_to_be_something_else_is_owed_again() {
    let chart =
        given(left().wrote("01-10 09:00", summary("D1").by("A1")).edited("01-12 09:00", note("D1").by("A1")));
    chart.owes("R13").open().since("01-09 15:00").by("A1");
    chart.owes_for("R14", "D1").voided("01-12 09:00").closed_because("MDM^T08");
}

#[test]
fn case_09_a_summary_withdrawn_after_its_signature_is_owed_again() {
    let withdrawn = left()
        .wrote("01-10 09:00", summary("D1").by("R1").for_signature_of("A1"))
        .signed("01-11 09:00", "R1", summary("D1").by("R1").for_signature_of("A1"))
        .withdrew("01-13 09:00", summary("D1").by("R1"));
    let chart = given(withdrawn.clone());
    chart.owes("R13").open().since("01-09 15:00").due("01-16 23:59:59").by("A1");
    chart.owes("R14").satisfied("01-11 09:00");
    chart.owes("R15").voided("01-13 09:00").closed_because("MDM^T11");
    // when another one is written, then that counts
    let again = given(withdrawn.dictated("01-14 09:00", summary("D2").by("A1")));
    again.owes("R13").satisfied("01-14 09:00");
}

#[test]
fn nothing_more_comes_of_a_withdrawn_document() {
    let chart = given(
        left()
            .wrote("01-10 09:00", summary("D1").by("A1"))
            .withdrew("01-11 09:00", summary("D1").by("A1"))
            .signed("01-12 09:00", "A1", summary("D1").by("A1")),
    );
    chart.owes("R13").open();
    chart.owes("R14").voided("01-11 09:00");
}

#[test]
fn case_10_a_replacement_takes_the_place_and_needs_its_own_signature() {
    let signed = left()
        .wrote("01-10 09:00", summary("D1").by("A1"))
        .signed("01-11 09:00", "A1", summary("D1").by("A1"))
        .replaced("01-13 09:00", "D1", summary("D2").by("A1"));
    let chart = given(signed.clone());
    chart.owes("R13").satisfied("01-10 09:00");
    chart.owes_for("R14", "D1").satisfied("01-11 09:00");
    chart.owes_for("R14", "D2").open().since("01-13 09:00").due("01-20 23:59:59");
    let again = given(signed.signed("01-14 09:00", "A1", summary("D2").by("A1")));
    again.owes_for("R14", "D2").satisfied("01-14 09:00");
}

#[test]
fn case_10_the_signature_of_a_replaced_summary_is_owed_no_more() {
    let chart = given(
        left()
            .wrote("01-10 09:00", summary("D1").by("A1"))
            .replaced("01-13 09:00", "D1", summary("D2").by("A1"))
            .signed("01-14 09:00", "A1", summary("D1").by("A1")),
    );
    chart.owes_for("R14", "D1").voided("01-13 09:00");
    chart.owes_for("R14", "D2").open();
}

#[test]
fn case_10_a_replacement_of_a_summary_never_heard_of_stands_for_itself() {
    let chart = given(left().replaced("01-13 09:00", "D1", summary("D2").by("A1")));
    chart.owes("R13").satisfied("01-13 09:00");
    assert_eq!(chart.rows("R14").len(), 1);
}

#[test]
fn case_10_a_replacement_of_what_was_withdrawn_is_present_since_it_was_written() {
    let chart = given(
        left()
            .wrote("01-10 09:00", summary("D1").by("A1"))
            .withdrew("01-11 09:00", summary("D1").by("A1"))
            .replaced("01-13 09:00", "D1", summary("D2").by("A1")),
    );
    chart.owes("R13").satisfied("01-13 09:00");
}

#[test]
fn case_10_a_replacement_under_the_same_number_is_the_same_document_without_its_signature() {
    for parent in [Some("D1"), None] {
        let mut new = summary("D1").by("A1").action(Replaced);
        if let Some(parent) = parent {
            new = new.parent(parent);
        }
        let chart = given(left().signed("01-10 09:00", "A1", summary("D1").by("A1")).document(
            "MDM^T10",
            "01-13 09:00",
            new,
        ));
        chart.owes("R13").satisfied("01-10 09:00");
        chart.owes_for("R14", "D1").open().since("01-10 09:00");
    }
}

#[test]
fn case_11_an_addendum_stands_in_for_nothing() {
    let addendum = summary("D2").by("A1").signed_by("A1", "01-10 09:00");
    let chart = given(left().addendum("01-10 09:00", "D1", addendum));
    chart.owes("R13").open();
    chart.never_owed("R14").never_owed("R15");
}

#[test]
fn case_11_an_addendum_leaves_its_parent_alone() {
    let story = || left().wrote("01-10 09:00", summary("D1").by("A1"));
    let own_number = summary("D2").by("A1").signed_by("A1", "01-12 09:00");
    let same_number = summary("D1").by("A1").signed_by("A1", "01-12 09:00").action(AddendumAdded);
    for chart in [
        given(story().addendum("01-12 09:00", "D1", own_number)),
        given(story().addendum("01-12 09:00", "D0", same_number)),
    ] {
        chart.owes("R13").satisfied("01-10 09:00");
        chart.owes_for("R14", "D1").open();
        assert_eq!(chart.rows("R14").len(), 1);
    }
}

#[test]
fn a_status_message_before_the_original_ends_the_same() {
    // given a T04 that happened after the T02; `given` tells them in both orders
    let chart = given(left().wrote("01-10 09:00", summary("D1").by("A1")).signed(
        "01-10 11:00",
        "A1",
        summary("D1").by("A1"),
    ));
    chart.owes("R14").since("01-10 09:00").satisfied("01-10 11:00");
}

#[test]
fn a_status_message_of_an_earlier_instant_than_the_original_is_kept() {
    // given a T04 whose event time lies before that of the T02
    let chart = given(
        left()
            .signed("01-10 08:59", "A1", summary("D1").by("A1"))
            .wrote("01-10 09:00", summary("D1").by("A1")),
    );
    chart.owes("R13").satisfied("01-10 08:59");
    chart.owes("R14").satisfied("01-10 08:59");
}
