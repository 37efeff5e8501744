//! `GET /api/v1/contacts`: everybody who can be told something.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, notification::ContactSummary};
use countersign_owed::Owed;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{internal, limit_of};
use crate::{
    authority::{Act, reach},
    config::Config,
    domain::contact,
    naming, projections,
    service::Notification,
};

/// Which contacts are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ContactsFilter {
    /// Only those whose name, key or identifier has this in it, in whatever case.
    text: Option<String>,
    /// Only those of which an address came back.
    #[serde(default)]
    bounced: bool,
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists contacts by their names: every provider of the directory, every office, and whoever settings are kept for. Who
/// may see only some sees those.
#[utoipa::path(
    get, path = "/api/v1/contacts", tag = "contacts", operation_id = "list_contacts", params(ContactsFilter),
    responses(
        (status = 200, description = "A page of contacts", body = Page<ContactSummary>),
        (status = 400, description = "The request cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such thing", body = Problem),
        (status = 422, description = "A rule refuses it", body = Problem),
        (status = 503, description = "Not now; try again", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Notification>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Asked(filter): Asked<ContactsFilter>,
) -> Result<Json<Page<ContactSummary>>, Problem> {
    let limit = limit_of(filter.limit)?;
    let reach = reach(&actor, Act::KeepContacts)?;
    service.is_at(fresh).await?;
    let position = service.model.position().0;
    let (kept, troubles) = service
        .model
        .query(|sql| Ok((projections::contacts(sql)?, projections::open_tasks(sql)?)))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let owed = &folded.owed;
    let kept: BTreeSet<String> = kept.iter().map(|key| remaining(key, owed)).collect();
    let mut tasks: BTreeMap<String, (u32, bool)> = BTreeMap::new();
    for (key, kind) in troubles {
        let (count, bounced) = tasks.entry(remaining(&key, owed)).or_default();
        *count += 1;
        *bounced |= kind == contact::events::Trouble::AddressBounced.name();
    }
    let keys: BTreeSet<String> = match &reach.providers {
        Some(own) => own.iter().map(|id| contact::key_of_provider(owed.people().key_of(id))).collect(),
        None => everybody(&service.config, owed).into_iter().chain(kept.iter().cloned()).collect(),
    };
    let text = filter.text.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
    let mut found: Vec<(String, ContactSummary)> = keys
        .into_iter()
        .map(|key| {
            let (open_tasks, bounced) = tasks.get(&key).copied().unwrap_or_default();
            let name = naming::contact_name(&service.config, owed, &key);
            let own_settings = kept.contains(&key);
            (name.to_lowercase(), ContactSummary { key, name, own_settings, bounced, open_tasks })
        })
        .filter(|(name, contact)| (!filter.bounced || contact.bounced) && fits(&text, name, contact, owed))
        .collect();
    found.sort_by(|(a, first), (b, second)| (a, &first.key).cmp(&(b, &second.key)));
    let total = found.len() as u64;
    let from = match &filter.cursor {
        None => 0,
        Some(cursor) => found
            .iter()
            .position(|(_, contact)| contact.key == *cursor)
            .map(|at| at + 1)
            .ok_or_else(|| Problem::bad_request("the cursor leads nowhere any more: begin again"))?,
    };
    let more = found.len() > from + limit;
    let items: Vec<ContactSummary> =
        found.into_iter().skip(from).take(limit).map(|(_, contact)| contact).collect();
    let next = items.last().filter(|_| more).map(|last| last.key.clone());
    Ok(Json(Page { items, next, total, position }))
}

/// Every provider of the directory and every office of the configuration.
fn everybody(config: &Config, owed: &Owed) -> BTreeSet<String> {
    let people = owed.people();
    let providers = people.providers().map(|provider| contact::key_of_provider(people.root(provider.key)));
    providers.chain(config.offices.keys().map(|name| contact::key_of_office(name))).collect()
}

/// The key of the record that remains of a merged one.
fn remaining(key: &str, owed: &Owed) -> String {
    contact::provider_of(key)
        .map_or_else(|| key.to_owned(), |provider| contact::key_of_provider(owed.people().root(provider)))
}

fn fits(text: &str, name: &str, contact: &ContactSummary, owed: &Owed) -> bool {
    let identifier = || {
        let known = contact::provider_of(&contact.key).and_then(|key| owed.people().provider(key));
        known.is_some_and(|known| known.identifiers.iter().any(|id| id.id.to_lowercase().contains(text)))
    };
    text.is_empty() || name.contains(text) || contact.key.contains(text) || identifier()
}
