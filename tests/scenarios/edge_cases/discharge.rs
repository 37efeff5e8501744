//! Discharges, and visits that end in unusual ways or not at all.

use countersign_acceptance::stay::{BAKER, Document, Stay};
use serde_json::{Value, json};

use super::ward::{Ward, in_words, says};

#[test]
fn case_01_a_cancelled_discharge_takes_back_everything_it_asked_for() {
    let ward = Ward::open();
    // given a discharge long ago, whose summary is overdue, and a bill that waits for it
    let stay = Stay::new("V1");
    ward.receives(&[stay.admitted("2025-05-04 08:30"), stay.discharged("2025-05-08 12:00")]);
    ward.owes(
        "V1",
        "R13 C0 C1",
        &[
            "C0 open facility, due 05-22 23:59",
            "C1 open facility, due 06-07 23:59",
            "R13 open 7001, due 05-15 23:59",
        ],
    );
    assert_eq!(ward.item("V1", "R13")["overdue"], true);
    assert_eq!(ward.accounts("held").len(), 1);
    // when the discharge is cancelled
    ward.receives(&[stay.event("A13", "2025-05-20 08:00")]);
    // then all of it falls away, by that message, and no bill waits
    ward.owes(
        "V1",
        "R13 C0 C1",
        &[
            "C0 voided facility, 05-20 08:00",
            "C1 voided facility, 05-20 08:00",
            "R13 voided 7001, 05-20 08:00",
        ],
    );
    let summary = ward.item("V1", "R13");
    says(&ward.explains(&summary)["summary"], &["voided", "ADT^A13"]);
    assert_eq!((&summary["overdue"], &summary["regulatory"]), (&json!(false), &Value::Null));
    assert_eq!(ward.accounts("held"), Vec::<Value>::new());
    let [account] = &ward.accounts("released")[..] else { panic!("one account") };
    assert_eq!(account["ended_by"], "discharge_taken_back");
}

#[test]
fn case_02_a_later_discharge_asks_again_and_counts_from_itself() {
    let ward = Ward::open();
    // given a discharge that was cancelled
    let stay = Stay::new("V1");
    ward.receives(&[
        stay.admitted("2025-05-04 08:30"),
        stay.discharged("2025-05-08 12:00"),
        stay.event("A13", "2025-05-09 08:00"),
    ]);
    let voided = ward.item("V1", "R13");
    // when the patient is discharged for good
    ward.receives(&[stay.discharged("2025-05-11 15:00")]);
    // then the same items are owed again, and every limit counts from the later discharge
    ward.owes(
        "V1",
        "R13 C0 C1",
        &[
            "C0 open facility, due 05-25 23:59",
            "C1 open facility, due 06-10 23:59",
            "R13 open 7001, due 05-18 23:59",
        ],
    );
    let again = ward.item("V1", "R13");
    assert_eq!(again["id"], voided["id"]);
    assert_eq!(again["opened_at"], "2025-05-11T20:00:00Z");
    assert_eq!(again["regulatory"]["from"], "2025-05-11T20:00:00Z");
    // and no time is counted in which there was no discharge
    assert_eq!(again["accountability"]["segments"][0]["from"], "2025-05-11T20:00:00Z");
}

#[test]
fn case_03_a_cancelled_admission_owes_nothing_and_its_number_can_be_used_again() {
    let ward = Ward::open();
    // given an admission with an operation
    let stay = Stay::new("V1");
    let operated = stay.operated("OR-1", "2025-05-04 10:00", "60");
    ward.receives(&[stay.admitted("2025-05-04 08:30"), operated.event("A08", "2025-05-04 12:00")]);
    ward.owes("V1", "R01 R05", &["R01 open 7001, due 05-05 08:30", "R05 OR-1 open 7200, due 05-05 11:00"]);
    // when the admission is cancelled
    ward.receives(&[stay.event("A11", "2025-05-04 13:00")]);
    // then nothing is owed
    ward.owes("V1", "R01 R05", &["R01 voided 7001, 05-04 13:00", "R05 OR-1 voided 7200, 05-04 13:00"]);
    // and when the number is given to another visit, that begins with nothing of the old one
    ward.receives(&[stay.under(BAKER).admitted("2025-05-20 09:00")]);
    ward.owes("V1", "R01 R05", &["R01 open 7002, due 05-21 09:00", "R05 OR-1 voided 7200, 05-04 13:00"]);
}

#[test]
fn case_30_a_stay_of_less_than_48_hours_owes_no_summary() {
    let ward = Ward::open();
    // given two stays, one of them a minute short of 48 hours
    let (short, long) = (Stay::new("SHORT"), Stay::new("LONG"));
    ward.receives(&[
        short.admitted("2025-05-04 08:30"),
        long.admitted("2025-05-04 08:30"),
        short.discharged("2025-05-06 08:29"),
        long.discharged("2025-05-06 08:30"),
    ]);
    // then only the other one owes a discharge summary; the chart must be completed all the same
    ward.owes("SHORT", "R13 C1", &["C1 open facility, due 06-05 23:59"]);
    ward.owes("LONG", "R13 C1", &["C1 open facility, due 06-05 23:59", "R13 open 7001, due 05-13 23:59"]);
}

