//! What an operator may choose about NATS.

use std::{fmt, path::PathBuf, time::Duration};

/// How to reach the servers and what to keep on them. `Debug` shows no password.
#[derive(Clone)]
pub struct NatsOptions {
    /// Servers, comma-separated, e.g. `nats://a:4222,nats://b:4222`.
    pub url: String,
    /// Name of this process in the server's connection list.
    pub name: String,
    /// Who we are.
    pub credentials: Credentials,
    /// TLS with a private authority or with a client certificate; `None` = as the URL says (`tls://`), with
    /// the machine's certificates.
    pub tls: Option<TlsFiles>,
    /// Copies of the stream and the buckets in a cluster: 1, 3 or 5.
    pub replicas: usize,
    /// Events older than this are dropped from the stream; `None` = kept. The journal keeps them anyway; a
    /// consumer that needs a dropped one says so and stops.
    pub max_age: Option<Duration>,
    /// The stream's oldest events are dropped beyond this size in bytes; `None` = no limit.
    pub max_bytes: Option<u64>,
    /// How long a lease lives without its holder: the time until another process takes over after a crash.
    pub lease_ttl: Duration,
    /// How long [`connect`](crate::Nats::connect) tries before it gives up.
    pub patience: Duration,
}

impl NatsOptions {
    /// The defaults for servers at this URL: no credentials, one copy, everything kept, leases of 10 seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: "countersign".to_owned(),
            credentials: Credentials::None,
            tls: None,
            replicas: 1,
            max_age: None,
            max_bytes: None,
            lease_ttl: Duration::from_secs(10),
            patience: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a user and a password before its host.
        let hosts: Vec<&str> =
            self.url.split(',').map(|url| url.rsplit(['@', '/']).next().unwrap_or_default()).collect();
        f.debug_struct("NatsOptions")
            .field("hosts", &hosts)
            .field("name", &self.name)
            .field("credentials", &self.credentials)
            .field("tls", &self.tls)
            .field("replicas", &self.replicas)
            .field("max_age", &self.max_age)
            .field("max_bytes", &self.max_bytes)
            .field("lease_ttl", &self.lease_ttl)
            .field("patience", &self.patience)
            .finish()
    }
}

/// Proof of who we are. `Debug` shows the kind only.
#[derive(Clone, Default)]
pub enum Credentials {
    /// The server asks for none.
    #[default]
    None,
    /// A `.creds` file with a user's JWT and seed.
    File(PathBuf),
    /// The seed of an nkey.
    NKey(String),
    /// User name and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::File(_) => "file",
            Self::NKey(_) => "nkey",
            Self::Password { .. } => "password",
            Self::Token(_) => "token",
        })
    }
}

/// PEM files for TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Authority that signed the server's certificate; `None` = the machine's authorities.
    pub authority: Option<PathBuf>,
    /// Our certificate and its private key, when the server asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let mut options = NatsOptions::new("nats://somebody:secret@a:4222, tls://b:4222");
        options.credentials = Credentials::Token("secret".to_owned());

        let text = format!("{options:?}");

        assert!(!text.contains("secret") && text.contains(r#"["a:4222", "b:4222"]"#), "{text}");
    }
}
