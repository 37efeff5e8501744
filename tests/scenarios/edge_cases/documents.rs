//! Documents: which one answers for what, and what becomes of it when it changes.

use countersign_acceptance::stay::{ADAMS, BAKER, Document, OKAFOR, SATO, Stay};
use serde_json::json;

use super::ward::{Ward, says, text};

/// An inpatient of four days whose history is signed; discharged on 8 May at noon.
fn discharged(visit: &str) -> (Stay, Vec<String>) {
    let stay = Stay::new(visit);
    let history = Document::new("HP", "H-1").signed(ADAMS, "2025-05-04 10:00");
    let messages = vec![
        stay.admitted("2025-05-04 08:30"),
        stay.document("T02", "2025-05-04 10:00", &history),
        stay.discharged("2025-05-08 12:00"),
    ];
    (stay, messages)
}

#[test]
fn case_06_observation_that_becomes_an_admission_owes_the_history_from_the_right_instant() {
    let ward = Ward::open();
    // given two patients under observation, one of them admitted within a day, one later
    let (soon, late) = (Stay::new("SOON"), Stay::new("LATE"));
    ward.receives(&[
        soon.class("OBS").event("A04", "2025-05-04 08:00"),
        soon.event("A06", "2025-05-04 18:00"),
        late.class("OBS").event("A04", "2025-05-04 08:00"),
        late.event("A06", "2025-05-05 18:00"),
    ]);
    // then the first owes it from the admission; the second has owed it since the observation began
    ward.owes("SOON", "R01", &["R01 open 7001, due 05-05 18:00"]);
    ward.owes("LATE", "R01", &["R01 open 7001, due 05-05 08:00"]);
    // and observation alone owes it once it has lasted longer than a day, without any message
    ward.receives(&[Stay::new("STAYS").class("OBS").event("A04", "2025-05-04 08:00")]);
    ward.owes("STAYS", "R01", &["R01 open 7001, due 05-05 08:00"]);
    assert_eq!(ward.item("STAYS", "R01")["opened_at"], "2025-05-05T13:00:00Z");
}

#[test]
fn case_07_two_operations_need_two_reports() {
    let ward = Ward::open();
    // given two operations on one day
    let stay =
        Stay::new("V1").operated("OR-1", "2025-05-05 10:00", "60").operated("OR-2", "2025-05-05 15:00", "60");
    ward.receives(&[stay.admitted("2025-05-04 08:30"), stay.event("A08", "2025-05-05 18:00")]);
    let [one, two] = ["R05 OR-1 open 7200, due 05-06 11:00", "R05 OR-2 open 7200, due 05-06 16:00"];
    ward.owes("V1", "R05", &[one, two]);
    // when there is a report about the second one
    let report = Document::new("OP", "P-1").by(SATO).about("2025-05-05 15:30");
    ward.receives(&[stay.document("T02", "2025-05-05 19:00", &report)]);
    // then the first one still lacks its own
    ward.owes("V1", "R05", &[one, "R05 OR-2 satisfied 7200, 05-05 19:00"]);
    // and a second report about the same operation does not stand in for it
    let same = Document::new("OP", "P-2").by(SATO).about("2025-05-05 15:40");
    ward.receives(&[stay.document("T02", "2025-05-05 20:00", &same)]);
    ward.owes("V1", "R05", &[one, "R05 OR-2 satisfied 7200, 05-05 19:00"]);
    // but one about the first does
    let other = Document::new("OP", "P-3").by(SATO).about("2025-05-05 10:15");
    ward.receives(&[stay.document("T02", "2025-05-05 21:00", &other)]);
    ward.owes("V1", "R05", &["R05 OR-1 satisfied 7200, 05-05 21:00", "R05 OR-2 satisfied 7200, 05-05 19:00"]);
}

#[test]
fn case_08_a_document_of_the_wrong_type_counts_once_it_is_corrected() {
    let ward = Ward::open();
    // given a discharge summary that was sent as a history
    let stay = Stay::new("V1");
    let sent = Document::new("HP", "S-1").signed(ADAMS, "2025-05-08 14:00");
    ward.receives(&[
        stay.admitted("2025-05-04 08:30"),
        stay.discharged("2025-05-08 12:00"),
        stay.document("T02", "2025-05-08 14:00", &sent),
    ]);
    ward.owes("V1", "R01 R13", &["R01 satisfied 7001, 05-08 14:00", "R13 open 7001, due 05-15 23:59"]);
    // when its type is corrected (T08)
    let corrected = sent.as_type("DS").signed(ADAMS, "2025-05-09 09:00");
    ward.receives(&[stay.document("T08", "2025-05-09 09:00", &corrected)]);
    // then it is the summary since it was written, and the history is missing again
    ward.owes(
        "V1",
        "R01 R13 R14",
        &[
            "R01 open 7001, due 05-05 08:30",
            "R13 satisfied 7001, 05-08 14:00",
            "R14 S-1 satisfied 7001, 05-09 09:00",
        ],
    );
}

