//! Who owes it when people change, leave, die, are unknown, or sign for one another.

use countersign_acceptance::{
    api::{all, eventually},
    mllp::{all_accepted, send_all},
    stay::{ADAMS, BAKER, Document, OKAFOR, Stay, left_the_staff},
};
use serde_json::{Value, json};

use super::ward::{Ward, in_words, says, text};

/// Later than any decision that a test makes: those are made when it runs.
const AFTERWARDS: &str = "2041-05-14 09:00";

/// A summary that the resident wrote for the attending.
fn by_resident() -> Document {
    Document::new("DS", "S-1").by(OKAFOR).to_be_signed_by(ADAMS)
}

/// An inpatient of four days; discharged on 8 May at noon.
fn discharged(stay: &Stay) -> Vec<String> {
    vec![stay.admitted("2025-05-04 08:30"), stay.discharged("2025-05-08 12:00")]
}

#[test]
fn case_15_a_cosignature_of_an_attending_who_has_left_waits_for_him_to_assign_it() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    let stay = Stay::new("V1");
    ward.receives(&discharged(&stay));
    ward.receives(&[stay.document("T02", "2025-05-09 09:00", &by_resident())]);
    // given a cosignature that waits for the resident, visible and without a clock
    ward.owes("V1", "R14 R15", &["R14 S-1 open 7100, due 05-16 23:59", "R15 S-1 dormant 7001, no due"]);
    // when the attending leaves, and the resident signs after that
    ward.receives(&[
        left_the_staff("2025-05-10 00:00", "7001"),
        stay.document("T04", "2025-05-11 09:00", &by_resident().signed(OKAFOR, "2025-05-11 09:00")),
    ]);
    // then the cosignature is nobody's, the reason says why, and its clock runs since the signature
    ward.owes(
        "V1",
        "R14 R15",
        &["R14 S-1 satisfied 7100, 05-11 09:00", "R15 S-1 open nobody, due 05-18 23:59"],
    );
    let item = ward.item("V1", "R15");
    says(&item["responsible_because"], &["ADAMS", "not active since 2025-05-10", "HIM assigns"]);
    // when HIM gives it to another attending, who cosigns
    ward.decides(&item, "kim", &["reassign", "--to", "7002^MERCY"]);
    ward.owes("V1", "R15", &["R15 S-1 open 7002, due 05-18 23:59"]);
    let both = by_resident().signed(OKAFOR, "2025-05-11 09:00").signed(BAKER, AFTERWARDS);
    ward.receives(&[stay.document("T04", AFTERWARDS, &both)]);
    // then it is done, though the feed still names the one who left (TXA-10)
    ward.owes("V1", "R15", &["R15 S-1 satisfied 7002, 05-14 09:00"]);
}

#[test]
fn case_16_a_new_attending_takes_over_what_is_open_and_nothing_that_is_done_or_was_assigned() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    // given three visits under one attending: one whose history is signed, one whose summary HIM has given to
    // somebody
    let (first, second) = (Stay::new("V1"), Stay::new("V2"));
    ward.receives(&discharged(&first));
    ward.receives(&discharged(&second));
    let history = Document::new("HP", "H-1").signed(ADAMS, "2025-05-04 10:00");
    ward.receives(&[first.document("T02", "2025-05-04 10:00", &history)]);
    ward.decides(&ward.item("V2", "R13"), "kim", &["reassign", "--to", "7100^MERCY"]);
    // when another attending takes the patients over (A08)
    ward.receives(&[
        first.under(BAKER).event("A08", "2025-05-09 08:00"),
        second.under(BAKER).event("A08", "2025-05-09 08:00"),
    ]);
    // then the open summary goes over with its age and limit; the signed history stays; HIM's word stands
    ward.owes("V1", "R01 R13", &["R01 satisfied 7001, 05-04 10:00", "R13 open 7002, due 05-15 23:59"]);
    ward.owes("V2", "R13", &["R13 open 7100, due 05-15 23:59"]);
    let item = ward.item("V1", "R13");
    assert_eq!(item["opened_at"], "2025-05-08T17:00:00Z");
    assert_eq!(item["responsible_because"], "attending of record (PV1-7)");
    let told = ward.explains(&item)["timeline"].to_string();
    assert!(told.contains("owed by ADAMS, RUTH") && told.contains("owed by BAKER, JOHN"), "{told}");
}

