//! `GET /api/v1/letters`: the queue of letters.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, notification::LetterView};
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{by_whom, cursor_of, internal, limit_of, views};
use crate::{
    authority::{About, Act, permit, reach},
    naming, projections,
    service::Notification,
};

/// Which letters are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct LettersFilter {
    /// `waiting` (the default), `printed` or `left`.
    state: Option<String>,
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists letters: those that wait to be printed, were printed, or left.
#[utoipa::path(
    get, path = "/api/v1/letters", tag = "letters", operation_id = "list_letters", params(LettersFilter),
    responses(
        (status = 200, description = "A page of letters", body = Page<LetterView>),
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
    Asked(filter): Asked<LettersFilter>,
) -> Result<Json<Page<LetterView>>, Problem> {
    let (limit, after) = (limit_of(filter.limit)?, cursor_of(filter.cursor)?);
    let state = filter.state.unwrap_or_else(|| "waiting".to_owned());
    if !["waiting", "printed", "left"].contains(&state.as_str()) {
        return Err(Problem::bad_request("the request has a parameter that cannot be understood")
            .part("state", "must be `waiting`, `printed` or `left`"));
    }
    permit(&actor, Act::ReadNotices, &About::everything())?;
    let facilities = reach(&actor, Act::ReadNotices)?.facilities;
    let addresses = permit(&actor, Act::KeepLetters, &About::everything()).is_ok();
    service.is_at(fresh).await?;
    let position = service.model.position().0;
    let found = service
        .model
        .query(move |sql| projections::letters(sql, &state, &facilities, limit, after.as_deref()))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let view = |letter: projections::Letter| LetterView {
        notice: letter.notice,
        leg: letter.leg,
        reference: views::reference(letter.notice),
        recipient_name: naming::contact_name(&service.config, &folded.owed, &letter.contact),
        to: addresses.then(|| letter.to.shown()),
        state: letter.state().to_owned(),
        kind: letter.kind,
        facility: letter.facility,
        since: letter.since,
        printed: letter.printed.as_ref().map(by_whom),
        how: letter.how,
        left_on: letter.left_on,
        by_whom: letter.by_whom,
    };
    let items = found.rows.into_iter().map(view).collect();
    Ok(Json(Page { items, next: found.next, total: found.total, position }))
}
