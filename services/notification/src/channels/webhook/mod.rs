//! Signed HTTP calls to other systems, per Standard Webhooks (<https://www.standardwebhooks.com>).
//!
//! The id of the call is that of the notice at every attempt, so a receiver that keeps ids has one effect however often
//! it is called. That is why an answer that never came is [`Sent::Later`] here, and not unknown as with e-mail.

mod guard;
mod signature;

use std::{sync::Arc, time::Duration};

use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;
use countersign_kernel::{Clock, Timestamp};
use ipnet::IpNet;
use jiff::SignedDuration;
use reqwest::{Client, StatusCode, Url, header, redirect};
use serde::{Deserialize, Serialize};

use super::{Address, Outgoing, RenderError, Rendered, Sent, Transport};
use crate::outbound::{Kind, Message};

use guard::{Forbidden, Guard};
pub use guard::{Lookup, system_lookup};
pub use signature::{SignatureError, SigningKey, TOLERANCE};

/// Longest time that `Retry-After` is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Settings of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Longest time for a whole call, seconds.
    pub timeout_seconds: u64,
    /// Networks inside the hospital that may be called, e.g. `10.20.0.0/16`. Everything that is not public is refused
    /// without this: an endpoint's URL must not become a way into the hospital's network. Link-local addresses, where
    /// clouds keep their credentials, stay refused.
    pub internal_networks: Vec<IpNet>,
    /// Hosts that may be called without TLS.
    pub plain_http_hosts: Vec<String>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { timeout_seconds: 20, internal_networks: Vec::new(), plain_http_hosts: Vec::new() }
    }
}

/// The webhook channel.
pub struct Webhook {
    client: Client,
    timeout: Duration,
    guard: Arc<Guard>,
    plain_http_hosts: Vec<String>,
    clock: Arc<dyn Clock>,
}

/// Why the channel cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be set up: {0}")]
pub struct WebhookError(String);

/// The body of a call.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event: String,
    timestamp: Timestamp,
    data: &'a Message,
}

impl Webhook {
    /// A channel that looks names up as this machine does.
    pub fn new(settings: &WebhookSettings, clock: Arc<dyn Clock>) -> Result<Self, WebhookError> {
        Self::with_lookup(settings, clock, system_lookup())
    }

    /// A channel with a way of its own to look names up.
    pub fn with_lookup(
        settings: &WebhookSettings,
        clock: Arc<dyn Clock>,
        lookup: Lookup,
    ) -> Result<Self, WebhookError> {
        let guard = Arc::new(Guard::new(settings.internal_networks.clone(), lookup));
        let timeout = Duration::from_secs(settings.timeout_seconds.max(1));
        let client = Client::builder()
            .user_agent(concat!("Countersign/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // A proxy would look names up by itself, past the guard.
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(timeout)
            .dns_resolver(Arc::clone(&guard))
            .build()
            .map_err(|error| WebhookError(error.to_string()))?;
        Ok(Self { client, timeout, guard, plain_http_hosts: settings.plain_http_hosts.clone(), clock })
    }

    async fn call(&self, outgoing: Outgoing<'_>) -> Sent {
        let Address::Webhook { url, secret, .. } = outgoing.address else {
            return refused("the address belongs to another channel");
        };
        let url = match self.check(url) {
            Ok(url) => url,
            Err(problem) => return refused(problem),
        };
        let Ok(key) = SigningKey::parse(secret) else {
            return refused("the secret of the endpoint is none of Standard Webhooks");
        };
        let id = outgoing.notice.to_string();
        let now = self.clock.now().as_second();
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, outgoing.rendered.content_type)
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", key.sign(&id, now, &outgoing.rendered.bytes))
            .body(outgoing.rendered.bytes.clone());
        match request.send().await {
            Ok(answer) => self.outcome(answer.status(), answer.headers()),
            Err(error) if is_forbidden(&error) => refused(Forbidden::WHY),
            Err(error) => Sent::Later { detail: reason(&error).to_owned(), after: None },
        }
    }

    /// The URL, when it may be called. Names are looked up and checked once more when the connection is made.
    fn check(&self, url: &str) -> Result<Url, &'static str> {
        let url = Url::parse(url).map_err(|_| "the URL of the endpoint cannot be read")?;
        let host = url.host_str().ok_or("the URL of the endpoint has no host")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL of the endpoint carries a user");
        }
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http_hosts.iter().any(|plain| plain == host) => {}
            _ => return Err("the URL of the endpoint is not https"),
        }
        // An address in the URL never passes through the look-up of names.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        if literal.is_ok_and(|address| !self.guard.allows(address)) {
            return Err(Forbidden::WHY);
        }
        Ok(url)
    }

    fn outcome(&self, status: StatusCode, headers: &header::HeaderMap) -> Sent {
        let detail = format!("HTTP {}", status.as_u16());
        match status.as_u16() {
            200..=299 => Sent::Accepted { detail },
            300..=399 => Sent::Refused { detail: format!("{detail}: redirects are not followed") },
            410 => Sent::Refused { detail: format!("{detail}: the receiver wants no more calls") },
            408 | 425 | 429 | 500..=599 => Sent::Later { detail, after: self.retry_after(headers) },
            _ => Sent::Refused { detail },
        }
    }

    /// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), believed up to a day.
    fn retry_after(&self, headers: &header::HeaderMap) -> Option<Duration> {
        let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = if let Ok(seconds) = text.parse() {
            Duration::from_secs(seconds)
        } else {
            let until = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            until.duration_since(self.clock.now()).max(SignedDuration::ZERO).unsigned_abs()
        };
        Some(wait.min(LONGEST_WAIT))
    }
}

impl Transport for Webhook {
    fn channel(&self) -> Channel {
        Channel::Webhook
    }

    fn render(
        &self,
        message: &Message,
        address: &Address,
        _message_id: &str,
    ) -> Result<Rendered, RenderError> {
        if !matches!(address, Address::Webhook { .. }) {
            return Err(RenderError::Address {
                channel: Channel::Webhook,
                problem: "it belongs to another channel",
            });
        }
        let body = Body {
            event: match message.kind() {
                Kind::Digest => "digest".to_owned(),
                kind => format!("notice.{}", kind.name()),
            },
            timestamp: message.at(),
            data: message,
        };
        let bytes = serde_json::to_vec(&body)
            .map_err(|error| RenderError::Document { problem: error.to_string() })?;
        Ok(Rendered::new(bytes, "application/json", "webhook@1".to_owned()))
    }

    fn longest(&self) -> Duration {
        self.timeout
    }

    fn send<'a>(&'a self, outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        Box::pin(self.call(outgoing))
    }
}

fn refused(detail: &str) -> Sent {
    Sent::Refused { detail: detail.to_owned() }
}

fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// In words of ours: the library's name the URL.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "no connection to the receiver"
    } else {
        "the connection to the receiver broke"
    }
}
