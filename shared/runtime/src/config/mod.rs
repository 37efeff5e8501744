//! Configuration: built-in commented defaults, then one TOML file, then `COUNTERSIGN_*` variables, then the
//! command line. What is unknown or does not fit is an error that names the place and the remedy; every
//! fault is reported at once.

mod address;
mod environment;
mod fault;
mod file;
mod layers;
mod schema;
mod values;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use address::{AddressError, ListenAddr, LoopbackAddr};
pub use fault::{ConfigError, Fault, Origin};
pub use schema::DEFAULTS;
pub use values::{ConnectionUrl, ZoneName};

/// Everything that can be set. Meaning, units and limits of each setting stand in `config.default.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where data is kept.
    pub data: Data,
    /// Web pages and API.
    pub http: Http,
    /// Who may change something.
    pub access: Access,
    /// HL7 v2 messages.
    pub mllp: Mllp,
    /// The record.
    pub journal: Journal,
    /// How services hear of events.
    pub feed: Feed,
    /// The NATS server, when the feed is `nats`.
    pub nats: Nats,
    /// Logs, traces, metrics.
    pub telemetry: Telemetry,
    /// The hospital.
    pub facility: Facility,
    /// Reading messages.
    pub intake: Intake,
    /// Rules.
    pub deficiency: Deficiency,
    /// Steps from notice to suspension.
    pub escalation: Escalation,
    /// What leaves the installation.
    pub notification: Notification,
    /// Pages.
    pub portal: Portal,
}

/// Section `[data]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Folder of the embedded journal and the read models.
    pub dir: PathBuf,
}

/// Section `[http]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address to serve; of this machine only, until sign-in exists.
    pub listen: LoopbackAddr,
    /// Longest time for one request, seconds.
    pub request_timeout_seconds: u64,
    /// Largest request body, bytes.
    pub max_body_bytes: usize,
}

/// Section `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The access file, when it is not `access.toml` in the data folder.
    pub people_file: Option<PathBuf>,
    /// Who may read.
    pub reading: Reading,
}

/// Who may read pages and API. To change something a token is needed in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// Everybody who reaches the port, which is everybody on this machine. Who shows a token reads what the
    /// roles of that person allow, and no more.
    Open,
    /// Only people with a token.
    SignedIn,
}

/// Section `[mllp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mllp {
    /// Address to serve.
    pub listen: ListenAddr,
    /// Largest message, bytes.
    pub max_message_bytes: usize,
    /// Connections at the same time.
    pub max_connections: usize,
    /// Longest silence on a connection, seconds.
    pub idle_timeout_seconds: u64,
    /// TLS, when the section is there.
    pub tls: Option<MllpTls>,
}

/// Section `[mllp.tls]`: PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MllpTls {
    /// Certificate chain of the server.
    pub certificate: PathBuf,
    /// Private key of the server.
    pub key: PathBuf,
    /// Authority of the senders' certificates: switches mutual TLS on.
    pub client_ca: Option<PathBuf>,
}

/// Section `[journal]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// Which store.
    pub kind: JournalKind,
    /// Connection string; present when the kind is `eventstoredb`.
    pub url: Option<ConnectionUrl>,
}

/// Which store keeps the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JournalKind {
    /// `SQLite` in the data folder.
    Embedded,
    /// `EventStoreDB`.
    EventStoreDb,
}

/// Section `[feed]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Which transport.
    pub kind: FeedKind,
}

/// How services hear of new events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// The tail of the journal.
    Embedded,
    /// NATS `JetStream`.
    Nats,
}

/// Section `[nats]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Address, or several separated by commas.
    pub url: ConnectionUrl,
    /// Credentials file (JWT and nkey seed).
    pub credentials_file: Option<PathBuf>,
    /// User name.
    pub user: Option<String>,
    /// File that holds the user's password.
    pub password_file: Option<PathBuf>,
    /// File that holds an nkey seed.
    pub nkey_file: Option<PathBuf>,
    /// The server's own certificate authority.
    pub tls_ca: Option<PathBuf>,
    /// Copies of each stream: 1, 3 or 5.
    pub replicas: usize,
    /// Age in days after which events leave the stream; 0: never.
    pub max_age_days: u64,
}

/// Section `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged (filter of `tracing-subscriber`).
    pub log: String,
    /// How logs look.
    pub format: LogFormat,
    /// Name of this process in traces and metrics.
    pub service_name: String,
    /// Base address of an OTLP/HTTP collector; switches traces and pushed metrics on.
    pub otlp_endpoint: Option<String>,
    /// Share of traces that is sent.
    pub trace_sample_ratio: f64,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Section `[facility]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// Zone of times that come without one.
    pub time_zone: ZoneName,
}

/// Section `[intake]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Own feed profiles.
    pub profiles_file: Option<PathBuf>,
}

/// Section `[deficiency]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deficiency {
    /// Own rule set.
    pub rules_file: Option<PathBuf>,
    /// Local calendar days after the day of a discharge in which no bill is held for documentation.
    pub minimum_bill_hold_days: u16,
}

