//! The staff master file. No sample of a hospital is public, so these are written from the standard (chapter 8).

use countersign_contracts::staff::StaffReported;
use countersign_kernel::ProviderId;

use super::*;

fn read_m02(body: &[&str]) -> Reading {
    let mut lines = vec![
        "MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^M02^MFN_M02|9|P|2.5.1",
        "MFI|PRA^Practitioner master file^HL70175||UPD|20260309|20260309|AL",
    ];
    lines.extend(body);
    read(&lines)
}

fn records(body: &[&str]) -> Vec<StaffReported> {
    let reading = read_m02(body);
    assert_eq!(reading.outcome, Outcome::Used, "{:?}", reading.findings);
    reading.staff
}

fn id(id: &str, authority: &str) -> ProviderId {
    ProviderId { id: id.to_owned(), authority: authority.to_owned() }
}

const STF: &str = "STF|1001|1001^^^NORTH^EI~77^^^LAB|WELBY^MARCUS^J^JR^DR^MD||M|19600101|A|CARD^Cardiology~ICU|MED^Medicine|^PRN^PH^^1^212^5551234~^NET^Internet^welby@north.example||20200115^NORTH^D~20210301^SOUTH^D||19990000|m.welby@north.example";
const PRA: &str = "PRA|1001|HEART^Heart group||E|IM^ABIM^C~CD|1234567893^NPI~A55^SL^NY^20271231|20200115";

#[test]
fn a_record_says_who_where_and_since_when() {
    let records = records(&["MFE|MAD|77|20260301|1001|ST", STF, PRA]);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record.id, id("1001", "NORTH"), "the primary key is the main identifier");
    let identifiers: Vec<(ProviderId, &str)> =
        record.identifiers.iter().map(|known| (known.id.clone(), known.kind.as_str())).collect();
    assert_eq!(
        identifiers,
        [
            (id("1001", "NORTH"), "EI"),
            (id("77", "LAB"), ""),
            (id("1234567893", "NPI"), "NPI"),
            (id("A55", "SL-NY"), "SL")
        ]
    );
    let name = record.name.clone().expect("a name");
    assert_eq!((name.family.as_str(), name.given.as_str()), ("WELBY", "MARCUS"));
    assert_eq!(name.credentials, ["MD", "JR"]);
    assert_eq!(record.active, Some(true));
    // midnight in New York, in winter
    assert_eq!(
        (record.effective_at, record.time_zone.as_str()),
        (at("2026-03-01T05:00:00Z"), "America/New_York")
    );
    assert_eq!(record.active_from, Field::Value("2020-01-15".parse().expect("a day")));
    assert_eq!(record.active_until, Field::Absent);
    assert_eq!(record.departments, ["CARD", "ICU"]);
    assert_eq!(record.facilities, ["NORTH", "SOUTH"]);
    let text = |value: &Field<String>| value.value().cloned().unwrap_or_default();
    assert_eq!(
        [&record.service, &record.specialty, &record.group, &record.email, &record.telephone].map(text),
        ["MED", "IM", "HEART", "m.welby@north.example", "212 5551234"]
    );
    assert_eq!(record.recorded_at, Some(at("2026-03-09T14:15:00Z")));
}

#[test]
fn several_records_stand_in_one_message_and_each_has_its_own_event() {
    let records = records(&[
        "MFE|MUP|1|20260301|1001|ST",
        "STF|1001||WELBY^MARCUS||||I",
        "MFE|MDC|2|20260302|1002|ST",
        "STF|1002||KILDARE^JAMES||||A",
        "MFE|MAC|3|20260303|1003|ST",
        "MFE|MDL|4|20260304|1004|ST",
        "MFE|MUP|5|20260305|1005|ST",
        "STF|1005",
    ]);
    let said: Vec<(u32, &str, Option<bool>)> =
        records.iter().map(|record| (record.record, record.id.id.as_str(), record.active)).collect();
    assert_eq!(
        said,
        [
            (0, "1001", Some(false)),
            (1, "1002", Some(false)),
            (2, "1003", Some(true)),
            (3, "1004", Some(false)),
            (4, "1005", None)
        ]
    );
    assert_eq!(records[3].effective_at, at("2026-03-04T05:00:00Z"));
}

#[test]
fn deleted_fields_are_deleted_and_fields_not_sent_are_left_alone() {
    let records =
        records(&["MFE|MUP|1|20260301|1001|ST", "STF|1001||||||||\"\"||||\"\"", "PRA|1001||||\"\""]);
    let record = &records[0];
    assert_eq!((&record.service, &record.specialty), (&Field::Null, &Field::Null));
    assert_eq!(record.active_until, Field::Null);
    assert_eq!(
        (&record.group, &record.email, record.active_from),
        (&Field::Absent, &Field::Absent, Field::Absent)
    );
    assert_eq!((record.name.as_ref(), record.departments.len()), (None, 0));
}

#[test]
fn who_left_one_of_two_institutions_has_not_left() {
    let stf = |until: &str| format!("STF|1001|||||||||||20200101^NORTH~20210101^SOUTH|{until}");
    let until = |until: &str| records(&["MFE|MUP|1|20260301|1001|ST", &stf(until)])[0].active_until;
    assert_eq!(until("20260131^SOUTH"), Field::Absent);
    assert_eq!(until("20260131^SOUTH~20260228^NORTH"), Field::Value("2026-02-28".parse().expect("a day")));
}

#[test]
fn an_effect_that_is_not_stated_is_that_of_the_file_then_of_the_message() {
    let effective = |mfi: &str| {
        let mfe = "MFE|MAD|1||1001|ST";
        let header = "MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^M02|9|P|2.5.1";
        read(&[header, mfi, mfe]).staff[0].effective_at
    };
    assert_eq!(effective("MFI|STF||UPD|20260308|20260307"), at("2026-03-07T05:00:00Z"));
    assert_eq!(effective("MFI|STF||UPD"), at("2026-03-09T14:15:00Z"));
}

#[test]
fn a_message_without_a_visit_is_not_quarantined_and_one_without_a_person_is() {
    let reading = read_m02(&["MFE|MAD|1|20260301||ST", "STF|", "MFE|MAD|2|20260301|1002|ST"]);
    assert_eq!((reading.outcome, reading.staff.len()), (Outcome::Used, 1));
    assert!(has(&reading, FindingCode::StaffWithoutId));
    assert_eq!(read_m02(&["MFE|MAD"]).outcome, Outcome::Quarantined(Reason::NoStaffRecord));
    let odd = read_m02(&["MFE|XXX|1|20260301|1001|ST"]);
    assert_eq!((odd.outcome, odd.staff[0].active), (Outcome::Used, None));
    assert!(has(&odd, FindingCode::StaffEventUnknown));
}

#[test]
fn other_master_files_are_not_used() {
    for trigger in ["M01", "M03", "M05", "M13", "M16"] {
        let header = format!("MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^{trigger}|9|P|2.5.1");
        let reading = read(&[&header, "MFI|PRA||UPD", "MFE|MAD|1|20260301|1001|ST", STF]);
        assert_eq!((reading.outcome, reading.staff.len()), (Outcome::NotUsed, 0), "{trigger}");
    }
}
