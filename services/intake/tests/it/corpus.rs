//! The public sample messages, read in place. They are not ours and are not in the repository; without them these
//! tests say so and check nothing.

use std::{collections::BTreeMap, path::PathBuf};

use countersign_contracts::chart::{ChartFact, CompletionStatus, DocumentType, EncounterClass, What};
use countersign_hl7::{
    Header, Message,
    ack::AckCode,
    batch::{self, Piece},
};
use countersign_intake::{
    Received,
    domain::{Connection, MessageRead, Outcome, Reason},
};

use crate::support::{Hospital, at, outcome};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/hl7"));
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the sample messages are not at ../shared/data/hl7; nothing was checked");
    None
}

struct Sample {
    file: String,
    class: String,
    kind: String,
    bytes: Vec<u8>,
}

fn samples() -> Vec<Sample> {
    let Some(folder) = folder() else { return Vec::new() };
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("a manifest");
    manifest
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            Sample {
                file: columns[0].to_owned(),
                class: columns[3].to_owned(),
                kind: columns[4].to_owned(),
                bytes: std::fs::read(folder.join(columns[0])).expect("a sample"),
            }
        })
        .collect()
}

fn pieces(file: &[u8]) -> Vec<&[u8]> {
    batch::split(file)
        .filter_map(|piece| match piece {
            Piece::Message { bytes, .. } | Piece::Junk { bytes, .. } => Some(bytes),
            Piece::Envelope { .. } | Piece::Finding(_) => None,
        })
        .collect()
}

/// Whether the sender wants to hear of a success.
fn wants_answer(bytes: &[u8], outcome: Outcome) -> bool {
    let Ok(message) = Message::parse(bytes) else { return true };
    let header = Header::of(&message);
    let told = match outcome {
        Outcome::Rejected(_) => countersign_hl7::ack::Outcome::Rejected,
        Outcome::Quarantined(_) => countersign_hl7::ack::Outcome::Kept,
        _ => countersign_hl7::ack::Outcome::Accepted,
    };
    !countersign_hl7::ack::wanted(&header, told).is_silent()
}

const ADT: [&str; 14] =
    ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A13", "A31", "A45", "A50"];
const MERGES: [&str; 4] = ["A18", "A34", "A36", "A40"];
const MDM: [&str; 11] = ["T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11"];

/// What a reader of the message's type and visit number would expect.
fn deserved(bytes: &[u8]) -> Outcome {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => return Outcome::Rejected(error.into()),
    };
    let header = Header::of(&message);
    let (Some(code), trigger) =
        (header.message_code.as_deref(), header.trigger.as_deref().unwrap_or_default())
    else {
        return Outcome::Quarantined(Reason::NoMessageType);
    };
    let visit = message.field("PV1", 19).value().trimmed().is_some();
    match code {
        "ADT" if MERGES.contains(&trigger) => Outcome::Used,
        "ADT" if trigger == "A31" && !visit => Outcome::NotUsed,
        "ADT" if ADT.contains(&trigger) && visit => Outcome::Used,
        "MDM" if MDM.contains(&trigger) && visit => Outcome::Used,
        "ADT" if ADT.contains(&trigger) => Outcome::Quarantined(Reason::NoVisitNumber),
        "MDM" if MDM.contains(&trigger) => Outcome::Quarantined(Reason::NoVisitNumber),
        "ADT" | "MDM" if trigger.is_empty() => Outcome::Quarantined(Reason::NoTrigger),
        "MFN" if trigger == "M02" => Outcome::Used,
        // Of orders, charges and accounts only those that tell something are missed; the samples hold no spoken order
        // and no final coding, but a few charges with an amount, none of them with a visit.
        "DFT" if message.segments("FT1").any(has_amount) && visit => Outcome::Used,
        "DFT" if message.segments("FT1").any(has_amount) => Outcome::Quarantined(Reason::NoVisitNumber),
        _ => Outcome::NotUsed,
    }
}

fn has_amount(ft1: countersign_hl7::Segment<'_>) -> bool {
    [11, 12].into_iter().any(|field| ft1.field(field).value().trimmed().is_some())
}

