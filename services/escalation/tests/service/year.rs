//! How long a simulation takes: a measurement, not a check. `cargo test --release ... -- --ignored a_year`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use countersign_contracts::deficiency::DeficiencyChanged;
use countersign_escalation::{
    domain::policy::PolicySet,
    simulate::{Question, Watch, simulate},
};
use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, Metadata, NewEvent, PortFuture,
    Position, RecordedEvent, StreamName,
};
use countersign_kernel::{EventId, Timestamp};
use futures::stream::BoxStream;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::hospital::{Hospital, at, done, owed, publishers};

/// A journal in memory that is only read from end to end.
struct Recorded(Vec<RecordedEvent>);

fn only_read<T>() -> Result<T, JournalError> {
    Err(JournalError::Unavailable("only read from end to end".to_owned()))
}

impl Journal for Recorded {
    fn append(
        &self,
        _: StreamName,
        _: Expected,
        _: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async { Ok(only_read()?) })
    }

    fn read_stream(&self, _: StreamName, _: u64) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        Box::pin(async { only_read() })
    }

    fn read_all(
        &self,
        after: Position,
        _: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        Box::pin(async move {
            let from = usize::try_from(after.0).unwrap_or(usize::MAX).min(self.0.len());
            let events: Vec<RecordedEvent> = self.0[from..].iter().take(limit).cloned().collect();
            let upto = Position((from + events.len()) as u64);
            Ok(Batch { caught_up: upto.0 == self.0.len() as u64, events, upto })
        })
    }

    fn subscribe(&self, _: Position, _: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        Box::pin(futures::stream::empty())
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        Box::pin(async { Ok(Position(self.0.len() as u64)) })
    }
}

/// A year of items, each done some days after it arose; one in forty never.
fn year(items: u32, providers: u32) -> Recorded {
    let (begin, minutes) = (at("2025-01-01T00:00:00Z"), 365 * 24 * 60);
    let mut told: Vec<(Timestamp, DeficiencyChanged)> = Vec::new();
    for number in 0..items {
        let from = begin + SignedDuration::from_mins(i64::from(number) * minutes / i64::from(items));
        let item = owed(&format!("V{number}"), &format!("{}", 1000 + number % providers), &from.to_string());
        if number % 40 != 0 {
            let when = from + SignedDuration::from_hours(24 * i64::from(number * 7 % 19));
            told.push((when, done(&item, when)));
        }
        told.push((from, item));
    }
    told.sort_by_key(|(at, _)| *at);
    let recorded = told.iter().zip(1_u64..).map(|((at, changed), position)| {
        let metadata = Metadata {
            correlation: Uuid::nil(),
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "test".to_owned(),
            occurred_at: *at,
            recorded_at: None,
            received_at: *at,
        };
        RecordedEvent {
            position: Position(position),
            stream: StreamName::new("chart", changed.encounter),
            revision: 0,
            id: EventId::derive(&["year", &position.to_string()]),
            kind: DeficiencyChanged::TYPE.into(),
            data: serde_json::to_vec(changed).expect("JSON").into(),
            metadata: serde_json::to_vec(&metadata).expect("JSON").into(),
        }
    });
    Recorded(recorded.collect())
}

#[tokio::test]
#[ignore = "a measurement"]
async fn a_year_of_a_hospital() {
    let asked = std::option_env!("COUNTERSIGN_YEAR_ITEMS").and_then(|text| text.parse().ok());
    // A third of a hospital of 400 beds, and all of it.
    for items in asked.map_or(vec![120_000, 350_000], |items| vec![items]) {
        let journal = year(items, 300);
        let policy = PolicySet::read(PolicySet::DEFAULT_FILE, 1).expect("the shipped policy");
        let begun = Instant::now();
        let question = Question::new(Arc::new(policy));
        let (publishers, watch) = (publishers(), Watch::default());
        let report = simulate(&journal, &publishers, &question, &watch).await.expect("a report");
        println!(
            "{} events, {} looks, {} lines in {:?}",
            report.events,
            watch.looks(),
            report.lines.len(),
            begun.elapsed()
        );
        assert_eq!(report.events, journal.0.len() as u64);
    }
}

/// The live service on two months of the same hospital: how fast its consumer is, days apart.
#[tokio::test]
#[ignore = "a measurement"]
async fn a_year_of_deliveries_begins() {
    let days = std::option_env!("COUNTERSIGN_YEAR_DAYS").and_then(|text| text.parse().ok()).unwrap_or(60);
    let recorded = year(36_500, 300).0;
    let hospital = Hospital::new("2025-01-01T00:00:00Z", PolicySet::DEFAULT_FILE);
    let service = hospital.service("one").await;
    let (mut told, mut deciding, mut firing) = (0_u32, Duration::ZERO, Duration::ZERO);
    let mut events = recorded.iter().peekable();
    for day in 1..=days {
        let until = at("2025-01-01T00:00:00Z") + SignedDuration::from_hours(24 * day);
        hospital.clock.set(until);
        let mut of_day = 0;
        while let Some(event) =
            events.next_if(|event| event.metadata().is_ok_and(|metadata| metadata.received_at < until))
        {
            hospital.item(&event.decode::<DeficiencyChanged>().expect("decodes")).await;
            of_day += 1;
        }
        let begun = Instant::now();
        service.catch_up().await.expect("caught up");
        deciding += begun.elapsed();
        let begun = Instant::now();
        service.fire_due().await.expect("fired");
        firing += begun.elapsed();
        told += of_day;
    }
    println!("{told} events in {days} days: delivered in {deciding:?}, timers fired in {firing:?}");
    assert!(told > 0);
}
