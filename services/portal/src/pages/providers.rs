//! `/providers`: who owes how much.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::ProviderView;
use countersign_kernel::Timestamp;
use serde::Deserialize;

use super::{Portal, worklist};
use crate::{
    ask,
    failure::Failure,
    show::{Layout, Moment, Section, html, number},
};

/// The facility of what is due next is not known here, so its instant is told in UTC.
const ZONE: &str = "UTC";

/// What the reader looks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    name: Option<String>,
}

struct ProviderRow {
    name: String,
    /// Nothing for HIM's queue.
    id: Option<String>,
    href: String,
    open: String,
    overdue: String,
    any_overdue: bool,
    next_due: Option<Moment>,
    next_distance: String,
}

impl ProviderRow {
    fn new(view: ProviderView, now: Timestamp) -> Self {
        let next_due = view.next_due_at.map(|at| Moment::new(at, now, ZONE));
        Self {
            href: view.id.as_deref().map_or_else(worklist::of_nobody, worklist::of_provider),
            name: if view.id.is_some() { view.name } else { "Unassigned".to_owned() },
            id: view.id,
            open: number(view.open),
            overdue: number(view.overdue),
            any_overdue: view.overdue > 0,
            next_distance: next_due.as_ref().map(Moment::due).unwrap_or_default(),
            next_due,
        }
    }
}

#[derive(Template)]
#[template(path = "providers.html")]
struct ProvidersPage {
    layout: Layout,
    searched: String,
    rows: Vec<ProviderRow>,
    /// Providers before the search.
    any: bool,
    open: String,
    overdue: String,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Search>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(search) = query.map_err(|_| Failure::Invalid(None))?;
    let searched = search.name.unwrap_or_default().trim().to_owned();
    let now = portal.clock.now();
    let providers = ask::providers(portal.api.as_ref()).await?.items;
    let any = !providers.is_empty();
    let looked_for = searched.to_lowercase();
    let found: Vec<ProviderView> = providers
        .into_iter()
        .filter(|provider| {
            provider.name.to_lowercase().contains(&looked_for)
                || provider.id.as_deref().is_some_and(|id| id.to_lowercase().contains(&looked_for))
        })
        .collect();
    html(&ProvidersPage {
        layout: Layout::within("Providers", Section::People, "/providers"),
        searched,
        open: number(found.iter().map(|provider| provider.open).sum()),
        overdue: number(found.iter().map(|provider| provider.overdue).sum()),
        rows: found.into_iter().map(|provider| ProviderRow::new(provider, now)).collect(),
        any,
    })
}
