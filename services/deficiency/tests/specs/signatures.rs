//! R14 and R15: the author's signature, and the cosigner's.

use countersign_contracts::chart::CompletionStatus::{
    Authenticated, Documented, InProgress, PreAuthenticated,
};
use countersign_deficiency::domain::events::Waits;

use crate::given::{Story, chart, given, summary};

/// A stay that needs a summary.
fn left() -> Story {
    chart().admitted("01-05 10:00").attending("A1").discharged("01-09 15:00")
}

#[test]
fn a_summary_needs_a_signature_within_seven_days_of_being_available() {
    let chart = given(left().wrote("01-10 09:00", summary("D1").by("A1")));
    chart
        .owes_for("R14", "D1")
        .open()
        .since("01-10 09:00")
        .due("01-17 23:59:59")
        .target("01-13 09:00")
        .by("A1");
    chart.never_owed("R15");
}

#[test]
fn a_dictated_summary_waits_for_nobodys_signature() {
    let dictated = left().dictated("01-10 09:00", summary("D1").by("A1"));
    given(dictated.clone()).owes("R14").dormant(Waits::Transcription, "01-10 09:00");
    let typed = given(dictated.status("01-12 09:00", PreAuthenticated, summary("D1").by("A1")));
    typed.owes("R14").open().since("01-12 09:00");
    typed.owes("R13").satisfied("01-10 09:00");
}

#[test]
fn pre_authenticated_is_not_signed() {
    let chart = given(left().wrote("01-10 09:00", summary("D1").by("A1").status(PreAuthenticated)));
    chart.owes("R14").open();
}

#[test]
fn the_signature_counts_from_the_time_beside_the_name() {
    let signed = summary("D1").by("A1").signed_by("A1", "01-10 10:00");
    let chart = given(left().wrote("01-10 09:00", summary("D1").by("A1")).status(
        "01-10 12:00",
        Authenticated,
        signed,
    ));
    chart.owes("R14").satisfied("01-10 10:00");
}

#[test]
fn case_12_a_signature_received_days_later_counts_from_its_own_time() {
    // given a signature of the tenth that is heard of on the twentieth, when the limit is past
    let signed = summary("D1").by("A1").signed_by("A1", "01-10 10:00");
    let chart = given(
        left()
            .wrote("01-10 09:00", summary("D1").by("A1"))
            .status("01-20 12:00", Authenticated, signed)
            .looked_at("01-31 00:00"),
    );
    chart.owes("R14").satisfied("01-10 10:00").due("01-17 23:59:59");
}

#[test]
fn case_44_a_signature_from_before_the_summary_was_available_closes_it_at_once() {
    let signed = summary("D1").by("A1").signed_by("A1", "01-09 09:00");
    let chart = given(left().wrote("01-10 09:00", signed.status(Authenticated)));
    chart.owes("R14").since("01-10 09:00").satisfied("01-10 09:00");
}

#[test]
fn case_13_signed_by_status_alone_is_signed() {
    let chart = given(
        left()
            .wrote("01-10 09:00", summary("D1").by("A1"))
            .signed_by_nobody_named("01-11 09:00", summary("D1").by("A1")),
    );
    chart.owes("R14").satisfied("01-11 09:00").closed_because("inferred");
}

#[test]
fn case_14_legally_authenticated_after_authenticated_changes_nothing() {
    let chart = given(left().signed("01-10 09:00", "A1", summary("D1").by("A1")).legally_signed(
        "01-12 09:00",
        "A1",
        summary("D1").by("A1"),
    ));
    chart.owes("R14").satisfied("01-10 09:00");
    chart.never_owed("R15");
}

#[test]
fn case_15_the_cosigner_owes_from_the_authors_signature() {
    let written = left().wrote("01-10 09:00", summary("D1").by("R1").for_signature_of("A1"));
    // given the author has not signed, then the author owes and the cosigner waits
    let waiting = given(written.clone());
    waiting.owes("R14").open().by("R1");
    waiting.owes_for("R15", "D1").dormant(Waits::AuthorSignature, "01-10 09:00").by("A1");
    // when the author has signed, then the cosigner's clock starts; though the attending has left since
    let signed = written.signed("01-11 09:00", "R1", summary("D1").by("R1").for_signature_of("A1"));
    let signed = given(signed.updated("01-12 08:00").attending("A2"));
    signed.owes("R14").satisfied("01-11 09:00").by("R1");
    signed.owes_for("R15", "D1").open().since("01-11 09:00").due("01-18 23:59:59").by("A1").because("TXA-10");
}

#[test]
fn case_15_a_trainee_without_assigned_cosigner_is_cosigned_by_the_attending_of_record() {
    let by_trainee = || summary("D1").by("R1").of_a_trainee();
    let story = left().signed("01-10 09:00", "R1", by_trainee());
    given(story.clone()).owes("R15").open().by("A1").because("PV1-7");
    given(story.clone().updated("01-12 08:00").attending("A2")).owes("R15").by("A2");
    let cosigned = story.signed("01-13 09:00", "A1", by_trainee());
    given(cosigned.clone()).owes("R15").satisfied("01-13 09:00").by("A1");
    // when the attending changes afterwards, then it stays cosigned; the new one alone counts no less
    given(cosigned.updated("01-14 08:00").attending("A2")).owes("R15").satisfied("01-13 09:00").by("A1");
    let changed = left().signed("01-10 09:00", "R1", by_trainee()).updated("01-12 08:00").attending("A2");
    given(changed.signed("01-13 09:00", "A2", by_trainee())).owes("R15").satisfied("01-13 09:00").by("A2");
}

