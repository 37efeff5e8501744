//! One inpatient stay, message by message, as a person would write it down. Chicago, daylight saving time:
//! five hours behind UTC.

use countersign_acceptance::{
    api::{all, eventually, get},
    mllp::Sender,
    place::Place,
    worklist::{Deficiency, in_words},
};
use countersign_testkit::program::{Program, run};
use serde_json::Value;

const CONFIG: &str = "[facility]\ntime_zone = \"America/Chicago\"\n";

/// The segments that do not change: patient, visit with the attending Adams (7001) and admitting Ames (7000).
const PID: &str = "PID|1||884411^^^MERCY^MR||LUMEN^ADA^Q||19510709|F||||||||||ACC-5519^^^MERCY";
const PV1: &str = "PV1|1|I|4W^412^A^MERCY||||7001^ADAMS^RUTH^^^DR^^^MERCY|||MED|||||||7000^AMES^LEO^^^DR^^^MERCY||\
                   V77120^^^MERCY";
const RESIDENT: &str = "7100^OKAFOR^NIA^^^DR^^^MERCY";
const ATTENDING: &str = "7001^ADAMS^RUTH^^^DR^^^MERCY";
const SURGEON: &str = "7200^SATO^KEN^^^DR^^^MERCY";

struct Journey {
    program: Program,
    sender: Sender,
    sent: u32,
}

impl Journey {
    fn begin(place: &Place) -> Self {
        let config = place.write("countersign.toml", CONFIG);
        let program = Program::up_with(&place.data(), &["--config", &config.to_string_lossy()]);
        let sender = Sender::connect(program.mllp()).expect("the intake listens");
        Self { program, sender, sent: 0 }
    }

    /// Sends a message: its type, when it was written, and its segments behind MSH.
    fn tell(&mut self, kind: &str, written: &str, segments: &[&str]) -> &mut Self {
        self.sent += 1;
        let header =
            format!("MSH|^~\\&|EHR|MERCY|COUNTERSIGN|HIM|{written}||{kind}|J{:04}|P|2.5.1", self.sent);
        let event = format!("EVN|{}|{written}", kind.split('^').nth(1).expect("a trigger"));
        let mut message = vec![header.as_str(), &event];
        message.extend(segments);
        self.tell_as_is(&message.join("\r"))
    }

    fn tell_as_is(&mut self, message: &str) -> &mut Self {
        let ack = self.sender.exchange(message.as_bytes()).expect("an answer");
        assert_eq!(ack.code, "AA", "{}", ack.raw);
        self
    }

    /// A document message.
    fn document(&mut self, trigger: &str, written: &str, txa: &str) -> &mut Self {
        self.tell(&format!("MDM^{trigger}^MDM_T02"), written, &[PID, PV1, txa])
    }

    /// What is owed is this, and nothing else; in the order of rules and subjects.
    fn owes(&self, wanted: &[&str]) {
        self.owes_of("", wanted);
    }

    /// The same for rules whose names begin like this.
    fn owes_of(&self, rules: &str, wanted: &[&str]) {
        let wanted: Vec<String> = wanted.iter().map(|line| (*line).to_owned()).collect();
        eventually(|| {
            let mut rows: Vec<Deficiency> = all(&self.program, "/api/v1/deficiencies", 100);
            rows.retain(|row| row.rule.starts_with(rules));
            rows.sort_by_key(Deficiency::key);
            let found: Vec<String> = rows.iter().map(in_words).collect();
            if found == wanted { Ok(()) } else { Err(format!("owed\n{found:#?}\nnot\n{wanted:#?}")) }
        });
    }

