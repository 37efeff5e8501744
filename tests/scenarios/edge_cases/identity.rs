//! Who and what a message is about; and messages that come again, late, or out of order.

use countersign_acceptance::stay::{BAKER, Document, OKAFOR, Stay, merged, sent_anew};
use serde_json::{Value, json};

use super::ward::Ward;

/// A stay with a summary that the resident wrote and signed, and that waits for the attending.
fn day(visit: &str) -> Vec<String> {
    let stay = Stay::new(visit).operated("OR-1", "2025-05-05 10:00", "60");
    let summary = Document::new("DS", "S-1").by(OKAFOR).to_be_signed_by(BAKER);
    vec![
        stay.admitted("2025-05-04 08:30"),
        stay.document(
            "T02",
            "2025-05-04 18:00",
            &Document::new("HP", "H-1").signed(OKAFOR, "2025-05-04 18:00"),
        ),
        stay.event("A08", "2025-05-05 12:00"),
        stay.discharged("2025-05-08 12:00"),
        stay.document("T02", "2025-05-09 10:00", &summary),
        stay.document("T04", "2025-05-09 11:00", &summary.signed(OKAFOR, "2025-05-09 11:00")),
        stay.under(BAKER).event("A08", "2025-05-09 12:00"),
    ]
}

#[test]
fn case_04_a_merge_of_patients_with_items_on_both_moves_no_item() {
    let ward = Ward::open();
    // given two records of one patient, each with a visit that owes something
    let (first, second) = (
        Stay::new("V1").of_patient("111", "LUMEN^ADA"),
        Stay::new("V2").of_patient("222", "LUMEN^A").under(BAKER),
    );
    ward.receives(&[
        first.admitted("2025-05-04 08:30"),
        first.discharged("2025-05-08 12:00"),
        second.admitted("2025-05-10 08:30"),
    ]);
    let owed = |visit: &str| -> Vec<(Value, Value, Value)> {
        let items = ward.items(visit);
        items
            .iter()
            .map(|item| (item["id"].clone(), item["responsible"].clone(), item["due_at"].clone()))
            .collect()
    };
    let patients = || {
        ["V1", "V2"].map(|visit| {
            let items = ward.items(visit);
            assert!(items.iter().all(|item| item["patient"] == items[0]["patient"]), "{items:#?}");
            items[0]["patient"].clone()
        })
    };
    let before = [owed("V1"), owed("V2")];
    assert_eq!(patients(), ["111", "222"]);
    // when the records are merged
    ward.receives(&[merged("2025-05-11 09:00", "222", "111")]);
    // then every item is the same, with the same person and limit, and all of them show who the patient is
    assert_eq!([owed("V1"), owed("V2")], before);
    assert_eq!(patients(), ["222", "222"]);
    // and a late message under the identifier that is no longer used changes nothing of that
    ward.receives(&[first.event("A08", "2025-05-12 09:00")]);
    assert_eq!(patients(), ["222", "222"]);
    assert_eq!([owed("V1"), owed("V2")], before);
}

#[test]
fn case_05_a_visit_that_goes_on_under_another_number_takes_everything_along() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    // given a patient under observation, a query about whom HIM gives to another physician
    let observed = Stay::new("V1").class("OBS");
    ward.receives(&[
        observed.event("A04", "2025-05-04 08:30"),
        observed.document("T02", "2025-05-04 09:00", &Document::new("CQ", "Q-1")),
    ]);
    ward.decides(&ward.item("V1", "R19"), "kim", &["reassign", "--to", "7002^MERCY"]);
    // when the patient is admitted under a new number (A06 with MRG-5)
    let inpatient = Stay::new("V2").of_patient("9V1", "LUMEN^ADA");
    ward.receives(&[inpatient.moved("A06", "2025-05-04 12:00", "V1", "9V1")]);
    // then everything is owed there, the decision included, and nothing under the old number
    ward.owes("V2", "R01 R19", &["R01 open 7001, due 05-05 12:00", "R19 Q-1 open 7002, due 05-11 23:59"]);
    assert_eq!(ward.items("V1"), Vec::<Value>::new());
    // and what is still sent under the old number counts for the visit
    let history = Document::new("HP", "H-1").signed(BAKER, "2025-05-04 13:00");
    ward.receives(&[observed.document("T02", "2025-05-04 13:00", &history)]);
    ward.owes("V2", "R01", &["R01 satisfied 7001, 05-04 13:00"]);
}

