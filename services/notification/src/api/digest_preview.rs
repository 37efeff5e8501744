//! `GET /api/v1/contacts/{key}/digest`: the digest as it would go out now.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::DigestPreview;
use countersign_runtime::http::{Caller, Problem};

use super::{contact_in, internal, may_contact, views};
use crate::{
    authority::Act,
    domain::{contact, digest::Book},
    service::Notification,
};

/// The digest as it would go out at this instant; nothing is sent.
#[utoipa::path(
    get, path = "/api/v1/contacts/{key}/digest", tag = "contacts", operation_id = "preview_digest",
    params(("key" = String, Path, description = "`provider-<key>`")),
    responses(
        (status = 200, description = "The digest", body = DigestPreview),
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
) -> Result<Json<DigestPreview>, Problem> {
    let key = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let key = contact_in(&key, &folded.owed)?;
        may_contact(&actor, Act::ReadNotices, &key, &folded.owed)?;
        key
    };
    let provider = contact::provider_of(&key)
        .ok_or_else(|| Problem::bad_request("only providers have digests: take `provider-<key>`"))?;
    let id = provider.to_string();
    let book = service.store.load::<Book>(&id).await.map_err(|error| internal(&error))?.state;
    let prepared = service
        .digests
        .prepare(provider, &book, service.store.now())
        .await
        .map_err(|error| internal(&error))?;
    let since = book.last.at;
    let count = |ids: &[countersign_kernel::DeficiencyId]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
    Ok(Json(match prepared.composed {
        Ok(composed) => DigestPreview {
            contact: key,
            facility: composed.facility,
            new: count(&composed.facts.new),
            due_soon: count(&composed.facts.due_soon),
            overdue: count(&composed.facts.overdue),
            done: count(&composed.facts.done),
            items: composed.items.into_iter().map(|item| views::item(item, Some(&composed.facts))).collect(),
            since,
            skipped: None,
        },
        Err(refusal) => DigestPreview {
            contact: key,
            facility: String::new(),
            new: 0,
            due_soon: 0,
            overdue: 0,
            done: 0,
            items: Vec::new(),
            since,
            skipped: Some(refusal.to_string()),
        },
    }))
}
