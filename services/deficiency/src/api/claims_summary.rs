//! `GET /api/v1/claims/summary`: what waits for documentation, by document type, provider, facility, class or day.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::ClaimSummary;
use countersign_runtime::http::{Asked, MinPosition, Problem, Visitor};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::IntoParams;

use super::claims::refused;
use crate::{authority::Act, claims::SummaryBy, service::Deficiency};

/// Most days that are told one by one.
const MAX_DAYS: i32 = 1830;

/// What is summed, and over which days.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `document_type` (when not given), `provider`, `facility`, `class` or `day`.
    by: Option<String>,
    /// Only this facility.
    facility: Option<String>,
    /// First local day that counts for releases and dollar-days; without it the last thirty count.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last local day that counts; today when not given.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// Sums dollars held, dollar-days and what single items block.
#[utoipa::path(
    get, path = "/api/v1/claims/summary", tag = "claims", params(Wanted),
    responses(
        (status = 200, description = "The sums; money in whole cents", body = ClaimSummary),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<ClaimSummary>, Problem> {
    let within = visitor.reach(Act::ReadClaims)?.facilities;
    let by = match wanted.by.as_deref() {
        None => SummaryBy::DocumentType,
        Some(name) => SummaryBy::from_name(name).ok_or_else(|| {
            let known = SummaryBy::ALL.map(|(_, name)| name).join(", ");
            refused("by", format!("`{name}` is not one of {known}"))
        })?,
    };
    if let (Some(from), Some(to)) = (wanted.from, wanted.to) {
        let days = from.until(to).map_or(i32::MAX, |days| days.get_days());
        if !(0..=MAX_DAYS).contains(&days) {
            return Err(refused("to", format!("must be 0 to {MAX_DAYS} days after `from`")));
        }
    }
    service.is_at(fresh).await?;
    service
        .claim_summary(by, wanted.facility, within, (wanted.from, wanted.to))
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}