#[test]
fn case_09_a_summary_cancelled_after_its_signature_is_owed_again() {
    let ward = Ward::open();
    // given a chart that was complete
    let (stay, messages) = discharged("V1");
    let summary = Document::new("DS", "S-1").signed(ADAMS, "2025-05-09 09:00");
    ward.receives(&messages);
    ward.receives(&[stay.document("T02", "2025-05-09 09:00", &summary)]);
    ward.owes("V1", "R13 C0", &["C0 satisfied facility, 05-09 09:00", "R13 satisfied 7001, 05-09 09:00"]);
    // when the summary is cancelled (T11)
    ward.receives(&[stay.document("T11", "2025-05-10 09:00", &summary)]);
    // then it is missing again with the limit it had, and the chart is not complete
    ward.owes("V1", "R13 C0", &["C0 open facility, due 05-22 23:59", "R13 open 7001, due 05-15 23:59"]);
}

#[test]
fn case_10_a_replacement_takes_the_place_and_needs_its_own_signature() {
    let ward = Ward::open();
    // given a signed summary
    let (stay, messages) = discharged("V1");
    ward.receives(&messages);
    let first = Document::new("DS", "S-1").signed(ADAMS, "2025-05-09 09:00");
    ward.receives(&[stay.document("T02", "2025-05-09 09:00", &first)]);
    // when another one replaces it (T10)
    let second = Document::new("DS", "S-2").of_parent("S-1");
    ward.receives(&[stay.document("T10", "2025-05-12 10:00", &second)]);
    // then a summary has been there all along, and the new text waits for its signature
    ward.owes(
        "V1",
        "R13 R14 C0",
        &[
            "C0 open facility, due 05-22 23:59",
            "R13 satisfied 7001, 05-09 09:00",
            "R14 S-1 satisfied 7001, 05-09 09:00",
            "R14 S-2 open 7001, due 05-19 23:59",
        ],
    );
    // and once that is given, the chart is complete
    ward.receives(&[stay.document("T04", "2025-05-13 08:00", &second.signed(ADAMS, "2025-05-13 08:00"))]);
    ward.owes("V1", "C0", &["C0 satisfied facility, 05-13 08:00"]);
}

#[test]
fn case_11_an_addendum_never_stands_in_for_a_missing_summary() {
    let ward = Ward::open();
    let (stay, messages) = discharged("V1");
    ward.receives(&messages);
    // when a signed addendum to a summary arrives that nobody has seen (T06)
    let addendum = Document::new("DS", "S-1A").of_parent("S-1").signed(ADAMS, "2025-05-09 09:00");
    ward.receives(&[stay.document("T06", "2025-05-09 09:00", &addendum)]);
    // then the summary is as missing as before, and the addendum raises nothing of its own
    ward.owes("V1", "R13 R14 R15", &["R13 open 7001, due 05-15 23:59"]);
    // and it leaves its parent alone when that arrives
    ward.receives(&[stay.document("T02", "2025-05-10 09:00", &Document::new("DS", "S-1"))]);
    ward.owes("V1", "R13 R14", &["R13 satisfied 7001, 05-10 09:00", "R14 S-1 open 7001, due 05-17 23:59"]);
}

#[test]
fn case_13_a_signature_without_a_signer_counts_and_says_what_was_assumed() {
    let summary = Document::new("DS", "S-1").status("AU");
    let (stay, messages) = discharged("V1");
    // given a feed that tells nothing but the status (AU, empty TXA-22)
    let ward = Ward::open();
    ward.receives(&messages);
    ward.receives(&[stay.document("T02", "2025-05-09 09:00", &summary)]);
    // then it is signed, and the explanation says that signer and time were inferred
    ward.owes("V1", "R14", &["R14 S-1 satisfied 7001, 05-09 09:00"]);
    let item = ward.item("V1", "R14");
    says(&item["closed_because"], &["signer or time inferred"]);
    let told = ward.explains(&item)["timeline"].to_string();
    assert!(told.contains("TXA-22 names nobody; TXA-10 or TXA-9 was taken"), "{told}");

    // given a hospital that demands both
    let ward = Ward::with_profile("[default]\ndemand_signer_and_time = true\n");
    ward.receives(&messages);
    ward.receives(&[stay.document("T02", "2025-05-09 09:00", &summary)]);
    // then it is not signed, until a message says by whom and when
    ward.owes("V1", "R14", &["R14 S-1 open 7001, due 05-16 23:59"]);
    ward.receives(&[stay.document("T04", "2025-05-10 09:00", &summary.signed(ADAMS, "2025-05-09 09:05"))]);
    ward.owes("V1", "R14", &["R14 S-1 satisfied 7001, 05-09 09:05"]);
}

