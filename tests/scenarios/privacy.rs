//! No patient data in logs, spans, metrics, subjects and headers; and one trace from the message to the row.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_acceptance::{
    api::{eventually, get},
    collector::Collector,
    house::{House, Plan, write_files},
    journal,
    mllp::{Sender, all_accepted, send_all},
    place::Place,
    receiver::Receiver,
    sample::{message, segment},
    stay::joined_the_staff,
    system::{PROCESSES, System},
    wiretap::Wiretap,
};
use countersign_testkit::{
    program::Program,
    smtp_peer::{Options, SmtpPeer},
};

/// What every marker begins with. The rest says the field.
const MARK: &str = "QZPHI";
/// Dates and numbers that mean something, where a marker would not be read.
const BIRTH: &str = "19370219";
const WRITTEN_BIRTH: &str = "1937-02-19";
const VISIT: &str = "QZPHIV19";

/// PID with a marker in every field that tells of a patient.
fn pid() -> String {
    segment(
        "PID",
        &[
            (2, "QZPHI2"),
            (3, "QZPHI3^^^MERCY^MR"),
            (4, "QZPHI4"),
            (5, "QZPHI5^QZPHI5GIVEN"),
            (6, "QZPHI6"),
            (7, BIRTH),
            (9, "QZPHI9"),
            (11, "QZPHI11 STREET^^QZPHI11CITY"),
            (13, "QZPHI13"),
            (14, "QZPHI14"),
            (18, "QZPHI18^^^MERCY"),
            (19, "QZPHI19"),
            (20, "QZPHI20"),
            (21, "QZPHI21"),
            (23, "QZPHI23"),
        ],
    )
}

fn pv1(more: &[(usize, &str)]) -> String {
    let visit = format!("{VISIT}^^^MERCY");
    let mut fields = vec![
        (1, "1"),
        (2, "I"),
        (3, "4W^1^A"),
        (7, "7001^ADAMS^RUTH"),
        (19, visit.as_str()),
        (50, "QZPHI50"),
    ];
    fields.extend(more);
    segment("PV1", &fields)
}

fn kin() -> String {
    segment("NK1", &[(1, "1"), (2, "QZPHINK2"), (4, "QZPHINK4"), (5, "QZPHINK5")])
}

fn text() -> String {
    segment("OBX", &[(1, "1"), (2, "TX"), (3, "REPORT"), (5, "QZPHIOBX5 was found well"), (11, "F")])
}

fn txa(status: &str) -> String {
    segment(
        "TXA",
        &[
            (1, "1"),
            (2, "DS"),
            (4, "20260305100000"),
            (9, "7001^ADAMS^RUTH"),
            (12, "QZPHITXA12"),
            (13, "QZPHITXA13"),
            (16, "QZPHITXA16"),
            (17, status),
            (25, "QZPHITXA25"),
        ],
    )
}

/// Messages that are understood.
fn good() -> Vec<String> {
    let merge =
        segment("MRG", &[(1, "QZPHIMRG1^^^MERCY^MR"), (3, "QZPHIMRG3"), (5, "QZPHIMRG5"), (7, "QZPHIMRG7")]);
    let odd = pv1(&[(44, "QZPHI44"), (16, "QZPHI16"), (36, "QZPHI36")]);
    let operation = segment("PR1", &[(1, "1"), (3, "QZPHIPR3"), (5, "QZPHIPR5"), (19, "QZPHIPR19")]);
    vec![
        message("ADT^A01", "20260301080000", "P1", &[pid(), kin(), pv1(&[(44, "20260301080000")])]),
        message("ADT^A08", "20260301090000", "P2", &[pid(), kin(), odd, operation]),
        message("ADT^A40", "20260301100000", "P3", &[pid(), merge]),
        message("ADT^A03", "20260305100000", "P4", &[pid(), pv1(&[(45, "20260305100000")])]),
        message("MDM^T02", "20260305110000", "P5", &[pid(), pv1(&[]), txa("AU"), text()]),
        message("MDM^T11", "20260305120000", "P6", &[pid(), pv1(&[]), txa("QZPHITXA17"), text()]),
        message("ORU^R01", "20260305120000", "P7", &[pid(), pv1(&[]), text()]),
        message("ADT^A31", "20260305120000", "P8", &[pid(), kin()]),
        // The class is no class but a name that slipped.
        message("ADT^A08", "20260301110000", "P9", &[pid(), pv1(&[(2, "QZPHISLIPPED")])]),
    ]
}

