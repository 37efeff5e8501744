//! Merges of patients.

use super::*;

fn merges(lines: &[&str]) -> (Vec<(String, String)>, Reading) {
    let mut all = vec!["MSH|^~\\&|MPI|NORTH|||20260309101500||ADT^A40|1|P|2.5", "EVN|A40|20260309101400"];
    all.extend_from_slice(lines);
    let reading = read(&all);
    let name =
        |id: &countersign_contracts::patient::PatientId| format!("{}@{}", id.id.reveal(), id.authority);
    let pairs = reading.merges.iter().map(|merge| (name(&merge.retired), name(&merge.survivor))).collect();
    (pairs, reading)
}

fn pair(retired: &str, survivor: &str) -> (String, String) {
    (retired.to_owned(), survivor.to_owned())
}

#[test]
fn the_old_triggers_merge_too_and_need_no_visit() {
    for trigger in ["A18", "A34", "A36", "A40"] {
        let header = format!("MSH|^~\\&|MPI|NORTH|||20260309101500||ADT^{trigger}|1|P|2.3");
        let reading = read(&[&header, "PID|||NEW", "MRG|OLD"]);
        assert_eq!(reading.outcome, Outcome::Used, "{trigger}");
        assert_eq!(reading.merges.len(), 1);
        assert_eq!(reading.merges[0].occurred_at, at("2026-03-09T14:15:00Z"));
    }
}

#[test]
fn identifiers_are_matched_by_authority_and_type_not_by_place() {
    let (pairs, _) = merges(&[
        "PID|||N1^^^MPI&1.2&ISO^PI~N2^^^BBB&1.3&ISO^MR~N3^^^BBB&1.3&ISO^AN",
        "MRG|O2^^^BBB&1.3&ISO^MR~O1^^^&1.2&ISO^PI",
    ]);
    assert_eq!(pairs, [pair("O2@BBB", "N2@BBB"), pair("O1@1.2", "N1@MPI")]);
}

#[test]
fn an_identifier_without_counterpart_goes_to_the_survivors_first() {
    let (pairs, reading) = merges(&["PID|||N1^^^MPI~N2^^^BBB", "MRG|305010~O2^^^BBB"]);
    assert_eq!(pairs, [pair("305010@NORTH", "N1@MPI"), pair("O2@BBB", "N2@BBB")]);
    assert!(has(&reading, FindingCode::MergeAuthorityUnmatched));
}

#[test]
fn one_message_may_hold_several_pairs() {
    let (pairs, _) = merges(&["PID|||N1", "MRG|O1", "PV1||I", "PID|||N2", "MRG|O2"]);
    assert_eq!(pairs, [pair("O1@NORTH", "N1@NORTH"), pair("O2@NORTH", "N2@NORTH")]);
}

#[test]
fn a_pair_without_its_half_is_a_finding() {
    let (pairs, reading) = merges(&["PID|||N1", "PID|||N2", "MRG|O2"]);
    assert_eq!(pairs, [pair("O2@NORTH", "N2@NORTH")]);
    assert!(has(&reading, FindingCode::PairsWithoutMerge));
}

#[test]
fn without_a_usable_pair_the_message_is_quarantined() {
    for lines in [
        &["PID|||N1"][..],
        &["MRG|O1"],
        &["PID|||", "MRG|O1"],
        &["PID|||N1", "MRG|\"\""],
        &["PID|||N1", "MRG|N1"],
    ] {
        let (_, reading) = merges(lines);
        assert_eq!(reading.outcome, Outcome::Quarantined(Reason::NoMergePair), "{lines:?}");
    }
}
