//! Connecting, and a client that does not outlive its server.

use std::time::Duration;

use countersign_eventsourcing::journal::{Expected, Journal, JournalError, Position};
use countersign_eventstoredb::{ConnectError, EventStoreJournal, Options};
use countersign_testkit::eventstore_stand_in::{Call, Fault};

use super::given::{a_journal_on, a_stand_in, events, options, stream};

#[tokio::test]
async fn a_server_that_was_down_is_found_again() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, Options { retries: 1, ..options() }).await;
    journal.append(stream("facts"), Expected::Any, events("before", 1)).await.expect("appended");

    stand_in.set_down(true);
    for _ in 0..3 {
        // The client's own task ends with the first connection that cannot be made.
        let down = journal.head().await;
        assert!(matches!(down, Err(JournalError::Unavailable(_))), "{down:?}");
    }
    stand_in.set_down(false);

    let appended = journal.append(stream("facts"), Expected::Any, events("after", 1)).await;
    assert_eq!(appended.expect("appended").revision, 1);
}

#[tokio::test]
async fn no_request_outlives_its_deadline() {
    let stand_in = a_stand_in().await;
    let hasty = Options { deadline: Duration::from_millis(200), retries: 1, ..options() };
    let journal = a_journal_on(&stand_in, hasty).await;
    stand_in.set_frozen(true);

    let begin = tokio::time::Instant::now();
    let read = journal.read_stream(stream("facts"), 0).await;

    assert!(matches!(read, Err(JournalError::Unavailable(_))), "{read:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    stand_in.set_frozen(false);
    assert_eq!(journal.head().await.expect("a head"), Position::START);
}

#[tokio::test]
async fn a_cluster_is_found_through_its_gossip() {
    let stand_in = a_stand_in().await;
    let address = stand_in.address();
    let seeds = format!("esdb://{address},{address}?tls=false&discoveryInterval=1");

    let journal = EventStoreJournal::connect_with(&seeds, options()).await.expect("a connection");

    let appended = journal.append(stream("facts"), Expected::NoStream, events("first", 1)).await;
    assert_eq!(appended.expect("appended").revision, 0);
}

#[tokio::test]
async fn connecting_is_tried_again_but_not_for_ever() {
    let stand_in = a_stand_in().await;
    stand_in.fault(Call::Features, Fault::Unavailable);
    a_journal_on(&stand_in, options()).await;

    stand_in.set_down(true);
    let refused = EventStoreJournal::connect_with(&stand_in.connection_string(), options()).await.err();
    assert!(matches!(refused, Some(ConnectError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn an_old_server_is_refused() {
    let stand_in = a_stand_in().await;
    stand_in.set_version("22.10.5");
    let refused = EventStoreJournal::connect_with(&stand_in.connection_string(), options()).await.err();
    assert!(matches!(&refused, Some(ConnectError::TooOld { found }) if found == "22.10.5"), "{refused:?}");
    for new_enough in ["23.10.0", "24.10.4.1234", "25.1.0", "26.0.0-rc.1"] {
        stand_in.set_version(new_enough);
        a_journal_on(&stand_in, options()).await;
    }
}

#[tokio::test]
async fn a_wrong_connection_string_is_described_without_its_password() {
    for wrong in [
        "esdb://admin:s3cret@host:not-a-port",
        "http://admin:s3cret@host:2113",
        "esdb://admin:s3cret@host:2113/s3cret",
        "esdb://admin:s3cret@host,s3cret:s3cret,x:1",
        "esdb://admin:s3cret@host:2113?keepAliveInterval=s3cret",
        "esdb://admin:s3cret@host:2113?nodePreference=s3cret",
        "s3cret",
        "",
    ] {
        let refused = EventStoreJournal::connect_with(wrong, options()).await.err();
        let Some(ConnectError::ConnectionString(_)) = &refused else { panic!("{wrong}: {refused:?}") };
        let told = format!("{refused:?}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}
