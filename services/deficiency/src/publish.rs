//! What the deficiency service tells its neighbours: deficiencies, people and places, without patient data.

use countersign_contracts::{Envelope, deficiency, directory};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    events::{ChartEvent, DeficiencyEvent},
    people::events::{PROVIDER, PeopleEvent},
    rules::Limit,
    site::events::{DEPARTMENT, FACILITY, SiteEvent, department_key, facility_key},
};

/// Categories of the streams that [`publish_directory`] reads.
pub const DIRECTORY_STREAMS: [&str; 3] = [PROVIDER, FACILITY, DEPARTMENT];

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
    let (kind, key) = (deficiency::DeficiencyChanged::TYPE, changed.encounter.0);
    Ok(vec![envelope(event, deficiency::CATEGORY, kind, key, &changed)?])
}

/// The envelopes of one event of a provider, a facility or a department: records as they stand, never the single change.
pub fn publish_directory(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let undecodable = |error| event.undecodable(&error);
    let said = match &*event.kind {
        "provider-snapshot" => {
            let decoded = PeopleEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
            let PeopleEvent::Snapshot(described) = decoded else { return Ok(Vec::new()) };
            let kind = directory::ProviderDescribed::TYPE;
            envelope(event, directory::CATEGORY, kind, described.key, &*described)?
        }
        "facility-snapshot" | "department-described" => {
            match SiteEvent::decode(&event.kind, &event.data).map_err(undecodable)? {
                SiteEvent::Snapshot(described) => {
                    let kind = directory::FacilityDescribed::TYPE;
                    let key = facility_key(&described.code);
                    envelope(event, directory::CATEGORY, kind, key, &*described)?
                }
                SiteEvent::DepartmentDescribed(stored) => {
                    let kind = directory::DepartmentDescribed::TYPE;
                    let key = department_key(&stored.facility, &stored.code);
                    let described = directory::DepartmentDescribed {
                        facility: stored.facility,
                        code: stored.code,
                        name: stored.name,
                        chair: stored.chair,
                        effective_at: Some(stored.effective_at),
                        closed: stored.closed,
                    };
                    envelope(event, directory::CATEGORY, kind, key, &described)?
                }
                _ => return Ok(Vec::new()),
            }
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![said])
}

fn envelope(
    event: &RecordedEvent,
    category: &str,
    kind: &str,
    key: Uuid,
    said: &impl Serialize,
) -> Result<Envelope, JournalError> {
    let metadata = event.metadata()?;
    Ok(Envelope {
        id: event.id,
        source: "deficiency".to_owned(),
        kind: kind.to_owned(),
        category: category.to_owned(),
        key,
        time: metadata.received_at,
        position: event.position.0,
        correlation: metadata.correlation,
        traceparent: metadata.traceparent,
        data: serde_json::value::to_raw_value(said).map_err(|error| event.undecodable(&error))?,
    })
}
