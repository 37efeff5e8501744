use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{
    journal::Position,
    timer::{Timers, events::TimerEvent},
};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).expect("an instant")
}

fn timer(stream: u8, number: u8) -> TimerId {
    TimerId::derive(&["test", &stream.to_string(), &number.to_string()])
}

fn stream(number: u8) -> StreamName {
    StreamName::new("track", number)
}

fn tables() -> Connection {
    let tables = Connection::open_in_memory().expect("a database");
    tables.execute_batch(&format!("{SCHEMA}{INDEXES}")).expect("the schema");
    tables
}

fn fold(tables: &mut Connection, stream: &StreamName, event: &TimerEvent) -> Result<bool, ProjectionError> {
    let recorded = RecordedEvent {
        position: Position(1),
        stream: stream.clone(),
        revision: 0,
        id: countersign_kernel::EventId::derive(&["test"]),
        kind: event.kind().into(),
        data: serde_json::to_vec(event).expect("JSON").into(),
        metadata: Bytes::new(),
    };
    let transaction = tables.transaction().expect("a transaction");
    let applied = apply(&transaction, &recorded)?;
    transaction.commit().expect("committed");
    Ok(applied)
}

#[derive(Debug, Clone)]
enum Step {
    Arm { stream: u8, timer: u8, due: i64 },
    Cancel { stream: u8, timer: u8 },
    Fire { stream: u8, timer: u8, now: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let which = (0..3_u8, 0..3_u8);
    prop_oneof![
        3 => (which.clone(), 0..50_i64).prop_map(|((stream, timer), due)| Step::Arm { stream, timer, due }),
        1 => which.clone().prop_map(|(stream, timer)| Step::Cancel { stream, timer }),
        2 => (which, 0..60_i64).prop_map(|((stream, timer), now)| Step::Fire { stream, timer, now }),
    ]
}

proptest! {
    /// Whatever owners decide, the table holds as armed what their own folds hold as armed, in the order of due, and
    /// nothing that fired early.
    #[test]
    fn the_table_holds_what_the_owners_hold(steps in prop::collection::vec(step(), 0..60)) {
        let mut tables = tables();
        let mut owners: BTreeMap<u8, Timers> = BTreeMap::new();
        let mut fired = 0;
        for step in steps {
            let (number, event) = match step {
                Step::Arm { stream, timer: number, due } => {
                    let due = Timestamp::from_nanosecond(i128::from(due) * 1_000_000 - 1).expect("an instant");
                    (stream, owners.entry(stream).or_default().arm(timer(stream, number), due, "test", "rule"))
                }
                Step::Cancel { stream, timer: number } => {
                    (stream, owners.entry(stream).or_default().cancel(timer(stream, number), "test"))
                }
                Step::Fire { stream, timer: number, now } => {
                    let owner = owners.entry(stream).or_default();
                    let id = timer(stream, number);
                    let arming = owner.get(id).map_or(0, |armed| armed.arming);
                    (stream, owner.fire(id, arming, at(now), 1))
                }
            };
            if let Some(event) = event {
                fired += usize::from(matches!(event, TimerEvent::Fired(_)));
                owners.entry(number).or_default().evolve(&event);
                prop_assert!(fold(&mut tables, &stream(number), &event).expect("it applies"));
            }
        }
        let mut expected: Vec<Due> = owners
            .iter()
            .flat_map(|(number, owner)| owner.armed().map(|(timer, armed)| Due {
                stream: stream(*number),
                timer,
                arming: armed.arming,
                due_at: shown(rounded_up(armed.due_at)),
                purpose: armed.purpose.clone(),
            }))
            .collect();
        expected.sort_by_key(Due::key);
        // all at once, in pages of two, and those due by an instant
        prop_assert_eq!(&nearest(&tables, Key::START, 1_000).expect("rows"), &expected);
        let (mut paged, mut after) = (Vec::new(), Key::START);
        loop {
            let page = nearest(&tables, after, 2).expect("rows");
            let Some(last) = page.last() else { break };
            after = last.key();
            paged.extend(page);
        }
        prop_assert_eq!(&paged, &expected);
        let by: Vec<Due> = expected.iter().filter(|due| due.due_at <= at(25)).cloned().collect();
        prop_assert_eq!(&due(&tables, at(25), Key::START, 1_000).expect("rows"), &by);
        // what is new since nothing is everything
        let mut since: Vec<Due> =
            armed_since(&tables, 0, 1_000).expect("rows").into_iter().map(|(_, due)| due).collect();
        since.sort_by_key(Due::key);
        prop_assert_eq!(&since, &expected);
        // and the numbers agree
        let numbers = numbers(&tables, at(25), 10).expect("numbers");
        let late = by.iter().filter(|due| due.due_at < at(15)).count();
        prop_assert_eq!(
            (numbers.armed, numbers.due, numbers.late),
            (expected.len() as u64, by.len() as u64, late as u64)
        );
        prop_assert_eq!(numbers.oldest, by.first().map(|due| due.due_at));
        prop_assert_eq!(next_due(&tables).expect("a row"), expected.first().map(|due| due.due_at));
        let all: Vec<Arming> = (0..3).flat_map(|n| of_stream(&tables, &stream(n)).expect("rows")).collect();
        prop_assert_eq!(all.iter().filter(|arming| arming.state == State::Fired).count(), fired);
        prop_assert_eq!(all.iter().filter(|arming| arming.state == State::Armed).count(), expected.len());
        prop_assert_eq!(fired_early(&tables, 10).expect("rows"), vec![]);
    }
}

#[test]
fn given_a_firing_before_its_time_then_the_auditor_finds_it() {
    let mut tables = tables();
    let (armed, mut owner) = (timer(0, 0), Timers::default());
    let event = owner.arm(armed, at(100), "test", "rule").expect("an event");
    owner.evolve(&event);
    fold(&mut tables, &stream(0), &event).expect("it applies");
    // when one fires that should not have
    let event = TimerEvent::Fired(TimerFired {
        timer: armed,
        arming: 0,
        due_at: at(100),
        fired_at: at(99),
        epoch: 1,
    });
    fold(&mut tables, &stream(0), &event).expect("it applies");
    // then
    let early = fired_early(&tables, 10).expect("rows");
    assert_eq!(early.iter().map(|arming| arming.fired_at).collect::<Vec<_>>(), [Some(at(99))]);
}

#[test]
fn given_a_timer_of_one_stream_when_another_arms_it_too_then_the_model_stops_before_it() {
    let mut tables = tables();
    let event = Timers::default().arm(timer(0, 0), at(1), "test", "rule").expect("an event");
    fold(&mut tables, &stream(0), &event).expect("it applies");
    let refused = fold(&mut tables, &stream(1), &event);
    assert!(matches!(refused, Err(ProjectionError::Contradiction(_))), "{refused:?}");
}

#[test]
fn given_a_million_fired_rows_or_none_then_the_loop_reads_by_the_same_index() {
    let tables = tables();
    let plan = |sql: &str| -> String {
        let mut statement = tables.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).expect("a plan");
        rows.collect::<Result<Vec<_>, _>>().expect("a plan").join("; ")
    };
    let nearest = plan(
        "SELECT stream FROM timer WHERE state = 0 AND (due, timer) > (1, x'00') AND due <= 5 ORDER BY due, timer LIMIT 9",
    );
    assert!(nearest.contains("SEARCH timer USING INDEX timer_due") && !nearest.contains("TEMP"), "{nearest}");
    let since = plan("SELECT stream FROM timer WHERE number > 7 AND state + 0 = 0 ORDER BY number LIMIT 9");
    assert!(since.contains("SEARCH timer USING INTEGER PRIMARY KEY"), "{since}");
}
