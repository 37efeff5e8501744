//! Whatever the bytes: no panic, exactly one outcome, an answer, and counts that add up.

use std::cell::Cell;

use countersign_intake::{
    Disposition,
    domain::{Connection, Outcome},
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::{Hospital, admission, adt};

/// Bytes near to messages: a message with pieces of it overwritten, cut out, repeated or put elsewhere.
fn near_messages() -> impl Strategy<Value = Vec<u8>> {
    let seeds = prop_oneof![
        Just(admission("7", "V1")),
        Just(adt("A03", "8", "V1^^^NORTH^VN", "20260301|20260309")),
        Just("MSH|^~\\&|MPI|NORTH|||20260309||ADT^A40|1|P|2.5\rPID|||N1~N2^^^B\rMRG|O1~O2^^^B\rPID|||N3\rMRG|O3".to_owned()),
        Just("MSH|^~\\&|N|NORTH|||20260309||MDM^T02|1|P|2.5\rEVN||20260309\rPV1||I|||||||||||||||||V1\rTXA||DS||20260308|||||1^A^B|2^C^D||D1^N|D0||||AU|||||3^E^F^^^^^^^^^^^^20260309\rPR1|1||X||20260308||90".to_owned()),
    ];
    let edit = (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..6), 0_usize..12);
    (seeds, prop::collection::vec(edit, 0..8)).prop_map(|(seed, edits)| {
        let mut bytes = seed.into_bytes();
        for (place, new, cut) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, new);
        }
        bytes
    })
}

#[test]
fn every_delivery_has_exactly_one_outcome() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let hospital = Hospital::open();
    let deliveries = Cell::new(0);
    let new = Cell::new(0);
    let config = ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() };
    let bytes = prop_oneof![3 => near_messages(), 1 => prop::collection::vec(any::<u8>(), 0..200)];
    let outcome = TestRunner::new(config).run(&bytes, |bytes| {
        runtime.block_on(async {
            let received = hospital.intake.receive(&bytes, Connection::file()).await;
            deliveries.set(deliveries.get() + 2);
            match received.disposition {
                Disposition::New(outcome) => {
                    new.set(new.get() + 1);
                    let reading = hospital.readings(received.message).await.remove(0);
                    assert_eq!(reading.outcome, outcome);
                    let says = !reading.facts.is_empty() || !reading.merges.is_empty();
                    assert_eq!(says, outcome == Outcome::Used);
                }
                Disposition::Duplicate(_) => {}
                Disposition::NotStored => panic!("not stored"),
            }
            if let Some(ack) = &received.ack {
                countersign_hl7::ack::read(ack).expect("a readable acknowledgement");
            }
            // and the same bytes again are always a duplicate
            let again = hospital.intake.receive(&bytes, Connection::file()).await;
            assert!(matches!(again.disposition, Disposition::Duplicate(_)));
            assert_eq!(again.message, received.message);
        });
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // and everything that was received is counted once
    let feeds = runtime.block_on(hospital.feeds());
    assert_eq!(feeds.iter().map(|feed| feed.received).sum::<u64>(), deliveries.get());
    assert_eq!(feeds.iter().map(|feed| feed.received - feed.duplicate).sum::<u64>(), new.get());
    for feed in feeds {
        assert_eq!(feed.received, feed.accepted + feed.duplicate + feed.quarantined + feed.not_used);
    }
}
