//! `/api/v1/facilities`, `/api/v1/downtimes` and `/api/v1/departments`.

pub(super) mod department;
pub(super) mod departments;
pub(super) mod downtime;
pub(super) mod downtime_cancel;
pub(super) mod facilities;
pub(super) mod facility;
pub(super) mod holidays;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use countersign_runtime::http::Problem;

use super::people::refused;
use crate::{imports::HolidaysImportError, service::Deficiency, site::SiteRefusal};

/// The endpoints.
pub(super) fn routes() -> Router<Arc<Deficiency>> {
    Router::new()
        .route("/api/v1/facilities", get(facilities::handle))
        .route("/api/v1/facilities/{code}", post(facility::handle))
        .route("/api/v1/facilities/{code}/holidays", post(holidays::handle))
        .route("/api/v1/facilities/{code}/downtimes", post(downtime::handle))
        .route("/api/v1/downtimes/{id}/cancel", post(downtime_cancel::handle))
        .route("/api/v1/departments", get(departments::handle).post(department::handle))
}

impl From<SiteRefusal> for Problem {
    fn from(refusal: SiteRefusal) -> Self {
        match refusal {
            SiteRefusal::NotPermitted(refusal) => refusal.into(),
            SiteRefusal::Rule(rule) => {
                let absent = rule.is_about_absence();
                let status = if absent { StatusCode::NOT_FOUND } else { StatusCode::UNPROCESSABLE_ENTITY };
                refused(rule.rule(), status, &rule.to_string())
            }
        }
    }
}

impl From<HolidaysImportError> for Problem {
    fn from(error: HolidaysImportError) -> Self {
        match error {
            HolidaysImportError::File(error) => error.into(),
            HolidaysImportError::Command(error) => error.into(),
        }
    }
}
