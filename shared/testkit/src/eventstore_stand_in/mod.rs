//! A stand-in for `EventStoreDB`: a small server in memory that speaks the published gRPC protocol on a loopback
//! port, as far as the journal adapter uses it. It keeps to what is known of real servers (reads from a
//! position include it, subscriptions do not; idempotency is best effort; checkpoints may point at what was
//! not looked at yet) and can fail on demand, which a real server cannot.
//!
//! It is no proof that a real server behaves so: `docs/decisions/eventstoredb.md` says what was run.

mod faults;
mod gate;
mod service;
mod store;
mod subscription;
mod wire;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tonic::transport::server::TcpIncoming;
use uuid::Uuid;

pub use self::faults::{Call, Fault};
use self::{
    faults::{Faults, locked},
    gate::Gate,
    service::{Methods, Pulse, Server},
    store::Store,
    wire::ProposedEvent,
};

/// A running stand-in. It ends when dropped.
pub struct EventStoreStandIn {
    server: Arc<Server>,
    gate: Gate,
    serving: JoinHandle<()>,
}

impl EventStoreStandIn {
    /// Starts an empty one on a free loopback port.
    pub async fn start() -> anyhow::Result<Self> {
        let server = Arc::new(Server {
            store: Mutex::new(Store::default()),
            faults: Faults::default(),
            pulse: watch::Sender::new(Pulse::default()),
            version: Mutex::new("24.10.4".to_owned()),
            address: Mutex::new(None),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gate = Gate::before(listener.local_addr()?).await?;
        *locked(&server.address) = Some(gate.address());
        let methods = Methods(server.clone());
        let serving = tokio::spawn(async move {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            if let Err(error) =
                tonic::transport::Server::builder().serve_with_incoming(methods, incoming).await
            {
                eprintln!("the EventStoreDB stand-in stopped: {error}");
            }
        });
        let stand_in = Self { server, gate, serving };
        // A real log starts with the server's own records, so that no event of ours is at position zero.
        stand_in.write_system_events(1);
        Ok(stand_in)
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.gate.address()
    }

    /// How clients connect: without TLS, and without the client's half second of thought before it dials.
    pub fn connection_string(&self) -> String {
        format!("esdb://{}?tls=false&discoveryInterval=1", self.gate.address())
    }

    /// Lets the next request of this kind that has no fault yet meet one.
    pub fn fault(&self, call: Call, fault: Fault) {
        self.server.faults.add(call, fault);
    }

    /// How many requests of this kind arrived, faulty ones included.
    pub fn requests(&self, call: Call) -> usize {
        self.server.faults.seen(call)
    }

    /// Whether the server forgets event ids, so that a repeated append is a wrong expected version.
    pub fn set_forgetful(&self, forgetful: bool) {
        locked(&self.server.store).forgetful = forgetful;
    }

    /// Whether subscriptions are told that they caught up (servers before 23.10 did not tell).
    pub fn set_telling_of_catching_up(&self, telling: bool) {
        self.server.pulse.send_modify(|pulse| pulse.tells_no_catching_up = !telling);
    }

    /// The version that the server says it has.
    pub fn set_version(&self, version: &str) {
        version.clone_into(&mut locked(&self.server.version));
    }

    /// Cuts every subscription with an error.
    pub fn cut_subscriptions(&self) {
        self.server.pulse.send_modify(|pulse| pulse.cuts += 1);
    }

    /// Ends every subscription as if all were well.
    pub fn end_subscriptions(&self) {
        self.server.pulse.send_modify(|pulse| pulse.ends += 1);
    }

    /// Whether open subscriptions deliver nothing although their connection lives. Those opened later too.
    pub fn set_muted(&self, muted: bool) {
        self.server.pulse.send_modify(|pulse| pulse.muted = muted);
    }

    /// Closes every connection.
    pub fn drop_connections(&self) {
        self.gate.cut();
    }

    /// Whether the server is down: connections are closed, new ones hang up.
    pub fn set_down(&self, down: bool) {
        self.gate.set_down(down);
    }

    /// Whether the network swallows everything, without closing a connection.
    pub fn set_frozen(&self, frozen: bool) {
        self.gate.set_frozen(frozen);
    }

    /// Writes records of the server's own, as a real one does all day.
    pub fn write_system_events(&self, count: usize) {
        self.server.write(|store| {
            store.write("$stats-127.0.0.1:2113", vec![plain_event("$statsCollected"); count]);
        });
    }

    /// The ids of a stream's events, oldest first.
    pub fn stream_ids(&self, stream: &str) -> Vec<Uuid> {
        locked(&self.server.store).stream(stream).iter().filter_map(|record| record.id()).collect()
    }
}

impl Drop for EventStoreStandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn plain_event(kind: &str) -> ProposedEvent {
    let system_metadata = HashMap::from([
        ("type".to_owned(), kind.to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ]);
    let id = Some(wire::Uuid::from_id(Uuid::nil()));
    ProposedEvent { id, system_metadata, user_metadata: "{}".into(), data: "{}".into() }
}
