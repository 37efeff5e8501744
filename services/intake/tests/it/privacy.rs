//! Nothing of a patient gets into logs, spans, metrics, subjects or answers.

use std::{
    io,
    sync::{Arc, Mutex},
};

use countersign_eventsourcing::journal::{Filter, Position};
use countersign_intake::{domain::Connection, publish::publish};
use countersign_runtime::telemetry::Metrics;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

use crate::support::Hospital;

const MARKER: &str = "MARKER";

/// Collects whatever is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Messages with a marker in every field that may hold something of a patient.
fn marked() -> Vec<String> {
    let pid =
        (1..40).map(|field| format!("{MARKER}{field}^{MARKER}^^{MARKER}")).collect::<Vec<_>>().join("|");
    let pv1 = |visit: &str| {
        format!(
            "PV1|1|I|{MARKER}^{MARKER}|||||||||||||{MARKER}|||{visit}|||||||||||||||||||||||||x{MARKER}|{MARKER}"
        )
    };
    let header = |kind: &str, number: u32| format!("MSH|^~\\&|EHR|NORTH|||20260309||{kind}|{number}|P|2.5.1");
    let txa = format!(
        "TXA|1|DS|{MARKER}|{MARKER}|{MARKER}^{MARKER}|{MARKER}|||1^A|2^B||{MARKER}|{MARKER}|||{MARKER}|AU|||||{MARKER}^x^^^^^^^^^^^^^{MARKER}"
    );
    let visit = format!("{MARKER}-VISIT^^^{MARKER}");
    let mut messages = Vec::new();
    for (number, (kind, visit)) in [
        ("ADT^A01", visit.as_str()),
        ("ADT^A03", ""),
        ("ADT^A06", &visit),
        ("MDM^T02", &visit),
        ("MDM^T02", ""),
    ]
    .into_iter()
    .enumerate()
    {
        messages.push(
            [
                header(kind, u32::try_from(number).expect("few")),
                format!("EVN||{MARKER}"),
                format!("PID|{pid}"),
                format!("MRG|{MARKER}-OLD||||{MARKER}-OLDVISIT"),
                pv1(visit),
                txa.clone(),
                format!("OBX|1|TX|||{MARKER}"),
            ]
            .join("\r"),
        );
    }
    messages.push([header("ADT^A40", 9), format!("PID|{pid}"), format!("MRG|{MARKER}-OLD")].join("\r"));
    messages.push(format!("MSH|^~\\&|EHR|NORTH|||20260309||{MARKER}^{MARKER}|10|P|2.5.1"));
    messages.push(format!("{MARKER} is no message"));
    messages
}

#[tokio::test]
async fn markers_in_every_patient_field_stay_in_the_journal() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    // For the whole process: what is scoped to a thread misses call sites that other tests were first to reach.
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    let metrics = Metrics::local().expect("metrics");
    let hospital = Hospital::open_with(|intake| intake.measured(&metrics.meter("countersign.intake")));
    for text in marked() {
        for _ in 0..2 {
            let received = hospital.intake.receive(text.as_bytes(), Connection::file()).await;
            let ack = String::from_utf8_lossy(&received.ack.unwrap_or_default()).into_owned();
            // the trigger is echoed into MSH-9 of the answer; nothing else comes back
            assert!(!ack.replace(&format!("ACK^{MARKER}^ACK"), "").contains(MARKER), "{ack}");
        }
    }
    let batch = hospital.journal.read_all(Position::START, Filter::All, 1000).await.expect("events");
    let mut published = 0;
    for event in &batch.events {
        assert!(!event.stream.as_str().contains(MARKER));
        for envelope in publish(event).expect("published") {
            published += 1;
            assert!(!envelope.subject().contains(MARKER), "{}", envelope.subject());
            // what travels does hold it, so the search does search
            assert!(envelope.data.get().contains(MARKER));
        }
    }
    assert!(published > 0);
    let feeds = format!("{:?}", hospital.feeds().await);
    assert!(!feeds.contains(MARKER), "{feeds}");
    let text = log.text();
    assert!(text.contains("intake.receive"), "the log has no span: {text}");
    assert!(!text.contains(MARKER), "{text}");
    let shown = metrics.render().expect("metrics");
    assert!(shown.contains("intake_messages"), "{shown}");
    assert!(!shown.contains(MARKER), "{shown}");
}