    fn explanation(&self, rule: &str) -> Value {
        let rows: Vec<Deficiency> = all(&self.program, &format!("/api/v1/deficiencies?rule={rule}"), 100);
        let [row] = rows.as_slice() else { panic!("one {rule}, not {rows:?}") };
        let answer = get(&format!("{}/api/v1/deficiencies/{}/explanation", self.program.url(), row.id));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

/// Texts of a timeline, facts and decisions, in order.
fn timeline(explanation: &Value) -> Vec<String> {
    let entries = explanation["timeline"].as_array().expect("a timeline");
    entries
        .iter()
        .map(|entry| {
            let mark = if entry["matched"] == true { "*" } else { "" };
            format!(
                "{mark}{} {}",
                entry["trigger"].as_str().or(entry["kind"].as_str()).unwrap_or_default(),
                entry["text"].as_str().expect("a text")
            )
        })
        .collect()
}

fn assert_mentions(text: &Value, parts: &[&str]) {
    let text = text.as_str().unwrap_or_else(|| panic!("a text, not {text}"));
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn given_an_inpatient_with_surgery_then_every_step_has_the_right_deficiencies_and_reasons() {
    let place = Place::new();
    let mut stay = Journey::begin(&place);

    // Admitted on Monday the 4th of May, 08:30.
    let admission = format!("{PV1}|||||||||||||||||||||||||20260504083000");
    stay.tell("ADT^A01^ADT_A01", "20260504083100", &[PID, &admission]);
    stay.owes(&["R01 - open 7001, 2026-05-04T13:30:00Z to 2026-05-05T13:30:00Z"]);
    let why = stay.explanation("R01");
    assert_mentions(&why["summary"], &["History and physical", "24 hours", "ADAMS", "attending"]);
    assert_mentions(&why["what_would_close_it"], &["history and physical", "AU or LA"]);
    assert_eq!(why["rule"]["citation"], "42 CFR 482.24(c)(4)(i)");
    assert_eq!(why["deficiency"]["patient_name"], "LUMEN, ADA");

    // The resident writes the history and physical: now it is hers to sign.
    let history = |status: &str, signature: &str| {
        format!(
            "TXA|1|HP^History and Physical|TX|20260504083000||20260504150000|||{RESIDENT}|{ATTENDING}||H-1\
             |||||{status}||UN|||{signature}"
        )
    };
    stay.document("T02", "20260504150000", &history("DO", ""));
    stay.owes(&["R01 - open 7100, 2026-05-04T13:30:00Z to 2026-05-05T13:30:00Z"]);

    // She signs at 20:00, an hour before the message says so.
    let signature = "7100^OKAFOR^NIA^^^^^^^^^^^^20260504200000";
    stay.document("T04", "20260504210000", &history("AU", signature));
    stay.owes(&["R01 - satisfied 7100, 2026-05-04T13:30:00Z to 2026-05-05T13:30:00Z, 2026-05-05T01:00:00Z"]);
    let why = stay.explanation("R01");
    assert_mentions(&why["summary"], &["satisfied", "OKAFOR"]);
    assert!(why["what_would_close_it"].is_null(), "{why}");
    let told = timeline(&why);
    let mut last = 0;
    for entry in [
        "decision R01 opened, owed by ADAMS, RUTH (attending of record (PV1-7)), due 2026-05-05T13:30:00Z",
        "*ADT^A01 Visit began (inpatient)",
        "MDM^T02 history and physical H-1: originated, documented",
        "decision R01 changed, owed by OKAFOR, NIA (author of the document (TXA-9); TXA-10 is to cosign), due \
         2026-05-05T13:30:00Z",
        "decision R01 satisfied: signed",
        "*MDM^T04 history and physical H-1: status changed, authenticated, signed by OKAFOR, NIA",
    ] {
        let place = told.iter().position(|told| told == entry);
        let place = place.unwrap_or_else(|| panic!("`{entry}` is not in: {told:#?}"));
        assert!(place >= last, "`{entry}` comes too early in: {told:#?}");
        last = place;
    }

    // Operated on the 5th, 10:00, for 90 minutes; the update comes in the afternoon.
    let operation =
        format!("PR1|1||OP100^Synthetic operation^L||20260505100000||90||||{SURGEON}||||||||OR-9001");
    stay.tell("ADT^A08^ADT_A01", "20260505140000", &[PID, &admission, &operation]);
    let history_done =
        "R01 - satisfied 7100, 2026-05-04T13:30:00Z to 2026-05-05T13:30:00Z, 2026-05-05T01:00:00Z";
    stay.owes(&[history_done, "R05 OR-9001 open 7200, 2026-05-05T16:30:00Z to 2026-05-06T16:30:00Z"]);

    // The surgeon dictates at once; the typist is done on the next day; he signs on the third.
    let report = |status: &str, signature: &str| {
        format!(
            "TXA|1|OP^Operative Report|TX|20260505100000|{SURGEON}|20260505160000|||{SURGEON}|||OPR-1||OR-9001\
             |||{status}||UN|||{signature}"
        )
    };
    stay.document("T01", "20260505160000", &report("DI", ""));
    let written =
        "R05 OR-9001 satisfied 7200, 2026-05-05T16:30:00Z to 2026-05-06T16:30:00Z, 2026-05-05T21:00:00Z";
    stay.owes(&[history_done, written, "R06 OPR-1 dormant 7200, - to -"]);
    stay.document("T04", "20260506090000", &report("PA", ""));
    stay.owes(&[history_done, written, "R06 OPR-1 open 7200, 2026-05-06T14:00:00Z to 2026-05-14T04:59:59Z"]);
    stay.document("T04", "20260507081500", &report("LA", "7200^SATO^KEN^^^^^^^^^^^^20260507081000"));
    let signed =
        "R06 OPR-1 satisfied 7200, 2026-05-06T14:00:00Z to 2026-05-14T04:59:59Z, 2026-05-07T13:10:00Z";
    stay.owes(&[history_done, written, signed]);

    // Discharged shortly before midnight of the 8th. No PV1-45: EVN-6 tells.
    stay.sent += 1;
    stay.tell_as_is(&format!(
        "MSH|^~\\&|EHR|MERCY|COUNTERSIGN|HIM|20260509000500||ADT^A03^ADT_A03|J{:04}|P|2.5.1\r\
         EVN|A03|20260509000500||||20260508235000\r{PID}\r{admission}",
        stay.sent
    ));
    stay.owes(&[
        "C0 - open facility, 2026-05-09T04:50:00Z to 2026-05-23T04:59:59Z",
        "C1 - open facility, 2026-05-09T04:50:00Z to 2026-06-08T04:59:59Z",
        history_done,
        written,
        signed,
        "R13 - open 7001, 2026-05-09T04:50:00Z to 2026-05-16T04:59:59Z",
    ]);
    let why = stay.explanation("R13");
    let discharge = why["timeline"]
        .as_array()
        .and_then(|entries| entries.iter().find(|entry| entry["trigger"] == "ADT^A03"))
        .unwrap_or_else(|| panic!("no discharge in {why}"));
    assert_eq!(discharge["text"], "Discharged (time from EVN-6)");
    assert_eq!(discharge["matched"], true);
    assert_mentions(&discharge["findings"][0], &["PV1-45", "EVN-6"]);

    // An update after the discharge corrects it to ten past midnight: all limits move by a day.
    let corrected = format!("{admission}|20260509001000");
    stay.tell("ADT^A08^ADT_A01", "20260509070000", &[PID, &corrected, &operation]);
    stay.owes(&[
        "C0 - open facility, 2026-05-09T05:10:00Z to 2026-05-24T04:59:59Z",
        "C1 - open facility, 2026-05-09T05:10:00Z to 2026-06-09T04:59:59Z",
        history_done,
        written,
        signed,
        "R13 - open 7001, 2026-05-09T05:10:00Z to 2026-05-17T04:59:59Z",
    ]);

    // The patient came back through the door: the discharge is taken back, though PV1-45 is still sent.
    stay.tell("ADT^A13^ADT_A01", "20260509080000", &[PID, &corrected]);
    stay.owes(&[
        "C0 - voided facility, 2026-05-09T05:10:00Z to 2026-05-24T04:59:59Z, 2026-05-09T13:00:00Z",
        "C1 - voided facility, 2026-05-09T05:10:00Z to 2026-06-09T04:59:59Z, 2026-05-09T13:00:00Z",
        history_done,
        written,
        signed,
        "R13 - voided 7001, 2026-05-09T05:10:00Z to 2026-05-17T04:59:59Z, 2026-05-09T13:00:00Z",
    ]);
    assert_mentions(&stay.explanation("R13")["summary"], &["voided", "ADT^A13"]);

    // Discharged for good on the 11th at noon.
    let discharged = format!("{admission}|20260511120000");
    stay.tell("ADT^A03^ADT_A03", "20260511121000", &[PID, &discharged]);
    let chart = [
        "C0 - open facility, 2026-05-11T17:00:00Z to 2026-05-26T04:59:59Z",
        "C1 - open facility, 2026-05-11T17:00:00Z to 2026-06-11T04:59:59Z",
        history_done,
        written,
        signed,
    ];
    let and = |more: &[&'static str]| [&chart[..], more].concat();
    stay.owes(&and(&["R13 - open 7001, 2026-05-11T17:00:00Z to 2026-05-19T04:59:59Z"]));

    // A summary is dictated for the wrong patient and taken back: it is missing again.
    let wrong = format!(
        "TXA|1|DS^Discharge Summary|TX|20260511120000||20260511150000|||{RESIDENT}|{ATTENDING}||S-0|||||DI||UN"
    );
    stay.document("T01", "20260511150000", &wrong);
    stay.owes_of(
        "R13",
        &["R13 - satisfied 7001, 2026-05-11T17:00:00Z to 2026-05-19T04:59:59Z, 2026-05-11T20:00:00Z"],
    );
    stay.document("T11", "20260511160000", &wrong);
    stay.owes(&and(&["R13 - open 7001, 2026-05-11T17:00:00Z to 2026-05-19T04:59:59Z"]));

    // The right one is dictated, transcribed, signed by the resident, and waits for the attending.
    let summary = |status: &str, signatures: &str| {
        format!(
            "TXA|1|DS^Discharge Summary|TX|20260511120000||20260512090000|||{RESIDENT}|{ATTENDING}||S-1|||||{status}\
             ||UN|||{signatures}"
        )
    };
    stay.document("T01", "20260512090000", &summary("DI", ""));
    let present = "R13 - satisfied 7001, 2026-05-11T17:00:00Z to 2026-05-19T04:59:59Z, 2026-05-12T14:00:00Z";
    // Its signature waits for the typist, the cosignature for the author; the chart is not complete in between.
    stay.owes(&and(&[present, "R14 S-1 dormant 7100, - to -", "R15 S-1 dormant 7001, - to -"]));
    stay.document("T02", "20260513100000", &summary("DO", ""));
    stay.owes(&and(&[
        present,
        "R14 S-1 open 7100, 2026-05-13T15:00:00Z to 2026-05-21T04:59:59Z",
        "R15 S-1 dormant 7001, - to -",
    ]));
    assert_mentions(&stay.explanation("R14")["summary"], &["OKAFOR", "TXA-9"]);
    let by_resident = "7100^OKAFOR^NIA^^^^^^^^^^^^20260514070000";
    stay.document("T04", "20260514070500", &summary("AU", by_resident));
    let by_author =
        "R14 S-1 satisfied 7100, 2026-05-13T15:00:00Z to 2026-05-21T04:59:59Z, 2026-05-14T12:00:00Z";
    stay.owes(&and(&[present, by_author, "R15 S-1 open 7001, 2026-05-14T12:00:00Z to 2026-05-22T04:59:59Z"]));
    assert_mentions(&stay.explanation("R15")["what_would_close_it"], &["cosign"]);

    // The attending cosigns: the chart is complete with that.
    let both = format!("{by_resident}~7001^ADAMS^RUTH^^^^^^^^^^^^20260515181500");
    stay.document("T04", "20260515182000", &summary("LA", &both));
    stay.owes(&[
        "C0 - satisfied facility, 2026-05-11T17:00:00Z to 2026-05-26T04:59:59Z, 2026-05-15T23:15:00Z",
        "C1 - satisfied facility, 2026-05-11T17:00:00Z to 2026-06-11T04:59:59Z, 2026-05-15T23:15:00Z",
        history_done,
        written,
        signed,
        present,
        by_author,
        "R15 S-1 satisfied 7001, 2026-05-14T12:00:00Z to 2026-05-22T04:59:59Z, 2026-05-15T23:15:00Z",
    ]);
    assert_mentions(&stay.explanation("C0")["summary"], &["facility", "satisfied", "R15"]);

    // And what a person at the terminal reads, on the folder alone, is the same.
    let id = stay.explanation("R15")["deficiency"]["id"].as_str().expect("an id").to_owned();
    stay.program.stop().well();
    let data = place.data();
    let text = run(["explain", &id, "--data", &data.to_string_lossy()]).well().stdout;
    for part in ["visit V77120", "facility MERCY", "Discharge summary cosigned", "ADAMS, RUTH", "MDM^T04"] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
    run(["verify", "--data", &data.to_string_lossy()]).well();
}
