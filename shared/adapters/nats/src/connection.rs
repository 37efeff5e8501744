//! The connection: found, checked, provisioned, and watched.

use std::{sync::Arc, time::Duration};

use async_nats::{
    Client, ConnectErrorKind, ConnectOptions, Event,
    jetstream::{self, Context, context::ContextBuilder},
};
use tokio::{sync::watch, time::Instant};

use crate::{Credentials, NatsError, NatsOptions, pause::Pause, transport, version};

/// How long a request to the server may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest time between two attempts to reconnect.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// State of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Link {
    /// Whether there is one.
    pub(crate) up: bool,
    /// How often it came or went: what was in flight before a change may be lost.
    pub(crate) changes: u64,
}

/// A connection to NATS that restores itself. Cheap to clone.
#[derive(Clone)]
pub struct Nats(Arc<Inner>);

struct Inner {
    client: Client,
    jetstream: Context,
    options: NatsOptions,
    link: watch::Receiver<Link>,
}

impl Nats {
    /// Connects, checks the server's version and sees to it that the stream is there. Tries again for
    /// [`NatsOptions::patience`] when the server is not there yet.
    pub async fn connect(options: NatsOptions) -> Result<Self, NatsError> {
        let deadline = Instant::now() + options.patience;
        let mut pause = Pause::new();
        let (_, mut nothing) = watch::channel(Link::default());
        loop {
            let error = match Self::attempt(&options).await {
                Ok(nats) => return Ok(nats),
                Err(error) => error,
            };
            if !error.is_transient() || Instant::now() >= deadline {
                return Err(error);
            }
            tracing::warn!(%error, "NATS is not usable yet");
            pause.failed();
            pause.wait(&mut nothing).await;
        }
    }

    async fn attempt(options: &NatsOptions) -> Result<Self, NatsError> {
        let (changed, link) = watch::channel(Link { up: true, changes: 0 });
        let servers: Vec<&str> = options.url.split(',').map(str::trim).collect();
        let client = connect_options(options)
            .await?
            .name(&options.name)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .connection_timeout(REQUEST_TIMEOUT)
            .reconnect_delay_callback(|attempts| {
                let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
                RECONNECT_DELAY.min(Duration::from_millis(10).saturating_mul(attempts))
            })
            .event_callback(move |event| {
                match &event {
                    Event::Connected | Event::Disconnected | Event::Closed => {
                        changed.send_modify(|link| {
                            link.up = matches!(event, Event::Connected);
                            link.changes += 1;
                        });
                        tracing::info!(%event, "NATS connection");
                    }
                    _ => tracing::warn!(%event, "NATS connection"),
                }
                std::future::ready(())
            })
            .connect(&servers[..])
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::Authentication
                | ConnectErrorKind::AuthorizationViolation
                | ConnectErrorKind::ServerParse
                | ConnectErrorKind::Tls => NatsError::Refused(error.to_string()),
                _ => NatsError::unavailable(&error),
            })?;
        let jetstream =
            ContextBuilder::new().timeout(REQUEST_TIMEOUT).ack_timeout(REQUEST_TIMEOUT).build(client.clone());
        let nats = Self(Arc::new(Inner { client, jetstream, options: options.clone(), link }));
        transport::provision(&nats).await?;
        Ok(nats)
    }

    /// Whether there is a connection at this moment.
    pub fn is_connected(&self) -> bool {
        self.0.link.borrow().up
    }

    /// Refuses servers that are too old or run without JetStream. A reconnect may have led to another one.
    pub(crate) fn check_server(&self) -> Result<(), NatsError> {
        let Some(server) = self.0.client.try_server_info() else {
            return Err(NatsError::Unavailable("not connected".to_owned()));
        };
        if !version::is_supported(&server.version) {
            return Err(NatsError::OldServer { found: server.version });
        }
        if server.jetstream { Ok(()) } else { Err(NatsError::NoJetStream) }
    }

    pub(crate) fn jetstream(&self) -> &jetstream::Context {
        &self.0.jetstream
    }

    pub(crate) fn options(&self) -> &NatsOptions {
        &self.0.options
    }

    /// The state of the connection, to be watched.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.0.link.clone()
    }
}

async fn connect_options(options: &NatsOptions) -> Result<ConnectOptions, NatsError> {
    let unusable = |error: std::io::Error| NatsError::Credentials(error.to_string());
    let mut connect = ConnectOptions::new();
    connect = match &options.credentials {
        Credentials::None => connect,
        Credentials::File(path) => connect.credentials_file(path).await.map_err(unusable)?,
        Credentials::NKey(seed) => connect.nkey(seed.clone()),
        Credentials::Password { user, password } => connect.user_and_password(user.clone(), password.clone()),
        Credentials::Token(token) => connect.token(token.clone()),
    };
    if let Some(tls) = &options.tls {
        connect = connect.require_tls(true);
        if let Some(authority) = &tls.authority {
            connect = connect.add_root_certificates(authority.clone());
        }
        if let Some((certificate, key)) = &tls.identity {
            connect = connect.add_client_certificate(certificate.clone(), key.clone());
        }
    }
    Ok(connect)
}
