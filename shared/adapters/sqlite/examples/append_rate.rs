//! How quickly the journal takes and gives back events, without anything around it: the baseline that the
//! rest of the product is compared with. Prints one JSON object.
//!
//! `cargo run --release -p countersign-sqlite --example append_rate -- [events] [bytes] [writers] [per append]`

use std::{
    env,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use countersign_eventsourcing::journal::{
    Expected, Filter, Journal, Metadata, NewEvent, Position, StreamName,
};
use countersign_kernel::{EventId, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use serde_json::{Value, json};
use uuid::Uuid;

/// Events in a stream before the writer goes on with the next: about what a chart gathers.
const STREAM_LENGTH: usize = 20;

#[derive(Clone, Copy)]
struct Load {
    events: usize,
    bytes: usize,
    writers: usize,
    per_append: usize,
}

fn main() {
    let numbers: Vec<usize> =
        env::args().skip(1).map(|word| word.parse().expect("arguments are numbers")).collect();
    let number = |n: usize, default| numbers.get(n).copied().unwrap_or(default).max(1);
    let load = Load {
        events: number(0, 100_000),
        bytes: number(1, 400),
        writers: number(2, 64),
        per_append: number(3, 1),
    };
    let place = tempfile::TempDir::new().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = DataFolder::open_exclusive(place.path(), "append_rate").expect("a new folder");
    let journal = SqliteJournal::open(folder, Options::default()).expect("a new journal");
    let mut report = json!({
        "events": load.events,
        "bytes_of_content": load.bytes,
        "writers": load.writers,
        "events_per_append": load.per_append,
    });
    report["append"] = runtime.block_on(append(&journal, load));
    report["scan"] = scan(&journal, &Filter::All);
    report["scan_of_two_categories_in_four"] = scan(&journal, &Filter::Categories(vec!["chart", "provider"]));
    report["read_all_in_pages_of_1000"] = runtime.block_on(read_all(&journal));
    let stats = runtime.block_on(journal.stats()).expect("stats");
    report["file_bytes_per_event"] = json!(stats.file_bytes / stats.events.max(1));
    println!("{report:#}");
}

fn event(writer: usize, n: usize, filler: &str) -> NewEvent {
    let at = Timestamp::from_second(1_750_000_000).expect("an instant");
    // Version 8: numbers spread as evenly as the hashes that ids are in production.
    let spread = |salt: u128| {
        let number = ((writer as u128) << 64 | n as u128) + salt;
        Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    };
    NewEvent {
        id: EventId(spread(1)),
        kind: ["sample.opened", "sample.changed", "sample.closed"][n % 3].into(),
        data: Bytes::from(format!(r#"{{"n":{n},"filler":"{filler}"}}"#)),
        metadata: Metadata {
            correlation: spread(2),
            causation: Some(spread(3)),
            traceparent: None,
            schema: 1,
            actor: "append-rate".to_owned(),
            occurred_at: at,
            recorded_at: None,
            received_at: at,
        },
    }
}

async fn append(journal: &Arc<SqliteJournal>, load: Load) -> Value {
    let each = load.events / load.writers;
    let began = Instant::now();
    let writers: Vec<_> = (0..load.writers)
        .map(|writer| tokio::spawn(write(Arc::clone(journal), writer, each, load)))
        .collect();
    let mut waits: Vec<Duration> = Vec::new();
    for writer in writers {
        waits.extend(writer.await.expect("a writer"));
    }
    let took = began.elapsed();
    waits.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index below the length, of a list that is nowhere near 2^52 long"
        )]
        let index = (share * (waits.len() - 1) as f64) as usize;
        waits.get(index).map(Duration::as_micros)
    };
    json!({
        "events_per_second": rate(each * load.writers, took),
        "appends_per_second": rate(waits.len(), took),
        "microseconds_median": at(0.5),
        "microseconds_99th": at(0.99),
        "microseconds_longest": at(1.0),
    })
}

async fn write(journal: Arc<SqliteJournal>, writer: usize, each: usize, load: Load) -> Vec<Duration> {
    let filler = "x".repeat(load.bytes);
    let category = ["chart", "provider", "track", "notice"][writer % 4];
    let mut waits = Vec::with_capacity(each / load.per_append);
    let mut n = 0;
    let mut expected = Expected::NoStream;
    while n < each {
        let count = load.per_append.min(each - n);
        let stream = StreamName::new(category, format!("{:032x}-{writer}", n / STREAM_LENGTH));
        if n % STREAM_LENGTH < load.per_append {
            expected = Expected::Any;
        }
        let events = (n..n + count).map(|n| event(writer, n, &filler)).collect();
        let began = Instant::now();
        let appended = journal.append(stream, expected, events).await.expect("appended");
        waits.push(began.elapsed());
        expected = Expected::Revision(appended.revision);
        n += count;
    }
    waits
}

fn scan(journal: &SqliteJournal, filter: &Filter) -> Value {
    let began = Instant::now();
    let (mut events, mut bytes) = (0, 0);
    journal
        .scan(Position::START, filter, |event| {
            events += 1;
            bytes += event.data.len();
            ControlFlow::Continue(())
        })
        .expect("readable");
    json!({ "events": events, "bytes": bytes, "events_per_second": rate(events, began.elapsed()) })
}

async fn read_all(journal: &SqliteJournal) -> Value {
    let began = Instant::now();
    let (mut after, mut events) = (Position::START, 0);
    loop {
        let page = journal.read_all(after, Filter::All, 1_000).await.expect("readable");
        events += page.events.len();
        after = page.upto;
        if page.caught_up {
            return json!({ "events": events, "events_per_second": rate(events, began.elapsed()) });
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for people to read"
)]
fn rate(count: usize, took: Duration) -> u64 {
    (count as f64 / took.as_secs_f64()) as u64
}
