//! Whoever folds what this service says comes to its own due instants.

use countersign_contracts::{
    Envelope,
    chart::EncounterKey,
    deficiency::{DeficiencyChanged, DeficiencyStatus},
    directory::{Downtime, Leave},
};
use countersign_deficiency::{
    domain::{
        clock::{Days, accountability},
        events::{Change, ChartEvent, Deficiency, DeficiencyEvent, Pause, PauseCause},
        rules::Limit,
    },
    publish::publish,
};
use countersign_eventsourcing::journal::{Metadata, Position, RecordedEvent, StreamName};
use countersign_kernel::{BusinessCalendar, DeficiencyId, EventId, Timestamp};
use countersign_owed::{ClockRules, ItemClock, OwedItem};
use jiff::{SignedDuration, tz::TimeZone};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::given::at;

fn hours(count: i64) -> Timestamp {
    at("03-05 15:00") + SignedDuration::from_hours(count)
}

/// What the neighbours are told of it.
fn told(deficiency: Deficiency) -> Envelope {
    let encounter =
        EncounterKey { facility: "NORTH".to_owned(), authority: "NORTH".to_owned(), visit: "V1".to_owned() };
    let stream = StreamName::new("chart", encounter.id());
    let stored = DeficiencyEvent { encounter, change: Change::Opened, deficiency };
    let event = ChartEvent::Deficiency(Box::new(stored));
    let id = EventId::derive(&["told"]);
    let metadata = Metadata {
        correlation: id.0,
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "deficiency".to_owned(),
        occurred_at: hours(0),
        recorded_at: None,
        received_at: hours(0),
    };
    let recorded = RecordedEvent {
        position: Position(1),
        stream,
        revision: 0,
        id,
        kind: event.kind().into(),
        data: serde_json::to_vec(&event).expect("JSON").into(),
        metadata: serde_json::to_vec(&metadata).expect("JSON").into(),
    };
    publish(&recorded).expect("decodes").pop().expect("one event")
}

fn stretches() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let stretch = (-30_i64..400, option::weighted(0.85, 0_i64..120));
    vec(stretch.prop_map(|(from, length)| (from, length.map(|length| from + length))), 0..4)
}

fn pauses(stretches: &[(i64, Option<i64>)], cause: PauseCause) -> Vec<Pause> {
    let pause = |(from, until): &(i64, Option<i64>)| Pause {
        act: EventId::derive(&["pause", &from.to_string()]),
        cause,
        from: hours(*from),
        until: until.map(hours),
        by: "kim".to_owned(),
        why: "asked for".to_owned(),
    };
    stretches.iter().map(pause).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn neighbours_come_to_the_same_due_instants(
        limit in select(vec![
            Limit::Hours(24), Limit::Hours(72), Limit::Days(0), Limit::Days(7), Limit::BusinessDays(5),
        ]),
        of_chart in proptest::bool::weighted(0.1),
        holds in stretches(),
        away in stretches(),
        down in stretches(),
    ) {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let calendar = BusinessCalendar {
            holidays: ["2026-03-17".parse().expect("a day")].into(),
            ..BusinessCalendar::default()
        };
        let days = Days { zone: &zone, calendar: &calendar };
        let deficiency = Deficiency {
            id: DeficiencyId::derive(&["owed"]),
            rule: "R14".to_owned(),
            rule_version: 1,
            subject: Some("D1".to_owned()),
            document_type: if of_chart { "chart" } else { "discharge_summary" }.to_owned(),
            title: None,
            responsible: None,
            responsible_because: String::new(),
            status: DeficiencyStatus::Open,
            anchor_at: Some(hours(0)),
            due_at: Some(limit.after(hours(0), &zone, &calendar)),
            target_at: None,
            delinquent_at: Some(Limit::Days(21).after(hours(0), &zone, &calendar)),
            limit: Some(limit),
            dormant_since: None,
            waits_for: None,
            opened_at: hours(0),
            closed_at: None,
            closed_because: None,
            holds_bill: true,
            pauses: pauses(&holds, PauseCause::LegalHold),
            dispute: None,
            open_before: Vec::new(),
            reopened_at: None,
            matched: Vec::new(),
        };
        let mut elsewhere = pauses(&away, PauseCause::PhysicianLeave);
        elsewhere.extend(pauses(&down, PauseCause::SystemDowntime));
        let ours = accountability(&deficiency, &elsewhere, days, hours(1000));

        let envelope = told(deficiency);
        let changed: DeficiencyChanged = envelope.decode().expect("decodes");
        let item = OwedItem { changed, known_at: envelope.time, told_at: envelope.time, position: 1 };
        let leaves: Vec<Leave> = away
            .iter()
            .map(|(from, until)| Leave {
                id: item.changed.id.0,
                kind: "planned".to_owned(),
                from: hours(*from),
                until: until.map(hours),
                recorded_at: hours(0),
            })
            .collect();
        let downtimes: Vec<Downtime> =
            down.iter().map(|(from, until)| Downtime { from: hours(*from), until: until.map(hours) }).collect();
        let rules = ClockRules::default();
        let theirs = ItemClock::new(&item, &leaves, &downtimes, &rules, days);
        prop_assert_eq!(theirs.effective_due_at(), ours.due_at);
        prop_assert_eq!(theirs.effective_delinquent_at(), ours.delinquent_at);
    }
}
