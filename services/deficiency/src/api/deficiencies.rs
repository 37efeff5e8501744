//! `GET /api/v1/deficiencies`: the worklist.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{DeficiencyView, Page};
use countersign_kernel::Timestamp;
use countersign_runtime::{
    authority::Reach,
    http::{Asked, MinPosition, Problem, Visitor},
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    authority::Act,
    explain,
    projections::{self, Within, worklist},
    service::{Deficiency, ServiceError},
};

const STATUSES: [&str; 5] = ["dormant", "open", "satisfied", "voided", "waived"];
/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
const MAX_LIMIT: usize = 1000;

/// Which deficiencies are wanted.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the address")]
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Responsible provider's identifier, as the feed sent it.
    pub provider: Option<String>,
    /// Only items that nobody is responsible for: HIM's queue "unassigned".
    #[serde(default)]
    pub unassigned: bool,
    /// `dormant`, `open`, `satisfied`, `voided` or `waived`.
    pub status: Option<String>,
    /// Rule, e.g. `R13`.
    pub rule: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// Id of the chart. There is no filter by visit number: addresses hold nothing that identifies a patient.
    pub chart: Option<String>,
    /// Only open items past their due instant.
    #[serde(default)]
    pub overdue: bool,
    /// Only open items that are delinquent.
    #[serde(default)]
    pub delinquent: bool,
    /// Only items whose dispute waits for HIM's answer.
    #[serde(default)]
    pub disputed: bool,
    /// What was owed at this instant, by the facts that had happened by then.
    #[param(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Only what was known here by this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<Timestamp>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// Lists deficiencies, the earliest due first.
#[utoipa::path(
    get, path = "/api/v1/deficiencies", tag = "deficiencies", params(Filter),
    responses(
        (status = 200, description = "A page of deficiencies, the earliest due first", body = Page<DeficiencyView>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
    Asked(filter): Asked<Filter>,
) -> Result<Json<Page<DeficiencyView>>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    check(&filter)?;
    service.is_at(fresh).await?;
    let after = filter.cursor.as_deref().map(parse_cursor).transpose()?;
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    list(&service, &filter, &reach, limit, after).await.map(Json).map_err(|error| Problem::internal(&error))
}

fn check(filter: &Filter) -> Result<(), Problem> {
    if let Some(status) = &filter.status
        && !STATUSES.contains(&status.as_str())
    {
        return Err(Problem::bad_request("the request has a parameter that cannot be understood")
            .part("status", format!("`{status}` is not one of {}", STATUSES.join(", "))));
    }
    match filter.limit {
        Some(limit) if limit == 0 || limit > MAX_LIMIT => {
            Err(Problem::bad_request("the request has a parameter that cannot be understood")
                .part("limit", format!("must be 1 to {MAX_LIMIT}")))
        }
        _ => Ok(()),
    }
}

fn parse_cursor(cursor: &str) -> Result<(i64, String), Problem> {
    cursor.split_once('_').and_then(|(due_at, id)| Some((due_at.parse().ok()?, id.to_owned()))).ok_or_else(
        || {
            Problem::bad_request("the request has a parameter that cannot be understood")
                .part("cursor", "must be `next` of an earlier page, unchanged")
        },
    )
}

/// The list behind the endpoint, the page in the portal and the command line: one query, one number. `reach`: what
/// the reader may see.
pub async fn list(
    service: &Deficiency,
    filter: &Filter,
    reach: &Reach,
    limit: usize,
    after: Option<(i64, String)>,
) -> Result<Page<DeficiencyView>, ServiceError> {
    if filter.as_of.is_some() || filter.known_at.is_some() {
        return list_at(service, filter, reach, limit, after).await;
    }
    let query = projections::Query {
        provider: filter.provider.clone(),
        unassigned: filter.unassigned,
        status: filter.status.clone(),
        rule: filter.rule.clone(),
        facility: filter.facility.clone(),
        chart: filter.chart.clone(),
        overdue: filter.overdue,
        delinquent: filter.delinquent,
        disputed: filter.disputed,
        reach: reach.clone(),
        limit,
        after,
    };
    let (reference, now) = (service.lookup.get(), service.clock.now());
    let position = service.model.position().0;
    Ok(service.model.query(move |sql| worklist(sql, &query, &reference, now, position)).await?)
}

/// The past is not in the read model: every chart's own history is asked.
async fn list_at(
    service: &Deficiency,
    filter: &Filter,
    reach: &Reach,
    limit: usize,
    after: Option<(i64, String)>,
) -> Result<Page<DeficiencyView>, ServiceError> {
    let position = service.model.position().0;
    let charts = service.model.query(projections::all_charts).await?;
    let reach = reach.clone();
    let within = service.model.query(move |sql| Within::of(sql, &reach)).await?;
    let reference = service.lookup.get();
    let mut owed = Vec::new();
    for chart in charts {
        let views = explain::owed_at(
            service.journal.as_ref(),
            chart,
            filter.as_of,
            filter.known_at,
            &within,
            &reference,
            service.clock.now(),
        )
        .await
        .map_err(countersign_eventsourcing::read_model::ReadModelError::from)?;
        owed.extend(
            views
                .into_iter()
                .filter(|view| matches(filter, view, filter.as_of.unwrap_or(service.clock.now()))),
        );
    }
    owed.sort_by_key(place);
    let total = owed.len() as u64;
    let mut items: Vec<DeficiencyView> = owed
        .into_iter()
        .filter(|view| after.as_ref().is_none_or(|(due_at, id)| place(view) > (*due_at, id.clone())))
        .take(limit.saturating_add(1))
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(projections::cursor);
    Ok(Page { items, next, total, position })
}

/// The place in a list: due instant and id; what does not fall due comes last.
fn place(view: &DeficiencyView) -> (i64, String) {
    (view.due_at.map_or(i64::MAX, Timestamp::as_microsecond), view.id.to_string())
}

fn matches(filter: &Filter, view: &DeficiencyView, now: Timestamp) -> bool {
    let wants = |wanted: &Option<String>, has: Option<&String>| wanted.is_none() || wanted.as_ref() == has;
    wants(&filter.provider, view.responsible.as_ref())
        && wants(&filter.status, Some(&view.status))
        && wants(&filter.rule, Some(&view.rule))
        && wants(&filter.facility, Some(&view.facility))
        && wants(&filter.chart, Some(&view.chart.to_string()))
        && (!filter.unassigned || (view.responsible.is_none() && view.document_type != "chart"))
        && (!filter.overdue || view.overdue)
        && (!filter.delinquent || view.delinquent_at.is_some_and(|at| view.status == "open" && now > at))
        && (!filter.disputed || view.dispute.as_ref().is_some_and(|dispute| dispute.state == "open"))
}