#[test]
fn case_31_a_death_in_the_emergency_department_owes_note_and_death_summary() {
    // given a hospital that asks for both
    let ward = Ward::with_rules(
        "[[override]]\nid = \"R12\"\nenabled = true\n[[override]]\nid = \"R16\"\nenabled = true\n",
    );
    // when one patient dies in the emergency department, one in a bed after five hours, and one goes home
    let (emergency, bed, home) =
        (Stay::new("EMERGENCY").class("E"), Stay::new("BED"), Stay::new("HOME").class("E"));
    ward.receives(&[
        emergency.event("A04", "2025-05-04 10:00"),
        emergency.left("2025-05-04 12:00", "20"),
        bed.admitted("2025-05-04 10:00"),
        bed.left("2025-05-04 15:00", "20"),
        home.event("A04", "2025-05-04 10:00"),
        home.left("2025-05-04 12:00", "01"),
    ]);
    // then the first owes the note and the death summary, and nothing that belongs to a stay in a bed
    ward.owes(
        "EMERGENCY",
        "R01 R12 R13 R16 C0 C1",
        &["R12 open 7001, due 05-07 12:00", "R16 open 7001, due 05-11 23:59"],
    );
    // a death in a bed owes the summaries whatever the length of the stay
    ward.owes("BED", "R12 R13 R16", &["R13 open 7001, due 05-11 23:59", "R16 open 7001, due 05-11 23:59"]);
    ward.owes("HOME", "R12 R13 R16", &["R12 open 7001, due 05-07 12:00"]);
}

#[test]
fn case_32_leaving_against_advice_excuses_nobody() {
    let ward = Ward::open();
    // given a patient who leaves against medical advice (PV1-36 07) after three days
    let stay = Stay::new("V1");
    ward.receives(&[stay.admitted("2025-05-04 08:30"), stay.left("2025-05-07 10:00", "07")]);
    // then it is a discharge like any other: the summary is owed, the bill waits for it
    ward.owes("V1", "R13 C1", &["C1 open facility, due 06-06 23:59", "R13 open 7001, due 05-14 23:59"]);
    assert_eq!(ward.item("V1", "R13")["holds_bill"], true);

    // unless a hospital's own rules say otherwise
    let ward = Ward::with_rules(
        "[[override]]\nid = \"R13\"\n[override.applies]\nclasses = [\"inpatient\"]\nstay_at_least_hours = 48\n\
         dispositions_except = [\"07\"]\n",
    );
    ward.receives(&[stay.admitted("2025-05-04 08:30"), stay.left("2025-05-07 10:00", "07")]);
    ward.owes("V1", "R13", &[]);
}

#[test]
fn case_33_transfers_on_one_day_keep_one_chart_and_owe_a_summary_each() {
    // given a hospital that asks for transfer summaries
    let ward = Ward::with_rules("[[override]]\nid = \"R17\"\nenabled = true\n");
    let medical = Stay::new("V1");
    let (intensive, surgical) = (medical.service("ICU").under(BAKER), medical.service("SUR").under(BAKER));
    ward.receives(&[medical.admitted("2025-05-04 08:30")]);
    // when the patient goes to another service twice on one day, and to another bed
    ward.receives(&[
        intensive.event("A02", "2025-05-04 10:00"),
        intensive.event("A02", "2025-05-04 11:00"),
        surgical.event("A02", "2025-05-04 16:00"),
    ]);
    // then each change of service owes a summary, by the attending who sent the patient, and the history is
    // owed as before
    ward.owes(
        "V1",
        "R01 R17",
        &[
            "R01 open 7002, due 05-05 08:30",
            "R17 transfer 1 open 7001, due 05-05 10:00",
            "R17 transfer 2 open 7002, due 05-05 16:00",
        ],
    );
    // and when the last transfer is cancelled, its summary is owed no more
    ward.receives(&[intensive.event("A12", "2025-05-04 17:00")]);
    ward.owes(
        "V1",
        "R17",
        &["R17 transfer 1 open 7001, due 05-05 10:00", "R17 transfer 2 voided 7002, 05-04 17:00"],
    );
}

#[test]
fn case_33_a_transfer_to_another_hospital_on_the_same_day_is_two_charts() {
    let ward = Ward::open();
    // given a patient who is discharged to another facility, which admits on the same day
    let (here, there) = (Stay::new("V1"), Stay::new("N1").at("NORTH").under(BAKER));
    ward.receives(&[
        here.admitted("2025-05-04 08:30"),
        here.left("2025-05-06 12:00", "02"),
        there.admitted("2025-05-06 13:00"),
    ]);
    // then each has its own chart with its own duties
    ward.owes("V1", "R13", &["R13 open 7001, due 05-13 23:59"]);
    ward.owes("N1", "R01 R13 C1", &["R01 open 7002, due 05-07 13:00"]);
    assert_eq!(ward.item("N1", "R01")["facility"], "NORTH");
}

#[test]
fn case_34_a_series_without_discharge_has_no_chart_clock_and_still_answers_queries() {
    let ward = Ward::open();
    // given a series of treatments over a year: no admission to a bed, never a discharge
    let series = Stay::new("V1").class("R");
    ward.receives(&[
        series.event("A04", "2025-01-06 09:00"),
        series.event("A08", "2025-04-07 09:00"),
        series.event("A08", "2025-09-01 09:00"),
        series.document("T02", "2025-09-02 08:00", &Document::new("CQ", "Q-1")),
    ]);
    // then nothing is owed that counts from a discharge, and a query is
    let items = ward.items("V1");
    let words: Vec<String> = items.iter().map(in_words).collect();
    assert_eq!(words, ["R19 Q-1 open 7001, due 09-09 23:59"]);
    assert_eq!(items[0]["regulatory"], Value::Null);
    assert_eq!(ward.accounts("held"), Vec::<Value>::new());
}