#[tokio::test]
async fn every_sample_ends_in_the_state_it_deserves_and_is_answered() {
    let hospital = Hospital::open();
    let mut by_outcome: BTreeMap<&str, u64> = BTreeMap::new();
    let mut total = 0;
    for sample in samples() {
        let pieces = pieces(&sample.bytes);
        assert!(!pieces.is_empty(), "{}: nothing in it", sample.file);
        for bytes in pieces {
            let received: Received = hospital.intake.receive(bytes, Connection::file()).await;
            total += 1;
            let outcome = outcome(&received);
            assert_eq!(outcome, deserved(bytes), "{} {}", sample.file, sample.kind);
            if sample.class == "clean" {
                assert!(!matches!(outcome, Outcome::Rejected(_)), "{}: clean, yet refused", sample.file);
            }
            let accepted = outcome.reason().is_none();
            assert_eq!(received.ack.is_some(), wants_answer(bytes, outcome), "{}", sample.file);
            if let Some(ack) = &received.ack {
                let ack = countersign_hl7::ack::read(ack).expect("an acknowledgement");
                // what is kept in quarantine is committed, and an error to the application
                let committed = ack.code == AckCode::CommitAccept && !matches!(outcome, Outcome::Rejected(_));
                assert_eq!(ack.code.is_accept(), accepted || committed, "{}", sample.file);
            }
            *by_outcome.entry(received.disposition.name()).or_default() += 1;
        }
    }
    eprintln!("{total} messages: {by_outcome:?}");
    let feeds = hospital.feeds().await;
    assert_eq!(feeds.iter().map(|feed| feed.received).sum::<u64>(), total);
    for feed in feeds {
        assert_eq!(feed.received, feed.accepted + feed.duplicate + feed.quarantined + feed.not_used);
    }
}

#[tokio::test]
async fn every_sample_sent_again_is_a_duplicate() {
    let hospital = Hospital::open();
    let samples = samples();
    let mut facts = 0;
    for round in 0..2 {
        for sample in &samples {
            for bytes in pieces(&sample.bytes) {
                let received = hospital.intake.receive(bytes, Connection::file()).await;
                if round == 1 {
                    assert_eq!(received.disposition.name(), "duplicate", "{}", sample.file);
                }
            }
        }
        let kinds = hospital.kinds().await;
        let reads = kinds.iter().filter(|kind| *kind == MessageRead::KIND).count();
        if round == 0 {
            facts = reads;
        }
        assert_eq!(reads, facts);
    }
}

/// The reading of one sample, by the name of its file.
async fn reading(hospital: &Hospital, file: &str) -> Option<MessageRead> {
    let bytes = std::fs::read(folder()?.join(file)).expect("a sample");
    let received = hospital.intake.receive(pieces(&bytes)[0], Connection::file()).await;
    Some(hospital.readings(received.message).await.remove(0))
}

fn only(reading: &MessageRead) -> &ChartFact {
    assert_eq!(reading.facts.len(), 1, "{:?}", reading.outcome);
    assert_eq!(reading.facts[0].facts.len(), 1);
    &reading.facts[0].facts[0]
}

fn key(reading: &MessageRead) -> (&str, &str, &str) {
    let key = &reading.facts[0].encounter;
    (&key.facility, &key.authority, &key.visit)
}

#[tokio::test]
async fn a_discharge_with_its_time_reads_as_a_reader_would() {
    let hospital = Hospital::open();
    let Some(reading) = reading(&hospital, "hamaluik__hl7-parser/sample_adt_a03.hl7").await else { return };
    assert_eq!(key(&reading), ("1", "AccMgr", "40007716"));
    let fact = only(&reading);
    let expected =
        What::Discharged { at: at("2005-01-12T15:20:00Z"), from: "PV1-45".to_owned(), date_only: false };
    assert_eq!(fact.what, expected);
    assert_eq!(fact.occurred_at, at("2005-01-12T15:46:42Z"));
    assert_eq!(fact.visit.class.value(), Some(&EncounterClass::Inpatient));
    assert_eq!(fact.visit.admitted_at.value(), Some(&at("2005-01-10T04:52:53Z")));
    let attending = fact.visit.attending.value().expect("an attending");
    assert_eq!((attending.id.as_deref(), attending.display_name().as_str()), (Some("37"), "DISNEY, WALT"));
    assert_eq!(attending.authority, "AccMgr");
}

#[tokio::test]
async fn a_discharge_without_its_time_takes_the_event() {
    let hospital = Hospital::open();
    let Some(reading) = reading(&hospital, "RoundingWell__hl7/adt-a03.hl7").await else { return };
    let expected =
        What::Discharged { at: at("2005-01-10T04:55:02Z"), from: "EVN-2".to_owned(), date_only: false };
    assert_eq!(only(&reading).what, expected);
    assert!(only(&reading).findings.iter().any(|text| text.contains("PV1-45")));
}

#[tokio::test]
async fn class_changes_transfers_and_a_cancelled_discharge_read_as_a_reader_would() {
    let hospital = Hospital::open();
    for (file, what) in [
        ("RoundingWell__hl7/adt-a06.hl7", What::ClassChanged),
        ("RoundingWell__hl7/adt-a07.hl7", What::ClassChanged),
        ("RoundingWell__hl7/adt-a13.hl7", What::DischargeCancelled),
        ("hamaluik__hl7-parser/sample_adt_a02.hl7", What::Transferred),
    ] {
        let Some(reading) = reading(&hospital, file).await else { return };
        assert_eq!(only(&reading).what, what, "{file}");
        assert_eq!(key(&reading).2, "40007716");
    }
}