#[test]
fn case_17_open_items_of_somebody_who_has_left_go_to_him_and_from_there_to_the_chair_or_a_waiver() {
    let ward = Ward::open();
    for (name, role) in [("kim", "him_manager"), ("mo", "chief_medical_officer"), ("ana", "him_analyst")] {
        ward.employs(name, role, &[]);
    }
    let change = ["--why", "as the test says", "--as", "kim"];
    ward.asks(&[&["site", "facility", "MERCY", "--time-zone", "America/Chicago"], &change[..]].concat());
    ward.asks(&[&["site", "department", "MERCY", "MED", "--chair", "7002^MERCY"], &change[..]].concat());
    // given two charts of one physician
    ward.receives(&discharged(&Stay::new("V1")));
    ward.receives(&discharged(&Stay::new("V2")));
    ward.owes("V1", "R13", &["R13 open 7001, due 05-15 23:59"]);
    // when the staff file says that the physician has left
    ward.receives(&[left_the_staff("2025-06-01 00:00", "7001")]);
    // then the items are nobody's, with the reason, and as old as they were
    ward.owes("V1", "R13", &["R13 open nobody, due 05-15 23:59"]);
    let item = ward.item("V1", "R13");
    says(&item["responsible_because"], &["not active since 2025-06-01", "HIM assigns"]);
    // when HIM gives one to the chair of the department
    let site = ward.asks(&["site", "list"]);
    let chair = &site["departments"][0]["chair"];
    ward.decides(&item, "kim", &["reassign", "--to", &format!("{}^MERCY", text(&chair["id"]))]);
    // then the chair owes it
    ward.owes("V1", "R13", &["R13 open 7002, due 05-15 23:59"]);
    // when the other one is waived, then not by an analyst, and on whose authority is on record
    let item = ward.item("V2", "R13");
    let waive = ["--why", "nobody can write it", "--authority", "medical executive committee, 10 June"];
    let by_analyst = [&["item", "waive", text(&item["id"]), "--as", "ana"], &waive[..]].concat();
    ward.is_refused(&by_analyst, &["ana may not waive"]);
    ward.asks(&[&["item", "waive", text(&item["id"]), "--as", "mo"], &waive[..]].concat());
    let waived = ward.item("V2", "R13");
    assert_eq!(waived["status"], "waived");
    says(&waived["closed_because"], &["waived by mo", "medical executive committee, 10 June"]);
}

#[test]
fn case_17_a_running_countersign_hears_of_changes_that_were_made_before_it_started() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    ward.receives(&discharged(&Stay::new("V1")));
    // given a departure that was entered on the data folder
    let file = ward.file("people.csv", "id,authority,active\n7001,MERCY,no\n");
    ward.asks(&["people", "import", &file, "--why", "left", "--as", "kim"]);
    // when Countersign starts, and another departure comes over MLLP
    let program = ward.runs();
    let whose = |visit: &str| {
        eventually(|| {
            let rows: Vec<Value> = all(&program, "/api/v1/deficiencies?rule=R13", 100);
            let row = rows.into_iter().find(|row| row["encounter"] == visit);
            let row = row.ok_or_else(|| format!("nothing owed in {visit}"))?;
            if row["responsible"].is_null() { Ok(row) } else { Err(row.to_string()) }
        })
    };
    // then the API shows the items of both unassigned, with the reason
    says(&whose("V1")["responsible_because"], &["ADAMS", "HIM assigns"]);
    let mut messages = discharged(&Stay::new("V2").under(BAKER));
    messages.push(left_the_staff("2025-06-01 00:00", "7002"));
    all_accepted(&send_all(program.mllp(), &messages));
    says(&whose("V2")["responsible_because"], &["BAKER", "not active since 2025-06-01"]);
}

