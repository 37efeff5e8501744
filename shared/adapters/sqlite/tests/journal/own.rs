//! What this adapter promises beyond the port.

use std::{ops::ControlFlow, sync::Arc};

use countersign_eventsourcing::journal::{
    AppendError, Expected, Filter, Journal, JournalError, Position, StreamName,
};
use countersign_sqlite::{Options, SqliteJournal};
use tempfile::TempDir;

use crate::sample;

fn stream(name: &str) -> StreamName {
    StreamName::new("spec", name)
}

async fn filled(place: &TempDir) -> Arc<SqliteJournal> {
    let journal = sample::alone(place.path(), Options::default());
    for n in 0..40 {
        let category = ["spec", "other", "third"][n % 3];
        let events = (0..25).map(|k| sample::event(&format!("{n} {k}"), 50)).collect();
        let stream = StreamName::new(category, n % 7);
        journal.append(stream, Expected::Any, events).await.expect("appended");
    }
    journal
}

#[tokio::test]
async fn an_event_id_is_unique_in_the_whole_journal() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    journal.append(stream("a"), Expected::NoStream, vec![sample::event("x", 1)]).await.expect("appended");
    let elsewhere = journal.append(stream("b"), Expected::Any, vec![sample::event("x", 1)]).await;
    assert!(matches!(elsewhere, Err(AppendError::Conflict { actual: None, .. })), "{elsewhere:?}");
    let twice = vec![sample::event("y", 1), sample::event("z", 1), sample::event("y", 1)];
    let twice = journal.append(stream("a"), Expected::Any, twice).await;
    assert!(matches!(twice, Err(AppendError::Conflict { actual: Some(0), .. })), "{twice:?}");
    assert_eq!(journal.head().await.expect("a head"), Position(1), "nothing was written");
}

#[tokio::test]
async fn known_events_in_another_order_or_with_a_hole_are_no_repetition() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    let [x, y, z] = ["x", "y", "z"].map(|label| sample::event(label, 1));
    let all = vec![x.clone(), y.clone(), z.clone()];
    journal.append(stream("a"), Expected::NoStream, all.clone()).await.expect("appended");
    for other in [vec![x.clone(), z.clone()], vec![y.clone(), x.clone()], vec![x.clone(), x.clone()]] {
        let answer = journal.append(stream("a"), Expected::Any, other).await;
        assert!(matches!(answer, Err(AppendError::Conflict { actual: Some(2), .. })), "{answer:?}");
    }
    assert!(journal.append(stream("a"), Expected::Any, all).await.expect("known").repeated);
}

