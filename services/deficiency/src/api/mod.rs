//! The service's part of the public API, one endpoint a file.

mod acts;
mod chart;
mod claim;
mod claims;
mod claims_summary;
mod deficiencies;
mod deficiency;
mod explanation;
mod me;
mod people;
mod providers;
mod rule_set_apply;
mod site;
mod what_if;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use countersign_contracts::api::{
    CallerView, ChartView, ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary, ClaimSummaryRow,
    ClaimView, DeficiencyView, Explanation, Page, ProviderView, RuleView, TimelineEntry, WhatIfAccount,
    WhatIfJob, WhatIfRequest, WhatIfRow,
    acts::{
        ActedView, Allowance, BulkActItem, BulkActReport, BulkActRequest, ChartAct, ChartActRequest,
        DecisionView, ItemAct, ItemActRequest, ProviderRef,
    },
    people::{
        ByWhomView, CancelRequest, DepartmentRequest, DepartmentView, DirectoryStep, DowntimeRequest,
        DowntimeView, FacilityRequest, FacilityView, HolidayView, IdentifierView, ImportLine, ImportReport,
        ImportRequest, LeaveChange, LeaveDecision, LeaveRequest, LeaveView, MergeRequest, PeriodView,
        PersonChanges, PersonView, UnmergeRequest,
    },
    rules::{ReevaluatedItem, ReevaluationReport, ReevaluationRequest},
};
use countersign_eventsourcing::journal::Position;
use countersign_governance::api::Description;
use countersign_runtime::http::{MinPosition, Problem, partitions};
use utoipa::OpenApi;

use crate::{domain::rules::RuleSet, service::Deficiency};

pub use deficiencies::{Filter, list};
pub use people::{
    list::{PeopleFilter, list as list_people},
    show::show as show_person,
};
pub use site::{departments::list as list_departments, facilities::list as list_facilities};

/// The endpoints.
pub fn routes(service: Arc<Deficiency>) -> Router {
    let rule_sets = countersign_governance::api::routes(Arc::clone(&service.governance));
    Router::new()
        .route("/api/v1/deficiencies", get(deficiencies::handle))
        .route("/api/v1/deficiencies/{id}", get(deficiency::handle))
        .route("/api/v1/deficiencies/{id}/explanation", get(explanation::handle))
        .route("/api/v1/charts/{id}", get(chart::handle))
        .route("/api/v1/claims", get(claims::handle))
        .route("/api/v1/claims/summary", get(claims_summary::handle))
        .route("/api/v1/claims/{chart}", get(claim::handle))
        .route("/api/v1/providers", get(providers::handle))
        .route("/api/v1/what-if", post(what_if::ask))
        .route("/api/v1/what-if/{job}", get(what_if::show).delete(what_if::cancel))
        .route("/api/v1/what-if/{job}/rows", get(what_if::rows))
        .route("/api/v1/what-if/{job}/accounts", get(what_if::accounts))
        .route("/api/v1/me", get(me::handle))
        .route("/api/v1/deficiencies/acts", post(acts::bulk::handle))
        .route("/api/v1/deficiencies/{id}/acts", post(acts::item::handle))
        .route("/api/v1/charts/{id}/acts", get(acts::list::handle).post(acts::chart::handle))
        .route("/api/v1/rule-sets/{version}/apply", post(rule_set_apply::handle))
        .merge(people::routes())
        .merge(site::routes())
        .with_state(Arc::clone(&service))
        .merge(rule_sets)
        .merge(partitions::routes("/api/v1", service))
}

/// The description of the endpoints about rule sets.
static RULE_SETS: Description<RuleSet> = Description::new();

/// Their description.
#[derive(OpenApi)]
#[openapi(
    modifiers(&RULE_SETS),
    nest((path = "/api/v1", api = partitions::Api)),
    paths(
        deficiencies::handle, deficiency::handle, explanation::handle, chart::handle, providers::handle, me::handle,
        claims::handle, claims_summary::handle, claim::handle,
        rule_set_apply::handle,
        what_if::ask, what_if::show, what_if::cancel, what_if::rows, what_if::accounts,
        people::list::handle, people::show::handle, people::edit::handle, people::merge::handle,
        people::unmerge::handle, people::import::handle, people::leave::handle,
        people::leave_change::handle, people::leave_decision::handle, people::leave_cancel::handle,
        site::facilities::handle, site::facility::handle, site::holidays::handle, site::downtime::handle,
        site::downtime_cancel::handle, site::departments::handle, site::department::handle,
        acts::bulk::handle, acts::item::handle, acts::chart::handle, acts::list::handle,
    ),
    components(schemas(
        Page<DeficiencyView>, Page<ProviderView>, DeficiencyView, Explanation, RuleView, TimelineEntry, CallerView, ChartView, ProviderView, Problem,
        DecisionView, ActedView, Allowance, BulkActItem, BulkActReport, BulkActRequest, ChartAct,
        ChartActRequest, ItemAct, ItemActRequest, ProviderRef,
        ReevaluatedItem, ReevaluationReport, ReevaluationRequest,
        WhatIfRequest, WhatIfJob, Page<WhatIfRow>, Page<WhatIfAccount>,
        Page<PersonView>, ByWhomView, CancelRequest, DepartmentRequest, DepartmentView, DirectoryStep,
        DowntimeRequest, DowntimeView, FacilityRequest, FacilityView, HolidayView, IdentifierView, ImportLine,
        ImportReport, ImportRequest, LeaveChange, LeaveDecision, LeaveRequest, LeaveView, MergeRequest,
        PeriodView, PersonChanges, PersonView, UnmergeRequest,
        Page<ClaimView>, ClaimView, ClaimItemView, ClaimPeriodView, ClaimDetail, ClaimSummary, ClaimSummaryRow,
    ))
)]
pub struct Api;

impl Deficiency {
    /// Waits, bounded, until the worklist includes what the caller has seen.
    async fn is_at(&self, fresh: MinPosition) -> Result<(), Problem> {
        fresh.reached(|position, limit| self.model.wait_for(Position(position), limit)).await
    }
}
