//! Decisions, as the API takes them.

use axum::http::StatusCode;
use countersign_contracts::api::acts::{
    ActedView, BulkActReport, BulkActRequest, ChartAct, ChartActRequest, DecisionView, ItemAct,
    ItemActRequest,
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
    /// About every item of the visitor's in its chart.
    Mine(ItemAct),
}

/// A decision that is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// What was decided: `disputed` and the like.
    pub(crate) deed: String,
    /// Journal position after it.
    pub(crate) position: u64,
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
) -> Result<Recorded, Failure> {
    let why = why.to_owned();
    let many = matches!(decision, Decision::Mine(_));
    let (path, body) = match decision {
        Decision::Item(decision) => {
            (format!("/api/v1/deficiencies/{item}/acts"), json(&ItemActRequest { decision, why })?)
        }
        Decision::Chart(decision) => {
            (format!("/api/v1/charts/{chart}/acts"), json(&ChartActRequest { decision, why })?)
        }
        Decision::Mine(decision) => {
            let (items, charts) = (Vec::new(), vec![chart]);
            let request = BulkActRequest { decision, why, items, charts, preview: false };
            ("/api/v1/deficiencies/acts".to_owned(), json(&request)?)
        }
    };
    let key = derive_uuid("portal form", &[&path, seen, &body]).to_string();
    let mut call = Call::post(path);
    (call.key, call.seen, call.body) = (Some(key), unchanged_since, Some(body.into()));
    if many {
        let report: BulkActReport = get(api, call).await?;
        return recorded(report);
    }
    let acted: ActedView = get(api, call).await?;
    Ok(Recorded { deed: acted.deed, position: acted.position })
}

/// What became of many items. When nothing could be done, the first refusal says why.
fn recorded(report: BulkActReport) -> Result<Recorded, Failure> {
    let mut items = report.items;
    match (items.iter_mut().find_map(|item| item.acted.take()), report.position) {
        (Some(acted), Some(position)) => Ok(Recorded { deed: acted.deed, position }),
        _ => {
            let said = items.into_iter().find_map(|item| item.refusal);
            Err(Failure::Refused(StatusCode::CONFLICT, said))
        }
    }
}

/// Everything that people decided about a chart.
pub(crate) async fn list(api: &dyn Api, chart: EncounterId) -> Result<Vec<DecisionView>, Failure> {
    get(api, Call::get(format!("/api/v1/charts/{chart}/acts"))).await
}

fn json(body: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(body).map_err(|_| Failure::Fault)
}
