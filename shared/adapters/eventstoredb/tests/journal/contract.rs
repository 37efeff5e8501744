//! The contract suite of the port: against the stand-in, or against the server that the environment names.

use std::{
    io::Write,
    sync::{Arc, LazyLock},
};

use countersign_eventsourcing::{
    journal::{Journal, PortFuture, Position},
    spec::journal::Store,
};
use countersign_eventstoredb::EventStoreJournal;
use countersign_testkit::eventstore_stand_in::EventStoreStandIn;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    given::{a_journal_on, a_stand_in, options},
    namespaced::Namespaced,
};

countersign_eventsourcing::journal_spec!(empty_store);

#[expect(clippy::disallowed_methods, reason = "only the environment can say whether there is a server")]
fn real_server() -> Option<String> {
    std::env::var("COUNTERSIGN_TEST_EVENTSTORE").ok()
}

#[test]
fn which_server_the_contract_was_run_against() {
    let line: &[u8] = if real_server().is_some() {
        b"the EventStoreDB contract was run against the server that COUNTERSIGN_TEST_EVENTSTORE names\n"
    } else {
        b"SKIPPED: COUNTERSIGN_TEST_EVENTSTORE names no server; the EventStoreDB contract was run against the \
          stand-in only\n"
    };
    // Not by `eprintln`, which the test harness would swallow.
    std::io::stderr().write_all(line).expect("stderr takes a line");
}

enum Server {
    StandIn(EventStoreStandIn),
    Real {
        connection_string: String,
        begin: Position,
        /// One case at a time: nobody else may write. Holds the number of the case.
        turn: OwnedMutexGuard<u32>,
    },
}

async fn empty_store() -> Server {
    static TURN: LazyLock<Arc<Mutex<u32>>> = LazyLock::new(Arc::default);
    let Some(connection_string) = real_server() else { return Server::StandIn(a_stand_in().await) };
    let mut turn = TURN.clone().lock_owned().await;
    *turn += 1;
    let begin = on_real_server(&connection_string).await.head().await.expect("a head");
    Server::Real { connection_string, begin, turn }
}

async fn on_real_server(connection_string: &str) -> EventStoreJournal {
    EventStoreJournal::connect_with(connection_string, options()).await.expect("the server that was named")
}

impl Store for Server {
    fn open(&self) -> PortFuture<'_, Arc<dyn Journal>> {
        Box::pin(async move {
            match self {
                Self::StandIn(stand_in) => {
                    Arc::new(a_journal_on(stand_in, options()).await) as Arc<dyn Journal>
                }
                Self::Real { connection_string, begin, turn } => {
                    // The log never ends at the same place twice, so the namespace is new.
                    let namespace = format!("{begin}x{}", **turn);
                    Arc::new(Namespaced::new(on_real_server(connection_string).await, *begin, &namespace))
                }
            }
        })
    }
}
