//! Judging open charts by another version of the rules, by decision: with a preview, and on record for every
//! chart.

use countersign_contracts::api::rules::{ReevaluatedItem, ReevaluationReport, ReevaluationRequest};
use countersign_kernel::{EncounterId, EventId};

use super::{LifecycleError, Order};
use crate::{
    authority::{About, Act as Permission, permit},
    consume::{ActError, read_chart},
    domain::{
        acts::command::{Refusal, Request, Wish},
        decide::decide_act,
        events::{Change, ChartEvent},
        state::ChartState,
    },
    projections,
    service::Deficiency,
};

/// The most items that a report lists; it counts all of them.
const LISTED: usize = 1000;

impl Deficiency {
    /// Judges every chart that owes something under an older version by this one, or says what would become
    /// of it. What is closed stays as it is. The same request under the same key finishes what was interrupted.
    ///
    /// # Errors
    /// The caller may not, there is no such version, no reason is given, or the journal fails.
    pub async fn reevaluate(
        &self,
        order: &Order<'_>,
        version: u32,
        wanted: &ReevaluationRequest,
    ) -> Result<ReevaluationReport, LifecycleError> {
        permit(order.actor, Permission::ReevaluateCharts, &About::everything())?;
        let reference = self.lookup.get();
        if !reference.versions.contains_key(&version) {
            return Err(Refusal::UnknownVersion { version }.into());
        }
        let facility = wanted.facility.clone();
        let charts = self
            .model
            .query(move |sql| projections::charts_owing_under_another(sql, version, facility.as_deref()))
            .await?;
        let mut report =
            ReevaluationReport { preview: wanted.preview, version, ..ReevaluationReport::default() };
        for chart in charts {
            let request = Request {
                id: EventId::derive(&["reevaluated", &order.actor.name, order.key, &chart.to_string()]),
                by: order.actor.clone(),
                why: order.why.to_owned(),
                wish: Wish::ApplyRules { version },
            };
            let (state, _) = read_chart(self.journal.as_ref(), chart).await?;
            let events = decide_act(&state, &request, self.clock.now(), &reference)?;
            report.charts += 1;
            count(&mut report, chart, &state, &events);
            if !wanted.preview {
                let acted = self.charts.act(chart, &request, None).await.map_err(|error| match error {
                    ActError::Refused(refusal) => LifecycleError::Refused(refusal),
                    ActError::Chart(error) => LifecycleError::Chart(error),
                })?;
                report.position = report.position.max(acted.position.map(|position| position.0));
            }
        }
        Ok(report)
    }
}

fn count(report: &mut ReevaluationReport, chart: EncounterId, before: &ChartState, events: &[ChartEvent]) {
    for event in events {
        let ChartEvent::Deficiency(event) = event else { continue };
        let now = &event.deficiency;
        let same = before.deficiencies.get(&now.id).is_some_and(|known| {
            (known.due_at, known.status, &known.responsible) == (now.due_at, now.status, &now.responsible)
        });
        if same {
            report.carried_over += 1;
            continue;
        }
        match event.change {
            Change::Opened | Change::Reopened => report.opened += 1,
            Change::Voided | Change::Retracted => report.fell_away += 1,
            Change::Changed | Change::Satisfied | Change::Waived => report.changed += 1,
        }
        if report.items.len() < LISTED {
            report.items.push(ReevaluatedItem {
                chart,
                deficiency: event.deficiency.id,
                rule: event.deficiency.rule.clone(),
                change: event.change.word().to_owned(),
                due_at: event.deficiency.due_at,
            });
        } else {
            report.more += 1;
        }
    }
}
