//! 798 public sample messages of 17 origins: what senders really send.

use std::collections::BTreeMap;

use countersign_acceptance::{
    api::get,
    corpus::{Sample, folder, samples},
    feeds::{Counts, of_folder},
    mllp::{Ack, Sender},
    place::Place,
    worklist::{in_words, rows_of_folder},
};
use countersign_testkit::program::{Program, run};
use serde_json::Value;

const MAPPED: [&str; 25] = [
    "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A05", "ADT^A06", "ADT^A07", "ADT^A08", "ADT^A11",
    "ADT^A12", "ADT^A13", "MDM^T01", "MDM^T02", "MDM^T03", "MDM^T04", "MDM^T05", "MDM^T06", "MDM^T07",
    "MDM^T08", "MDM^T09", "MDM^T10", "MDM^T11", "ADT^A31", "ADT^A45", "ADT^A50",
];
const CHARGES: [&str; 2] = ["DFT^P03", "DFT^P11"];
const MERGES: [&str; 4] = ["ADT^A18", "ADT^A34", "ADT^A36", "ADT^A40"];

/// What a message deserves, by the manifest's words about it.
#[derive(Debug, PartialEq, Eq)]
enum Deserved {
    /// It says something about a chart or a patient.
    Used,
    /// Archived.
    NotUsed,
    /// Kept, and refused with a reason that names this.
    Refused(&'static str),
    /// Archived or refused, with a reason; never taken for a statement about a chart.
    Kept,
}

fn deserved(sample: &Sample) -> Deserved {
    let kind = sample.kind.as_str();
    match sample.class.as_str() {
        "batch" => Deserved::Refused("batch"),
        "broken" => Deserved::Kept,
        _ if MERGES.contains(&kind) => Deserved::Used,
        _ if MAPPED.contains(&kind) && sample.has_visit() => Deserved::Used,
        // An update of a person is complete without a visit.
        _ if kind == "ADT^A31" => Deserved::NotUsed,
        _ if MAPPED.contains(&kind) => Deserved::Refused("visit number"),
        // The staff master file.
        _ if kind == "MFN^M02" => Deserved::Used,
        // Charges that are told are missed when nobody can say whose they are: two of the samples. No order among them
        // is spoken, and no account coded: those stay archived, with or without a visit.
        _ if CHARGES.contains(&kind) && tells_an_amount(sample) && sample.has_visit() => Deserved::Used,
        _ if CHARGES.contains(&kind) && tells_an_amount(sample) => Deserved::Refused("visit number"),
        _ => Deserved::NotUsed,
    }
}

/// Whether a transaction has an amount (FT1-11) or a unit amount (FT1-12).
fn tells_an_amount(sample: &Sample) -> bool {
    let text = String::from_utf8_lossy(&sample.bytes);
    text.split(['\r', '\n'])
        .filter(|line| line.starts_with("FT1|"))
        .any(|line| line.split('|').skip(11).take(2).any(|amount| !amount.trim().is_empty()))
}

fn fits(deserved: &Deserved, sample: &Sample, answer: Option<&Ack>) -> bool {
    let Some(answer) = answer else {
        // The sender wanted to hear of errors at the most; at the commit level what is kept is none.
        let (accept, application) = (sample.header(15), sample.header(16));
        let of_commits_only = accept == "ER" && !["AL", "ER"].contains(&application.as_str());
        return sample.may_be_silent() && (of_commits_only || !matches!(deserved, Deserved::Refused(_)))
            || [15, 16].iter().all(|number| sample.header(*number) == "NE");
    };
    // What is kept in quarantine is committed all the same: at that level it says only why it was kept.
    let refused = (!answer.is_accepted() || answer.code == "CA") && !answer.text.is_empty();
    match deserved {
        Deserved::Used => answer.is_accepted() && answer.text.is_empty(),
        Deserved::NotUsed => answer.is_accepted() && answer.text == "not used",
        Deserved::Refused(why) => refused && answer.text.contains(why),
        Deserved::Kept => refused || answer.text == "not used",
    }
}

#[test]
fn given_every_sample_in_a_frame_of_its_own_then_each_gets_the_answer_that_it_deserves() {
    let place = Place::new();
    let mut program = Program::up(&place.data());
    let mut sender = Sender::connect(program.mllp()).expect("the intake listens");
    let samples = samples();
    let mut wrong: Vec<String> = Vec::new();
    let mut silent = 0;
    for (number, sample) in samples.iter().enumerate() {
        // Whether there was an answer is known when the next message has its own.
        let probe = format!("PROBE{number}");
        let next = format!("MSH|^~\\&|PROBE|PROBE|||20260101||ZZZ^Z99|{probe}|P|2.5\rZZZ|1");
        sender.send(&sample.bytes).and_then(|()| sender.send(next.as_bytes())).expect("the intake reads");
        let mut answers: Vec<Ack> = Vec::new();
        loop {
            let answer = sender.receive().expect("an answer").unwrap_or_else(|| {
                panic!("the intake closed the connection at {}", sample.file);
            });
            if answer.control_id == probe {
                break;
            }
            answers.push(answer);
        }
        // Two samples hold framing bytes of their own: what is behind them is answered for itself.
        let answer = answers.first();
        silent += usize::from(answer.is_none());
        if !fits(&deserved(sample), sample, answer) {
            wrong.push(format!(
                "{} {} deserves {:?}, got {answers:?}",
                sample.file,
                sample.kind,
                deserved(sample)
            ));
        }
        let echoed = sample.header(10);
        if let Some(answer) = answer.filter(|_| sample.class == "clean" && echoed.is_ascii()) {
            assert_eq!(answer.control_id, echoed, "{}", sample.file);
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), samples.len(), wrong.join("\n"));
    assert!(silent < samples.len() / 8 + 1, "{silent} were not answered");
    assert!(program.is_running());
    program.stop().well();
    if !samples.is_empty() {
        run(["verify", "--data", &*place.data().to_string_lossy()]).well();
    }
}

#[test]
fn given_the_whole_folder_then_ingest_reads_every_message_and_the_feeds_add_up() {
    let Some(folder) = folder() else { return };
    let place = Place::new();
    let mut program = Program::up(&place.data());
    let mllp = program.mllp().to_string();
    let folder = folder.to_string_lossy();
    let first: BTreeMap<String, usize> = run(["ingest", &*folder, "--mllp", &*mllp, "--json"]).well().json();
    // Batches hold several messages.
    let read = first["read"];
    assert!(read > samples().len(), "{first:?}");
    let kept = first["quarantined"] + first["rejected"];
    assert_eq!(first["accepted"] + first["duplicate"] + kept, read, "{first:?}");
    assert!(first["accepted"] > read / 2 && kept > 0, "{first:?}");
    program.stop().well();

    let data = place.data();
    let counts = of_folder(&data);
    assert_eq!(counts.received, read, "{counts:?}");
    // Who asked for no answer is not among those that were told.
    assert!(counts.quarantined >= kept, "{counts:?} {first:?}");
    assert!(counts.quarantined <= kept + first["unacknowledged"], "{counts:?} {first:?}");

    // A second time everything is known, without exception.
    let second: BTreeMap<String, usize> =
        run(["ingest", &*folder, "--data", &*data.to_string_lossy(), "--json"]).well().json();
    assert_eq!((second["read"], second["accepted"]), (read, 0), "{second:?}");
    let again = of_folder(&data);
    let duplicate = counts.duplicate + read;
    assert_eq!(again, Counts { received: 2 * read, duplicate, ..counts.clone() });
    let quarantine: Vec<Value> =
        run(["quarantine", "list", "--json", "--data", &*data.to_string_lossy()]).well().json();
    assert_eq!(quarantine.len(), counts.quarantined);
    for message in quarantine {
        assert!(message["reason_text"].as_str().is_some_and(|text| !text.is_empty()), "{message}");
    }
    run(["verify", "--data", &*data.to_string_lossy()]).well();
}

/// Samples about one visit, in this order, and what a reader of them says is owed; times are UTC, since the
/// samples name no zone.
const READ: [(&[&str], &[&str]); 14] = [
    // Donald Duck: admitted, moved, updated (EVN-1 says A01, MSH-9 A08), discharged with PV1-45 after 58 hours.
    (
        &[
            "hamaluik__hl7-parser/sample_adt_a01.hl7",
            "hamaluik__hl7-parser/sample_adt_a02.hl7",
            "hamaluik__hl7-parser/sample_adt_a08.hl7",
            "hamaluik__hl7-parser/sample_adt_a03.hl7",
        ],
        &[
            "1 40007716 C0 - open facility, 2005-01-12T15:20:00Z to 2005-01-26T23:59:59Z",
            "1 40007716 C1 - open facility, 2005-01-12T15:20:00Z to 2005-02-11T23:59:59Z",
            "1 40007716 R01 - open 37, 2005-01-10T04:52:53Z to 2005-01-11T04:52:53Z",
            "1 40007716 R13 - open 37, 2005-01-12T15:20:00Z to 2005-01-19T23:59:59Z",
        ],
    ),
    // Two minutes in the house, discharged without PV1-45 (EVN-2 counts): too short for a summary.
    (
        &["RoundingWell__hl7/adt-a01-2.hl7", "RoundingWell__hl7/adt-a03.hl7"],
        &[
            "1 40007716 C0 - open facility, 2005-01-10T04:55:02Z to 2005-01-24T23:59:59Z",
            "1 40007716 C1 - open facility, 2005-01-10T04:55:02Z to 2005-02-09T23:59:59Z",
            "1 40007716 R01 - open 37, 2005-01-10T04:52:53Z to 2005-01-11T04:52:53Z",
        ],
    ),
    // The same, taken back in the same second; and the other way round.
    (
        &[
            "RoundingWell__hl7/adt-a01-2.hl7",
            "RoundingWell__hl7/adt-a03.hl7",
            "RoundingWell__hl7/adt-a13.hl7",
        ],
        TAKEN_BACK,
    ),
    (
        &[
            "RoundingWell__hl7/adt-a13.hl7",
            "RoundingWell__hl7/adt-a03.hl7",
            "RoundingWell__hl7/adt-a01-2.hl7",
        ],
        TAKEN_BACK,
    ),
    // A06: an inpatient from now on, admitted as PV1-44 says.
    (
        &["RoundingWell__hl7/adt-a06.hl7"],
        &["1 40007716 R01 - open 37, 2005-01-10T04:52:53Z to 2005-01-11T04:52:53Z"],
    ),
    // An outpatient owes nothing of this.
    (
        &["RoundingWell__hl7/adt-a04.hl7", "RoundingWell__hl7/adt-a08.hl7"],
        &["1 40007716 R01 - open 37, 2005-01-10T04:52:53Z to 2005-01-11T04:52:53Z"],
    ),
    // A name stands in the place of the identifier: nobody can be assigned.
    (
        &["kcenon__pacs_bridge/adt_a01_sample.hl7"],
        &["HOSPITAL V123456 R01 - open nobody, 2024-01-15T10:00:00Z to 2024-01-16T10:00:00Z"],
    ),
    (
        &["Balneario-de-Cofrentes__hl7v2/adt_a01.hl7"],
        &["HOSP V12345 R01 - open 1234, 2024-01-15T12:00:00Z to 2024-01-16T12:00:00Z"],
    ),
    // PV1-44 to the minute.
    (
        &["cosyte__hl7/adt-a01.golden.hl7"],
        &["MAIN V123 R01 - open 9990, 2026-07-21T09:00:00Z to 2026-07-22T09:00:00Z"],
    ),
    // No attending at all, and the admission from EVN-2.
    (
        &["cosyte__hl7/nested-subcomponents.hl7"],
        &["SENDFAC VISIT-NS-001 R01 - open nobody, 2026-04-19T18:00:00Z to 2026-04-20T18:00:00Z"],
    ),
    // No EVN; PV1-45 is `""`, which is no discharge; the columns of PV1 are shifted, so that the visit is `01`.
    (
        &["johnpaulett__python-hl7/samples-022.hl7"],
        &["HNA500 01 R01 - open 03525, 2014-02-10T22:53:00Z to 2014-02-11T22:53:00Z"],
    ),
    // A progress note of an inpatient nobody announced: the stay is known from it, the note satisfies nothing.
    (
        &["cosyte__hl7/sample-mdm-t02.hl7"],
        &["REDDING HOSPITAL VISIT123456 R01 - open 1123456771, 2023-07-29T08:13:00Z to 2023-07-30T08:13:00Z"],
    ),
    // A signed report, but PV1-2 does not say what kind of stay: nothing is guessed.
    (&["oehf__ipf/msg-09.hl7", "oehf__ipf/msg-08~2.hl7"], &[]),
    // A note of a clinic visit; a merge of two records.
    (
        &["joemoceri__hl7tools-dotnet/MDM_plain_text_with_line_breaks.hl7", "cosyte__hl7/adt-a40-merge.hl7"],
        &[],
    ),
];

const TAKEN_BACK: &[&str] = &[
    "1 40007716 C0 - voided facility, 2005-01-10T04:55:02Z to 2005-01-24T23:59:59Z, 2005-01-10T04:55:02Z",
    "1 40007716 C1 - voided facility, 2005-01-10T04:55:02Z to 2005-02-09T23:59:59Z, 2005-01-10T04:55:02Z",
    "1 40007716 R01 - open 37, 2005-01-10T04:52:53Z to 2005-01-11T04:52:53Z",
];

#[test]
fn given_real_messages_then_what_is_owed_is_what_a_reader_says() {
    let Some(folder) = folder() else { return };
    for (files, wanted) in READ {
        let place = Place::new();
        let data = place.data();
        let paths: Vec<String> =
            files.iter().map(|file| folder.join(file).to_string_lossy().into_owned()).collect();
        let mut arguments = vec!["ingest", "--json", "--data"];
        let to = data.to_string_lossy();
        arguments.push(&to);
        arguments.extend(paths.iter().map(String::as_str));
        let summary: Value = run(&arguments).well().json();
        assert_eq!(summary["accepted"], files.len(), "{files:?}: {summary}");
        assert_eq!(summary["not_used"], 0, "{files:?}: {summary}");
        let mut found: Vec<String> = rows_of_folder(&data, &[])
            .iter()
            .map(|row| format!("{} {} {}", row.facility, row.encounter, in_words(row)))
            .collect();
        found.sort();
        assert_eq!(found, wanted, "{files:?}");
    }
}

#[test]
fn given_the_stay_of_donald_duck_then_the_chart_reads_as_the_messages_do() {
    let Some(folder) = folder() else { return };
    let place = Place::new();
    let data = place.data();
    for file in READ[0].0 {
        let path = folder.join(file);
        run(["ingest", &*path.to_string_lossy(), "--data", &*data.to_string_lossy()]).well();
    }
    let chart = rows_of_folder(&data, &[]).remove(0).chart;
    let program = Program::up(&data);
    let chart = get(&format!("{}/api/v1/charts/{chart}", program.url())).json();
    for (name, wanted) in [
        ("facility", "1"),
        ("authority", "AccMgr"),
        ("encounter", "40007716"),
        ("stage", "discharged"),
        ("class", "inpatient"),
        ("attending", "37"),
        ("attending_name", "DISNEY, WALT"),
        ("admitted_at", "2005-01-10T04:52:53Z"),
        ("discharged_at", "2005-01-12T15:20:00Z"),
        ("patient", "10006579"),
        ("patient_name", "DUCK, DONALD"),
    ] {
        assert_eq!(chart[name], wanted, "{name} of {chart}");
    }
    assert!(chart["location"].as_str().is_some_and(|place| place.starts_with("IN1^214^1")), "{chart}");
    assert_eq!(chart["deficiencies"].as_array().map(Vec::len), Some(4));
}
