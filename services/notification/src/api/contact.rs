//! `GET /api/v1/contacts/{key}`: how somebody is reached, and what they want to be told.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::{ContactAddressView, ContactView};
use countersign_runtime::http::{Caller, Problem};

use super::{by_whom, contact_in, internal, may_contact, views};
use crate::{
    authority::Act,
    domain::{
        contact::{self, Contact, Destination, Mark, preferences::TOPICS},
        digest::Book,
    },
    naming,
    service::Notification,
};

/// One contact, with every address in use. Addresses of the directory and of the configuration count where none is set.
#[utoipa::path(
    get, path = "/api/v1/contacts/{key}", tag = "contacts", operation_id = "show_contact",
    params(("key" = String, Path, description = "`provider-<key>` or `office-<name>`")),
    responses(
        (status = 200, description = "The contact", body = ContactView),
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
    Path(key): Path<String>,
) -> Result<Json<ContactView>, Problem> {
    let (key, name, known) = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let key = contact_in(&key, &folded.owed)?;
        may_contact(&actor, Act::KeepContacts, &key, &folded.owed)?;
        let name = naming::contact_name(&service.config, &folded.owed, &key);
        let known = naming::known_of(&service.config, &folded.owed, &key, service.store.now());
        (key, name, known)
    };
    let loaded = service.store.load::<Contact>(&key).await.map_err(|error| internal(&error))?;
    let next_digest_at = match contact::provider_of(&key) {
        Some(provider) => {
            let id = provider.to_string();
            let book = service.store.load::<Book>(&id).await.map_err(|error| internal(&error))?.state;
            book.next_due(provider)
        }
        None => None,
    };
    let position = loaded.position().0;
    let contact = loaded.state;
    let view = |to: &Destination, source: &str| ContactAddressView {
        to: views::destination(to),
        source: source.to_owned(),
        state: contact.mark(to).map_or("unverified", Mark::name).to_owned(),
        since: contact.marks.get(to).map(|(_, since)| *since),
    };
    let elsewhere = if contact::provider_of(&key).is_some() { "directory" } else { "configuration" };
    let own = |to: &&Destination| contact.addresses.iter().any(|set| set.channel() == to.channel());
    let addresses = contact
        .addresses
        .iter()
        .map(|to| view(to, "contact"))
        .chain(known.elsewhere.iter().filter(|to| !own(to)).map(|to| view(to, elsewhere)))
        .collect();
    let preferences = &contact.preferences;
    Ok(Json(ContactView {
        key,
        name,
        addresses,
        channels: preferences.channels.iter().map(|channel| channel.name().to_owned()).collect(),
        muted: preferences.muted.clone(),
        topics: TOPICS.map(str::to_owned).to_vec(),
        copy_to_delegate: preferences.copy_to_delegate,
        time_zone: preferences.time_zone.clone(),
        windows: preferences.open.iter().map(views::open_hours).collect(),
        quiet: preferences.quiet.map(views::hours),
        digest: views::cadence(preferences.digest),
        next_digest_at,
        changed: contact.changed.as_ref().map(by_whom),
        position,
    }))
}
