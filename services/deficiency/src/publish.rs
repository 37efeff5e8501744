//! What the deficiency service tells its neighbours: deficiencies, without patient data.

use countersign_contracts::{Envelope, deficiency};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};

use crate::domain::{
    events::{ChartEvent, DeficiencyEvent},
    rules::Limit,
};

/// The envelopes of one chart event.
pub fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    if !event.kind.starts_with("deficiency-") {
        return Ok(Vec::new());
    }
    let undecodable = |error| event.undecodable(&error);
    let ChartEvent::Deficiency(stored) = ChartEvent::decode(&event.kind, &event.data).map_err(undecodable)?
    else {
        return Ok(Vec::new());
    };
    let metadata = event.metadata()?;
    let DeficiencyEvent { encounter, change, deficiency } = *stored;
    let changed = deficiency::DeficiencyChanged {
        id: deficiency.id,
        encounter: encounter.id(),
        facility: encounter.facility,
        change: change.word().to_owned(),
        rule: deficiency.rule,
        rule_version: deficiency.rule_version,
        document_type: deficiency.document_type,
        responsible: deficiency.responsible,
        status: deficiency.status,
        anchor_at: deficiency.anchor_at,
        due_at: deficiency.due_at,
        limit: deficiency.limit.map(|limit| match limit {
            Limit::Hours(_) => deficiency::LimitUnit::Hours,
            Limit::Days(_) => deficiency::LimitUnit::Days,
            Limit::BusinessDays(_) => deficiency::LimitUnit::BusinessDays,
        }),
        opened_at: deficiency.opened_at,
        closed_at: deficiency.closed_at,
        delinquent_at: deficiency.delinquent_at,
        target_at: deficiency.target_at,
        reopened_at: deficiency.reopened_at,
        holds_bill: deficiency.holds_bill,
        disputed_since: deficiency
            .dispute
            .as_ref()
            .filter(|dispute| dispute.decided.is_none())
            .map(|dispute| dispute.at),
        pauses: deficiency
            .pauses
            .into_iter()
            .map(|pause| deficiency::Pause {
                cause: pause.cause.name().to_owned(),
                from: pause.from,
                until: pause.until,
            })
            .collect(),
    };
    Ok(vec![Envelope {
        id: event.id,
        source: "deficiency".to_owned(),
        kind: deficiency::DeficiencyChanged::TYPE.to_owned(),
        category: deficiency::CATEGORY.to_owned(),
        key: changed.encounter.0,
        time: metadata.received_at,
        position: event.position.0,
        correlation: metadata.correlation,
        traceparent: metadata.traceparent,
        data: serde_json::value::to_raw_value(&changed).map_err(undecodable)?,
    }])
}
