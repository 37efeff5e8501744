//! Decisions, as the API takes them.

use countersign_contracts::api::acts::{
    ActedView, ChartAct, ChartActRequest, DecisionView, ItemAct, ItemActRequest,
};
use countersign_kernel::{DeficiencyId, EncounterId, derive_uuid};
use serde::Serialize;

use super::get;
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// What a form decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// About the item.
    Item(ItemAct),
    /// About its chart.
    Chart(ChartAct),
}

/// Records a decision. `seen` says what the reader had before the eyes (a revision, or a position of the
/// journal): the same form sent twice from there has one key, and so one effect. With `unchanged_since` it is
/// refused when somebody else has changed the chart.
pub(crate) async fn act(
    api: &dyn Api,
    (item, chart): (DeficiencyId, EncounterId),
    decision: Decision,
    why: &str,
    seen: &str,
    unchanged_since: Option<u64>,
) -> Result<ActedView, Failure> {
    let why = why.to_owned();
    let (path, body) = match decision {
        Decision::Item(decision) => {
            (format!("/api/v1/deficiencies/{item}/acts"), json(&ItemActRequest { decision, why })?)
        }
        Decision::Chart(decision) => {
            (format!("/api/v1/charts/{chart}/acts"), json(&ChartActRequest { decision, why })?)
        }
    };
    let key = derive_uuid("portal form", &[&path, seen, &body]).to_string();
    let mut call = Call::post(path);
    (call.key, call.seen, call.body) = (Some(key), unchanged_since, Some(body.into()));
    get(api, call).await
}

/// Everything that people decided about a chart.
pub(crate) async fn list(api: &dyn Api, chart: EncounterId) -> Result<Vec<DecisionView>, Failure> {
    get(api, Call::get(format!("/api/v1/charts/{chart}/acts"))).await
}

fn json(body: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(body).map_err(|_| Failure::Fault)
}
