//! `POST /api/v1/contacts/{key}/addresses`: where somebody is reached.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::{AddressesRequest, NotificationStep};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{by, contact_in, internal, may_contact, step, views};
use crate::{
    authority::Act,
    domain::contact::{Contact, Destination, Refusal},
    service::Notification,
    store::Origin,
};

/// Sets the addresses of a contact: all of them. One that came back and is set again gets another chance.
#[utoipa::path(
    post, path = "/api/v1/contacts/{key}/addresses", tag = "contacts", operation_id = "set_addresses",
    request_body = AddressesRequest,
    params(("key" = String, Path, description = "`provider-<key>` or `office-<name>`"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
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
    Sent(AddressesRequest { addresses, verified, why }): Sent<AddressesRequest>,
) -> Result<Json<NotificationStep>, Problem> {
    let contact = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let contact = contact_in(&contact, &folded.owed)?;
        may_contact(&actor, Act::KeepContacts, &contact, &folded.owed)?;
        contact
    };
    let addresses: Vec<Destination> = addresses.into_iter().map(views::destination_of).collect();
    let act = by(&actor, service.store.now(), &why);
    let decide = |state: &Contact, _| state.set_addresses(&addresses, verified, &act);
    let origin = Origin::command(&actor.name, "addresses", &key);
    Ok(step(service.store.change::<Contact, Refusal>(&contact, &origin, decide).await?))
}
