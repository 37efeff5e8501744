//! Escalation and notification, put together.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use countersign_escalation::{
    Escalation, auditor::Heartbeat, domain::policy::PolicySet, policies::Governance as Policies,
};
use countersign_eventsourcing::timer::{Rivals, seat::seat_of};
use countersign_notification::{
    channels::{
        Secret, Transport,
        email::{Email, EmailSettings},
        inbox::Inbox,
        letter::Letter,
        outlets::Outlets,
        webhook::Webhook,
    },
    config::Config as Settings,
    domain::{
        contact::Destination,
        notice::{Mode, Settings as Patience},
    },
    outbound::PublicUrl,
    service::{Notification, Ports},
    templates::TemplateSet,
};
use countersign_runtime::{
    Config,
    config::{JournalKind, SendMode},
};
use jiff::SignedDuration;

use super::Ground;

impl Ground {
    /// The book of escalation policies. Makes version 1 of the configured policy in a journal that has none.
    pub async fn policies(&self) -> anyhow::Result<Arc<Policies>> {
        let text = policy_text(&self.config)?;
        let (journal, clock) = (Arc::clone(&self.journal), Arc::clone(&self.clock));
        Ok(Arc::new(Policies::open(journal, clock, &text).await.context("escalation policies")?))
    }

    /// The escalation service.
    pub async fn escalation(&self) -> anyhow::Result<Arc<Escalation>> {
        let countersign_runtime::config::Escalation { heartbeat_url, audit_every_minutes, .. } =
            &self.config.escalation;
        let owner = countersign_runtime::new_id().to_string();
        let state = self.own_state("escalation")?;
        let seat = seat(&state, &owner)?;
        let service = Escalation::open(countersign_escalation::Ports {
            journal: Arc::clone(&self.journal),
            feed: Arc::clone(&self.feed),
            clock: Arc::clone(&self.clock),
            publishers: Arc::clone(&self.publishers),
            state,
            governance: self.policies().await?,
            default_zone: self.config.facility.time_zone.zone(),
            owner,
            seat,
            rivals: self.rivals(),
            heartbeat: Heartbeat {
                url: heartbeat_url.as_ref().map(|url| url.reveal().to_owned()),
                every: Duration::from_mins(*audit_every_minutes),
            },
        })
        .await?;
        Ok(Arc::new(service.measured(&opentelemetry::global::meter("countersign.escalation"))))
    }

    /// The notification service.
    pub fn notification(&self) -> anyhow::Result<Arc<Notification>> {
        let config = &self.config.notification;
        let outlets = match &config.outlets_file {
            Some(file) => Outlets::read(file).with_context(|| format!("outlets file {}", file.display()))?,
            None => Outlets::default(),
        };
        let templates = match &config.templates_dir {
            Some(folder) => TemplateSet::with_folder(folder),
            None => TemplateSet::built_in(),
        };
        let templates = Arc::new(templates.context("templates of messages")?);
        let pages = PublicUrl::parse(&config.link).context("notification.link")?;
        let host = host_of(&config.link);
        let mut transports: Vec<Arc<dyn Transport>> = vec![
            Arc::new(Inbox::new(Arc::clone(&templates))),
            Arc::new(Letter::new(config.paper, Arc::clone(&templates))),
            Arc::new(Webhook::new(&outlets.webhook, Arc::clone(&self.clock))?),
        ];
        let email = match &config.smtp {
            Some(smtp) => EmailSettings::of(smtp, host.clone())
                .and_then(|settings| Email::new(&settings, Arc::clone(&templates)))
                .context("notification.smtp")?,
            None => Email::without_server(&host, Arc::clone(&templates)).context("notification.link")?,
        };
        transports.push(Arc::new(email));
        let reports_secret = config
            .reports_secret_file
            .as_ref()
            .map(|file| {
                std::fs::read_to_string(file)
                    .map(|text| Secret::new(text.trim()))
                    .with_context(|| format!("notification.reports_secret_file {}", file.display()))
            })
            .transpose()?;
        let settings = Settings {
            message_domain: host,
            mode: mode(&self.config),
            wording: outlets.wording(),
            offices: outlets.offices(),
            letterheads: outlets.letterheads.clone(),
            endpoints: outlets.endpoints(),
            patience: Patience {
                bounce_period: SignedDuration::from_hours(config.bounce_hours.into()),
                ..Patience::default()
            },
            reports_secret,
            time_zone: self.config.facility.time_zone.zone(),
            alone: matches!(self.rivals(), Rivals::None),
            ..Settings::shadow(pages)
        };
        let process = countersign_runtime::new_id().to_string();
        let state = self.own_state("notification")?;
        let seat = seat(&state, &process)?;
        let service = Notification::open(Ports {
            journal: Arc::clone(&self.journal),
            feed: Arc::clone(&self.feed),
            publishers: Arc::clone(&self.publishers),
            clock: Arc::clone(&self.clock),
            state,
            transports,
            templates,
            process,
            seat,
            config: settings,
        })?;
        Ok(Arc::new(service.measured(&opentelemetry::global::meter("countersign.notification"))))
    }

    /// An embedded journal is a folder, and each service locks its part of it ([`Ground::own_state`]): no other process
    /// can run the same service on it, however many run others. A journal behind a server admits any number.
    fn rivals(&self) -> Rivals {
        match self.config.journal.kind {
            JournalKind::Embedded => Rivals::None,
            JournalKind::EventStoreDb => Rivals::POSSIBLE,
        }
    }
}

/// The name of a service's folder, which this process has locked: whoever names it in the record is gone.
fn seat(state: &Path, process: &str) -> anyhow::Result<Option<String>> {
    let name = seat_of(state, process).with_context(|| format!("folder {}", state.display()))?;
    Ok(Some(name))
}

/// The policy that this installation begins with: a file of its own, or the one that the program brings.
fn policy_text(config: &Config) -> anyhow::Result<String> {
    match &config.escalation.policy_file {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("policy file {}", path.display()))
        }
        None => Ok(PolicySet::DEFAULT_FILE.to_owned()),
    }
}

fn mode(config: &Config) -> Mode {
    let config = &config.notification;
    match (config.mode, &config.redirect_to) {
        (SendMode::Live, _) => Mode::Live,
        (SendMode::Redirect, Some(address)) => {
            Mode::Redirect(Destination::Email { address: address.clone() })
        }
        // Without an address nothing leaves: the configuration is refused before it comes to that.
        (SendMode::Shadow | SendMode::Redirect, _) => Mode::Shadow,
    }
}

/// The host of the pages: the part of message ids after the `@`, and the name that the mail server is greeted with.
fn host_of(link: &str) -> String {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if host.is_empty() { "countersign.invalid".to_owned() } else { host.to_owned() }
}