#[tokio::test]
async fn an_authenticated_note_reads_as_a_reader_would() {
    let hospital = Hospital::open();
    let Some(reading) = reading(&hospital, "cosyte__hl7/sample-mdm-t02.hl7").await else { return };
    assert_eq!(key(&reading), ("REDDING HOSPITAL", "REDDING HOSPITAL", "VISIT123456"));
    let What::Document(document) = &only(&reading).what else { panic!("{:?}", only(&reading).what) };
    assert_eq!(
        document.number,
        "3738931392^REDDING HOSPITAL&1.1.1.1&GUID".split('&').next().expect("a part")
    );
    // `PN` is what it says, though its title is "Discharge Summary": a profile may know better
    assert_eq!(document.document_type, DocumentType::Other("PN".to_owned()));
    assert_eq!(document.status, CompletionStatus::Authenticated);
    assert_eq!(document.originator.as_ref().and_then(|one| one.id.as_deref()), Some("5742200012"));
    assert_eq!(document.signatures.len(), 1);
    let signature = &document.signatures[0];
    // TXA-22 is empty: the assigned authenticator is taken, at the time of the event
    assert_eq!(signature.by.as_ref().and_then(|one| one.id.as_deref()), Some("1123456771"));
    assert!(signature.inferred);
    assert_eq!(signature.at, at("2023-08-14T02:24:00Z"));
}

#[tokio::test]
async fn a_signature_with_a_time_and_nobody_reads_as_a_reader_would() {
    let hospital = Hospital::open();
    let Some(reading) = reading(&hospital, "oehf__ipf/msg-08~2.hl7").await else { return };
    assert_eq!(key(&reading), ("root", "root", "333444555"));
    let What::Document(document) = &only(&reading).what else { panic!("{:?}", only(&reading).what) };
    assert_eq!(document.document_type, DocumentType::OperativeReport);
    assert_eq!(document.number, "912513^^37459732765491768364593264738293^SHA-1");
    let signature = &document.signatures[0];
    assert_eq!(
        signature.by.as_ref().map(countersign_kernel::Person::display_name).as_deref(),
        Some("Ramos, Dante")
    );
    assert_eq!((signature.at, signature.inferred), (at("2007-11-14T11:00:00Z"), true));
}

#[tokio::test]
async fn a_pre_authenticated_report_is_not_signed() {
    let hospital = Hospital::open();
    let Some(reading) = reading(&hospital, "oehf__ipf/msg-02~2.hl7").await else { return };
    let What::Document(document) = &only(&reading).what else { panic!("{:?}", only(&reading).what) };
    assert_eq!(document.status, CompletionStatus::PreAuthenticated);
    assert!(document.signatures.is_empty());
    assert_eq!(key(&reading).2, "2350013");
}

#[tokio::test]
async fn a_signed_visit_note_with_person_and_time_reads_as_a_reader_would() {
    let hospital = Hospital::open();
    let Some(reading) =
        reading(&hospital, "joemoceri__hl7tools-dotnet/MDM_plain_text_with_line_breaks.hl7").await
    else {
        return;
    };
    assert_eq!(key(&reading), ("SendApp", "SendApp", "17872"));
    let What::Document(document) = &only(&reading).what else { panic!("{:?}", only(&reading).what) };
    assert_eq!(document.number, "OV17872");
    let signature = &document.signatures[0];
    assert_eq!(signature.by.as_ref().and_then(|one| one.id.as_deref()), Some("543453"));
    assert_eq!((signature.at, signature.inferred), (at("2019-02-02T14:20:00Z"), false));
}

#[tokio::test]
async fn merges_read_as_a_reader_would() {
    let hospital = Hospital::open();
    for (file, expected) in [
        ("cosyte__hl7/adt-a40-merge.hl7", &[("MRN99002", "HOSP", "MRN99001", "HOSP")][..]),
        ("cosyte__hl7/adt-a34-merge.hl7", &[("MRN99004", "HOSP", "MRN99003", "HOSP")]),
        ("cosyte__hl7/adt-a18-merge-deprecated.hl7", &[("MRN99006", "HOSP", "MRN99005", "HOSP")]),
        (
            "oehf__ipf/iti8-a40.hl7",
            &[("305010", "ENTERPRISE", "305014", "MPI-NS-P"), ("7200117359", "BBB", "7200117317", "BBB")],
        ),
        (
            "joemoceri__hl7tools-dotnet/ADT-A34_Merge_Patients_-_Patient_ID.hl7",
            &[("5027450", "Ntierprise Clinic", "5027440", "Ntierprise Clinic")],
        ),
    ] {
        let Some(reading) = reading(&hospital, file).await else { return };
        let merges: Vec<_> = reading
            .merges
            .iter()
            .map(|one| {
                let (retired, survivor) = (&one.retired, &one.survivor);
                (
                    retired.id.reveal().as_str(),
                    retired.authority.as_str(),
                    survivor.id.reveal().as_str(),
                    survivor.authority.as_str(),
                )
            })
            .collect();
        assert_eq!(merges, expected, "{file}");
    }
}