#[test]
fn case_18_what_a_deceased_author_left_unsigned_is_signed_by_the_attending_or_waived() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    // given two summaries that a resident wrote and never signed
    for visit in ["V1", "V2"] {
        let stay = Stay::new(visit);
        ward.receives(&discharged(&stay));
        ward.receives(&[stay.document("T02", "2025-05-09 09:00", &by_resident())]);
    }
    // when the resident dies, which HIM enters in the directory
    let file = ward.file(
        "people.csv",
        "id,authority,active_until,effective_at,time_zone\n7100,MERCY,2025-05-10,2025-05-11,America/Chicago\n",
    );
    let report = ward.asks(&["people", "import", &file, "--why", "deceased", "--as", "kim"]);
    assert_eq!(report["refused"], 0, "{report}");
    // then the signatures are nobody's
    let waiting = ["R14 S-1 open nobody, due 05-16 23:59", "R15 S-1 dormant 7001, no due"];
    ward.owes("V1", "R14 R15", &waiting);
    says(&ward.item("V1", "R14")["responsible_because"], &["OKAFOR", "not active since 2025-05-11"]);
    // when the attending authenticates one, then author's signature and cosignature are done with that
    let signed = by_resident().signed(ADAMS, "2025-05-12 09:00").status("LA");
    ward.receives(&[Stay::new("V1").document("T04", "2025-05-12 09:00", &signed)]);
    let words: Vec<String> = ward.items("V1").iter().map(in_words).collect();
    assert!(words.contains(&"R15 S-1 satisfied 7001, 05-12 09:00".to_owned()), "{words:#?}");
    assert_eq!(ward.item("V1", "R14")["status"], "satisfied");
    // and the other chart is closed with the committee's authority: everything in it, the waiting cosignature too
    let chart = ward.item("V2", "R14")["chart"].clone();
    let waive =
        ["item", "waive", "--chart", text(&chart), "--authority", "medical executive committee, 10 June"];
    let report = ward.asks(&[&waive[..], &["--why", "nobody can sign it", "--as", "kim"]].concat());
    assert_eq!((&report["done"], &report["refused"]), (&json!(3), &json!(0)), "{report}");
    let statuses = ["R01", "R13", "R14", "R15", "C0"].map(|rule| ward.item("V2", rule)["status"].clone());
    assert_eq!(statuses, ["waived", "satisfied", "waived", "waived", "satisfied"]);
}

#[test]
fn case_38_a_provider_of_two_facilities_owes_at_each_and_only_its_own_people_decide_there() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    ward.employs("nora", "him_analyst", &["--facility", "NORTH"]);
    // given one provider in two departments of two facilities, with a visit in each
    let file = ward.file(
        "people.csv",
        "id,authority,family,given,departments,facilities\n7001,MERCY,ADAMS,RUTH,MED;SUR,MERCY;NORTH\n",
    );
    ward.asks(&["people", "import", &file, "--why", "staff list", "--as", "kim"]);
    ward.receives(&discharged(&Stay::new("V1")));
    ward.receives(&discharged(&Stay::new("N1").at("NORTH")));
    for (flag, code) in [("--department", "MED"), ("--department", "SUR"), ("--facility", "NORTH")] {
        let found = ward.asks(&["people", "list", flag, code]);
        assert_eq!(found[0]["id"], "7001", "{flag} {code}: {found}");
    }
    // then one list holds both items, each of its own facility
    let mine = ward.asks(&["deficiencies", "--provider", "7001"]);
    let mut facilities: Vec<&str> = mine
        .as_array()
        .expect("a list")
        .iter()
        .filter(|item| item["rule"] == "R13")
        .map(|item| text(&item["facility"]))
        .collect();
    facilities.sort_unstable();
    assert_eq!(facilities, ["MERCY", "NORTH"]);
    // and an analyst of one facility decides nothing at the other
    let (here, there) = (ward.item("V1", "R13"), ward.item("N1", "R13"));
    let void = ["--why", "as the test says", "--as", "nora"];
    ward.is_refused(
        &[&["item", "void", text(&here["id"])], &void[..]].concat(),
        &["nora may not void", "facility that is not one of theirs"],
    );
    ward.decides(&there, "nora", &["void"]);
    assert_eq!(ward.item("N1", "R13")["status"], "voided");
    assert_eq!(ward.item("V1", "R13")["status"], "open");
}

#[test]
fn case_41_an_unknown_provider_never_owes_anything_in_silence() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    let change = ["--why", "as the test says", "--as", "kim"];
    // given a visit that names nobody with an identifier
    let nobody = Stay::new("V1").under("^NEMO^DR");
    ward.receives(&discharged(&nobody));
    // then HIM must assign
    ward.owes("V1", "R13", &["R13 open nobody, due 05-15 23:59"]);
    says(&ward.item("V1", "R13")["responsible_because"], &["unassigned"]);
    // given a facility whose directory is complete, and somebody who is not in it
    let facility =
        ["site", "facility", "MERCY", "--time-zone", "America/Chicago", "--strict-directory", "true"];
    ward.asks(&[&facility, &change[..]].concat());
    ward.receives(&discharged(&Stay::new("V2").under("7999^STRANGE^ANN^^^DR^^^MERCY")));
    // then the item goes to HIM as well, never to somebody else
    ward.owes("V2", "R13", &["R13 open nobody, due 05-15 23:59"]);
    says(&ward.item("V2", "R13")["responsible_because"], &["STRANGE", "not in the directory: HIM assigns"]);
    // and when the directory learns of the person, the item is theirs
    let file = ward
        .file("people.csv", "id,authority,family,given,effective_at\n7999,MERCY,STRANGE,ANN,2025-01-01\n");
    ward.asks(&[&["people", "import", &file], &change[..]].concat());
    ward.owes("V2", "R13", &["R13 open 7999, due 05-15 23:59"]);
}

