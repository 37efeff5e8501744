//! One page a file.

mod act;
mod chart;
mod choice;
mod claim;
mod claims;
mod decide;
mod deficiency;
mod escalation;
mod export;
mod feeds;
mod form;
mod governed;
mod list;
mod notification;
mod partitions;
mod people;
mod person;
mod providers;
mod quarantine;
mod quarantined;
mod sheet;
pub(crate) mod sign_in;
mod site;
pub(crate) mod worklist;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use countersign_kernel::Clock;

use crate::{api::Api, ask::governed::Texts, assets, failure::Failure, visitor};

/// What every page stands on.
#[derive(Clone)]
pub(crate) struct Portal {
    /// The services.
    pub(crate) api: Arc<dyn Api>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
}

/// The pages, which ask this API and tell the time by this clock. Every address that is no page answers with
/// a page that says so.
pub fn routes(api: Arc<dyn Api>, clock: Arc<dyn Clock>) -> Router {
    let portal = Portal { api, clock };
    Router::new()
        .route("/", get(worklist::handle))
        .route("/worklist.csv", get(export::handle))
        .route("/deficiencies/{id}", get(deficiency::handle))
        .route("/deficiencies/{id}/acts", post(act::handle))
        .route("/charts/{id}", get(chart::handle))
        .route("/providers", get(providers::handle))
        .route("/claims", get(claims::handle))
        .route("/claims.csv", get(claims::export))
        .route("/claims/{chart}", get(claim::handle))
        .merge(governed::routes(Texts::Rules))
        .merge(governed::routes(Texts::Policies))
        .route("/people", get(people::handle))
        .route("/people/{key}", get(person::handle))
        .route("/sign-in", get(sign_in::handle).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/feeds", get(feeds::handle))
        .route("/partitions", get(partitions::handle).post(partitions::decide))
        .route("/quarantine", get(quarantine::handle))
        .route("/quarantine/{id}", get(quarantined::handle))
        .route("/quarantine/{id}/replay", post(quarantined::replay))
        .merge(escalation::routes())
        .merge(notification::routes())
        .route("/static/{name}", get(assets::serve))
        .method_not_allowed_fallback(|| async { Failure::Method })
        .fallback(|| async { Failure::NotFound(None) })
        .layer(middleware::from_fn_with_state(portal.clone(), visitor::recognise))
        .with_state(portal)
}