#[tokio::test]
async fn names_of_more_streams_than_a_reader_remembers_stay_right() {
    const STREAMS: usize = 17_000;
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    let appends = (0..STREAMS).map(|n| {
        let events = vec![sample::event(&format!("event {n}"), 1)];
        journal.append(stream(&n.to_string()), Expected::NoStream, events)
    });
    for answer in futures::future::join_all(appends).await {
        answer.expect("appended");
    }
    let all = journal.read_all(Position::START, Filter::All, usize::MAX).await.expect("readable");
    for event in &all.events {
        let content = String::from_utf8_lossy(&event.data);
        let named = format!(" {}\"", event.stream.id());
        assert!(content.contains(&named), "{content} is of stream {}", event.stream);
    }
    assert_eq!(all.events.len(), STREAMS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_reads_among_many_sees_what_was_appended_before() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    // given two hundred who write to streams of their own, and read them side by side after every append
    let writers = (0..200_u64).map(|n| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move {
            let stream = stream(&n.to_string());
            for revision in 0..5 {
                let expected =
                    if revision == 0 { Expected::NoStream } else { Expected::Revision(revision - 1) };
                let event = sample::event(&format!("event {n} {revision}"), 1);
                let appended = journal.append(stream.clone(), expected, vec![event]).await.expect("appended");
                let from = revision.saturating_sub(n % 3);
                let read = journal.read_stream(stream.clone(), from).await.expect("readable");
                // then each has read its own stream, whole, up to its last append
                let revisions: Vec<u64> = read.iter().map(|event| event.revision).collect();
                assert_eq!(revisions, (from..=revision).collect::<Vec<_>>());
                assert_eq!(read.last().map(|event| event.position), Some(appended.position));
                assert!(read.iter().all(|event| event.stream == stream));
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no assertion failed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_gives_up_reading_keeps_nobody_else_waiting() {
    let place = TempDir::new().expect("a folder");
    let journal = filled(&place).await;
    // given many who ask and do not wait
    for n in 0..300 {
        let mut reading = journal.read_stream(stream(&n.to_string()), 0);
        drop(futures::poll!(&mut reading));
    }
    // then whoever asks next is answered, and a stream that nobody wrote to is an empty one
    let nothing = journal.read_stream(stream("nobody's"), 0).await.expect("readable");
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn a_conflict_does_not_fail_the_appends_that_share_its_transaction() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    // All are queued before the writer has answered the first, so most of them share transactions.
    let appends = (0..200).map(|n| {
        let expected = if n % 4 == 3 { Expected::Revision(7) } else { Expected::NoStream };
        journal.append(stream(&n.to_string()), expected, vec![sample::event(&n.to_string(), 10)])
    });
    for (n, answer) in futures::future::join_all(appends).await.into_iter().enumerate() {
        match answer {
            Ok(appended) => assert!(n % 4 != 3 && appended.revision == 0),
            Err(AppendError::Conflict { actual: None, .. }) => assert_eq!(n % 4, 3),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(journal.stats().await.expect("stats").events, 150);
}

#[tokio::test]
async fn an_event_that_is_too_large_is_refused_with_its_size() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options { largest_event: 10_000, ..Options::default() });
    match journal.append(stream("a"), Expected::Any, vec![sample::event("x", 20_000)]).await {
        Err(AppendError::Journal(JournalError::TooLarge { bytes, limit })) => {
            assert!(bytes > 20_000);
            assert_eq!(limit, 10_000);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_of_large_events_ends_early_and_says_so() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    for n in 0..12 {
        let large = vec![sample::event(&n.to_string(), 1_000_000)];
        journal.append(stream("a"), Expected::Any, large).await.expect("appended");
    }
    let page = journal.read_all(Position::START, Filter::All, 1_000).await.expect("readable");
    assert!(page.events.len() < 12 && !page.caught_up, "{} events", page.events.len());
    assert_eq!(Some(page.upto), page.events.last().map(|event| event.position));
    let rest = journal.read_all(page.upto, Filter::All, 1_000).await.expect("readable");
    assert_eq!(page.events.len() + rest.events.len(), 12);
    assert!(rest.caught_up);
}

#[tokio::test]
async fn a_scan_shows_what_reading_shows() {
    let place = TempDir::new().expect("a folder");
    let journal = filled(&place).await;
    for filter in [Filter::All, Filter::Categories(vec!["other"]), Filter::Categories(vec!["third", "spec"])]
    {
        let read = journal.read_all(Position(10), filter.clone(), 10_000).await.expect("readable");
        let mut scanned = Vec::new();
        let upto = journal
            .scan(Position(10), &filter, |event| {
                scanned.push(event.to_recorded());
                ControlFlow::Continue(())
            })
            .expect("readable");
        assert_eq!(upto, read.upto);
        assert_eq!(scanned.len(), read.events.len());
        for (one, other) in scanned.iter().zip(&read.events) {
            assert_eq!(
                (one.position, &one.stream, one.revision, one.id, &one.kind, &one.data, &one.metadata),
                (
                    other.position,
                    &other.stream,
                    other.revision,
                    other.id,
                    &other.kind,
                    &other.data,
                    &other.metadata
                )
            );
        }
    }
    let mut seen = 0;
    let upto = journal
        .scan(Position::START, &Filter::All, |_| {
            seen += 1;
            if seen == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("readable");
    assert_eq!((seen, upto), (5, Position(5)), "breaking off tells how far it came");
}

#[tokio::test]
async fn a_filtered_read_walks_along_the_index_and_sorts_nothing() {
    let place = TempDir::new().expect("a folder");
    drop(filled(&place).await);
    let connection = rusqlite::Connection::open(place.path().join("journal.sqlite")).expect("opened");
    let sql = "EXPLAIN QUERY PLAN WITH admitted (at) AS (
        SELECT position FROM event WHERE category = 1 AND position > 7 UNION ALL
        SELECT position FROM event WHERE category = 2 AND position > 7 ORDER BY 1 LIMIT 10)
        SELECT position, data FROM admitted CROSS JOIN event ON position = at";
    let mut statement = connection.prepare(sql).expect("prepared");
    let plan: Vec<String> =
        statement.query_map([], |row| row.get(3)).expect("a plan").collect::<Result<_, _>>().expect("a plan");
    let plan = plan.join("\n");
    assert!(plan.contains("event_by_category"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn the_size_is_told() {
    let place = TempDir::new().expect("a folder");
    let journal = filled(&place).await;
    let stats = journal.stats().await.expect("stats");
    assert_eq!((stats.events, stats.streams), (1_000, 21));
    assert!(stats.file_bytes + stats.log_bytes > 100_000);
    assert_eq!(journal.stream_gaps().await.expect("readable"), None);
}

#[tokio::test]
async fn the_log_does_not_grow_with_what_is_appended() {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options { checkpoint_pages: 100, ..Options::default() });
    for n in 0..400 {
        let events = (0..10).map(|k| sample::event(&format!("{n} {k}"), 1_000)).collect();
        journal.append(stream(&(n % 9).to_string()), Expected::Any, events).await.expect("appended");
    }
    let stats = journal.stats().await.expect("stats");
    assert!(stats.file_bytes > 4_000_000, "{stats:?}");
    assert!(stats.log_bytes < 2_000_000, "{stats:?}");
}

#[tokio::test]
async fn a_closed_journal_is_one_file() {
    let place = TempDir::new().expect("a folder");
    let journal = filled(&place).await;
    journal.read_all(Position::START, Filter::All, 10).await.expect("readable");
    assert!(place.path().join("journal.sqlite-wal").exists());
    drop(journal);
    assert!(!place.path().join("journal.sqlite-wal").exists(), "the log is in the file");
}
