//! `POST /api/v1/inbox/{id}/read`: the recipient opened a message.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::NotificationStep;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use super::{internal, no_notice, notice_in, step};
use crate::{
    authority,
    domain::{
        contact::Destination,
        notice::{Change, Notice},
    },
    service::Notification,
    store::Origin,
};

/// Records that the owner of the inbox has opened a message. Whoever asked for the notice is told that it was read.
#[utoipa::path(
    post, path = "/api/v1/inbox/{id}/read", tag = "notices", operation_id = "mark_read",
    params(("id" = String, Path, description = "The notice"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
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
    Path(id): Path<String>,
) -> Result<Json<NotificationStep>, Problem> {
    let id = notice_in(&id)?;
    let notice = service.store.load::<Notice>(&id.to_string()).await.map_err(|error| internal(&error))?.state;
    let owners = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        authority::inboxes(&actor, &folded.owed)
    };
    let is_theirs = notice
        .legs()
        .iter()
        .any(|leg| matches!(&leg.to, Destination::Inbox { owner } if owners.contains(owner)));
    // Nobody learns of messages to others.
    if !is_theirs {
        return Err(no_notice());
    }
    let change = Change::MarkRead { by: actor.name.clone() };
    Ok(step(service.change_notice(id, &Origin::command(&actor.name, "read", &key), &change).await?))
}
