//! The same decision about many items, with a preview and a result for each.

use countersign_contracts::{
    api::acts::{BulkActItem, BulkActReport, BulkActRequest},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::{Actor, DeficiencyId, EncounterId};

use super::{LifecycleError, Order, acts_for_providers_only, ordered, provider_of, request};
use crate::{
    consume::read_chart,
    domain::{
        acts::command::Refusal,
        decide::decide_act,
        events::{Change, ChartEvent, DeficiencyEvent},
        state::ChartState,
    },
    service::Deficiency,
};

/// The most items of one request: each is an append of its own.
const AT_MOST: usize = 500;

impl Deficiency {
    /// Records a decision about many items, or says what would become of each. What is refused for one item
    /// does not keep it from the others; the same request under the same key finishes what was interrupted.
    ///
    /// # Errors
    /// The request names too many items or none, or the journal fails.
    pub async fn act_on_items(
        &self,
        order: &Order<'_>,
        bulk: &BulkActRequest,
    ) -> Result<BulkActReport, LifecycleError> {
        let mut ids = bulk.items.clone();
        for chart in &bulk.charts {
            ids.extend(self.owed_in(*chart, order.actor).await?);
        }
        let mut seen = std::collections::BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        if ids.is_empty() || ids.len() > AT_MOST {
            return Err(LifecycleError::Word {
                field: "items",
                found: format!("{} items", ids.len()),
                allowed: format!("1 to {AT_MOST} items in all; name fewer at a time"),
            });
        }
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            let effects = self.effects(order, id, bulk).await;
            items.push(match effects {
                Ok(effects) if bulk.preview => {
                    BulkActItem { id, ok: true, refusal: None, effects, acted: None }
                }
                Ok(effects) => {
                    // Two items may lie in one chart: each has a key of its own.
                    let key = format!("{}/{id}", order.key);
                    let own = Order { key: &key, ..*order };
                    match self.act_on_item(&own, id, &bulk.decision).await {
                        Ok(acted) => BulkActItem { id, ok: true, refusal: None, effects, acted: Some(acted) },
                        Err(error) => refused(id, error)?,
                    }
                }
                Err(error) => refused(id, error)?,
            });
        }
        let done = items.iter().filter(|item| item.ok).count();
        Ok(BulkActReport {
            preview: bulk.preview,
            done,
            refused: items.len() - done,
            position: items.iter().filter_map(|item| Some(item.acted.as_ref()?.position)).max(),
            items,
        })
    }

    /// What would follow from the decision; nothing when it is on record already.
    async fn effects(
        &self,
        order: &Order<'_>,
        id: DeficiencyId,
        bulk: &BulkActRequest,
    ) -> Result<Vec<String>, LifecycleError> {
        let reference = self.lookup.get();
        let wish = request::about_item(id, &bulk.decision, order.actor, &reference, self.clock.now())?;
        let chart = self.chart_of(id).await?;
        let (state, _) = read_chart(self.journal.as_ref(), chart).await?;
        let key = format!("{}/{id}", order.key);
        let request = ordered(&Order { key: &key, ..*order }, chart, wish);
        if let Some(known) = state.acts.get(&request.id) {
            let same = request::asked_for(&request, known, &state);
            return if same { Ok(Vec::new()) } else { Err(Refusal::KeyReused.into()) };
        }
        self.permit(&request, &state)?;
        let events = decide_act(&state, &request, self.clock.now(), &reference)?;
        Ok(events
            .iter()
            .filter_map(|event| match event {
                ChartEvent::Deficiency(event) => Some(effect(event)),
                _ => None,
            })
            .collect())
    }

    /// What is owed in a chart; of providers and delegates, what is theirs.
    async fn owed_in(&self, chart: EncounterId, actor: &Actor) -> Result<Vec<DeficiencyId>, LifecycleError> {
        let (state, revision) = read_chart(self.journal.as_ref(), chart).await?;
        if revision.is_none() {
            return Err(Refusal::UnknownChart.into());
        }
        let reference = self.lookup.get();
        let theirs = |state: &ChartState, id: &DeficiencyId| {
            let provider = state.deficiencies.get(id).and_then(|item| provider_of(item, actor, &reference));
            provider.is_some_and(|id| actor.provider.iter().chain(&actor.for_providers).any(|own| *own == id))
        };
        let owed = state.deficiencies.values().filter(|item| {
            matches!(item.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant)
                && item.document_type != "chart"
        });
        Ok(owed
            .map(|item| item.id)
            .filter(|id| !acts_for_providers_only(actor) || theirs(&state, id))
            .collect())
    }
}

/// What concerns one item only. What concerns all, such as a journal that fails, ends the whole request.
fn refused(id: DeficiencyId, error: LifecycleError) -> Result<BulkActItem, LifecycleError> {
    match error {
        LifecycleError::NotPermitted(_) | LifecycleError::Refused(_) => Ok(BulkActItem {
            id,
            ok: false,
            refusal: Some(error.to_string()),
            effects: Vec::new(),
            acted: None,
        }),
        other => Err(other),
    }
}

/// A change of an item in a few words, without patient data.
fn effect(event: &DeficiencyEvent) -> String {
    let item = &event.deficiency;
    let due = item.due_at.map(|due| format!(", due {due}")).unwrap_or_default();
    let who = match &item.responsible {
        Some(person) => person.display_name(),
        None => "nobody".to_owned(),
    };
    match event.change {
        Change::Retracted => format!("{} {} is retracted", item.rule, item.document_type),
        _ => format!("{} {} is {}: {who}{due}", item.rule, item.document_type, item.status.name()),
    }
}
