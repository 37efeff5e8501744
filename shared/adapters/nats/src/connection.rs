//! The connection: found, checked, provisioned, and watched.

use std::{
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use async_nats::{
    Client, ConnectErrorKind, ConnectOptions, Event,
    jetstream::{Context, context::ContextBuilder},
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Credentials, NatsError, NatsOptions, pause::Pause, tls, transport, version};

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
    options: NatsOptions,
    jetstream: RwLock<Context>,
    link: watch::Sender<Link>,
}

impl Nats {
    /// Connects, checks the server's version and sees to it that the stream is there. Tries again for
    /// [`NatsOptions::patience`] when the server is not there yet.
    pub async fn connect(options: NatsOptions) -> Result<Self, NatsError> {
        let deadline = Instant::now() + options.patience;
        let mut pause = Pause::new();
        let mut nothing = watch::Sender::default().subscribe();
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
        let link = watch::Sender::new(Link { up: true, changes: 0 });
        let (client, ended) = open(options, &link).await?;
        let jetstream = RwLock::new(context(client));
        let nats = Self(Arc::new(Inner { options: options.clone(), jetstream, link }));
        tokio::spawn(keep_open(Arc::downgrade(&nats.0), ended));
        transport::provision(&nats).await?;
        Ok(nats)
    }

    /// Whether there is a connection at this moment.
    pub fn is_connected(&self) -> bool {
        self.0.link.borrow().up
    }

    /// Refuses servers that are too old or run without `JetStream`. A reconnect may have led to another one.
    pub(crate) fn check_server(&self) -> Result<(), NatsError> {
        let Some(server) = self.jetstream().client().try_server_info() else {
            return Err(NatsError::Unavailable("not connected".to_owned()));
        };
        if !version::is_supported(&server.version) {
            return Err(NatsError::OldServer { found: server.version });
        }
        if server.jetstream { Ok(()) } else { Err(NatsError::NoJetStream) }
    }

    pub(crate) fn jetstream(&self) -> Context {
        self.0.jetstream.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn options(&self) -> &NatsOptions {
        &self.0.options
    }

    /// The state of the connection, to be watched.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.0.link.subscribe()
    }
}

/// Opens a connection. The token tells when the client gives up for good: it restores a lost connection
/// itself, unless the server that it comes back to does not know us.
async fn open(
    options: &NatsOptions,
    link: &watch::Sender<Link>,
) -> Result<(Client, CancellationToken), NatsError> {
    let servers: Vec<&str> = options.url.split(',').map(str::trim).collect();
    let ended = CancellationToken::new();
    let (changed, with_the_client) = (link.clone(), ended.clone().drop_guard());
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
            let _ = &with_the_client;
            match &event {
                Event::Connected | Event::Disconnected | Event::Closed => {
                    note(&changed, matches!(event, Event::Connected));
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
    Ok((client, ended))
}

fn note(link: &watch::Sender<Link>, up: bool) {
    link.send_modify(|link| *link = Link { up, changes: link.changes + 1 });
}

fn context(client: Client) -> Context {
    ContextBuilder::new().timeout(REQUEST_TIMEOUT).ack_timeout(REQUEST_TIMEOUT).build(client)
}

/// Opens another connection whenever the client has given up, for as long as anybody wants one.
async fn keep_open(inner: Weak<Inner>, mut ended: CancellationToken) {
    let mut pause = Pause::new();
    loop {
        ended.cancelled().await;
        let Some(inner) = inner.upgrade() else { return };
        pause.wait(&mut inner.link.subscribe()).await;
        match open(&inner.options, &inner.link).await {
            Ok((client, token)) => {
                ended = token;
                *inner.jetstream.write().unwrap_or_else(PoisonError::into_inner) = context(client);
                note(&inner.link, true);
                pause.succeeded();
            }
            Err(error) => {
                tracing::error!(%error, "NATS does not let us in again");
                pause.failed();
            }
        }
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
    let (wanted, files) = (options.tls.is_some(), options.tls.clone().unwrap_or_default());
    let tls = tokio::task::spawn_blocking(move || tls::client_config(&files)).await;
    let tls = tls.map_err(|error| NatsError::Credentials(error.to_string()))??;
    Ok(connect.require_tls(wanted).tls_client_config(tls))
}
