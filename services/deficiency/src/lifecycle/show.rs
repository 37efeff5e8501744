//! Decisions as the API shows them.

use countersign_contracts::api::acts::{ActedView, DecisionView};
use countersign_kernel::EncounterId;

use super::stands;
use crate::domain::{
    acts::{Act, Deed},
    events::Deficiency as Item,
    state::ChartState,
};

pub(super) fn acted(
    state: &ChartState,
    act: &Act,
    chart: EncounterId,
    revision: u64,
    position: u64,
) -> ActedView {
    ActedView {
        id: act.id,
        deed: act.deed.word().to_owned(),
        chart,
        deficiency: item(state, act).map(|item| item.id),
        by: act.by.clone(),
        at: act.at,
        revision,
        position,
    }
}

pub(super) fn acts(state: &ChartState) -> Vec<DecisionView> {
    let mut acts: Vec<&Act> = state.acts.values().collect();
    acts.sort_by_key(|act| (act.at, act.id));
    acts.into_iter()
        .map(|act| {
            let about = item(state, act);
            DecisionView {
                id: act.id,
                deed: act.deed.word().to_owned(),
                deficiency: about.map(|item| item.id),
                rule: about.map(|item| item.rule.clone()),
                by: act.by.clone(),
                roles: act.roles.clone(),
                at: act.at,
                why: act.why.clone(),
                stands: stands(state, act),
            }
        })
        .collect()
}

/// The item that a decision is about, or that it raised.
pub(super) fn item<'a>(state: &'a ChartState, act: &Act) -> Option<&'a Item> {
    let raised = match &act.deed {
        Deed::Raised { rule, .. } => Some((rule.as_str(), Some(act.id.to_string()))),
        _ => None,
    };
    let about = act.deed.item().map(|item| (item.rule.as_str(), item.subject.clone()));
    let (rule, subject) = raised.or(about)?;
    state.deficiencies.values().find(|known| known.rule == rule && known.subject == subject)
}
