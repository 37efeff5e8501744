//! The calls that pages make, typed.

pub(crate) mod acts;
pub(crate) mod claims;
pub(crate) mod escalation;
pub(crate) mod governed;
pub(crate) mod intake;
pub(crate) mod notification;
pub(crate) mod partitions;
pub(crate) mod people;

use axum::{body::Bytes, http::StatusCode};
use countersign_contracts::api::{CallerView, ChartView, DeficiencyView, Explanation, Page, ProviderView};
use countersign_kernel::{DeficiencyId, EncounterId, MessageId, derive_uuid};
use form_urlencoded::Serializer;
use intake::{FeedView, QuarantinedMessage, QuarantinedView, Run};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    api::{Api, Call},
    failure::{Failure, Problem},
    visitor,
};

/// Which deficiencies a page wants: the parameters of `GET /api/v1/deficiencies`.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the API asks questions of yes or no")]
pub(crate) struct Wanted<'a> {
    pub(crate) provider: Option<&'a str>,
    pub(crate) unassigned: bool,
    pub(crate) status: Option<&'a str>,
    pub(crate) rule: Option<&'a str>,
    pub(crate) facility: Option<&'a str>,
    pub(crate) overdue: bool,
    pub(crate) delinquent: bool,
    pub(crate) disputed: bool,
    pub(crate) limit: usize,
    pub(crate) cursor: Option<&'a str>,
    /// Journal position that the answer must include.
    pub(crate) not_before: Option<u64>,
}

impl Wanted<'_> {
    fn path(&self) -> String {
        let path = "/api/v1/deficiencies?".to_owned();
        let start = path.len();
        let mut query = Serializer::for_suffix(path, start);
        for (name, value) in [
            ("provider", self.provider),
            ("status", self.status),
            ("rule", self.rule),
            ("facility", self.facility),
            ("cursor", self.cursor),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for (name, flag) in [
            ("unassigned", self.unassigned),
            ("overdue", self.overdue),
            ("delinquent", self.delinquent),
            ("disputed", self.disputed),
        ] {
            if flag {
                query.append_pair(name, "true");
            }
        }
        query.append_pair("limit", &self.limit.to_string());
        query.finish()
    }
}

pub(crate) async fn deficiencies(
    api: &dyn Api,
    wanted: &Wanted<'_>,
) -> Result<Page<DeficiencyView>, Failure> {
    get(api, Call::get(wanted.path()).not_before(wanted.not_before)).await
}

pub(crate) async fn deficiency(api: &dyn Api, id: DeficiencyId) -> Result<DeficiencyView, Failure> {
    get(api, Call::get(format!("/api/v1/deficiencies/{id}"))).await
}

pub(crate) async fn explanation(
    api: &dyn Api,
    id: DeficiencyId,
    not_before: Option<u64>,
) -> Result<Explanation, Failure> {
    let call = Call::get(format!("/api/v1/deficiencies/{id}/explanation"));
    get(api, call.not_before(not_before)).await
}

/// Who the visitor is.
pub(crate) async fn me(api: &dyn Api) -> Result<CallerView, Failure> {
    get(api, Call::get("/api/v1/me")).await
}

pub(crate) async fn chart(api: &dyn Api, id: EncounterId) -> Result<ChartView, Failure> {
    get(api, Call::get(format!("/api/v1/charts/{id}"))).await
}

pub(crate) async fn providers(api: &dyn Api) -> Result<Page<ProviderView>, Failure> {
    get(api, Call::get("/api/v1/providers")).await
}

pub(crate) async fn feeds(api: &dyn Api) -> Result<Page<FeedView>, Failure> {
    get(api, Call::get("/api/v1/feeds")).await
}

pub(crate) async fn quarantine(
    api: &dyn Api,
    cursor: Option<&str>,
    limit: usize,
    not_before: Option<u64>,
) -> Result<Page<QuarantinedView>, Failure> {
    let path = {
        let mut query = Serializer::new(format!("/api/v1/quarantine?limit={limit}"));
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        query.finish()
    };
    get(api, Call::get(path).not_before(not_before)).await
}

pub(crate) async fn quarantined(
    api: &dyn Api,
    id: MessageId,
    not_before: Option<u64>,
) -> Result<QuarantinedMessage, Failure> {
    get(api, Call::get(format!("/api/v1/quarantine/{id}")).not_before(not_before)).await
}

pub(crate) async fn replay(api: &dyn Api, id: MessageId) -> Result<Run, Failure> {
    get(api, Call::post(format!("/api/v1/quarantine/{id}/replay"))).await
}

/// A path with these parameters; those that are empty are left out.
fn with_query<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Does something once: the key follows from what is asked for and from what the reader had before the eyes, so
/// the same form sent twice has one effect.
async fn post<T: DeserializeOwned>(
    api: &dyn Api,
    path: String,
    body: &impl Serialize,
    seen: &str,
) -> Result<T, Failure> {
    send(api, path, body, seen, None).await
}

/// The same; refused when the revision is not `unchanged_since` any more.
async fn send<T: DeserializeOwned>(
    api: &dyn Api,
    path: String,
    body: &impl Serialize,
    seen: &str,
    unchanged_since: Option<u64>,
) -> Result<T, Failure> {
    let body = serde_json::to_string(body).map_err(|_| Failure::Fault)?;
    let key = derive_uuid("portal form", &[&path, seen, &body]).to_string();
    let mut call = Call::post(path);
    (call.key, call.seen, call.body) = (Some(key), unchanged_since, Some(body.into()));
    get(api, call).await
}

async fn get<T: DeserializeOwned>(api: &dyn Api, call: Call) -> Result<T, Failure> {
    let body = bytes(api, call).await?;
    serde_json::from_slice(&body).map_err(|error| {
        // the error's own text may quote the answer, and with it a patient
        tracing::error!(
            category = ?error.classify(),
            line = error.line(),
            column = error.column(),
            "an answer of the API cannot be read"
        );
        Failure::Fault
    })
}

/// What the API answers, as it is.
async fn bytes(api: &dyn Api, call: Call) -> Result<Bytes, Failure> {
    let answer = api.call(call.by(visitor::present().bearer)).await.map_err(|error| {
        tracing::warn!(%error, "a page could not be made");
        Failure::Unavailable(None)
    })?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap_or_default();
    Err(match answer.status {
        StatusCode::BAD_REQUEST => Failure::Invalid(problem.text()),
        StatusCode::NOT_FOUND => Failure::NotFound(problem.text()),
        StatusCode::UNAUTHORIZED => Failure::Stranger(problem.text()),
        StatusCode::FORBIDDEN
        | StatusCode::CONFLICT
        | StatusCode::PRECONDITION_FAILED
        | StatusCode::UNPROCESSABLE_ENTITY => Failure::Refused(answer.status, problem.text()),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::BAD_GATEWAY => {
            Failure::Unavailable(problem.text())
        }
        status => {
            tracing::error!(status = status.as_u16(), "the API failed");
            Failure::Fault
        }
    })
}