#[test]
fn case_42_a_query_that_somebody_else_answers_is_answered() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    let stay = Stay::new("V1");
    ward.receives(&discharged(&stay));
    // given a query asked here, and one that the coding system sent (MDM)
    let chart = ward.item("V1", "R13")["chart"].clone();
    let asked = ["chart", "ask-query", text(&chart), "--title", "Acute or chronic?", "--to", "7001^MERCY"];
    ward.asks(&[&asked[..], &["--why", "coding", "--as", "kim"]].concat());
    let here = ward.item("V1", "R19");
    assert_eq!((&here["responsible"], &here["holds_bill"]), (&json!("7001"), &json!(true)));
    let sent = Document::new("CQ", "Q-1").to_be_signed_by(ADAMS);
    ward.receives(&[Stay::new("V2").admitted("2025-05-04 08:30")]);
    ward.receives(&[Stay::new("V2").document("T02", "2025-05-05 09:00", &sent)]);
    ward.owes("V2", "R19", &["R19 Q-1 open 7001, due 05-12 23:59"]);
    // when another physician answers both
    ward.decides(&here, "kim", &["answer-query", "--answered-by", "7002^MERCY"]);
    let signed = sent.signed(BAKER, "2025-05-06 11:00");
    ward.receives(&[Stay::new("V2").document("T04", "2025-05-06 11:00", &signed)]);
    // then both are answered; who was asked and who answered are both on record
    let here = ward.item("V1", "R19");
    assert_eq!((&here["status"], &here["responsible"]), (&json!("satisfied"), &json!("7001")));
    says(&here["closed_because"], &["answered by", "7002"]);
    ward.owes("V2", "R19", &["R19 Q-1 satisfied 7001, 05-06 11:00"]);
    let told = ward.explains(&ward.item("V2", "R19"))["timeline"].to_string();
    assert!(told.contains("authenticated, signed by BAKER, JOHN"), "{told}");
}

#[test]
fn case_43_a_covering_signer_closes_the_authors_item_and_is_named() {
    let ward = Ward::open();
    let stay = Stay::new("V1");
    ward.receives(&discharged(&stay));
    // given a summary of the attending's own, and one of the resident's that the attending is to cosign
    let own = Document::new("DS", "S-0");
    ward.receives(&[
        stay.document("T02", "2025-05-09 09:00", &own),
        stay.document("T02", "2025-05-09 10:00", &by_resident()),
    ]);
    // when a colleague signs the first one for the attending, and adds a signature to the second
    let cover = own.signed(BAKER, "2025-05-10 08:00");
    let second = by_resident().signed(OKAFOR, "2025-05-10 09:00").signed(BAKER, "2025-05-10 10:00");
    ward.receives(&[
        stay.document("T04", "2025-05-10 08:00", &cover),
        stay.document("T04", "2025-05-10 10:00", &second),
    ]);
    // then the author's item is done, by the colleague, and stays the attending's in the record; but a
    // cosignature is the assigned person's alone
    ward.owes(
        "V1",
        "R14 R15",
        &[
            "R14 S-0 satisfied 7001, 05-10 08:00",
            "R14 S-1 satisfied 7100, 05-10 09:00",
            "R15 S-1 open 7001, due 05-17 23:59",
        ],
    );
    let items = ward.items("V1");
    let first = items.iter().find(|item| item["subject"] == "S-0").expect("an item");
    let told = ward.explains(first)["timeline"].to_string();
    assert!(told.contains("S-0: status changed, authenticated, signed by BAKER, JOHN"), "{told}");
    // until the feed assigns the colleague (TXA-10), or the document is authenticated for good (LA)
    let assigned = second.to_be_signed_by(BAKER);
    ward.receives(&[stay.document("T04", "2025-05-11 08:00", &assigned)]);
    ward.owes("V1", "R15", &["R15 S-1 satisfied 7001, 05-10 10:00"]);
}
