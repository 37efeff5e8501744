//! A few connections that stay open between messages.

use std::{sync::Mutex, time::Duration};

use lettre::{Address, transport::smtp::client::AsyncSmtpConnection};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    session::{self, Attempt},
    settings::{EmailSettings, EmailSettingsError, Server},
};
use crate::channels::Sent;

pub(super) struct Pool {
    server: Server,
    places: Semaphore,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Pool {
    pub(super) fn new(settings: &EmailSettings) -> Result<Self, EmailSettingsError> {
        Ok(Self {
            server: Server::new(settings)?,
            places: Semaphore::new(settings.connections as usize),
            kept: Mutex::new(Vec::new()),
        })
    }

    /// Longest time that a message can take: a place, a kept connection that turns out to be dead, a fresh one, three
    /// commands (MAIL, RCPT, DATA), the message, and RSET.
    pub(super) fn longest(&self) -> Duration {
        let Server { connect, command, message, .. } = self.server;
        message + command + connect + command * 3 + message + command
    }

    /// Hands over one message. A kept connection that turns out to be dead before anything of the message was taken
    /// is replaced by a fresh one, once.
    pub(super) async fn deliver(&self, from: &Address, to: &Address, bytes: &[u8]) -> Sent {
        let later = |detail: &str| Sent::Later { detail: detail.to_owned(), after: None };
        let _place = match timeout(self.server.message, self.places.acquire()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return later("the channel is closing"),
            Err(_) => return later("every connection to the mail server is busy"),
        };
        if let Some(mut connection) = self.take() {
            match session::attempt(&mut connection, &self.server, from, to, bytes).await {
                Attempt::Done(outcome) => {
                    self.keep(connection);
                    return outcome;
                }
                Attempt::Broken(outcome) => return outcome,
                // The others are as old: the server has most likely closed them, too.
                Attempt::Stale(_) => self.forget(),
            }
        }
        let mut connection = match session::connect(&self.server).await {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        match session::attempt(&mut connection, &self.server, from, to, bytes).await {
            Attempt::Done(outcome) => {
                self.keep(connection);
                outcome
            }
            Attempt::Broken(outcome) | Attempt::Stale(outcome) => outcome,
        }
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept();
        kept.retain(|(_, since)| since.elapsed() < self.server.idle);
        kept.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        self.kept().push((connection, Instant::now()));
    }

    fn forget(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        // Nothing in here panics while the lock is held, and half a list is still a list of connections.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
