//! A simulated hospital's messages all find their place.

use countersign_hospital::{Dirt, Hospital as Simulated, Settings};
use countersign_intake::{
    domain::{Connection, FindingCode},
    projections::inbox::Feed,
};

use crate::support::Hospital;

#[tokio::test]
async fn every_message_of_an_orderly_hospital_is_used_without_guesswork() {
    // given a hospital without dirt
    let settings = Settings {
        discharges_per_month: 40,
        months: 1,
        dirt: Dirt::none(),
        charges: true,
        orders: true,
        ..Settings::default()
    };
    let simulated = Simulated::new(settings).expect("a hospital");
    let hospital = Hospital::open();
    // when it sends a month of messages
    let mut sent = 0;
    for message in simulated.messages() {
        sent += 1;
        hospital.intake.receive(&message.bytes, Connection::file()).await;
    }
    // then all are used, and nothing had to be inferred
    let feeds = hospital.feeds().await;
    assert_eq!(feeds.iter().map(|feed| feed.accepted).sum::<u64>(), sent);
    for feed in feeds {
        for guess in [
            FindingCode::SignerInferred,
            FindingCode::DischargeTimeInferred,
            FindingCode::ClassUnmapped,
            FindingCode::DocumentNumberMissing,
            FindingCode::TimeUnreadable,
            FindingCode::ChargeAmountUnreadable,
            FindingCode::ChargeNumberMissing,
            FindingCode::OrderModeUnmapped,
            FindingCode::OrderVerifiedOnly,
        ] {
            assert!(!feed.findings.iter().any(|one| one.code == guess.code()), "{:?}", feed.findings);
        }
    }
}

#[tokio::test]
async fn the_dirt_of_a_usual_hospital_is_counted_as_the_hospital_counts_it() {
    let settings = Settings {
        discharges_per_month: 60,
        months: 1,
        dirt: Dirt { undecodable: 0.02, reused_control_id: 0.02, ..Dirt::default() },
        ..Settings::default()
    };
    let simulated = Simulated::new(settings).expect("a hospital");
    let hospital = Hospital::open();
    for message in simulated.messages() {
        hospital.intake.receive(&message.bytes, Connection::file()).await;
    }
    let truth = simulated.truth().total;
    let feeds = hospital.feeds().await;
    let sum = |count: fn(&Feed) -> u64| feeds.iter().map(count).sum::<u64>();
    assert_eq!(sum(|feed| feed.received), truth.sent);
    assert_eq!(sum(|feed| feed.duplicate), truth.duplicates);
    assert_eq!(sum(|feed| feed.not_used), truth.unmapped);
    assert_eq!(sum(|feed| feed.quarantined), truth.quarantined);
    assert_eq!(sum(|feed| feed.control_ids_reused), truth.reused_control_ids);
}
