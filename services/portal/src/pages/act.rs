//! `POST /deficiencies/{id}/acts`: a decision about an item. What is refused comes back with the page.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::acts::ItemAct;
use countersign_kernel::DeficiencyId;

use super::{
    Portal, decide,
    deficiency::{self, Sent},
    form::Entered,
    sign_in::is_here,
};
use crate::{
    ask::{self, acts::Decision},
    failure::Failure,
    same_origin,
    show::localized,
    visitor,
};

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let id: DeficiencyId = id.parse().map_err(|_| Failure::NotFound(None))?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let view = ask::deficiency(portal.api.as_ref(), id).await?;
    let (decision, why) = match decide::decision(&entered, &view.time_zone) {
        Ok(decided) => decided,
        Err(said) => return again(&portal, id, &entered, StatusCode::UNPROCESSABLE_ENTITY, said).await,
    };
    let seen = entered.get("seen").unwrap_or_default();
    // Whose item it is may say so whatever else has come in; HIM decides about what HIM has seen.
    let disputed = matches!(decision, Decision::Item(ItemAct::Dispute { .. }) | Decision::Mine(_));
    let unchanged_since = seen.parse().ok().filter(|_| !disputed);
    let about = (id, view.chart);
    match ask::acts::act(portal.api.as_ref(), about, decision, &why, seen, unchanged_since).await {
        Ok(acted) => {
            let back = entered.get("back").filter(|back| is_here(back));
            let back = back.map_or_else(|| format!("/deficiencies/{id}"), str::to_owned);
            let mark = if back.contains('?') { '&' } else { '?' };
            let next = format!("{back}{mark}done={}&position={}", acted.deed, acted.position);
            Ok(Redirect::to(&next).into_response())
        }
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            let said = localized(&said, portal.clock.now(), &view.time_zone);
            again(&portal, id, &entered, status, said).await
        }
        Err(failure) => Err(failure),
    }
}

/// The page once more, with the refusal and what was filled in.
async fn again(
    portal: &Portal,
    id: DeficiencyId,
    entered: &Entered,
    status: StatusCode,
    said: String,
) -> Result<Response, Failure> {
    let sent = Sent { entered, refusal: Some(said), done: None, position: None };
    Ok((status, deficiency::page(portal, id, sent).await?).into_response())
}
