//! From bytes to a durable record and its acknowledgement.

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_hl7::Message;
use countersign_intake::{
    Disposition, UNREADABLE_FEED,
    domain::{Connection, FindingCode, MessageReceived, Outcome, Reason},
};

use crate::support::{Hospital, NOW, admission, adt, at, code, msa, outcome, with_wishes};

#[tokio::test]
async fn the_raw_message_is_the_first_fact_and_its_reading_the_second() {
    let hospital = Hospital::open();
    // given a message in Latin-1, when it is received
    let mut bytes = admission("7", "V1").into_bytes();
    bytes.extend_from_slice(b"\rNTE|||caf\xe9");
    let received =
        hospital.intake.receive(&bytes, Connection { source: "mllp x".to_owned(), sequence: 3 }).await;
    // then every byte is in the journal, and so is what it says
    let events = hospital.stream(received.message).await;
    let raw: MessageReceived<'_> = events[0].decode().expect("decoded");
    assert_eq!(STANDARD.decode(&*raw.raw).expect("Base64"), bytes);
    assert_eq!(raw.bytes, bytes.len() as u64);
    assert_eq!((&*raw.application, &*raw.facility, &*raw.control_id), ("EHR", "NORTH", "7"));
    assert_eq!((&*raw.message_type, &*raw.version), ("ADT^A01", "2.5.1"));
    assert_eq!((raw.connection.source.as_str(), raw.connection.sequence), ("mllp x", 3));
    let readings = hospital.readings(received.message).await;
    assert_eq!(readings.len(), 1);
    assert_eq!((readings[0].reading, readings[0].outcome), (0, Outcome::Used));
    assert_eq!(readings[0].facts[0].encounter.visit, "V1");
    // with three times on both events
    for event in &events {
        let metadata = event.metadata().expect("metadata");
        assert_eq!(metadata.occurred_at, at("2026-03-09T10:14:00Z"));
        assert_eq!(metadata.recorded_at, Some(at("2026-03-09T10:14:00Z")));
        assert_eq!(metadata.received_at, at(NOW));
        assert_eq!(metadata.correlation, received.message.0);
    }
}

#[tokio::test]
async fn an_acknowledgement_echoes_the_control_id_and_swaps_the_parties() {
    let hospital = Hospital::open();
    let received = hospital.receive(&admission("MSG-42", "V1")).await;
    let ack = received.ack.expect("an acknowledgement");
    assert_eq!(msa(&ack), ("AA".to_owned(), "MSG-42".to_owned(), None));
    let ack = Message::parse(&ack).expect("a message");
    let text = |field: usize| ack.field("MSH", field).value().to_owned_text().unwrap_or_default();
    assert_eq!(
        (text(3), text(4), text(5), text(6)),
        ("CS".into(), "CS".into(), "EHR".into(), "NORTH".into())
    );
    assert_eq!(text(7), "20260310120000+0000");
    assert!(text(10).len() <= 20, "{}", text(10));
}

#[tokio::test]
async fn a_duplicate_is_accepted_again_without_a_second_effect() {
    let hospital = Hospital::open();
    let first = hospital.receive(&admission("7", "V1")).await;
    let again = hospital.receive(&admission("7", "V1")).await;
    assert_eq!(again.message, first.message);
    assert_eq!(again.disposition, Disposition::Duplicate(Outcome::Used));
    assert_eq!(msa(&again.ack.expect("an acknowledgement")).2.as_deref(), Some("duplicate"));
    assert_eq!(hospital.kinds().await, ["message-received", "message-read", "message-repeated"]);
}

#[tokio::test]
async fn many_deliveries_of_one_message_at_once_leave_one_message() {
    let hospital = Hospital::open();
    let text = admission("7", "V1");
    let all = futures::future::join_all((0..32).map(|_| hospital.receive(&text))).await;
    let new = all.iter().filter(|one| matches!(one.disposition, Disposition::New(_))).count();
    assert_eq!(new, 1);
    assert!(all.iter().all(|one| code(one) == "AA"));
    let feed = &hospital.feeds().await[0];
    assert_eq!((feed.received, feed.accepted, feed.duplicate), (32, 1, 31));
}

#[tokio::test]
async fn a_control_id_with_other_content_is_another_message_and_counted_as_such() {
    let hospital = Hospital::open();
    let first = hospital.receive(&admission("MSG00001", "V1")).await;
    let other = hospital.receive(&admission("MSG00001", "V2")).await;
    assert_ne!(first.message, other.message);
    assert_eq!(other.disposition, Disposition::New(Outcome::Used));
    let feed = &hospital.feeds().await[0];
    assert_eq!((feed.received, feed.accepted, feed.duplicate, feed.control_ids_reused), (2, 2, 0, 1));
}

