//! `GET /api/v1/people/{key}`: one provider.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::people::PersonView;
use countersign_eventsourcing::read_model::ReadModelError;
use countersign_kernel::ProviderId;
use countersign_runtime::http::{MinPosition, Problem};
use uuid::Uuid;

use crate::{
    projections,
    service::{Deficiency, ServiceError},
};

/// One provider with everything that is known, past leaves too. The key of a record that was merged gives the
/// provider that it was merged into.
#[utoipa::path(
    get, path = "/api/v1/people/{key}", tag = "people", operation_id = "show_person",
    params(("key" = Uuid, Path, description = "Key of the record, as the list has it")),
    responses(
        (status = 200, description = "The provider", body = PersonView),
        (status = 400, description = "The key is no UUID", body = Problem),
        (status = 404, description = "There is no such provider", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    fresh: MinPosition,
    Path(key): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    let key: Uuid = key.parse().map_err(|_| Problem::bad_request("the key of a provider is a UUID"))?;
    service.is_at(fresh).await?;
    let known = service.people.known().await.map_err(|error| Problem::internal(&error))?;
    let key = known.directory.provider(key).map_or(key, |provider| provider.key);
    by_key(&service, key)
        .await
        .map_err(|error| Problem::internal(&error))?
        .map(Json)
        .ok_or_else(|| Problem::not_found("there is no such provider in the directory"))
}

async fn by_key(service: &Deficiency, key: Uuid) -> Result<Option<PersonView>, ServiceError> {
    let now = service.clock.now();
    Ok(service.model.query(move |sql| projections::person(sql, key, now)).await?)
}

/// The provider with this identifier, for the command line.
///
/// # Errors
/// The journal or the read model.
pub async fn show(service: &Deficiency, id: &ProviderId) -> Result<Option<PersonView>, ServiceError> {
    let known = service.people.known().await.map_err(ReadModelError::from)?;
    match known.directory.find(id) {
        Some(provider) => by_key(service, provider.key).await,
        None => Ok(None),
    }
}
