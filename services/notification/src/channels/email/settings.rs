//! Settings of the mail server.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use countersign_runtime::config::{Smtp, SmtpTls};
use lettre::{
    message::Mailbox,
    transport::smtp::client::{Certificate, TlsParameters},
};
use serde::Deserialize;

use crate::channels::secret::Secret;

/// How the connection is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// TLS from the first byte, mostly on port 465 (RFC 8314).
    Implicit,
    /// STARTTLS, or nothing is sent.
    Required,
    /// STARTTLS when the server offers it.
    Opportunistic,
    /// None: only to a server on this machine.
    None,
}

/// Settings of the mail server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// Host of the mail server.
    pub host: String,
    /// Its port: 587 (submission), 465 (implicit TLS) or 25.
    pub port: u16,
    /// How the connection is kept private.
    pub tls: Tls,
    /// PEM file of the authority that signed the server's certificate, when the machine does not know it.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
    /// Whose account, when the server asks for one.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Who sends, e.g. `Countersign <charts@hospital.example>`.
    pub from: String,
    /// Where answers go, when not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The name that this machine greets with: its own full name.
    pub hello: String,
    /// Longest time to connect and greet, seconds.
    #[serde(default = "EmailSettings::default_connect")]
    pub connect_seconds: u64,
    /// Longest time for one command, seconds. RFC 5321 section 4.5.3.2 asks for five minutes.
    #[serde(default = "EmailSettings::default_command")]
    pub command_seconds: u64,
    /// Longest time for the answer to a whole message, seconds. RFC 5321 section 4.5.3.2.6 asks for ten minutes: who
    /// gives up earlier does not know what became of it.
    #[serde(default = "EmailSettings::default_message")]
    pub message_seconds: u64,
    /// Most connections at a time.
    #[serde(default = "EmailSettings::default_connections")]
    pub connections: u32,
    /// How long an unused connection is kept, seconds.
    #[serde(default = "EmailSettings::default_idle")]
    pub idle_seconds: u64,
}

impl EmailSettings {
    /// The settings of section `[notification.smtp]`. `hello` is the full name of this machine.
    pub fn of(smtp: &Smtp, hello: String) -> Result<Self, EmailSettingsError> {
        let password = smtp
            .password_file
            .as_ref()
            .map(|file| {
                std::fs::read_to_string(file)
                    .map(|text| Secret::new(text.trim_end_matches(['\r', '\n'])))
                    .map_err(|error| EmailSettingsError::Password(error.to_string()))
            })
            .transpose()?;
        let tls = match (smtp.tls, smtp.port) {
            (SmtpTls::None, _) => Tls::None,
            (SmtpTls::Required, 465) => Tls::Implicit,
            (SmtpTls::Required, _) => Tls::Required,
        };
        Ok(Self {
            host: smtp.host.clone(),
            port: smtp.port,
            tls,
            authority_file: smtp.tls_ca.clone(),
            user: smtp.user.clone(),
            password,
            from: smtp.from.clone(),
            reply_to: smtp.reply_to.clone(),
            hello,
            connect_seconds: smtp.timeout_seconds,
            command_seconds: smtp.timeout_seconds,
            // Who gives up on the answer to a whole message does not know what became of it: that is worth a wait.
            message_seconds: Self::default_message().max(smtp.timeout_seconds),
            connections: Self::default_connections(),
            idle_seconds: Self::default_idle(),
        })
    }

    const fn default_connect() -> u64 {
        30
    }

    const fn default_command() -> u64 {
        300
    }

    const fn default_message() -> u64 {
        600
    }

    const fn default_connections() -> u32 {
        2
    }

