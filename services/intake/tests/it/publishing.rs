//! What the neighbours hear.

use countersign_contracts::{
    chart::{self, ChartFactsReported, EncounterKey, What},
    patient::{self, PatientMerged},
    staff::{self, StaffReported},
};
use countersign_eventsourcing::journal::{Filter, Position};
use countersign_intake::publish::publish;
use countersign_kernel::Timestamp;

use crate::support::{Hospital, NOW, admission, adt};

async fn published(hospital: &Hospital) -> Vec<countersign_contracts::Envelope> {
    let batch = hospital.journal.read_all(Position::START, Filter::All, 1000).await.expect("events");
    batch.events.iter().flat_map(|event| publish(event).expect("published")).collect()
}

#[tokio::test]
async fn facts_are_published_under_their_chart_and_byte_by_byte_as_stored() {
    let hospital = Hospital::open();
    let received = hospital.receive(&admission("1", "V1")).await;
    let envelopes = published(&hospital).await;
    assert_eq!(envelopes.len(), 1);
    let envelope = &envelopes[0];
    assert_eq!(
        (envelope.category.as_str(), envelope.kind.as_str()),
        (chart::CATEGORY, ChartFactsReported::TYPE)
    );
    let facts: ChartFactsReported = envelope.decode().expect("decoded");
    assert_eq!(envelope.key, facts.encounter.id().0);
    assert_eq!(
        facts.encounter,
        EncounterKey { facility: "NORTH".into(), authority: "NORTH".into(), visit: "V1".into() }
    );
    assert_eq!(facts.facts[0].what, What::Opened);
    assert_eq!(facts.message, received.message);
    assert_eq!(envelope.correlation, received.message.0);
    assert_eq!(envelope.time, NOW.parse::<Timestamp>().expect("an instant"));
    assert_eq!(facts, hospital.readings(received.message).await[0].facts[0]);
}

#[tokio::test]
async fn every_delivery_of_a_fact_has_the_same_id_and_every_fact_another() {
    let hospital = Hospital::open();
    let renumbering = format!("{}\rMRG|M||||V1", adt("A06", "1", "V2", ""));
    hospital.receive(&renumbering).await;
    let ids: Vec<_> = published(&hospital).await.iter().map(|envelope| envelope.id).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids, published(&hospital).await.iter().map(|envelope| envelope.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn merges_are_published_under_the_retired_identifier() {
    let hospital = Hospital::open();
    hospital.receive("MSH|^~\\&|MPI|NORTH|||20260309||ADT^A40|1|P|2.5\rPID|||NEW\rMRG|OLD").await;
    let envelopes = published(&hospital).await;
    assert_eq!(envelopes.len(), 1);
    assert_eq!(
        (envelopes[0].category.as_str(), envelopes[0].kind.as_str()),
        (patient::CATEGORY, PatientMerged::TYPE)
    );
    let merged: PatientMerged = envelopes[0].decode().expect("decoded");
    assert_eq!(envelopes[0].key, merged.retired.key());
    assert_eq!(merged.retired.id.reveal(), "OLD");
}

#[tokio::test]
async fn staff_records_are_published_each_under_its_provider() {
    let hospital = Hospital::open();
    let text = "MSH|^~\\&|HR|NORTH|||20260309||MFN^M02|1|P|2.5\rMFI|PRA||UPD\r\
                MFE|MAD|1|20260301|1001\rSTF|1001||WELBY^MARCUS\rMFE|MDC|2|20260302|1002";
    let message = hospital.receive(text).await.message;
    let envelopes = published(&hospital).await;
    assert_eq!(envelopes.len(), 2);
    for (envelope, record) in envelopes.iter().zip(&hospital.readings(message).await[0].staff) {
        assert_eq!(
            (envelope.category.as_str(), envelope.kind.as_str()),
            (staff::CATEGORY, StaffReported::TYPE)
        );
        assert_eq!(&envelope.decode::<StaffReported>().expect("decoded"), record);
        assert_eq!(envelope.key, record.key());
    }
    assert_ne!(envelopes[0].id, envelopes[1].id);
}

#[tokio::test]
async fn duplicates_and_unused_and_quarantined_messages_say_nothing() {
    let hospital = Hospital::open();
    for text in ["junk", "MSH|^~\\&|A|B|||20260309||ORU^R01|1|P|2.5", &adt("A03", "1", "", "")] {
        hospital.receive(text).await;
        hospital.receive(text).await;
    }
    assert!(published(&hospital).await.is_empty());
}
