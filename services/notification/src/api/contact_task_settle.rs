//! `POST /api/v1/contacts/tasks/{id}/settle`: somebody looked after an address.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::{NotificationStep, WhyRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};
use uuid::Uuid;

use super::{by, step};
use crate::{
    authority::{About, Act, permit},
    domain::contact::{Contact, Refusal},
    projections,
    service::Notification,
    store::{ChangeError, Origin},
};

/// Settles a task about an address.
#[utoipa::path(
    post, path = "/api/v1/contacts/tasks/{id}/settle", tag = "contacts", operation_id = "settle_contact_task",
    request_body = WhyRequest, params(("id" = Uuid, Path, description = "The task"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
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
    Sent(WhyRequest { why }): Sent<WhyRequest>,
) -> Result<Json<NotificationStep>, Problem> {
    let id: Uuid = id.parse().map_err(|_| Problem::bad_request("the id of a task is a UUID"))?;
    permit(&actor, Act::SettleTasks, &About::everything())?;
    let contact = service.model.query(move |sql| projections::contact_of_task(sql, id)).await;
    let contact = contact.map_err(|error| Problem::internal(&error))?;
    let contact = contact.ok_or(ChangeError::Refused(Refusal::NoTask))?;
    let act = by(&actor, service.store.now(), &why);
    let decide = |state: &Contact, _| state.settle(id, &act);
    let origin = Origin::command(&actor.name, &format!("settle {id}"), &key);
    Ok(step(service.store.change::<Contact, Refusal>(&contact, &origin, decide).await?))
}
