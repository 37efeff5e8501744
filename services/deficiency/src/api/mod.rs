//! The service's part of the public API, one endpoint a file.

mod chart;
mod claim;
mod claims;
mod claims_summary;
mod deficiencies;
mod deficiency;
mod explanation;
mod partitions;
mod providers;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use countersign_contracts::api::{
    ChartView, ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary, ClaimSummaryRow, ClaimView,
    DeficiencyView, Explanation, Page, ProviderView, RuleView, SkipRequest, StoppedPartition, TimelineEntry,
};
use countersign_eventsourcing::journal::Position;
use countersign_runtime::http::{MinPosition, Problem};
use utoipa::OpenApi;

use crate::service::Deficiency;

pub use deficiencies::{Filter, list};

/// The endpoints.
pub fn routes(service: Arc<Deficiency>) -> Router {
    Router::new()
        .route("/api/v1/deficiencies", get(deficiencies::handle))
        .route("/api/v1/deficiencies/{id}", get(deficiency::handle))
        .route("/api/v1/deficiencies/{id}/explanation", get(explanation::handle))
        .route("/api/v1/charts/{id}", get(chart::handle))
        .route("/api/v1/claims", get(claims::handle))
        .route("/api/v1/claims/summary", get(claims_summary::handle))
        .route("/api/v1/claims/{chart}", get(claim::handle))
        .route("/api/v1/providers", get(providers::handle))
        .route("/api/v1/partitions", get(partitions::list))
        .route("/api/v1/partitions/retry", post(partitions::retry))
        .route("/api/v1/partitions/{partition}/skip", post(partitions::skip))
        .with_state(service)
}

/// Their description.
#[derive(OpenApi)]
#[openapi(
    paths(deficiencies::handle, deficiency::handle, explanation::handle, chart::handle, providers::handle, claims::handle, claims_summary::handle, claim::handle, partitions::list, partitions::retry, partitions::skip),
    components(schemas(
        Page<DeficiencyView>, Page<ProviderView>, DeficiencyView, Explanation, RuleView, SkipRequest, StoppedPartition, TimelineEntry, ChartView,
        ProviderView, Page<ClaimView>, ClaimView, ClaimItemView, ClaimPeriodView, ClaimDetail, ClaimSummary, ClaimSummaryRow, Problem
    ))
)]
pub struct Api;

impl Deficiency {
    /// Waits, bounded, until the worklist includes what the caller has seen.
    async fn is_at(&self, fresh: MinPosition) -> Result<(), Problem> {
        fresh.reached(|position, limit| self.model.wait_for(Position(position), limit)).await
    }
}
