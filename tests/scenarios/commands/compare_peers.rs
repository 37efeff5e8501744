//! `compare-peers`: what other systems would count on the same charts. The numbers are computed by hand.

use countersign_acceptance::{place::Place, sample};
use serde_json::{Value, json};

use super::on;

/// Four inpatients, looked at on 31 March at noon:
///
/// | visit | discharged | summary |
/// |---|---|---|
/// | V1 | 26 March | none |
/// | V2 | 25 February | dictated 27 February; the history is not signed either |
/// | V3 | 20 March | written 27 March, not signed |
/// | V4 | 5 March | written and signed 16 March; everything else signed: complete that day |
fn messages() -> Vec<String> {
    let mut messages = Vec::new();
    for (visit, admitted, discharged, history) in [
        ("V1", "20260320080000", "20260326080000", "AU"),
        ("V2", "20260220080000", "20260225080000", "DO"),
        ("V3", "20260315080000", "20260320080000", "AU"),
        ("V4", "20260301080000", "20260305080000", "AU"),
    ] {
        messages.push(sample::adt("A01", admitted, &format!("{visit}A"), visit));
        messages.push(sample::document(admitted, &format!("{visit}H"), visit, "HP", history));
        messages.push(sample::discharge(discharged, &format!("{visit}D"), visit));
    }
    messages.push(sample::document("20260227080000", "S2", "V2", "DS", "DI"));
    messages.push(sample::document("20260327080000", "S3", "V3", "DS", "DO"));
    messages.push(sample::document("20260316080000", "S4", "V4", "DS", "AU"));
    messages
}

const ASKED: [&str; 11] = [
    "compare-peers",
    "--as-of",
    "2026-03-31T12:00:00Z",
    "--days-dictation",
    "5",
    "--days-signature",
    "4",
    "--grace",
    "4",
    "--delinquent-after",
    "10",
];

#[test]
fn given_four_charts_then_every_system_counts_what_it_would_count() {
    let place = Place::new();
    let file = place.write_messages("in.hl7", &messages());
    on(&place.data(), &["ingest", &file.to_string_lossy()]).well();
    let compared: Value = on(&place.data(), &[&ASKED[..], &["--json"]].concat()).well().json();
    assert_eq!((&compared["charts"], &compared["records"]), (&json!(4), &json!(4)), "{compared}");

    // IRT: V1 on its limit (26 March + 5 = today), V2 always, V3 on its limit (27 March + 4 = today).
    let row = |event: &str| {
        let rows = compared["rows"].as_array().expect("rows");
        rows.iter().find(|row| row["event"] == event).unwrap_or_else(|| panic!("no {event} in {rows:?}"))
    };
    for (event, status, days) in [
        ("2026-03-26", "incomplete", json!(0)),
        // 25 February to 31 March: 3 + 31 days, counted from the event.
        ("2026-02-25", "dictated", json!(34)),
        ("2026-03-20", "transcribed", json!(0)),
        ("2026-03-05", "completed", Value::Null),
    ] {
        assert_eq!(row(event)["irt"], json!({ "status": status, "total_days": days }), "{event}");
    }
    // Event to dictation 5 (so far), 2, 7; then 32 (so far), 0; then 4 (so far): 14, 32 and 4 over three.
    assert_eq!(
        compared["irt"]["productivity"],
        json!({
            "records": 3, "event_to_dictation": 4.66, "dictation_to_transcription": 10.66,
            "transcription_to_coding": 1.33, "total": 16.66, "over_30": 1, "over_30_per_cent": 33.33,
        })
    );

    // TIU: V3 waits for 4 days with 4 of grace: not overdue, though IRT lists it.
    assert_eq!(
        row("2026-03-20")["tiu"],
        json!({ "status": "unsigned", "days": 4, "overdue": false, "alerted": false })
    );
    assert_eq!(row("2026-03-26")["tiu"]["status"], "none");

    // RPMS: delinquent after 7 March (V2) and 30 March (V3). V4 was late (after 15 March) and is complete: gone.
    assert_eq!(
        compared["rpms_inpatient"],
        json!({
            "incomplete_charts": 3, "completed_charts": 1, "lines": 3, "delinquent_lines": 2, "vanished_lines": 1,
            "average_days": 11, "same_day": 0,
        })
    );

    // Countersign: V1 is owed until the end of 2 April; V2 since 5 March, V3's signature until 3 April.
    assert_eq!(
        row("2026-03-26")["ours"],
        json!({ "open": true, "due_at": "2026-04-02T23:59:59Z", "overdue": false })
    );
    let ours = &compared["ours"];
    assert_eq!((&ours["charts_complete"], &ours["lag_median_days"]), (&json!(1), &json!(11.0)), "{ours}");
    assert_eq!(ours["charts_incomplete"], 3, "{ours}");

    // For people and for a spreadsheet.
    let table = on(&place.data(), &ASKED).well().stdout;
    for word in ["VistA IRT", "VistA TIU", "RPMS, inpatients", "16.66", "strictly more"] {
        assert!(table.contains(word), "`{word}` is not in\n{table}");
    }
    let list = on(&place.data(), &[&ASKED[..], &["--csv"]].concat()).well().stdout;
    assert_eq!(list.lines().count(), 1 + 4, "{list}");
    assert!(!list.contains("LUMEN"), "{list}");
}