#[tokio::test]
async fn what_cannot_be_assigned_is_answered_ae_with_the_reason_and_the_place() {
    let hospital = Hospital::open();
    let received = hospital.receive(&adt("A03", "7", "", "")).await;
    assert_eq!(outcome(&received), Outcome::Quarantined(Reason::NoVisitNumber));
    let ack = received.ack.expect("an acknowledgement");
    let (code, control_id, text) = msa(&ack);
    assert_eq!((code.as_str(), control_id.as_str()), ("AE", "7"));
    assert!(text.expect("a text").contains("PV1-19"));
    assert!(
        String::from_utf8_lossy(&ack).contains("ERR||PV1^1^19|101^"),
        "{}",
        String::from_utf8_lossy(&ack)
    );
}

#[tokio::test]
async fn a_duplicate_of_a_quarantined_message_is_answered_ae_again() {
    let hospital = Hospital::open();
    let text = adt("A03", "7", "", "");
    hospital.receive(&text).await;
    let again = hospital.receive(&text).await;
    assert_eq!(again.disposition, Disposition::Duplicate(Outcome::Quarantined(Reason::NoVisitNumber)));
    assert_eq!(code(&again), "AE");
}

#[tokio::test]
async fn what_nothing_asks_for_is_archived_and_accepted() {
    let hospital = Hospital::open();
    let received = hospital.receive("MSH|^~\\&|LAB|NORTH|||20260309||ORU^R01|1|P|2.5\rPID|||M").await;
    assert_eq!(outcome(&received), Outcome::NotUsed);
    let (code, _, text) = msa(&received.ack.expect("an acknowledgement"));
    assert_eq!((code.as_str(), text.as_deref()), ("AA", Some("not used")));
    let feed = &hospital.feeds().await[0];
    assert_eq!((feed.application.as_str(), feed.received, feed.not_used), ("LAB", 1, 1));
}

