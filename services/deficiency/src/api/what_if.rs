//! `/api/v1/what-if`: a candidate rule set over the recorded history, as a job.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_contracts::api::{Page, WhatIfAccount, WhatIfJob, WhatIfRequest, WhatIfRow};
use countersign_runtime::http::{Asked, Operator, Problem, Sent, Visitor};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    authority::{About, Act},
    recorded::all_cores,
    service::Deficiency,
    what_if::{Answer, Candidate, Question, csv, money::Account, row::Filter},
};

/// Rows of a page when the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Rows of a page at the most.
const MAX_LIMIT: usize = 1000;

/// Asks what a candidate rule set would have made of the recorded history. One run at a time; others wait.
#[utoipa::path(
    post, path = "/api/v1/what-if", tag = "rules", request_body = WhatIfRequest,
    responses(
        (status = 202, description = "It runs or waits: ask for it by its id (Location)", body = WhatIfJob),
        (status = 400, description = "The request or the rule file cannot be understood", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Too many runs wait", body = Problem)
    )
)]
pub(super) async fn ask(
    State(service): State<Arc<Deficiency>>,
    operator: Operator,
    Sent(WhatIfRequest { rules, from, to }): Sent<WhatIfRequest>,
) -> Result<Response, Problem> {
    operator.may(Act::RunWhatIf)?;
    let candidate = Candidate::parse(&rules).map_err(|error| {
        Problem::bad_request("the rule file cannot be used: correct it where `errors` says, and ask again")
            .part("rules", error.to_string())
    })?;
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Problem::bad_request("`from` is later than `to`: nothing lies between them"));
    }
    let question = Question { candidate, from, to, threads: all_cores() };
    let job = service
        .what_if
        .ask(Arc::clone(&service.journal), service.lookup.get(), question, service.clock.now())
        .map_err(|busy| Problem::unavailable(busy.to_string()))?;
    let place = HeaderValue::try_from(format!("/api/v1/what-if/{}", job.id))
        .map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(job)).into_response())
}

/// Tells where a run stands, with its report once that is there.
#[utoipa::path(
    get, path = "/api/v1/what-if/{job}", tag = "rules",
    params(("job" = String, Path, description = "The run's id")),
    responses(
        (status = 200, description = "Where it stands", body = WhatIfJob),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such run, or its result was let go", body = Problem)
    )
)]
pub(super) async fn show(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    Path(job): Path<String>,
) -> Result<Json<WhatIfJob>, Problem> {
    visitor.may(Act::RunWhatIf, &About::everything())?;
    service.what_if.view(&job).map(Json).ok_or_else(missing)
}

