//! One implementation of a command for a running Countersign and for a data folder: both are asked over the API.

use std::{ops::Deref, sync::Arc};

use countersign_runtime::{access::Access, http};

use crate::{
    cli::{Asking, Changing, Source},
    client::Client,
    compose::Ground,
};

/// What must be open, and up to date, of a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The book of escalation policies.
    Policies,
    /// Charts, directory and site.
    Charts,
    /// The recorded history, as far as charts are judged.
    History,
    /// Escalation. No timer fires: steps are taken by a running Countersign.
    Escalation,
    /// Notices and contacts as they stand on record. Nothing is asked for and nothing is sent.
    Notification,
    /// Settings and templates of notification.
    Settings,
}

/// A Countersign that is asked.
pub struct Api {
    client: Client,
    /// Keeps the folder's locks for as long as it is asked.
    _ground: Option<Ground>,
}

impl Deref for Api {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Asking {
    /// The Countersign that is asked, in the name of who asks.
    pub async fn api(&self, part: Part, command: &str) -> anyhow::Result<Api> {
        if let Some(client) = self.source.client() {
            return Ok(Api { client, _ground: None });
        }
        folder(&self.source, self.name.as_deref(), part, command).await
    }
}

impl Changing {
    /// The Countersign that is changed, in the name of who acts.
    pub async fn api(&self, part: Part, command: &str) -> anyhow::Result<Api> {
        if let Some(client) = self.acting.client(&self.source)? {
            return Ok(Api { client, _ground: None });
        }
        if self.acting.name.is_none() {
            anyhow::bail!(
                "say who acts: --as NAME, one of `countersign access list` (or --url and --token-file, for a \
                 running Countersign)"
            );
        }
        folder(&self.source, self.acting.name.as_deref(), part, command).await
    }
}

async fn folder(source: &Source, name: Option<&str>, part: Part, command: &str) -> anyhow::Result<Api> {
    let ground = source.open(command).await?;
    let access = Access::new(ground.config.people_file()).with_reading(ground.config.access.reading);
    let actor = name.map(|name| access.by_name(name)).transpose()?;
    let mut routes = axum::Router::new();
    if matches!(part, Part::Charts | Part::History | Part::Escalation | Part::Notification) {
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        routes = routes.merge(countersign_deficiency::api::routes(service));
    }
    if matches!(part, Part::Policies | Part::History | Part::Escalation) {
        let service = ground.escalation().await?;
        if part == Part::Escalation {
            service.catch_up().await?;
        }
        routes = routes.merge(countersign_escalation::api::routes(service));
    }
    if matches!(part, Part::Notification | Part::Settings) {
        let service = ground.notification()?;
        if part == Part::Notification {
            // What the record says, and no more: to catch up as a service does would send.
            service.read_model().catch_up(ground.journal.as_ref()).await?;
        }
        routes = routes.merge(countersign_notification::api::routes(service));
    }
    let routes = http::with_access(routes, Arc::new(access));
    Ok(Api { client: Client::here(routes, actor), _ground: Some(ground) })
}