/// Section `[escalation]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Policy that an installation begins with.
    pub policy_file: Option<PathBuf>,
    /// Called after every round of the auditor's checks.
    pub heartbeat_url: Option<ConnectionUrl>,
    /// Minutes from one round to the next.
    pub audit_every_minutes: u64,
}

/// Section `[notification]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// What leaves the installation.
    pub mode: SendMode,
    /// Where everything goes in redirect mode.
    pub redirect_to: Option<String>,
    /// Where recipients sign in.
    pub link: String,
    /// Own templates.
    pub templates_dir: Option<PathBuf>,
    /// Letterheads and webhook endpoints.
    pub outlets_file: Option<PathBuf>,
    /// Paper of printed letters.
    pub paper: Paper,
    /// Hours after which an accepted e-mail that has not come back counts as delivered.
    pub bounce_hours: u16,
    /// File with the secret that signs reports sent to us.
    pub reports_secret_file: Option<PathBuf>,
    /// E-mail, when the section is there.
    pub smtp: Option<Smtp>,
}

/// What leaves the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SendMode {
    /// Nothing.
    Shadow,
    /// Everything, to one address.
    Redirect,
    /// Everything, to its recipients.
    Live,
}

/// Paper of printed letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paper {
    /// US Letter, 8.5 by 11 inches.
    Letter,
    /// ISO A4.
    A4,
}

/// Section `[notification.smtp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Name of the mail server.
    pub host: String,
    /// Its port.
    #[serde(default = "submission")]
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: SmtpTls,
    /// The server's own certificate authority.
    pub tls_ca: Option<PathBuf>,
    /// User name.
    pub user: Option<String>,
    /// File that holds the user's password.
    pub password_file: Option<PathBuf>,
    /// Sender.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Longest wait for an answer, seconds.
    #[serde(default = "a_minute")]
    pub timeout_seconds: u64,
}

/// Port of message submission (RFC 6409).
const fn submission() -> u16 {
    587
}

const fn a_minute() -> u64 {
    60
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// STARTTLS, or TLS from the start on port 465; without it nothing is sent.
    #[default]
    Required,
    /// Not at all: on this machine only.
    None,
}

/// Section `[portal]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Base address of the intake's API.
    pub intake_url: ConnectionUrl,
    /// Base address of the deficiency service's API.
    pub deficiency_url: ConnectionUrl,
    /// Base address of the escalation service's API.
    pub escalation_url: ConnectionUrl,
    /// Base address of the notification service's API.
    pub notification_url: ConnectionUrl,
}

/// A setting given on the command line: option as typed (`--http`), dotted name (`http.listen`), value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The option, for error messages.
    pub option: String,
    /// The setting.
    pub path: String,
    /// Its value, without TOML's quotes.
    pub value: String,
}

impl Override {
    /// `option` (as typed) sets `path` to `value`.
    pub fn new(option: &str, path: &str, value: impl Into<String>) -> Self {
        Self { option: option.to_owned(), path: path.to_owned(), value: value.into() }
    }
}

impl Config {
    /// Reads the configuration of this process: defaults, `file` (or the one that `COUNTERSIGN_CONFIG`
    /// names), the environment, then `overrides`.
    ///
    /// # Errors
    /// Every fault that was found, with its place and its remedy.
    pub fn load(file: Option<&Path>, overrides: &[Override]) -> Result<Self, ConfigError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect();
        let named =
            environment.iter().find(|(name, value)| name == "COUNTERSIGN_CONFIG" && !value.is_empty());
        let file = match (file, named) {
            (Some(file), _) => Some((file.to_owned(), Origin::CommandLine("--config".to_owned()))),
            (None, Some((name, value))) => Some((PathBuf::from(value), Origin::Environment(name.clone()))),
            (None, None) => None,
        };
        let text = file.map(|(path, origin)| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path.display().to_string(), text)),
            Err(error) => Err(ConfigError {
                faults: vec![Fault {
                    origin,
                    message: format!(
                        "cannot read the configuration file {}: {error}; create it (it may be empty) or leave the option out",
                        path.display()
                    ),
                }],
            }),
        });
        let text = text.transpose()?;
        Self::from_sources(
            text.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
            environment,
            overrides,
        )
    }

    /// The same from given sources, with no access to files or environment: `file` is a name for messages
    /// and the text.
    ///
    /// # Errors
    /// Every fault that was found.
    pub fn from_sources(
        file: Option<(&str, &str)>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[Override],
    ) -> Result<Self, ConfigError> {
        layers::merge(file, environment, overrides)
    }

    /// The access file: who may change something.
    pub fn people_file(&self) -> PathBuf {
        self.access.people_file.clone().unwrap_or_else(|| self.data.dir.join("access.toml"))
    }

    /// The built-in defaults.
    pub fn defaults() -> Self {
        Self::from_sources(None, [], &[]).expect("the built-in defaults are valid: a test holds it")
    }
}

/// A value as an error message shows it: no credentials, no endless text.
fn found_text(text: &str) -> String {
    const LONGEST: usize = 80;
    let safe = values::without_credentials(text);
    if safe.chars().count() > LONGEST {
        format!("\"{}…\"", safe.chars().take(LONGEST).collect::<String>())
    } else {
        format!("\"{safe}\"")
    }
}
