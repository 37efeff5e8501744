//! The service's part of the public API, one endpoint a file.

mod chart;
mod deficiencies;
mod deficiency;
mod explanation;
mod fresh;
mod providers;

use std::sync::Arc;

use axum::{Router, routing::get};
use countersign_contracts::api::{ChartView, DeficiencyView, Explanation, Page, ProviderView, RuleView, TimelineEntry};
use countersign_runtime::http::Problem;
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
        .route("/api/v1/providers", get(providers::handle))
        .with_state(service)
}

/// Their description.
#[derive(OpenApi)]
#[openapi(
    paths(deficiencies::handle, deficiency::handle, explanation::handle, chart::handle, providers::handle),
    components(schemas(
        Page<DeficiencyView>, Page<ProviderView>, DeficiencyView, Explanation, RuleView, TimelineEntry, ChartView,
        ProviderView, Problem
    ))
)]
pub struct Api;