#[test]
fn case_05_a_visit_moved_to_another_patient_keeps_what_is_owed() {
    let ward = Ward::open();
    // given a visit that was registered for the wrong patient
    let wrong = Stay::new("V1").of_patient("111", "LUMEN^ADA");
    ward.receives(&[wrong.admitted("2025-05-04 08:30"), wrong.discharged("2025-05-08 12:00")]);
    let before = ward.item("V1", "R13");
    // when it is moved to the right one (A45), and then gets another number (A50)
    let right = wrong.of_patient("333", "WICK^CY");
    ward.receives(&[right.moved("A45", "2025-05-09 09:00", "V1", "111")]);
    // then the same item is owed in the right patient's chart
    let after = ward.item("V1", "R13");
    assert_eq!((&after["patient"], &after["patient_name"]), (&json!("333"), &json!("WICK, CY")));
    assert_eq!((&after["id"], &after["due_at"]), (&before["id"], &before["due_at"]));
    let renumbered = Stay::new("V2").of_patient("333", "WICK^CY");
    ward.receives(&[renumbered.moved("A50", "2025-05-09 10:00", "V1", "333")]);
    assert_eq!(ward.items("V1"), Vec::<Value>::new());
    ward.owes("V2", "R13", &["R13 open 7001, due 05-15 23:59"]);
}

#[test]
fn case_24_a_message_that_comes_twice_counts_once() {
    let ward = Ward::open();
    // given a day of messages
    let mut messages = day("V1");
    ward.receives(&messages);
    let before = ward.items("V1");
    // when one of them comes again, at once and later
    let again = messages.remove(4);
    let summary = ward.receives(&[again.clone(), again]);
    // then nothing is new, and nothing is different
    assert_eq!((&summary["accepted"], &summary["duplicate"]), (&json!(0), &json!(2)), "{summary}");
    assert_same(&ward.items("V1"), &before);
}

#[test]
fn case_25_a_day_out_of_order_ends_the_same() {
    // given a day in order
    let ward = Ward::open();
    let messages = day("V1");
    ward.receives(&messages);
    let wanted = ward.items("V1");
    assert_eq!(wanted.len(), 7, "{wanted:#?}");
    // when the same day arrives backwards, or with its middle first and over several runs
    let backwards = Ward::open();
    backwards.receives(&messages.iter().rev().cloned().collect::<Vec<_>>());
    let scattered = Ward::open();
    for part in [3, 0, 5, 1, 6, 4, 2].chunks(3) {
        scattered.receives(&part.iter().map(|index| messages[*index].clone()).collect::<Vec<_>>());
    }
    // then what is owed is the same, down to the ids
    assert_same(&backwards.items("V1"), &wanted);
    assert_same(&scattered.items("V1"), &wanted);
}

#[test]
fn case_26_a_file_that_is_sent_again_changes_nothing() {
    let ward = Ward::open();
    let messages = day("V1");
    ward.receives(&messages);
    let before = ward.items("V1");
    // when the whole file comes again
    let summary = ward.receives(&messages);
    // then every message is known
    assert_eq!((&summary["accepted"], &summary["duplicate"]), (&json!(0), &json!(7)), "{summary}");
    assert_same(&ward.items("V1"), &before);
    // and when an interface engine sends it again as new messages, they say nothing new
    let anew: Vec<String> = messages.iter().map(|message| sent_anew(message)).collect();
    let summary = ward.receives(&anew);
    assert_eq!((&summary["accepted"], &summary["duplicate"]), (&json!(7), &json!(0)), "{summary}");
    assert_same(&ward.items("V1"), &before);
}

#[test]
fn case_29_mother_and_newborn_on_one_account_have_charts_of_their_own() {
    let ward = Ward::open();
    // given a mother and her newborn on one account
    let mother = Stay::new("V1").of_patient("111", "LUMEN^ADA").on_account("A7");
    let newborn = Stay::new("V2").of_patient("222", "LUMEN^GIRL").on_account("A7").under(BAKER);
    ward.receives(&[
        mother.admitted("2025-05-04 08:30"),
        newborn.admitted("2025-05-04 14:00"),
        mother.discharged("2025-05-07 10:00"),
        newborn.discharged("2025-05-08 10:00"),
    ]);
    ward.owes("V1", "R01 R13", &["R01 open 7001, due 05-05 08:30", "R13 open 7001, due 05-14 23:59"]);
    ward.owes("V2", "R01 R13", &["R01 open 7002, due 05-05 14:00", "R13 open 7002, due 05-15 23:59"]);
    // when the mother's summary is written
    ward.receives(&[mother.document("T02", "2025-05-08 12:00", &Document::new("DS", "S-1"))]);
    // then it is none of the newborn's
    ward.owes("V1", "R13", &["R13 satisfied 7001, 05-08 12:00"]);
    ward.owes("V2", "R13", &["R13 open 7002, due 05-15 23:59"]);
    assert_eq!(ward.item("V2", "R13")["patient"], "222");
}

/// The same items, whatever the time of asking: a running clock has run a little longer since.
#[track_caller]
fn assert_same(found: &[Value], wanted: &[Value]) {
    let without_the_hour = |items: &[Value]| -> Vec<Value> {
        let mut items = items.to_vec();
        for item in &mut items {
            item["accountability"] = Value::Null;
        }
        items
    };
    assert_eq!(without_the_hour(found), without_the_hour(wanted));
}