    const fn default_idle() -> u64 {
        30
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum EmailSettingsError {
    /// An address cannot be read.
    #[error("{setting} is no e-mail address")]
    Address {
        /// Which setting.
        setting: &'static str,
    },
    /// Without TLS, only this machine.
    #[error("tls = \"none\" is for a mail server on this machine only")]
    Plain,
    /// A password may not travel in the clear.
    #[error("user and password need tls = \"implicit\" or \"required\"")]
    PlainPassword,
    /// One of both is missing.
    #[error("user and password belong together")]
    HalfAccount,
    /// A number is zero.
    #[error("{setting} must be 1 or more")]
    Zero {
        /// Which setting.
        setting: &'static str,
    },
    /// The file of the authority cannot be used.
    #[error("authority_file: {0}")]
    Authority(String),
    /// The file of the password cannot be read.
    #[error("password_file: {0}")]
    Password(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
}

/// The settings as the connections use them.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) parameters: Option<TlsParameters>,
    pub(super) account: Option<(String, Secret)>,
    pub(super) hello: String,
    pub(super) connect: Duration,
    pub(super) command: Duration,
    pub(super) message: Duration,
    pub(super) idle: Duration,
}

impl Server {
    pub(super) fn new(settings: &EmailSettings) -> Result<Self, EmailSettingsError> {
        for (setting, value) in [
            ("connect_seconds", settings.connect_seconds),
            ("command_seconds", settings.command_seconds),
            ("message_seconds", settings.message_seconds),
            ("connections", u64::from(settings.connections)),
        ] {
            if value == 0 {
                return Err(EmailSettingsError::Zero { setting });
            }
        }
        if settings.tls == Tls::None && !is_this_machine(&settings.host) {
            return Err(EmailSettingsError::Plain);
        }
        let account = match (&settings.user, &settings.password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => None,
            _ => return Err(EmailSettingsError::HalfAccount),
        };
        if account.is_some() && matches!(settings.tls, Tls::None | Tls::Opportunistic) {
            return Err(EmailSettingsError::PlainPassword);
        }
        let parameters = if settings.tls == Tls::None { None } else { Some(parameters(settings)?) };
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            tls: settings.tls,
            parameters,
            account,
            hello: settings.hello.clone(),
            connect: Duration::from_secs(settings.connect_seconds),
            command: Duration::from_secs(settings.command_seconds),
            message: Duration::from_secs(settings.message_seconds),
            idle: Duration::from_secs(settings.idle_seconds),
        })
    }
}

/// The library takes the process's provider when there is one, else that of aws-lc-rs, and installs none.
fn parameters(settings: &EmailSettings) -> Result<TlsParameters, EmailSettingsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.authority_file {
        let pem = std::fs::read(file).map_err(|error| EmailSettingsError::Authority(error.to_string()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|error| EmailSettingsError::Authority(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| EmailSettingsError::Tls(error.to_string()))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn mailbox(setting: &'static str, text: &str) -> Result<Mailbox, EmailSettingsError> {
    text.parse().map_err(|_| EmailSettingsError::Address { setting })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: &str) -> Result<(), String> {
        let text = format!(
            "host = 'mail.hospital.example'\nport = 587\nfrom = 'Charts <charts@hospital.example>'\n\
             hello = 'charts.hospital.example'\n{change}"
        );
        let settings: EmailSettings = toml::from_str(&text).map_err(|error| error.to_string())?;
        Server::new(&settings).map(drop).map_err(|error| error.to_string())
    }

    #[rstest::rstest]
    #[case::right("tls = 'required'\nuser = 'u'\npassword = 'p'", Ok(()))]
    #[case::plain("tls = 'none'", Err("tls = \"none\" is for a mail server on this machine only"))]
    #[case::plain_password(
        "tls = 'opportunistic'\nuser = 'u'\npassword = 'p'",
        Err("user and password need tls = \"implicit\" or \"required\"")
    )]
    #[case::half("tls = 'required'\nuser = 'u'", Err("user and password belong together"))]
    #[case::zero("tls = 'required'\nconnections = 0", Err("connections must be 1 or more"))]
    fn faults_of_settings_are_named(#[case] change: &str, #[case] expected: Result<(), &str>) {
        assert_eq!(settings(change), expected.map_err(str::to_owned));
    }

    #[test]
    fn the_section_of_the_configuration_becomes_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        std::fs::write(&file, "p\u{e4}ss word\n").expect("a file");
        let smtp: Smtp = toml::from_str(&format!(
            "host = 'm.example'\nport = 465\nuser = 'u'\npassword_file = '{}'\nfrom = 'a@example.org'",
            file.display()
        ))
        .expect("a section");

        let settings = EmailSettings::of(&smtp, "charts.example".to_owned()).expect("settings");

        assert_eq!((settings.tls, settings.message_seconds), (Tls::Implicit, 600));
        assert_eq!(settings.password.expect("a password").reveal(), "p\u{e4}ss word");
        let lost = Smtp { password_file: Some(folder.path().join("lost")), ..smtp };
        assert!(EmailSettings::of(&lost, String::new()).is_err());
    }

    #[test]
    fn a_password_never_prints() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
