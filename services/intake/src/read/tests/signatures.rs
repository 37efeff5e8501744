//! Signatures, in every shape that feeds send them in.

use super::*;

const EVENT: &str = "2026-03-09T14:14:00Z";

fn sign(fields: &[(usize, &str)], profile: &str) -> (Vec<Signature>, CompletionStatus, Reading) {
    let mut all = vec![(2, "DS"), (12, "D1"), (17, "AU"), (9, "11^Writer^Will")];
    all.extend_from_slice(fields);
    let reading = read_by(profile, &lines(&mdm("T04", &all)));
    let document = document(&reading);
    (document.signatures.clone(), document.status, reading)
}

fn one(fields: &[(usize, &str)]) -> (Option<String>, String, bool, Reading) {
    let (signatures, _, reading) = sign(fields, "");
    assert_eq!(signatures.len(), 1);
    let signature = &signatures[0];
    let by = signature.by.as_ref().map(|person| person.id.clone().unwrap_or_else(|| person.display_name()));
    (by, signature.at.to_string(), signature.inferred, reading)
}

#[test]
fn shape_1_person_and_time_in_component_15() {
    let (by, when, inferred, _) = one(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000")]);
    assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("21"), "2026-03-09T13:30:00Z", false));
}

#[test]
fn shape_2_a_time_with_an_odd_offset() {
    let (_, when, inferred, _) = one(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000+0215")]);
    assert_eq!((when.as_str(), inferred), ("2026-03-09T07:15:00Z", false));
}

#[test]
fn shape_3_a_time_and_nobody() {
    let sent = "^^^^^^^^^^^^^^20260309093000";
    let (by, when, inferred, reading) = one(&[(22, sent)]);
    // the author is claimed where nobody is assigned
    assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("11"), "2026-03-09T13:30:00Z", true));
    assert!(has(&reading, FindingCode::SignerInferred));
    let (by, ..) = one(&[(10, "21^Boss^Bea"), (22, sent)]);
    assert_eq!(by.as_deref(), Some("21"));
}

#[test]
fn shape_4_a_person_without_an_identifier() {
    let (by, _, inferred, _) = one(&[(22, "^Schwille^Juergen^^^Prof.^^^^^^^^HZL^20260309093000")]);
    assert_eq!((by.as_deref(), inferred), (Some("Schwille, Juergen"), false));
}

#[test]
fn shape_5_an_identifier_and_no_time() {
    let (by, when, inferred, reading) = one(&[(22, "801234564895")]);
    assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("801234564895"), EVENT, true));
    assert!(has(&reading, FindingCode::SignatureTimeInferred));
}

#[test]
fn shape_6_a_name_in_the_place_of_the_identifier() {
    let (by, when, inferred, _) = one(&[(22, "SMITH^ROBERT^MD")]);
    assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("SMITH, ROBERT"), EVENT, true));
}

#[test]
fn signed_without_txa_22_takes_the_assigned_one_then_the_author() {
    let (by, when, inferred, reading) = one(&[(10, "21^Boss^Bea")]);
    assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("21"), EVENT, true));
    assert!(has(&reading, FindingCode::SignerInferred));
    // several are assigned: who of them signed is not known
    assert_eq!(one(&[(10, "21^Boss^Bea~22^Boss^Bob")]).0.as_deref(), Some("11"));
    let (by, _, inferred, reading) = one(&[(9, "")]);
    assert_eq!((by, inferred), (None, true));
    assert!(has(&reading, FindingCode::SignerUnknown));
}

#[test]
fn repetitions_are_several_signers() {
    let sent = "11^Writer^Will^^^^^^^^^^^^20260309093000~21^Boss^Bea^^^^^^^^^^^^20260309100000";
    let (signatures, ..) = sign(&[(22, sent)], "");
    let ids: Vec<_> = signatures.iter().filter_map(|one| one.by.as_ref()?.id.as_deref()).collect();
    assert_eq!(ids, ["11", "21"]);
}

#[test]
fn pre_authenticated_is_not_signed() {
    let (signatures, status, _) = sign(&[(17, "PA"), (22, "11^W^W^^^^^^^^^^^^20260309")], "");
    assert!(signatures.is_empty());
    assert!(!status.is_signed());
}

#[test]
fn a_date_without_a_time_is_the_event_if_that_was_the_same_day() {
    let same = one(&[(22, "21^B^B^^^^^^^^^^^^20260309")]);
    assert_eq!(same.1, EVENT);
    assert!(has(&same.3, FindingCode::SignatureDateOnly));
    assert_eq!(one(&[(22, "21^B^B^^^^^^^^^^^^20260308")]).1, "2026-03-09T03:59:59Z");
}

#[test]
fn a_profile_may_demand_signer_and_time() {
    let strict = "[default]\ndemand_signer_and_time = true";
    let (signatures, status, reading) = sign(&[(22, "801234564895")], strict);
    assert!(signatures.is_empty());
    assert!(!status.is_signed());
    assert!(has(&reading, FindingCode::SignatureRefused));
    let (signatures, status, _) = sign(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000")], strict);
    assert_eq!((signatures.len(), status.is_signed()), (1, true));
}
