//! The public API of other processes, for a portal that runs on its own.

use std::time::Duration;

use countersign_portal::{Answer, Api, ApiFuture, Call, Unreachable};
use countersign_runtime::config;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the intake answers.
const OF_THE_INTAKE: [&str; 4] =
    ["/api/v1/charges", "/api/v1/feeds", "/api/v1/quarantine", "/api/v1/reinterpret"];
/// What the escalation service answers.
const OF_ESCALATION: [&str; 1] = ["/api/v1/escalation"];
/// What the notification service answers; everything else is the deficiency service's.
const OF_NOTIFICATION: [&str; 5] =
    ["/api/v1/inbox", "/api/v1/notices", "/api/v1/letters", "/api/v1/contacts", "/api/v1/notification"];

/// The services of other processes.
pub struct Remote {
    intake: String,
    deficiency: String,
    escalation: String,
    notification: String,
    http: reqwest::Client,
}

impl Remote {
    /// The services at these addresses.
    pub fn new(portal: &config::Portal) -> Self {
        let base = |url: &config::ConnectionUrl| url.reveal().trim_end_matches('/').to_owned();
        Self {
            intake: base(&portal.intake_url),
            deficiency: base(&portal.deficiency_url),
            escalation: base(&portal.escalation_url),
            notification: base(&portal.notification_url),
            http: reqwest::Client::new(),
        }
    }
}

impl Api for Remote {
    fn call(&self, call: Call) -> ApiFuture<'_> {
        let of = |prefixes: &[&str]| prefixes.iter().any(|prefix| call.path.starts_with(prefix));
        let base = if of(&OF_THE_INTAKE) {
            &self.intake
        } else if of(&OF_ESCALATION) {
            &self.escalation
        } else if of(&OF_NOTIFICATION) {
            &self.notification
        } else {
            &self.deficiency
        };
        let headers = call.headers();
        let request = self.http.request(call.method, format!("{base}{}", call.path)).timeout(PATIENCE);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = match call.body {
            Some(body) => request.header("Content-Type", "application/json").body(body),
            None => request,
        };
        // The address may hold a visit number, so errors are told without it.
        Box::pin(async move {
            let unreachable = |error: reqwest::Error| Unreachable(error.without_url().to_string());
            let answer = request.send().await.map_err(unreachable)?;
            let status = answer.status();
            Ok(Answer { status, body: answer.bytes().await.map_err(unreachable)? })
        })
    }
}
