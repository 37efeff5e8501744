//! What can go wrong between us and NATS.

use crate::version::OLDEST;

/// NATS cannot be used, now or at all.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// The server is not there, or does not answer. Trying again later may help.
    #[error("NATS is unavailable: {0}")]
    Unavailable(String),
    /// The server does not know us, or the certificates do not fit.
    #[error("NATS refuses us: {0}")]
    Refused(String),
    /// The server is too old.
    #[error(
        "the NATS server is version {found}; {}.{} or newer is needed (older ones ignore, without an error, \
         features that order and completeness rest on)",
        OLDEST.0,
        OLDEST.1
    )]
    OldServer {
        /// What it says it is.
        found: String,
    },
    /// The server runs without `JetStream`.
    #[error("the NATS server runs without JetStream: start it with --jetstream and a --store_dir")]
    NoJetStream,
    /// A credentials or certificate file cannot be used.
    #[error("NATS credentials cannot be read: {0}")]
    Credentials(String),
}

impl NatsError {
    /// Whether trying again can help.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Something did not answer, or answered that it cannot now.
    pub(crate) fn unavailable(error: &impl std::fmt::Display) -> Self {
        Self::Unavailable(error.to_string())
    }
}
