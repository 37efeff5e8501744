//! A journal, a server, a relay between them and a feed from it.

use std::{sync::Arc, time::Duration};

use countersign_eventsourcing::{
    feed::Feed,
    journal::{Journal, PortFuture},
    publish::SharedPublishers,
    spec::feed::Fixture,
};
use countersign_nats::{Nats, NatsFeed, NatsOptions, Relay, RelayStatus};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use countersign_testkit::nats_server::NatsServer;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// A fresh journal in a folder of its own.
pub(crate) fn fresh_journal() -> (Arc<SqliteJournal>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = DataFolder::open_exclusive(folder.path(), "test").expect("the folder is free");
    (SqliteJournal::open(data, Options::default()).expect("a journal"), folder)
}

/// Options for a test's server, with leases that end soon.
pub(crate) fn options(server: &NatsServer) -> NatsOptions {
    NatsOptions { lease_ttl: Duration::from_secs(2), ..NatsOptions::new(server.url()) }
}

/// A relay at work.
pub(crate) struct RunningRelay {
    pub(crate) status: watch::Receiver<RelayStatus>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RunningRelay {
    pub(crate) fn start(
        nats: &Nats,
        journal: Arc<dyn Journal>,
        publishers: SharedPublishers,
        owner: &str,
    ) -> Self {
        let relay = Relay::new(nats.clone(), journal, publishers, owner);
        let (status, stop) = (relay.status(), CancellationToken::new());
        let task = tokio::spawn(relay.run(stop.clone()));
        Self { status, stop, task }
    }

    /// Ends it in good order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the relay ends");
    }

    /// Ends it as a crash does: without giving back its lease.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }

    /// Waits until its status is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&RelayStatus) -> bool) -> RelayStatus {
        let mut status = self.status.clone();
        let waited = tokio::time::timeout(Duration::from_secs(30), status.wait_for(wanted)).await;
        match waited {
            Ok(Ok(status)) => status.clone(),
            _ => panic!("the relay: {what}: not so; {:?}", self.status.borrow()),
        }
    }
}

/// All of it, for the specification of feeds.
pub(crate) struct Installation {
    pub(crate) relay: RunningRelay,
    pub(crate) nats: Nats,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) server: NatsServer,
    folder: TempDir,
}

impl Installation {
    pub(crate) async fn fresh(publishers: SharedPublishers) -> Self {
        let server = NatsServer::start();
        Self::with(options(&server), server, publishers).await
    }

    pub(crate) async fn with(options: NatsOptions, server: NatsServer, publishers: SharedPublishers) -> Self {
        let nats = Nats::connect(options).await.expect("a connection");
        let (journal, folder) = fresh_journal();
        let relay = RunningRelay::start(&nats, journal.clone(), publishers, "test");
        Self { relay, nats, journal, server, folder }
    }

    /// The relay ends, all else stays.
    pub(crate) async fn without_relay(self) -> impl Sized {
        let Self { relay, nats, journal, server, folder } = self;
        relay.stop().await;
        (nats, journal, server, folder)
    }
}

/// A plain client, for what an operator does by hand.
pub(crate) async fn connect_raw(server: &NatsServer) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(async_nats::connect(server.url()).await.expect("a connection"))
}

impl Fixture for Installation {
    fn journal(&self) -> Arc<dyn Journal> {
        self.journal.clone()
    }

    fn feed(&self) -> Arc<dyn Feed> {
        Arc::new(NatsFeed::new(self.nats.clone()))
    }

    fn problem(&self) -> PortFuture<'_, Option<String>> {
        let problem = self.relay.status.borrow().problem.clone();
        Box::pin(std::future::ready(problem))
    }
}
