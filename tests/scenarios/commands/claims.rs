//! `charges import` and `claims`: from HL7 and a file to what waits for documentation.

use std::path::Path;

use countersign_acceptance::{
    api::eventually,
    mllp::{all_accepted, send_all},
    place::Place,
    sample,
};
use countersign_testkit::program::{Finished, Program, run};
use serde_json::{Value, json};

use super::on;

/// An inpatient of ten days whose summary is missing, with one charge of 1,000.00; and one whose order was spoken.
fn messages() -> Vec<String> {
    let pid = sample::segment("PID", &[(3, "9V1^^^MERCY^MR"), (5, "LUMEN^ADA")]);
    let pv1 = sample::segment("PV1", &[(2, "I"), (19, "V1^^^MERCY")]);
    let ft1 = sample::segment("FT1", &[(2, "T1"), (4, "20260310"), (6, "CG"), (11, "1000.00")]);
    vec![
        sample::adt("A01", "20260301080000", "M1", "V1"),
        sample::document("20260301100000", "M2", "V1", "HP", "AU"),
        sample::discharge("20260310120000", "M3", "V1"),
        sample::message("DFT^P03", "20260310180000", "M4", &[pid, pv1, ft1]),
    ]
}

const CHARGES: &str = "facility,visit_authority,visit,transaction,amount,posted_at,payer\n\
    MERCY,MERCY,V1,T2,250.50,2026-03-11,ACME\n\
    MERCY,MERCY,V1,T3,ten,2026-03-11,\n";

fn import(data: &Path, file: &Path, how: &[&str]) -> Finished {
    let mut arguments = vec!["charges", "import"];
    let file = file.to_string_lossy();
    arguments.push(&file);
    arguments.extend_from_slice(how);
    on(data, &arguments)
}

fn held(data: &Path) -> Value {
    on(data, &["claims", "list", "--json"]).well().json()
}

#[test]
fn given_charges_from_hl7_and_a_file_then_the_account_without_a_summary_is_held_with_both() {
    let place = Place::new();
    let data = place.data();
    let folder = place.write_messages("in.hl7", &messages());
    let summary: Value = on(&data, &["ingest", &folder.to_string_lossy(), "--json"]).well().json();
    assert_eq!((&summary["accepted"], &summary["not_used"]), (&json!(4), &json!(0)), "{summary}");

    // A dry run tells every row and changes nothing.
    let file = place.write("charges.csv", CHARGES);
    let dry = import(&data, &file, &["--dry-run"]).well();
    for part in ["line 2: accepted", "line 3, column amount: `ten` is no amount", "nothing was changed"] {
        assert!(dry.stdout.contains(part), "`{part}` is not in {dry}");
    }
    assert_eq!(held(&data)[0]["charges_cents"], json!(100_000));

    // The file itself: the bad row waits in quarantine, the good one counts.
    let report: Value = import(&data, &file, &["--json"]).well().json();
    assert_eq!((&report["accepted"], &report["quarantined"]), (&json!(1), &json!(1)), "{report}");
    let again: Value = import(&data, &file, &["--json"]).well().json();
    assert_eq!((&again["accepted"], &again["duplicate"]), (&json!(0), &json!(1)), "{again}");
    let quarantine: Value = on(&data, &["quarantine", "list", "--json"]).well().json();
    assert_eq!(quarantine[0]["reason"], json!("bad-row"), "{quarantine}");
    let feeds: Value = on(&data, &["feeds", "--json"]).well().json();
    assert!(feeds.to_string().contains("csv:charges"), "{feeds}");

    // The account is held, by the summary alone, with both charges and no patient's name.
    let claims = held(&data);
    let claim = &claims[0];
    assert_eq!(
        (&claim["state"], &claim["dollars_held_cents"], &claim["payer"]),
        (&json!("held"), &json!(125_050), &json!("ACME")),
        "{claims}"
    );
    assert_eq!(claim["sole_blocker"]["rule"], json!("R13"), "{claim}");
    assert!(!claims.to_string().contains("LUMEN"), "{claims}");
    let chart = claim["chart"].as_str().expect("an id");
    let shown = on(&data, &["claims", "show", chart]).well();
    for part in ["1250.50", "discharge_summary", "minimum bill-hold 3 days"] {
        assert!(shown.stdout.contains(part), "`{part}` is not in {shown}");
    }
    let sums = on(&data, &["claims", "summary", "--by", "document_type", "--csv"]).well();
    let [headings, row, total] = sums.stdout.lines().collect::<Vec<_>>()[..] else { panic!("{sums}") };
    assert!(headings.starts_with("key,name,held,dollars_held,"), "{headings}");
    assert!(row.starts_with("discharge_summary,,1,1250.50,0,1,1250.50,0,"), "{row}");
    assert!(total.starts_with("total,,1,1250.50,"), "{total}");
}

#[test]
fn given_a_running_program_then_a_file_is_imported_and_claims_are_asked_over_its_api() {
    let place = Place::new();
    let mut program = Program::up(&place.data());
    all_accepted(&send_all(program.mllp(), &messages()));
    let url = format!("http://{}", program.http());
    // Line ends of another system, and a part that is longer than one request takes.
    let cents: Vec<String> = (0..2500).map(|number| format!("MERCY,MERCY,V1,N{number},0.01,,\r\n")).collect();
    let mut charges = CHARGES.replace('\n', "\r\n") + &cents.concat();
    charges.push_str("MERCY,MERCY,V1,N9,x,,\r\n");
    let file = place.write("charges.csv", &charges);
    let file = file.to_string_lossy();
    let report: Value = run(["charges", "import", &*file, "--url", &url, "--json"]).well().json();
    assert_eq!(
        (&report["read"], &report["accepted"], &report["quarantined"]),
        (&json!(2503), &json!(2501), &json!(2))
    );
    let bad: Vec<u64> = report["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["outcome"] == "quarantined")
        .filter_map(|row| row["line"].as_u64())
        .collect();
    assert_eq!(bad, [3, 2504]);
    let claim = eventually(|| {
        let claims: Value = run(["claims", "list", "--url", &url, "--json"]).well().json();
        match &claims[0] {
            claim if claim["charges_cents"] == json!(127_550) => Ok(claim.clone()),
            _ => Err(claims.to_string()),
        }
    });
    let chart = claim["chart"].as_str().expect("an id");
    let detail: Value = run(["claims", "show", chart, "--url", &url, "--json"]).well().json();
    assert_eq!(detail["periods"][0]["from"], json!("2026-03-14T00:00:00Z"), "{detail}");
    run(["claims", "summary", "--by", "day", "--url", &url]).well();
    program.stop().well();
}
