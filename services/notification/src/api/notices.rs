//! `GET /api/v1/notices`: what was sent, and what became of it.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, notification::NoticeView};
use countersign_kernel::Timestamp;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{internal, limit_of, views};
use crate::{
    authority::{Act, reach},
    projections::{self, NoticeFilter},
    service::Notification,
};

/// Which notices are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct NoticesFilter {
    /// About the provider with this key.
    about: Option<Uuid>,
    /// To this contact.
    recipient: Option<String>,
    /// Of this escalation track.
    track: Option<Uuid>,
    /// Of this kind.
    kind: Option<String>,
    /// `formal` or `reminder`.
    class: Option<String>,
    /// Asked for from this instant on.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists notices, the latest first, with where each of their legs stands.
#[utoipa::path(
    get, path = "/api/v1/notices", tag = "notices", operation_id = "list_notices", params(NoticesFilter),
    responses(
        (status = 200, description = "A page of notices", body = Page<NoticeView>),
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
    Asked(filter): Asked<NoticesFilter>,
) -> Result<Json<Page<NoticeView>>, Problem> {
    let limit = limit_of(filter.limit)?;
    let formal = match filter.class.as_deref() {
        None => None,
        Some("formal") => Some(true),
        Some("reminder") => Some(false),
        Some(_) => {
            return Err(Problem::bad_request("the request has a parameter that cannot be understood")
                .part("class", "must be `formal` or `reminder`"));
        }
    };
    let reach = reach(&actor, Act::ReadNotices)?;
    service.is_at(fresh).await?;
    let about = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let people = folded.owed.people();
        let all = |key| people.keys_of(key);
        let own = reach
            .providers
            .map(|ids| ids.iter().flat_map(|id| all(people.key_of(id))).collect::<BTreeSet<_>>());
        let wanted = filter.about.map(all);
        match (own, wanted) {
            (Some(own), Some(wanted)) => Some(own.intersection(&wanted).copied().collect()),
            (one, None) | (None, one) => one.map(|keys| keys.into_iter().collect()),
        }
    };
    let wanted = NoticeFilter {
        about,
        contact: filter.recipient,
        track: filter.track.map(countersign_kernel::TrackId),
        kind: filter.kind,
        formal,
        facilities: reach.facilities,
        since: filter.since,
        limit,
        after: filter.cursor,
    };
    let position = service.model.position().0;
    let (rows, next, total) = service
        .model
        .query(move |sql| projections::notices(sql, &wanted))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let addresses = |about: &crate::projections::NoticeRow| {
        super::may(&actor, Act::KeepContacts, about, &folded.owed).is_ok()
    };
    let items =
        rows.iter().map(|row| views::notice(row, &folded.owed, &service.config, addresses(row))).collect();
    Ok(Json(Page { items, next, total, position }))
}
