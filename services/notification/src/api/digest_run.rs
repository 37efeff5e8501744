//! `POST /api/v1/contacts/{key}/digest`: the digest goes out now.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::NotificationStep;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use super::{contact_in, internal, may_contact, step};
use crate::{authority::Act, domain::contact, service::Notification, store::Origin};

/// Has a provider's digest sent now. At most one goes out in twelve hours, whoever asks.
#[utoipa::path(
    post, path = "/api/v1/contacts/{key}/digest", tag = "contacts", operation_id = "run_digest",
    params(("key" = String, Path, description = "`provider-<key>`"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
    responses(
        (status = 200, description = "Done, or done before under the same key", body = NotificationStep),
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
    IdempotencyKey(key): IdempotencyKey,
    Path(contact): Path<String>,
) -> Result<Json<NotificationStep>, Problem> {
    let contact = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let contact = contact_in(&contact, &folded.owed)?;
        may_contact(&actor, Act::RunDigest, &contact, &folded.owed)?;
        contact
    };
    let provider = contact::provider_of(&contact)
        .ok_or_else(|| Problem::bad_request("only providers have digests: take `provider-<key>`"))?;
    let origin = Origin::command(&actor.name, "digest", &key);
    Ok(step(service.digests.run_now(provider, &origin).await?))
}
