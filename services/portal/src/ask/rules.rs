//! Rule sets.

use countersign_contracts::api::rules::{RuleSetDetail, RuleSetDiff, RuleSetsView};

use super::get;
use crate::{
    api::{Api, Call},
    failure::Failure,
};

pub(crate) async fn list(api: &dyn Api) -> Result<RuleSetsView, Failure> {
    get(api, Call::get("/api/v1/rule-sets")).await
}

pub(crate) async fn one(api: &dyn Api, version: u32) -> Result<RuleSetDetail, Failure> {
    get(api, Call::get(format!("/api/v1/rule-sets/{version}"))).await
}

/// What differs in a version from another one, or from the one it was based on.
pub(crate) async fn diff(api: &dyn Api, version: u32, against: Option<u32>) -> Result<RuleSetDiff, Failure> {
    let against = against.map(|against| format!("?against={against}")).unwrap_or_default();
    get(api, Call::get(format!("/api/v1/rule-sets/{version}/diff{against}"))).await
}
