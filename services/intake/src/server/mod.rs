//! HL7 over MLLP: many connections, each pipelined, plain or in TLS.
//!
//! Memory is bounded whatever senders do: a connection reads ahead a limited number of messages, all connections
//! together hold a limited number of bytes that are not durable yet, and few may build up a large message at once.
//! A sender that is too fast is not read from until the journal has caught up.

mod connection;
mod head;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Intake;
use connection::{Bounds, Connection};

pub use tls::{TlsError, TlsFiles};

/// Bytes of messages of all connections together that are received and not yet durable.
const BYTES_IN_FLIGHT: usize = 256 * 1024 * 1024;
/// Connections that may build up a message of more than [`connection::LARGE`] bytes at once.
const LARGE_AT_ONCE: usize = 8;
/// Longest wait for a peer to complete the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Rest after the system refused a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the server is run.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Largest message, bytes.
    pub max_message_bytes: usize,
    /// Connections at the same time; further ones wait.
    pub max_connections: usize,
    /// Longest time without a complete message on a connection.
    pub idle_timeout: Duration,
    /// Messages that one connection may have under way before it is no longer read from.
    pub window: usize,
    /// TLS, if it is wanted.
    pub tls: Option<TlsFiles>,
}

impl Default for ServerOptions {
    /// 16 MiB a message, 256 connections, half an hour, 256 messages under way, no TLS.
    fn default() -> Self {
        Self {
            max_message_bytes: 16 * 1024 * 1024,
            max_connections: 256,
            idle_timeout: Duration::from_mins(30),
            window: 256,
            tls: None,
        }
    }
}

/// Why the server cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be served.
    #[error("cannot listen for HL7 on {address}: {source}; is another program using it? (mllp.listen)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An MLLP server with its port open.
pub struct MllpServer {
    listener: TcpListener,
    intake: Arc<Intake>,
    options: ServerOptions,
    tls: Option<TlsAcceptor>,
}

impl MllpServer {
    /// Opens the port. Senders may connect from now on; they are served by [`MllpServer::run`].
    pub async fn bind(
        address: SocketAddr,
        intake: Arc<Intake>,
        options: ServerOptions,
    ) -> Result<Self, ServerError> {
        let tls = options.tls.as_ref().map(TlsFiles::acceptor).transpose()?;
        let listener =
            TcpListener::bind(address).await.map_err(|source| ServerError::Bind { address, source })?;
        Ok(Self { listener, intake, options, tls })
    }

    /// The address that is served: the port chosen by the system where 0 was asked for.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`; then reads nothing more, and returns when everything that was read is answered.
    pub async fn run(self, stop: CancellationToken) {
        let Self { listener, intake, options, tls } = self;
        let connections = Arc::new(Semaphore::new(options.max_connections.max(1)));
        let bounds = Bounds {
            max_message: options.max_message_bytes,
            idle: options.idle_timeout,
            window: options.window.max(1),
            in_flight: Arc::new(Semaphore::new(connection::permits(
                BYTES_IN_FLIGHT.max(options.max_message_bytes),
            ) as usize)),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        };
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accept(&listener, &connections) => accepted,
            };
            let (stream, peer, place) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let (intake, bounds, tls, stop) =
                (Arc::clone(&intake), bounds.clone(), tls.clone(), stop.clone());
            tasks.spawn(async move {
                serve(stream, peer, tls, intake, bounds, stop).await;
                drop(place);
            });
        }
        drop(listener);
        tasks.close();
        tasks.wait().await;
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Acknowledgements are small and waited for.
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    intake: Arc<Intake>,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let measures = intake.measures().clone();
    measures.connected(1);
    let outcome = match tls {
        None => Connection::new(stream, format!("mllp {peer}"), &intake, bounds).run(stop).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                Connection::new(stream, format!("mllps {peer}"), &intake, bounds).run(stop).await
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no TLS handshake")),
        },
    };
    measures.connected(-1);
    match outcome {
        Ok(ended) => tracing::debug!(%peer, ended = ended.name(), "connection closed"),
        Err(error) => tracing::info!(%peer, %error, "connection lost"),
    }
}
