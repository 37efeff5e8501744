//! One client at a time, a new one when it is worn out, and no request without a deadline.

use std::{
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eventstore::{Client, ClientSettings};
use tokio_rustls::rustls::crypto::CryptoProvider;

use crate::{
    ConnectError,
    failure::{Failure, wears_out},
    options::Options,
};

/// Oldest server whose stream reads carry positions and whose subscriptions say when they caught up.
const OLDEST_SERVER: (usize, usize) = (23, 10);

/// How much later than the server we give up: an answer "deadline exceeded" tells more than silence does.
const GRACE: Duration = Duration::from_millis(500);

/// Whether this process made a client before.
static CLIENT_MADE: AtomicBool = AtomicBool::new(false);

pub(crate) struct Connection {
    settings: ClientSettings,
    current: Mutex<(u64, Client)>,
    pub(crate) options: Options,
}

impl Connection {
    pub(crate) async fn open(connection_string: &str, options: Options) -> Result<Self, ConnectError> {
        let settings: ClientSettings = connection_string.parse().map_err(|error| describe(&error))?;
        // The client crate installs its TLS provider for the process and panics, in a task of its own, if one
        // is installed already. Better refuse here and say why.
        if !CLIENT_MADE.swap(true, Ordering::SeqCst) && CryptoProvider::get_default().is_some() {
            CLIENT_MADE.store(false, Ordering::SeqCst);
            return Err(ConnectError::ProviderInstalled);
        }
        let client = make(&settings)?;
        let connection = Self { settings, current: Mutex::new((0, client)), options };
        let version = connection
            .insist(|client| async move {
                let version = client.server_info().await?.version();
                Ok((version.to_string(), version < OLDEST_SERVER))
            })
            .await
            .map_err(|failure| ConnectError::Unavailable(format!("{failure:?}")))?;
        match version {
            (_, false) => Ok(connection),
            (found, true) => Err(ConnectError::TooOld { found }),
        }
    }

    /// One attempt at a request, within the deadline.
    pub(crate) async fn attempt<T, F>(&self, request: impl FnOnce(Client) -> F + Send) -> Result<T, Failure>
    where
        F: Future<Output = eventstore::Result<T>> + Send,
    {
        let (generation, client) = self.client();
        match tokio::time::timeout(self.options.deadline + GRACE, request(client)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if wears_out(&error) {
                    self.replace(generation);
                }
                Err(error.into())
            }
            Err(_) => {
                // Nothing came, not even the server's own "deadline exceeded": suspect the connection.
                self.replace(generation);
                Err(Failure::Transient("no answer within the deadline".to_owned()))
            }
        }
    }

    /// A request without effect, tried again while that may help.
    pub(crate) async fn insist<T, F>(&self, request: impl Fn(Client) -> F + Send + Sync) -> Result<T, Failure>
    where
        F: Future<Output = eventstore::Result<T>> + Send,
    {
        let mut pauses = self.options.pauses();
        loop {
            match self.attempt(&request).await {
                Err(Failure::Transient(reason)) => match pauses.next() {
                    Some(pause) => {
                        tracing::debug!(reason, ?pause, "EventStoreDB: trying again");
                        tokio::time::sleep(pause).await;
                    }
                    None => return Err(Failure::Transient(reason)),
                },
                outcome => return outcome,
            }
        }
    }

    /// With what clients are made.
    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// The client of now, and a number by which it can be replaced once.
    fn client(&self) -> (u64, Client) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a new client unless somebody else did so already. Must be called on the runtime.
    fn replace(&self, generation: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 == generation {
            match make(&self.settings) {
                Ok(client) => *current = (generation + 1, client),
                // The next request fails as this one did and comes here again.
                Err(error) => tracing::error!(%error, "EventStoreDB: no new client can be made"),
            }
        }
    }
}

fn make(settings: &ClientSettings) -> Result<Client, ConnectError> {
    Client::new(settings.clone()).map_err(|error| ConnectError::Unavailable(error.to_string()))
}

/// Says what is wrong with a connection string without repeating any of it: it may hold a password.
fn describe(error: &eventstore::ClientSettingsParseError) -> ConnectError {
    let reason = match error.error() {
        Some(error) => error.to_string(),
        None if error.message().starts_with("Invalid format for param") => {
            "an option has no valid value".to_owned()
        }
        None if error.message().starts_with("Unknown URL scheme") => "it must begin with esdb://".to_owned(),
        None => "a host or an option is not understood".to_owned(),
    };
    ConnectError::ConnectionString(reason)
}
