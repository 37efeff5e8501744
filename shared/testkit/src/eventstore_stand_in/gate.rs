//! The wire between client and server, where connections can be cut, refused or left hanging.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

#[derive(Debug, Clone, Copy, Default)]
struct Wire {
    cuts: u64,
    down: bool,
    frozen: bool,
}

/// Passes bytes between a client's port and the server's.
pub(super) struct Gate {
    address: SocketAddr,
    wire: Arc<watch::Sender<Wire>>,
    accepting: JoinHandle<()>,
}

impl Gate {
    pub(super) async fn before(server: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let wire = Arc::new(watch::Sender::new(Wire::default()));
        let changes = wire.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A server that is down is one that hangs up at once: the port stays ours.
                if !changes.borrow().down {
                    tokio::spawn(pass(client, server, changes.subscribe()));
                }
            }
        });
        Ok(Self { address, wire, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn cut(&self) {
        self.wire.send_modify(|wire| wire.cuts += 1);
    }

    pub(super) fn set_down(&self, down: bool) {
        self.wire.send_modify(|wire| {
            wire.down = down;
            wire.cuts += u64::from(down);
        });
    }

    pub(super) fn set_frozen(&self, frozen: bool) {
        self.wire.send_modify(|wire| wire.frozen = frozen);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn pass(client: TcpStream, server: SocketAddr, mut wire: watch::Receiver<Wire>) {
    let cuts = wire.borrow().cuts;
    let Ok(server) = TcpStream::connect(server).await else { return };
    // Small requests and answers: waiting to fill a packet would only slow the tests.
    if client.set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = one_way(from_client, to_server, wire.clone()) => {}
        () = one_way(from_server, to_client, wire.clone()) => {}
        _ = wire.wait_for(|wire| wire.cuts != cuts) => {}
    }
}

async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut wire: watch::Receiver<Wire>) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        acknowledge(from.as_ref());
        if wire.wait_for(|wire| !wire.frozen).await.is_err() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

/// Acknowledges at once what was received. The client leaves Nagle's algorithm on and writes each request in
/// two parts, so that it would wait 40 ms for every acknowledgement. Linux forgets the wish with every read.
fn acknowledge(socket: &TcpStream) {
    #[cfg(target_os = "linux")]
    // Only tests get slower if it fails.
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}
