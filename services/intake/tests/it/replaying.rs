//! Stored messages read again after a profile was corrected.

use countersign_contracts::chart::{EncounterClass, What};
use countersign_eventsourcing::journal::{Expected, Filter, NewEvent, Position};
use countersign_intake::{
    domain::{Outcome, Reason, stream_of},
    publish::publish,
    replay::{ReplayError, Replayed},
};
use countersign_kernel::{EventId, MessageId};

use crate::support::{Hospital, admission, adt, at};

#[tokio::test]
async fn a_corrected_profile_releases_the_quarantine_once() {
    let hospital = Hospital::open();
    // given a discharge that names its visit only in PID-18
    let text = adt("A03", "1", "", "").replace("||DOE^JANE", "||DOE^JANE|||||||||||||ACC9^^^NORTH");
    let message = hospital.receive(&text).await.message;
    assert_eq!(hospital.readings(message).await[0].outcome, Outcome::Quarantined(Reason::NoVisitNumber));
    // when it is read again by the same profile, then nothing happens
    let replayed = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!(replayed, Replayed { read: 1, changed: 0, released: 0, still_quarantined: 1 });
    // when the profile is corrected, then the message is released
    hospital.set_profiles("[default]\nvisit_number = [\"PV1-19\", \"PID-18\"]");
    let replayed = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!(replayed, Replayed { read: 1, changed: 1, released: 1, still_quarantined: 0 });
    let readings = hospital.readings(message).await;
    assert_eq!(readings.len(), 2);
    assert_eq!((readings[1].reading, readings[1].outcome), (1, Outcome::Used));
    assert_eq!(readings[1].facts[0].encounter.visit, "ACC9");
    assert_eq!(readings[1].facts[0].reading, 1);
    // and a second time changes nothing
    let replayed = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!((replayed.read, replayed.changed), (1, 0));
    // and the counts follow
    let feed = &hospital.feeds().await[0];
    assert_eq!((feed.received, feed.accepted, feed.quarantined), (1, 1, 0));
}

#[tokio::test]
async fn a_later_reading_replaces_what_an_earlier_one_said() {
    let hospital = Hospital::open();
    let message = hospital.receive(&admission("1", "V1").replacen("|1|I|", "|1|99|", 1)).await.message;
    hospital.set_profiles("[default.classes]\nobservation = [\"99\"]");
    let replayed =
        hospital.intake.reinterpret(at("2026-01-01T00:00:00Z"), "test", |_| ()).await.expect("done");
    assert_eq!(replayed, Replayed { read: 1, changed: 1, released: 0, still_quarantined: 0 });
    let readings = hospital.readings(message).await;
    let class = |reading: usize| readings[reading].facts[0].facts[0].visit.class.value().cloned();
    assert_eq!(class(0), Some(EncounterClass::Unmapped("99".to_owned())));
    assert_eq!(class(1), Some(EncounterClass::Observation));
    // the facts were received when the message was, not when it was read again
    assert_eq!(readings[1].facts[0].received_at, readings[0].facts[0].received_at);
}

#[tokio::test]
async fn a_staff_record_under_another_identifier_takes_the_earlier_one_back() {
    let hospital = Hospital::open();
    let text = "MSH|^~\\&|HR|NORTH|||20260309||MFN^M02|1|P|2.5\rMFI|PRA||UPD\rMFE|MDC|1|20260301|1001";
    let message = hospital.receive(text).await.message;
    // when nothing is corrected, then nothing happens
    let replayed = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!((replayed.read, replayed.changed), (1, 0));
    // when the profile names the facility, then the provider is another one
    hospital.set_profiles("[default]\nfacility_code = \"MAIN\"");
    hospital.intake.replay([message], "test").await.expect("replayed");
    let readings = hospital.readings(message).await;
    let said: Vec<(&str, u32, bool)> = readings[1]
        .staff
        .iter()
        .map(|record| (record.id.authority.as_str(), record.reading, record.withdrawn))
        .collect();
    assert_eq!(said, [("MAIN", 1, false), ("NORTH", 1, true)]);
    // and a second time changes nothing
    let replayed = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!((replayed.read, replayed.changed), (1, 0));
}

#[tokio::test]
async fn a_chart_that_is_no_longer_meant_gets_an_empty_list() {
    let hospital = Hospital::open();
    let text = admission("1", "V1").replace("||DOE^JANE", "||DOE^JANE|||||||||||||ACC9^^^NORTH");
    let message = hospital.receive(&text).await.message;
    // when another field turns out to be the visit number
    hospital.set_profiles("[default]\nvisit_number = [\"PID-18\"]");
    hospital.intake.replay([message], "test").await.expect("replayed");
    // then the new chart is told the facts, and the old one that there are none
    let reading = hospital.readings(message).await.remove(1);
    let said: Vec<_> =
        reading.facts.iter().map(|one| (one.encounter.visit.as_str(), one.facts.len())).collect();
    assert_eq!(said, [("ACC9", 1), ("V1", 0)]);
    assert!(reading.facts.iter().all(|one| one.reading == 1));
    // and both are published
    let batch = hospital.journal.read_all(Position::START, Filter::All, 100).await.expect("events");
    let published: usize = batch.events.iter().map(|event| publish(event).expect("published").len()).sum();
    assert_eq!(published, 3);
    // and reading it once more says nothing new
    let again = hospital.intake.replay([message], "test").await.expect("replayed");
    assert_eq!(again.changed, 0);
    // and back again takes the other back
    hospital.set_profiles("");
    hospital.intake.replay([message], "test").await.expect("replayed");
    let reading = hospital.readings(message).await.remove(2);
    let said: Vec<_> =
        reading.facts.iter().map(|one| (one.encounter.visit.as_str(), one.facts.len())).collect();
    assert_eq!(said, [("V1", 1), ("ACC9", 0)]);
}