#[test]
fn case_14_legal_authentication_after_a_signature_moves_nothing_that_is_closed() {
    let ward = Ward::open();
    // given a summary that its author has signed
    let (stay, messages) = discharged("V1");
    ward.receives(&messages);
    let own = Document::new("DS", "S-1").signed(ADAMS, "2025-05-09 09:00");
    let trainee = Document::new("DS", "S-2").by(OKAFOR).to_be_signed_by(ADAMS);
    let signed = trainee.signed(OKAFOR, "2025-05-09 10:00");
    ward.receives(&[
        stay.document("T02", "2025-05-09 09:00", &own),
        stay.document("T02", "2025-05-09 10:00", &signed),
    ]);
    let before = ["R14 S-1 satisfied 7001, 05-09 09:00", "R14 S-2 satisfied 7100, 05-09 10:00"];
    ward.owes("V1", "R14 R15", &[&before[..], &["R15 S-2 open 7001, due 05-16 23:59"]].concat());
    // when both are authenticated for good (LA) days later
    let finally = |document: &Document| document.signed(ADAMS, "2025-05-13 16:00").status("LA");
    ward.receives(&[
        stay.document("T04", "2025-05-13 16:00", &finally(&own)),
        stay.document("T04", "2025-05-13 16:00", &finally(&signed)),
    ]);
    // then what was closed stays closed as it was, and the cosignature is there
    ward.owes("V1", "R14 R15", &[&before[..], &["R15 S-2 satisfied 7001, 05-13 16:00"]].concat());
}

#[test]
fn case_44_no_interval_is_negative_whatever_the_times_say() {
    let ward = Ward::open();
    // given a summary that is signed before it was sent, dictated before the patient had left; a report from
    // before the operation ended; and a discharge before the admission
    let stay = Stay::new("V1").operated("OR-1", "2025-05-05 10:00", "60");
    ward.receives(&[
        stay.admitted("2025-05-04 08:30"),
        stay.document(
            "T02",
            "2025-05-04 12:00",
            &Document::new("HP", "H-1").signed(ADAMS, "2025-05-03 09:00"),
        ),
        stay.event("A08", "2025-05-05 12:00"),
        stay.document(
            "T02",
            "2025-05-05 10:30",
            &Document::new("OP", "P-1").by(SATO).signed(SATO, "2025-05-05 10:20"),
        ),
        stay.document(
            "T02",
            "2025-05-08 10:00",
            &Document::new("DS", "S-1").signed(ADAMS, "2025-05-07 10:00"),
        ),
        stay.discharged("2025-05-08 12:00"),
        Stay::new("V2").under(BAKER).admitted("2025-05-08 12:00"),
        Stay::new("V2").under(BAKER).discharged("2025-05-01 12:00"),
    ]);
    // then what was done early is done when it was asked for
    ward.owes(
        "V1",
        "R01 R05 R06 R13 R14 C0",
        &[
            "C0 satisfied facility, 05-08 12:00",
            "R01 satisfied 7001, 05-04 08:30",
            "R05 OR-1 satisfied 7200, 05-05 11:00",
            "R06 P-1 satisfied 7200, 05-05 10:30",
            "R13 satisfied 7001, 05-08 12:00",
            "R14 S-1 satisfied 7001, 05-08 10:00",
        ],
    );
    // a discharge before the admission excuses nobody
    ward.owes("V2", "R13", &["R13 open 7002, due 05-08 23:59"]);
    // and nothing closes before it opens, nor does a clock run backwards
    for item in ward.items("V1").iter().chain(&ward.items("V2")) {
        let clock = &item["accountability"];
        let seconds = |name: &str| clock[name].as_i64().expect("seconds");
        assert!(seconds("ran_seconds") >= 0 && seconds("stood_seconds") >= 0, "{item:#}");
        for segment in clock["segments"].as_array().expect("segments") {
            assert!(text(&segment["from"]) <= text(&segment["until"]), "{item:#}");
        }
        let closed = item["closed_at"].as_str();
        assert!(closed.is_none_or(|closed| text(&item["opened_at"]) <= closed), "{item:#}");
        let days = item["regulatory"]["days"].as_i64();
        assert!(days.is_none_or(|days| days >= 0), "{item:#}");
    }
    assert_eq!(ward.item("V1", "R14")["accountability"]["ran_seconds"], json!(0));
}