/// Messages that are refused or kept in quarantine, each with its own reason.
fn bad() -> Vec<Vec<u8>> {
    let without_visit = message("ADT^A01", "20260301080000", "B1", &[pid(), segment("PV1", &[(2, "I")])]);
    let without_type = without_visit.replace("ADT^A01|B1", "|B2");
    let strange_type = without_visit.replace("ADT^A01|B1", "QZPHI^QZPHITRIGGER|B3");
    let delimiters = without_visit.replacen("^~\\&", "", 1);
    let cut = "MSH|^~\\&|EHR|MERCY|||QZPHIMSH7\rPID|1||QZPHI3".to_owned();
    [
        without_visit,
        without_type,
        strange_type,
        delimiters,
        cut,
        "Dear colleague, QZPHILETTER was discharged.".to_owned(),
        "PID|1||QZPHI3||QZPHI5".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Where a marker is, with what stands around it.
fn hits(place: &str, text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    [MARK, BIRTH, WRITTEN_BIRTH]
        .iter()
        .filter_map(|mark| {
            let found = text.find(mark)?;
            let around: String =
                text.chars().skip(text[..found].chars().count().saturating_sub(200)).take(400).collect();
            Some(format!("{place}: …{around}…"))
        })
        .collect()
}

#[test]
fn given_markers_in_every_field_of_a_patient_then_nothing_but_payloads_carries_them() {
    let collector = Collector::start();
    let endpoint = collector.endpoint();
    let mut system = System::start_with(
        "",
        &[
            ("COUNTERSIGN_TELEMETRY__LOG", "debug"),
            ("COUNTERSIGN_TELEMETRY__OTLP_ENDPOINT", &endpoint),
            ("COUNTERSIGN_TELEMETRY__SERVICE_NAME", "{service}"),
        ],
    );
    let tap = Wiretap::at(&system.nats.url());

    // when
    let mut sender = Sender::connect(system.intake().mllp()).expect("the intake listens");
    for sent in good() {
        let answer = sender.exchange(sent.as_bytes()).expect("an answer");
        assert_eq!(answer.code, "AA", "{}", answer.raw);
    }
    for sent in bad() {
        let answer = sender.exchange(&sent).expect("an answer");
        assert!(!answer.is_accepted() || answer.text == "not used", "{}", answer.raw);
        assert!(!answer.text.contains(MARK), "{}", answer.raw);
    }
    // A frame that never ends, from a sender that goes away.
    sender
        .send_bytes(b"\x0bMSH|^~\\&|EHR|MERCY|||20260301||ADT^A01|QZPHICUT|P|2.5\rPID|1||QZPHI3")
        .expect("taken");
    drop(sender);
    let api = system.deficiency().url();
    eventually(|| {
        let owed = get(&format!("{api}/api/v1/deficiencies?status=open"));
        let rules = owed.text.matches("\"R13\"").count();
        if rules == 1 { Ok(()) } else { Err(owed.text) }
    });
    // People ask with names in their hands.
    let asked = [
        format!("{api}/api/v1/deficiencies?facility={VISIT}&status={MARK}"),
        format!("{api}/api/v1/charts/{VISIT}"),
        format!("{api}/api/v1/deficiencies/{VISIT}/explanation"),
        format!("{api}/{VISIT}"),
        format!("{}/api/v1/quarantine/{VISIT}", system.intake().url()),
    ];
    for url in &asked {
        assert!(get(url).status.is_client_error(), "{url}");
    }
    let metrics: Vec<_> =
        system.programs().iter().map(|program| get(&format!("{}/metrics", program.url())).text).collect();
    system.stop();

    // then
    let mut found: Vec<String> = Vec::new();
    for ((program, metrics), name) in system.programs().iter().zip(&metrics).zip(PROCESSES) {
        let log = program.stderr();
        assert!(log.contains("\"level\":\"DEBUG\""), "{name} logs at level debug: {log}");
        assert!(metrics.contains("# TYPE"), "{name} has metrics: {metrics}");
        found.extend(log.lines().flat_map(|line| hits(&format!("log of {name}"), line.as_bytes())));
        found.extend(metrics.lines().flat_map(|line| hits(&format!("metrics of {name}"), line.as_bytes())));
    }
    let sent = collector.received();
    for signal in ["/v1/traces", "/v1/metrics"] {
        assert!(sent.iter().any(|(path, _)| path == signal), "nothing was sent to {signal}");
    }
    found.extend(sent.iter().flat_map(|(path, body)| hits(path, body)));
    let tapped = tap.tapped();
    for message in &tapped {
        found.extend(hits("subject", message.subject.as_bytes()));
        found.extend(hits("headers", message.headers.as_bytes()));
    }
    // Payloads carry them: so the tap sees what goes over the wire.
    assert!(tapped.iter().any(|message| !hits("payload", &message.payload).is_empty()), "{}", tapped.len());
    assert!(
        tapped.iter().any(|message| message.headers.contains("traceparent")),
        "no trace context on the wire"
    );
    assert!(
        found.is_empty(),
        "{} places with patient data, the first:\n{}",
        found.len(),
        found[..found.len().min(20)].join("\n")
    );

    one_trace_joins_everything(&collector);
}

/// The admission's trace: received by the intake, decided by the deficiency service, folded into its rows.
fn one_trace_joins_everything(collector: &Collector) {
    let spans = collector.spans();
    let mut by_trace: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for span in &spans {
        by_trace.entry(&span.trace).or_default().insert(format!("{} {}", span.service, span.name));
    }
    let wanted = ["intake intake.receive", "deficiency deficiency.decide", "deficiency read_model.apply"];
    let joined: Vec<&str> = by_trace
        .iter()
        .filter(|(_, names)| wanted.iter().all(|name| names.contains(*name)))
        .map(|(trace, _)| *trace)
        .collect();
    assert!(joined.len() >= 5, "messages about charts have one trace each: {by_trace:#?}");
    // Every span of such a trace hangs below the one of the message.
    for trace in joined {
        let of_trace: Vec<_> = spans.iter().filter(|span| span.trace == trace).collect();
        let tops: Vec<_> =
            of_trace.iter().filter(|span| !of_trace.iter().any(|other| other.id == span.parent)).collect();
        assert_eq!(tops.len(), 1, "{of_trace:#?}");
    }
}

/// Every way out at once: mail, a call, letters; to the provider and to offices.
const POLICY: &str = r#"
title = "Every way out"
[[step]]
name = "notice-1"
after_days = 7
kind = "overdue"
class = "formal"
to = ["provider", "scheduling", "medical_staff_office"]
channels = ["email", "letter", "webhook", "inbox"]
on_all = true
at_any_hour = true
[delivery]
email = "accepted"
channels = ["email"]
[suspension]
enabled = false
[regulatory]
days = 14
to = ["chief_medical_officer"]
"#;

#[test]
fn given_markers_in_every_field_and_every_way_out_then_nothing_that_leaves_or_is_archived_carries_them() {
    let collector = Collector::start();
    let mut plan = Plan::live(POLICY).at("2026-03-20T10:00:00Z");
    plan.environment = vec![
        ("COUNTERSIGN_TELEMETRY__LOG", "debug".to_owned()),
        ("COUNTERSIGN_TELEMETRY__OTLP_ENDPOINT", collector.endpoint()),
    ];
    let Some(mut house) = House::open(plan) else { return };
    let him = house.somebody("kim", "him_manager", &[]);
    house.employs("7001", "ADAMS", "ruth.adams@mail.example");
    house.writes_to(&him, "7001", &["Dr. Ruth Adams", "1 Hospital Way"]);
    house.tell(&good());
    // when everything has left
    let (mails, calls) = eventually(|| {
        let (mails, calls) = (house.mails(), house.receiver.calls());
        let letters = house.ask(&him, "letters")["total"].as_u64().unwrap_or_default();
        // To the provider and to the office.
        if mails.len() >= 2 && !calls.is_empty() && letters >= 2 {
            return Ok((mails, calls));
        }
        let notices = house.ask(&him, "notices?limit=500");
        Err(format!("{} mails, {} calls, {letters} letters: {notices:#}", mails.len(), calls.len()))
    });
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    for mail in &mails {
        places.push(("a mail".to_owned(), mail.text.clone().into_bytes()));
        places.push(("a mail in plain".to_owned(), mail.in_plain().into_bytes()));
    }
    for call in &calls {
        places.push(("a call".to_owned(), format!("{:?}\n{}", call.headers, call.body).into_bytes()));
    }
    // what people and programs see of notices and tracks
    for path in ["notices?limit=500", "letters", "escalation/tracks", "escalation/limits", "contacts/tasks"] {
        places.push((path.to_owned(), him.get(&house.url(path)).text.into_bytes()));
    }
    for notice in house.ask(&him, "notices?limit=500")["items"].as_array().expect("notices") {
        let id = notice["id"].as_str().expect("an id");
        for path in [format!("notices/{id}"), format!("notices/{id}/proof")] {
            places.push((path.clone(), him.get(&house.url(&path)).text.into_bytes()));
        }
    }
    let track = house.ask(&him, "escalation/tracks")["items"][0]["id"].as_str().expect("a track").to_owned();
    for path in [format!("escalation/tracks/{track}"), format!("escalation/tracks/{track}/explanation")] {
        places.push((path.clone(), him.get(&house.url(&path)).text.into_bytes()));
    }
    places.push(("metrics".to_owned(), get(&format!("{}/metrics", house.program.url())).text.into_bytes()));
    house.program.stop().well();
    let log = house.program.stderr();
    assert!(log.contains("\"level\":\"DEBUG\""), "{log}");
    places.push(("the log".to_owned(), log.into_bytes()));
    places.extend(collector.received());
    // what is kept for good: streams of these services, with the bytes of every message
    let kept = journal::read(&house.place.data(), &["track", "limit", "notice", "contact", "digest"], 0);
    assert!(kept.iter().filter(|event| event.kind == "notice-rendered").count() >= 6, "{}", kept.len());
    for event in kept {
        places.push((format!("{} in {}", event.kind, event.stream), event.data.to_string().into_bytes()));
        if event.kind == "notice-rendered" {
            let bytes = STANDARD.decode(event.text("bytes")).expect("Base64");
            places.push((format!("what was rendered in {}", event.stream), bytes));
        }
    }

    // then none of it tells of the patient, while the record of the chart does
    let found: Vec<String> = places.iter().flat_map(|(place, text)| hits(place, text)).collect();
    assert!(
        found.is_empty(),
        "{} places, the first:\n{}",
        found.len(),
        found[..found.len().min(10)].join("\n")
    );
    let charts = journal::read(&house.place.data(), &["chart"], 0);
    assert!(charts.iter().any(|event| !hits("chart", event.data.to_string().as_bytes()).is_empty()));
}

/// What escalation and notification say to each other over the broker, and what they write about it.
#[test]
fn given_escalation_and_notification_as_processes_then_nothing_on_the_wire_between_them_tells_of_a_patient() {
    let Some(mail) = SmtpPeer::start(&Options::default()) else { return };
    let receiver = Receiver::start();
    let environment = [("COUNTERSIGN_TELEMETRY__LOG", "debug")];
    let mut system = System::start_on(Place::new(), &environment, |place, feed| {
        write_files(place, &Plan::live(POLICY), &mail, &receiver, feed)
    });
    let data = system.place.data();
    let serve = |service: &str| Program::serve_with(&[service], &data, &system.config, &environment);
    let mut services = [serve("escalation"), serve("notification")];
    let tap = Wiretap::at(&system.nats.url());

    // when somebody is told by mail, letter and call of a chart that is overdue
    let adams = joined_the_staff("2020-01-01 08:00", "7001", "ADAMS^TEST", "ruth.adams@mail.example");
    all_accepted(&send_all(system.intake().mllp(), &[vec![adams], good()].concat()));
    eventually(|| {
        let seen = (mail.received().len(), receiver.calls().len());
        if seen.0 >= 2 && seen.1 >= 1 { Ok(()) } else { Err(format!("mails and calls: {seen:?}")) }
    });
    let outcomes = |message: &&countersign_acceptance::wiretap::Tapped| {
        message.subject.starts_with("countersign.v1.notice.") && message.subject.contains("outcome")
    };
    eventually(|| {
        let told = tap.tapped().iter().filter(outcomes).count();
        if told >= 3 { Ok(()) } else { Err(format!("{told} outcomes on the wire")) }
    });
    let metrics: Vec<String> =
        services.iter().map(|program| get(&format!("{}/metrics", program.url())).text).collect();
    for program in &mut services {
        program.stop().well();
    }
    system.stop();

    // then neither subjects nor headers, and of these two not even what they carry
    let mut found = Vec::new();
    let tapped = tap.tapped();
    for message in &tapped {
        found.extend(hits("subject", message.subject.as_bytes()));
        found.extend(hits("headers", message.headers.as_bytes()));
        if message.subject.starts_with("countersign.v1.notice.") {
            found.extend(hits(&message.subject, &message.payload));
        }
    }
    for (program, metrics) in services.iter().zip(&metrics) {
        let log = program.stderr();
        assert!(log.contains("\"level\":\"DEBUG\""), "{log}");
        found.extend(log.lines().flat_map(|line| hits("a log", line.as_bytes())));
        found.extend(metrics.lines().flat_map(|line| hits("metrics", line.as_bytes())));
    }
    assert!(
        found.is_empty(),
        "{} places, the first:\n{}",
        found.len(),
        found[..found.len().min(10)].join("\n")
    );
    // while the tap sees what the others carry
    assert!(tapped.iter().any(|message| !hits("payload", &message.payload).is_empty()), "{}", tapped.len());
}
