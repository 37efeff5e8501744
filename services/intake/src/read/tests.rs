//! One test for every trap that real feeds are known to set. Given: a message. When: it is read. Then: what it says.

use countersign_contracts::{
    Field,
    chart::{
        ChartFact, CompletionStatus, DocumentAction, DocumentFact, DocumentType, EncounterClass, Signature,
        What,
    },
};
use countersign_hl7::{Header, Message};
use countersign_kernel::{MessageId, Timestamp};

use super::{FeedContext, Reading, read_message};
use crate::{
    domain::{FindingCode, Outcome, Reason},
    profile::Profiles,
};

mod discharges;
mod documents;
mod event_time;
mod merges;
mod message_type;
mod money;
mod orders;
mod people;
mod procedures;
mod signatures;
mod staff;
mod the_key_of_a_chart;
mod visits;

const RECEIVED: &str = "2026-03-10T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn read(lines: &[&str]) -> Reading {
    read_by("", lines)
}

/// Reads by a profile file, in a hospital in New York.
fn read_by(profiles: &str, lines: &[&str]) -> Reading {
    let text = lines.join("\r");
    let message = Message::parse(text.as_bytes()).expect("a message");
    let header = Header::of(&message);
    let (application, facility) = header.sender();
    let profiles = Profiles::from_toml(profiles, "America/New_York").expect("profiles");
    let profile = profiles.of(application.unwrap_or_default(), facility.unwrap_or_default());
    let context =
        FeedContext { message: MessageId::derive(&["test"]), reading: 0, received_at: at(RECEIVED) };
    read_message(&message, &header, profile, &context)
}

/// An ADT message of the EHR at NORTH: trigger, EVN, PID, PV1 by field numbers.
fn adt(trigger: &str, pv1: &[(usize, &str)]) -> Vec<String> {
    vec![
        format!("MSH|^~\\&|EHR|NORTH|CS|CS|20260309101500||ADT^{trigger}|7|P|2.5.1"),
        format!("EVN|{trigger}|20260309101400"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE||19500101|F||||||||||ACC9^^^NORTH^AN".to_owned(),
        segment("PV1", pv1),
    ]
}

fn mdm(trigger: &str, txa: &[(usize, &str)]) -> Vec<String> {
    vec![
        format!("MSH|^~\\&|NOTES|NORTH|CS|CS|20260309101500||MDM^{trigger}|8|P|2.5.1"),
        format!("EVN|{trigger}|20260309101400"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE".to_owned(),
        segment("PV1", &[(2, "I"), (19, "V1^^^NORTH^VN")]),
        segment("TXA", txa),
    ]
}

fn segment(name: &str, fields: &[(usize, &str)]) -> String {
    let last = fields.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let mut parts = vec![name.to_owned()];
    for number in 1..=last {
        let found = fields.iter().rev().find(|(wanted, _)| *wanted == number);
        parts.push(found.map_or("", |(_, text)| *text).to_owned());
    }
    parts.join("|")
}

fn lines(message: &[String]) -> Vec<&str> {
    message.iter().map(String::as_str).collect()
}

fn read_adt(trigger: &str, pv1: &[(usize, &str)]) -> Reading {
    let mut fields = vec![(2, "I"), (19, "V1^^^NORTH^VN")];
    fields.extend_from_slice(pv1);
    read(&lines(&adt(trigger, &fields)))
}

fn read_mdm(trigger: &str, txa: &[(usize, &str)]) -> Reading {
    read(&lines(&mdm(trigger, txa)))
}

fn facts(reading: &Reading) -> Vec<&ChartFact> {
    assert_eq!(reading.outcome, Outcome::Used, "{:?}", reading.findings);
    reading.facts.iter().flat_map(|report| &report.facts).collect()
}

fn only(reading: &Reading) -> &ChartFact {
    let facts = facts(reading);
    assert_eq!(facts.len(), 1, "{facts:?}");
    facts[0]
}

fn document(reading: &Reading) -> &DocumentFact {
    match &only(reading).what {
        What::Document(document) => document,
        other => panic!("{other:?}"),
    }
}

fn discharge(reading: &Reading) -> (String, &str, bool) {
    let found = facts(reading).into_iter().find_map(|fact| match &fact.what {
        What::Discharged { at, from, date_only } => Some((at.to_string(), from.as_str(), *date_only)),
        _ => None,
    });
    found.expect("a discharge")
}

fn has(reading: &Reading, code: FindingCode) -> bool {
    reading.findings.iter().any(|finding| finding.code == code)
}
