//! Accounts whose bills wait for documentation.

use countersign_contracts::api::{ClaimDetail, ClaimSummary, ClaimView, Page};
use countersign_kernel::EncounterId;

use super::{get, with_query};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// Which accounts a page wants: the parameters of `GET /api/v1/claims`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) state: Option<&'a str>,
    pub(crate) facility: Option<&'a str>,
    pub(crate) class: Option<&'a str>,
    pub(crate) document_type: Option<&'a str>,
    pub(crate) provider: Option<&'a str>,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: usize,
}

pub(crate) async fn list(api: &dyn Api, wanted: Wanted<'_>) -> Result<Page<ClaimView>, Failure> {
    let limit = wanted.limit.to_string();
    let path = with_query(
        "/api/v1/claims",
        [
            ("state", wanted.state),
            ("facility", wanted.facility),
            ("class", wanted.class),
            ("document_type", wanted.document_type),
            ("provider", wanted.provider),
            ("cursor", wanted.cursor),
            ("limit", Some(limit.as_str())),
        ],
    );
    get(api, Call::get(path)).await
}

pub(crate) async fn one(api: &dyn Api, chart: EncounterId) -> Result<ClaimDetail, Failure> {
    get(api, Call::get(format!("/api/v1/claims/{chart}"))).await
}

pub(crate) async fn summary(
    api: &dyn Api,
    by: &str,
    facility: Option<&str>,
) -> Result<ClaimSummary, Failure> {
    let path = with_query("/api/v1/claims/summary", [("by", Some(by)), ("facility", facility)]);
    get(api, Call::get(path)).await
}