#[test]
fn a_trainee_who_is_on_record_as_attending_does_not_cosign() {
    let alone = summary("D1").by("A1").of_a_trainee();
    let chart = given(left().signed("01-10 09:00", "A1", alone));
    chart.owes("R14").satisfied("01-10 09:00");
    chart.owes("R15").open();
}

#[test]
fn legal_authentication_cosigns() {
    let taught = || summary("D1").by("R1").for_signature_of("A1");
    let chart =
        given(left().signed("01-10 09:00", "R1", taught()).legally_signed("01-12 09:00", "A1", taught()));
    chart.owes("R14").satisfied("01-10 09:00");
    chart.owes("R15").satisfied("01-12 09:00").since("01-10 09:00");
}

#[test]
fn a_cosigner_named_beside_the_author_has_cosigned() {
    let taught = || summary("D1").by("R1").for_signature_of("A1");
    let both = taught().signed_by("R1", "01-10 09:00").signed_by("A1", "01-12 08:50");
    let chart =
        given(left().signed("01-10 09:00", "R1", taught()).status("01-12 09:00", Authenticated, both));
    chart.owes("R15").satisfied("01-12 08:50").by("A1");
}

#[test]
fn a_signature_of_which_nobody_says_whose_it_is_does_not_cosign() {
    let taught = || summary("D1").by("R1").for_signature_of("A1");
    let chart = given(
        left()
            .signed_by_nobody_named("01-10 09:00", taught())
            .signed_by_nobody_named("01-12 09:00", taught()),
    );
    chart.owes("R14").satisfied("01-10 09:00");
    chart.owes("R15").open().since("01-10 09:00");
}

#[test]
fn a_cosigner_who_signs_first_signs_for_both() {
    let taught = || summary("D1").by("R1").for_signature_of("A1");
    let chart = given(left().wrote("01-10 08:00", taught()).signed("01-10 09:00", "A1", taught()));
    chart.owes("R14").satisfied("01-10 09:00");
    chart.owes("R15").since("01-10 09:00").satisfied("01-10 09:00");
}

#[test]
fn an_edit_takes_the_signature_away() {
    let edited = left()
        .wrote("01-10 09:00", summary("D1").by("A1"))
        .signed("01-11 09:00", "A1", summary("D1").by("A1"))
        .edited("01-13 09:00", summary("D1").by("A1"));
    let chart = given(edited.clone());
    chart.owes("R14").open().since("01-10 09:00").due("01-17 23:59:59");
    chart.owes("R13").satisfied("01-10 09:00");
    let again = given(edited.signed("01-14 09:00", "A1", summary("D1").by("A1")));
    again.owes("R14").satisfied("01-14 09:00");
}

#[test]
fn an_edit_that_repeats_the_old_signature_is_not_signed() {
    let old = || summary("D1").by("A1").signed_by("A1", "01-11 09:00").status(Authenticated);
    let story = || {
        left().wrote("01-10 09:00", summary("D1").by("A1")).signed(
            "01-11 09:00",
            "A1",
            summary("D1").by("A1"),
        )
    };
    given(story().edited("01-13 09:00", old())).owes("R14").open();
    // given that nobody is named, then it is not signed either
    let unnamed = summary("D1").by("A1").status(Authenticated).signed_by_nobody_named("01-13 09:00");
    given(story().edited("01-13 09:00", unnamed)).owes("R14").open();
    // given a new signature beside the old one, then it is
    let anew = old().signed_by("A1", "01-13 08:59");
    given(story().edited("01-13 09:00", anew)).owes("R14").satisfied("01-13 08:59");
}

#[test]
fn an_edit_of_a_cosigned_summary_needs_both_again() {
    let taught = || summary("D1").by("R1").for_signature_of("A1");
    let edited = left()
        .signed("01-10 09:00", "R1", taught())
        .legally_signed("01-11 09:00", "A1", taught())
        .edited("01-13 09:00", taught());
    given(edited.clone()).owes("R14").open().by("R1");
    let again = given(edited.signed("01-14 09:00", "R1", taught()));
    again.owes("R14").satisfied("01-14 09:00");
    again.owes("R15").open().since("01-14 09:00").by("A1");
}

#[test]
fn a_status_that_goes_backward_takes_nothing_back() {
    let signed = left().wrote("01-10 09:00", summary("D1").by("A1")).signed(
        "01-11 09:00",
        "A1",
        summary("D1").by("A1"),
    );
    for status in [InProgress, Documented, PreAuthenticated] {
        let chart = given(signed.clone().status("01-12 09:00", status, summary("D1").by("A1")));
        chart.owes("R13").satisfied("01-10 09:00");
        chart.owes("R14").satisfied("01-11 09:00");
    }
}

#[test]
fn every_summary_needs_its_signature_though_one_is_enough() {
    let chart = given(
        left()
            .signed("01-10 09:00", "A1", summary("D1").by("A1"))
            .wrote("01-10 10:00", summary("D2").by("A2")),
    );
    chart.owes("R13").satisfied("01-10 09:00");
    chart.owes_for("R14", "D1").satisfied("01-10 09:00");
    chart.owes_for("R14", "D2").open().by("A2");
}
