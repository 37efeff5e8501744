//! A process that installed a TLS provider before it connects. In a process of its own, for there is one
//! provider in each.

use countersign_eventstoredb::{ConnectError, EventStoreJournal};

#[tokio::test]
async fn whoever_installs_a_provider_first_is_told_so() {
    tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first one");

    let refused = EventStoreJournal::connect("esdb://127.0.0.1:1?tls=false").await.err();

    assert!(matches!(refused, Some(ConnectError::ProviderInstalled)), "{refused:?}");
}
