//! One page a file.

mod chart;
mod deficiency;
mod export;
mod feeds;
mod providers;
mod quarantine;
mod quarantined;
pub(crate) mod worklist;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use countersign_kernel::Clock;

use crate::{api::Api, assets, failure::Failure};

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
    Router::new()
        .route("/", get(worklist::handle))
        .route("/worklist.csv", get(export::handle))
        .route("/deficiencies/{id}", get(deficiency::handle))
        .route("/charts/{id}", get(chart::handle))
        .route("/providers", get(providers::handle))
        .route("/feeds", get(feeds::handle))
        .route("/quarantine", get(quarantine::handle))
        .route("/quarantine/{id}", get(quarantined::handle))
        .route("/quarantine/{id}/replay", post(quarantined::replay))
        .route("/static/{name}", get(assets::serve))
        .method_not_allowed_fallback(|| async { Failure::Method })
        .fallback(|| async { Failure::NotFound(None) })
        .with_state(Portal { api, clock })
}