#[tokio::test]
async fn only_messages_since_the_instant_are_read_again() {
    let hospital = Hospital::open();
    hospital.receive(&admission("1", "V1")).await;
    hospital.clock.set(at("2026-03-11T00:00:00Z"));
    hospital.receive(&admission("2", "V2")).await;
    let replayed =
        hospital.intake.reinterpret(at("2026-03-10T23:00:00Z"), "test", |_| ()).await.expect("done");
    assert_eq!((replayed.read, replayed.changed), (1, 0));
}

#[tokio::test]
async fn a_time_zone_put_right_moves_the_times() {
    let hospital = Hospital::open();
    let message = hospital.receive(&adt("A03", "1", "V1", "20260301080000|20260309090000")).await.message;
    hospital.set_profiles(
        "[[feed]]\nname = \"north\"\nmatch = { facility = \"NORTH\" }\ntime_zone = \"Asia/Tokyo\"",
    );
    hospital.intake.replay([message], "test").await.expect("replayed");
    let reading = hospital.readings(message).await.remove(1);
    assert_eq!(reading.feed, "north");
    assert_eq!(reading.facts[0].time_zone, "Asia/Tokyo");
    match &reading.facts[0].facts[0].what {
        What::Discharged { at: when, .. } => assert_eq!(*when, at("2026-03-09T00:00:00Z")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_at_once_change_a_message_once() {
    let hospital = Hospital::open();
    let message = hospital
        .receive(&adt("A03", "1", "", "").replace("||DOE^JANE", "||DOE^JANE|||||||||||||ACC9"))
        .await
        .message;
    hospital.set_profiles("[default]\nvisit_number = [\"PID-18\"]");
    let both = futures::future::join_all((0..4).map(|_| hospital.intake.replay([message], "test"))).await;
    let changed: u64 = both.into_iter().map(|one| one.expect("replayed").changed).sum();
    assert_eq!(changed, 1);
    assert_eq!(hospital.readings(message).await.len(), 2);
}

#[tokio::test]
async fn what_was_cut_off_is_never_read_as_a_message() {
    let hospital = Hospital::open();
    // given the beginning of a message that could be read as a whole one
    let text = admission("1", "V1");
    let received = hospital
        .intake
        .receive_refused(
            text.as_bytes(),
            1 << 30,
            Reason::TooLarge,
            countersign_intake::domain::Connection::file(),
        )
        .await;
    let replayed = hospital.intake.replay([received.message], "test").await.expect("replayed");
    assert_eq!((replayed.changed, replayed.still_quarantined), (0, 1));
}

#[tokio::test]
async fn an_unknown_message_is_an_error() {
    let hospital = Hospital::open();
    let nobody = MessageId::derive(&["nobody"]);
    assert!(
        matches!(hospital.intake.replay([nobody], "test").await, Err(ReplayError::Unknown(id)) if id == nobody)
    );
}

#[tokio::test]
async fn a_message_whose_stored_text_is_damaged_takes_nothing_back() {
    let hospital = Hospital::open();
    // given a message that opened a visit, and one like it of which the journal holds something else than its text
    let whole = hospital.stream(hospital.receive(&admission("1", "V1")).await.message).await;
    let damaged = MessageId::derive(&["damaged"]);
    let copies = whole.iter().enumerate().map(|(number, event)| {
        let mut said: serde_json::Value = serde_json::from_slice(&event.data).expect("an event");
        said["message"] = serde_json::json!(damaged);
        if number == 0 {
            said["raw"] = "no Base64 at all".into();
        }
        NewEvent {
            id: EventId::derive(&["damaged", &number.to_string()]),
            kind: event.kind.to_string().into(),
            data: serde_json::to_vec(&said).expect("an event").into(),
            metadata: event.metadata().expect("metadata"),
        }
    });
    let stream = stream_of(damaged);
    hospital.journal.append(stream, Expected::NoStream, copies.collect()).await.expect("appended");
    // when it is read again
    let replayed = hospital.intake.replay([damaged], "test").await;
    // then that is an error, and what it said stands
    assert!(matches!(replayed, Err(ReplayError::Damaged(id)) if id == damaged), "{replayed:?}");
    assert_eq!(hospital.readings(damaged).await.len(), 1);
}
