//! `POST /api/v1/people`: changes a record by hand, or enters a new one.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::people::{DirectoryStep, PersonChanges};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use countersign_contracts::staff::StaffIdentifier;
use countersign_kernel::{Person, ProviderId};

use super::step;
use crate::{
    domain::people::{decide::Command, events::Changes},
    service::Deficiency,
};

/// Changes a provider's record, or enters a new one. What is left out stays as it is.
#[utoipa::path(
    post, path = "/api/v1/people", tag = "people", operation_id = "change_person", request_body = PersonChanges,
    params(
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "On record, or so already", body = DirectoryStep),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is nothing of that name", body = Problem),
        (status = 422, description = "A rule refuses it, or the key was used for another request", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Sent(request): Sent<PersonChanges>,
) -> Result<Json<DirectoryStep>, Problem> {
    let why = request.why.clone();
    let effective_at = request.effective_at;
    let provider = ProviderId { id: request.id.clone(), authority: request.authority.clone() };
    let command = Command::Edit { provider, changes: Box::new(changes(request)), effective_at };
    Ok(Json(step(service.people.execute(&actor, &why, &key, command).await?, None)))
}

fn changes(request: PersonChanges) -> Changes {
    let named = request.family.is_some() || request.given.is_some();
    Changes {
        identifiers: request
            .identifiers
            .into_iter()
            .map(|known| StaffIdentifier { kind: known.kind.clone(), id: known.into() })
            .collect(),
        without_identifiers: request.without_identifiers.into_iter().map(Into::into).collect(),
        name: named.then(|| Person {
            family: request.family.unwrap_or_default(),
            given: request.given.unwrap_or_default(),
            credentials: request.credentials,
            ..Person::default()
        }),
        active: request.active,
        active_from: request.active_from,
        active_until: request.active_until,
        time_zone: request.time_zone,
        departments: request.departments,
        facilities: request.facilities,
        service: request.service,
        specialty: request.specialty,
        group: request.group,
        supervisor: request.supervisor.map(Into::into),
        delegate: request.delegate.map(Into::into),
        email: request.email,
        telephone: request.telephone,
    }
}