#[tokio::test]
async fn what_is_no_hl7_is_answered_ar_and_kept() {
    let hospital = Hospital::open();
    for (bytes, reason) in [
        (&b"GET / HTTP/1.1"[..], Reason::NotHl7),
        (b" \r\n ", Reason::Empty),
        (b"MSH|APP|FAC", Reason::BadDelimiters),
        ("MSH|^\u{2dc}\\&|A|B|||20260309||ADT^A01|1|P|2.5".as_bytes(), Reason::NonAsciiDelimiter),
        (b"M\0S\0H\0|\0^\0~\0", Reason::Utf16),
        (b"FHS|^~\\&|A\rMSH|^~\\&|A", Reason::Batch),
    ] {
        let received = hospital.intake.receive(bytes, Connection::file()).await;
        assert_eq!(outcome(&received), Outcome::Rejected(reason));
        assert_eq!(code(&received), "AR", "{reason:?}");
        let events = hospital.stream(received.message).await;
        let raw: MessageReceived<'_> = events[0].decode().expect("decoded");
        assert_eq!(STANDARD.decode(&*raw.raw).expect("Base64"), bytes);
    }
    let feeds = hospital.feeds().await;
    assert_eq!(feeds.len(), 1);
    assert_eq!((feeds[0].profile.as_str(), feeds[0].quarantined, feeds[0].rejected), (UNREADABLE_FEED, 6, 6));
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_its_beginning_kept() {
    let hospital = Hospital::open_with(|intake| intake.with_max_message_bytes(100_000));
    let text = format!("{}\rOBX|1|TX|||{}", admission("7", "V1"), "x".repeat(200_000));
    let received = hospital.receive(&text).await;
    assert_eq!(outcome(&received), Outcome::Rejected(Reason::TooLarge));
    // the sender's control id is echoed, so that it knows which message is meant
    let (code, control_id, _) = msa(received.ack.as_deref().expect("an acknowledgement"));
    assert_eq!((code.as_str(), control_id.as_str()), ("AR", "7"));
    let events = hospital.stream(received.message).await;
    let raw: MessageReceived<'_> = events[0].decode().expect("decoded");
    assert_eq!(raw.bytes, text.len() as u64);
    assert_eq!(STANDARD.decode(&*raw.raw).expect("Base64"), &text.as_bytes()[..64 * 1024]);
}

#[tokio::test]
async fn what_the_journal_cannot_hold_is_refused_and_not_retried_for_ever() {
    // given a limit above what the journal takes in one event
    let hospital = Hospital::open_with(|intake| intake.with_max_message_bytes(64 << 20));
    let text = format!("{}\rOBX|1|TX|||{}", admission("7", "V1"), "x".repeat(20 << 20));
    let received = hospital.receive(&text).await;
    assert_eq!(outcome(&received), Outcome::Rejected(Reason::TooLarge));
}

#[tokio::test]
async fn what_could_not_be_stored_is_answered_ae_and_leaves_no_trace() {
    let (hospital, journal) = Hospital::failing();
    journal.fail(true);
    for text in [admission("7", "V1"), "no message".to_owned()] {
        let received = hospital.receive(&text).await;
        assert_eq!(received.disposition, Disposition::NotStored);
        let (code, _, text) = msa(received.ack.as_deref().expect("an acknowledgement"));
        assert_eq!((code.as_str(), text.as_deref()), ("AE", Some("not stored, send again")));
    }
    journal.fail(false);
    assert!(hospital.kinds().await.is_empty());
    // and the same message is new when it is sent again
    let received = hospital.receive(&admission("7", "V1")).await;
    assert_eq!(received.disposition, Disposition::New(Outcome::Used));
}

#[tokio::test]
async fn acknowledgements_are_sent_as_the_header_wishes() {
    let hospital = Hospital::open();
    let good = |number: u32| admission("7", &format!("V{number}"));
    let bad = |number: u32| adt("A03", &number.to_string(), "", "");
    let cases = [
        (with_wishes(&good(1), "", ""), Some("AA")),
        (with_wishes(&good(2), "AL", "AL"), Some("AA")),
        (with_wishes(&good(3), "AL", "NE"), Some("CA")),
        (with_wishes(&good(4), "NE", "NE"), None),
        (with_wishes(&good(5), "NE", "AL"), Some("AA")),
        (with_wishes(&good(6), "ER", "ER"), None),
        (with_wishes(&bad(7), "ER", ""), None),
        (with_wishes(&bad(8), "ER", "AL"), Some("AE")),
        (with_wishes(&bad(9), "NE", "NE"), None),
        (with_wishes(&bad(10), "SU", "SU"), Some("CA")),
    ];
    for (text, expected) in cases {
        let received = hospital.receive(&text).await;
        let answered = received.ack.as_deref().map(|ack| msa(ack).0);
        assert_eq!(answered.as_deref(), expected, "{}", text.lines().next().unwrap_or_default());
    }
    // nothing is lost in silence: the silent ones are stored too
    assert_eq!(hospital.feeds().await[0].received, 10);
}

#[tokio::test]
async fn findings_are_counted_by_feed() {
    let hospital = Hospital::open();
    for visit in ["V1", "V2"] {
        hospital.receive(&admission("1", visit).replacen("PV1|1|I|", "PV1|1|ff|", 1)).await;
    }
    let feed = hospital.feeds().await.remove(0);
    let found =
        feed.findings.iter().find(|one| one.code == FindingCode::ClassUnmapped.code()).expect("a finding");
    assert_eq!((found.detail.as_deref(), found.messages), (Some("ff"), 2));
}

#[tokio::test]
async fn counts_of_all_feeds_add_up_to_what_was_received() {
    let hospital = Hospital::open();
    let texts = [
        admission("1", "V1"),
        admission("1", "V1"),
        admission("2", "V2"),
        adt("A03", "3", "", ""),
        adt("A03", "3", "", ""),
        "junk".to_owned(),
        "MSH|^~\\&|LAB|SOUTH|||20260309||ORU^R01|1|P|2.5".to_owned(),
    ];
    for text in &texts {
        hospital.receive(text).await;
    }
    let feeds = hospital.feeds().await;
    for feed in &feeds {
        assert_eq!(
            feed.received,
            feed.accepted + feed.duplicate + feed.quarantined + feed.not_used,
            "{feed:?}"
        );
        assert!(feed.rejected <= feed.quarantined);
    }
    assert_eq!(feeds.iter().map(|feed| feed.received).sum::<u64>(), texts.len() as u64);
}

#[tokio::test]
async fn the_trace_of_a_message_is_stored_with_it() {
    let hospital = Hospital::open_with(|intake| {
        intake.traced(|| Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()))
    });
    let received = hospital.receive(&admission("1", "V1")).await;
    for event in hospital.stream(received.message).await {
        let traceparent = event.metadata().expect("metadata").traceparent.expect("a trace");
        assert!(traceparent.contains("0af7651916cd43dd8448eb211c80319c"));
    }
}

#[tokio::test]
async fn a_rebuilt_inbox_equals_the_one_that_followed() {
    let hospital = Hospital::open();
    let model = hospital.inbox().await;
    for visit in ["V1", "V2", "", "V1"] {
        hospital.receive(&admission("1", visit)).await;
        model.catch_up(hospital.journal.as_ref()).await.expect("up to date");
    }
    let fresh = countersign_intake::projections::read_model();
    assert_eq!(model.difference(fresh, hospital.journal.as_ref()).await.expect("compared"), None);
}
