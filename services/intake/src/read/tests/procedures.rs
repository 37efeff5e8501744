//! Procedures.

use super::*;

/// Identity, start, end, surgeon.
type Operation = (String, String, String, Option<String>);

fn procedures(extra: &[&str]) -> (Vec<Operation>, Reading) {
    let mut message = adt("A08", &[(2, "I"), (19, "V1")]);
    message.extend(extra.iter().map(|line| (*line).to_owned()));
    let reading = read(&lines(&message));
    let found = only(&reading)
        .visit
        .procedures
        .iter()
        .map(|one| {
            let surgeon = one.surgeon.as_ref().and_then(|person| person.id.clone());
            (one.id.clone(), one.started_at.to_string(), one.ended_at.to_string(), surgeon)
        })
        .collect();
    (found, reading)
}

#[test]
fn have_an_end_a_surgeon_and_an_identity() {
    let pr1 = segment(
        "PR1",
        &[(3, "0DTJ4ZZ^Appendectomy"), (5, "20260305100000"), (7, "90"), (11, "55^Cut^Carl"), (19, "P1")],
    );
    let (found, _) = procedures(&[&pr1]);
    let expected = (
        "P1".to_owned(),
        "2026-03-05T15:00:00Z".to_owned(),
        "2026-03-05T16:30:00Z".to_owned(),
        Some("55".to_owned()),
    );
    assert_eq!(found, [expected]);
}

#[test]
fn without_an_identifier_are_known_by_code_and_start() {
    let pr1 = segment("PR1", &[(3, "0DTJ4ZZ"), (5, "20260305100000"), (12, "56^Cut^Cora")]);
    let (found, _) = procedures(&[&pr1, &pr1]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "0DTJ4ZZ@20260305T1500Z");
    assert_eq!(found[0].3.as_deref(), Some("56"));
}

#[test]
fn take_the_surgeon_from_a_role_below() {
    let pr1 = segment("PR1", &[(3, "X"), (5, "20260305100000")]);
    let (found, _) = procedures(&[&pr1, "ROL||AD|ANES|60^Gas^Gus", "ROL||AD|SURG|57^Cut^Cyd"]);
    assert_eq!(found[0].3.as_deref(), Some("57"));
}

#[test]
fn without_a_start_are_left_aside_with_a_finding() {
    let (found, reading) = procedures(&["PR1|1||X"]);
    assert_eq!(found, []);
    assert!(has(&reading, FindingCode::ProcedureIncomplete));
}