/// Stops a run that waits or runs; lets the result of one that has ended go.
#[utoipa::path(
    delete, path = "/api/v1/what-if/{job}", tag = "rules",
    params(("job" = String, Path, description = "The run's id")),
    responses(
        (status = 204, description = "Stopped, or let go"),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such run", body = Problem)
    )
)]
pub(super) async fn cancel(
    State(service): State<Arc<Deficiency>>,
    operator: Operator,
    Path(job): Path<String>,
) -> Result<StatusCode, Problem> {
    operator.may(Act::RunWhatIf)?;
    if service.what_if.cancel(&job) { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

fn missing() -> Problem {
    Problem::not_found(
        "there is no such what-if run here: results are kept by the process that was asked, the last few of them; \
         ask again, the answer is the same",
    )
}

/// Which rows of the list behind the numbers are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// Rule, e.g. `R13`.
    rule: Option<String>,
    /// Hospital service.
    service: Option<String>,
    /// Facility code.
    facility: Option<String>,
    /// Who owes it by either verdict.
    provider: Option<String>,
    /// `created`, `avoided`, `unchanged`, `changed`, `due`, `responsible`, `status` or `closed`.
    change: Option<String>,
    /// `json` (the default: a page) or `csv` (all rows at once).
    format: Option<String>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the deficiencies behind the numbers, each with both verdicts.
#[utoipa::path(
    get, path = "/api/v1/what-if/{job}/rows", tag = "rules",
    params(("job" = String, Path, description = "The run's id"), Rows),
    responses(
        (status = 200, description = "A page of rows, or all of them as CSV", body = Page<WhatIfRow>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such run with a result", body = Problem)
    )
)]
pub(super) async fn rows(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    Path(job): Path<String>,
    Asked(wanted): Asked<Rows>,
) -> Result<Response, Problem> {
    visitor.may(Act::RunWhatIf, &About::everything())?;
    let Rows { rule, service: hospital_service, facility, provider, change, format, limit, cursor } = wanted;
    let filter = Filter { rule, service: hospital_service, facility, provider, change };
    filter.check().map_err(|error| refused("change", &error))?;
    let (passed, limit) = place(cursor.as_deref(), limit)?;
    let answer = service.what_if.answer(&job).ok_or_else(missing)?;
    match format.as_deref() {
        None | Some("json") => {
            let all = answer.rows(&filter).count();
            let now = answer.report.now;
            let items: Vec<WhatIfRow> =
                answer.rows(&filter).skip(passed).take(limit).map(|row| row.view(now)).collect();
            Ok(Json(page(items, passed, all, answer.report.position)).into_response())
        }
        Some("csv") => {
            let file = tokio::task::spawn_blocking(move || file(&answer, &filter))
                .await
                .map_err(|error| Problem::internal(&error))?;
            Ok(as_file("rows.csv", file))
        }
        Some(_) => Err(refused("format", &"must be `json` or `csv`")),
    }
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Accounts {
    /// Only accounts of which anything differs.
    #[serde(default)]
    changed: bool,
    /// `json` (the default: a page) or `csv` (all accounts at once).
    format: Option<String>,
    /// Rows of a page, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the accounts behind the money: those that are or were held under either rule set.
#[utoipa::path(
    get, path = "/api/v1/what-if/{job}/accounts", tag = "rules",
    params(("job" = String, Path, description = "The run's id"), Accounts),
    responses(
        (status = 200, description = "A page of accounts, or all of them as CSV", body = Page<WhatIfAccount>),
        (status = 400, description = "A parameter cannot be understood", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such run with a result", body = Problem)
    )
)]
pub(super) async fn accounts(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    Path(job): Path<String>,
    Asked(Accounts { changed, format, limit, cursor }): Asked<Accounts>,
) -> Result<Response, Problem> {
    visitor.may(Act::RunWhatIf, &About::everything())?;
    let (passed, limit) = place(cursor.as_deref(), limit)?;
    let answer = service.what_if.answer(&job).ok_or_else(missing)?;
    match format.as_deref() {
        None | Some("json") => {
            let all = answer.accounts(changed).count();
            let items = answer.accounts(changed).skip(passed).take(limit).map(Account::view).collect();
            Ok(Json(page(items, passed, all, answer.report.position)).into_response())
        }
        Some("csv") => Ok(as_file("accounts.csv", csv::accounts(answer.accounts(changed)))),
        Some(_) => Err(refused("format", &"must be `json` or `csv`")),
    }
}

fn refused(parameter: &str, what: &dyn std::fmt::Display) -> Problem {
    Problem::bad_request("the request has a parameter that cannot be understood")
        .part(parameter, what.to_string())
}

/// Where a page begins, and how long it is.
fn place(cursor: Option<&str>, limit: Option<usize>) -> Result<(usize, usize), Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(refused("limit", &format_args!("must be 1 to {MAX_LIMIT}")));
    }
    let passed = match cursor {
        None => 0,
        Some(cursor) => {
            cursor.parse().map_err(|_| refused("cursor", &"must be `next` of an earlier page, unchanged"))?
        }
    };
    Ok((passed, limit))
}

fn page<T>(items: Vec<T>, passed: usize, all: usize, position: u64) -> Page<T> {
    let reached = passed.saturating_add(items.len());
    Page { items, next: (reached < all).then(|| reached.to_string()), total: all as u64, position }
}

fn as_file(name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}

fn file(answer: &Answer, filter: &Filter) -> String {
    let mut file = String::new();
    csv::heading(&mut file);
    for row in answer.rows(filter) {
        csv::line(&mut file, row, answer.report.now);
    }
    file
}
