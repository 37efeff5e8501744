//! Both verdicts on one chart.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::deficiency::DeficiencyStatus;
use countersign_kernel::{DayCount, DeficiencyId, Timestamp};

use super::{
    money::{self, Account},
    row::{Row, Verdict},
};
use crate::domain::{
    decide::{outcome, zone_of},
    events::Deficiency,
    ledger::Outcome,
    reference::Reference,
    state::ChartState,
};

/// Which deficiencies are compared, and as of when.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The candidate is taken as in force from this instant.
    pub from: Option<Timestamp>,
    /// Charts are judged as they stood at this instant.
    pub now: Timestamp,
}

/// What both rule sets say of one chart.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Its deficiencies.
    pub(super) rows: Vec<Row>,
    /// Its account, if either held it.
    pub(super) account: Option<Account>,
}

/// What the engine says of a chart under a rule set, as it stood at an instant.
pub(crate) fn judge(state: &ChartState, reference: &Reference, now: Timestamp) -> Option<Outcome> {
    outcome(state, reference, Some(now), None)
}

/// Compares everything that either rule set raised in the window. A deficiency that the published
/// rules raised before the window stays with the version it was raised under, and one that the candidate
/// would have raised before it was in force it did not raise: neither is compared.
pub(super) fn compare(
    state: &ChartState,
    published: &Reference,
    candidate: &Reference,
    window: Window,
) -> Option<Compared> {
    let Window { from, now } = window;
    let encounter = state.encounter.as_ref()?;
    let before = judge(state, published, now)?;
    let after = judge(state, candidate, now)?;
    let chart = encounter.id();
    let facility: Arc<str> = encounter.facility.as_str().into();
    let service: Arc<str> = before.chart.service.as_deref().unwrap_or("(none)").into();
    let minimum = DayCount(published.site.minimum_bill_hold_days(&encounter.facility));
    let zone = zone_of(&state.time_zone);
    let [on_published, on_candidate] =
        [&before, &after].map(|outcome| money::hold(outcome, minimum, &zone, now));
    let account = (on_published.ever() || on_candidate.ever()).then(|| Account {
        chart,
        facility: Arc::clone(&facility),
        service: Arc::clone(&service),
        charges: before.chart.account.charges(),
        published: on_published,
        candidate: on_candidate,
    });
    let mut rows = Vec::new();
    let earlier = |deficiency: &Deficiency| from.is_some_and(|from| deficiency.opened_at < from);
    let mut add = |id: DeficiencyId, published: Option<&Deficiency>, candidate: Option<&Deficiency>| {
        if published.is_some_and(earlier) {
            return;
        }
        let candidate = candidate.filter(|candidate| !earlier(candidate));
        let Some(either) = candidate.or(published) else { return };
        rows.push(Row {
            chart,
            id,
            facility: Arc::clone(&facility),
            service: Arc::clone(&service),
            rule: either.rule.as_str().into(),
            subject: either.subject.as_deref().map(Into::into),
            document_type: either.document_type.as_str().into(),
            published: published.map(|deficiency| verdict(deficiency, now)),
            candidate: candidate.map(|deficiency| verdict(deficiency, now)),
        });
    };
    let (before, mut after) = (arisen(before, now), arisen(after, now));
    for (id, deficiency) in &before {
        add(*id, Some(deficiency), after.remove(id).as_ref());
    }
    for (id, deficiency) in &after {
        add(*id, None, Some(deficiency));
    }
    Some(Compared { rows, account })
}

/// What had arisen by now: a discharge may be told ahead of its time.
fn arisen(outcome: Outcome, now: Timestamp) -> BTreeMap<DeficiencyId, Deficiency> {
    let mut deficiencies = outcome.deficiencies;
    deficiencies.retain(|_, deficiency| deficiency.opened_at <= now);
    deficiencies
}

/// A signature that was known by `now` but is dated after it had not happened at `now`.
fn verdict(deficiency: &Deficiency, now: Timestamp) -> Verdict {
    let closed_at = deficiency.closed_at.filter(|closed| *closed <= now);
    let status = match deficiency.status {
        status if closed_at.is_some() => status,
        DeficiencyStatus::Dormant => DeficiencyStatus::Dormant,
        _ => DeficiencyStatus::Open,
    };
    let responsible = deficiency.responsible.as_ref().map(|person| {
        let id = person.id.clone().unwrap_or_else(|| person.display_name());
        Arc::from(id.as_str())
    });
    Verdict {
        status,
        anchor_at: deficiency.anchor_at,
        due_at: deficiency.due_at,
        opened_at: deficiency.opened_at,
        closed_at,
        responsible,
        holds_bill: deficiency.holds_bill,
    }
}
