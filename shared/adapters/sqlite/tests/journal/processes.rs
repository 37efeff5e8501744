//! Several processes on one host share a journal.

use countersign_eventsourcing::journal::{Batch, Filter, Journal, Position, RecordedEvent};
use countersign_sqlite::Options;
use futures::StreamExt;
use tempfile::TempDir;

use crate::{
    child::{Appender, TOGETHER, WRITERS},
    crash::check,
    sample,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_write_at_once_lose_nothing_and_a_third_sees_it_all_in_order() {
    const APPENDS: usize = 150;
    const PROCESSES: usize = 3;
    // Given a subscriber here
    let folder = TempDir::new().expect("a folder");
    let journal = sample::together(folder.path(), Options::default());
    let mut batches = journal.subscribe(Position::START, Filter::All);
    let expected = PROCESSES * WRITERS * APPENDS * usize::try_from(TOGETHER).expect("small");
    let follower = tokio::spawn(async move {
        let mut seen: Vec<RecordedEvent> = Vec::new();
        while seen.len() < expected {
            let Batch { events, .. } = batches.next().await.expect("no end").expect("no error");
            seen.extend(events);
        }
        seen
    });
    // When several processes write
    let writers: Vec<_> = (0..PROCESSES)
        .map(|n| Appender::start(folder.path(), &format!("p{n}"), Some(APPENDS)))
        .map(|appender| tokio::task::spawn_blocking(move || appender.finish()))
        .collect();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a child"));
    }
    // Then
    assert_eq!(acknowledged.len(), PROCESSES * WRITERS * APPENDS);
    check(&journal, &acknowledged).await;
    let seen = tokio::time::timeout(std::time::Duration::from_secs(30), follower)
        .await
        .expect("the subscriber sees what other processes write")
        .expect("no panic");
    let all = journal.read_all(Position::START, Filter::All, usize::MAX).await.expect("readable");
    let order = |events: &[RecordedEvent]| -> Vec<_> {
        events.iter().map(|event| (event.position, event.id)).collect()
    };
    assert_eq!(order(&seen), order(&all.events), "nothing arrived late");
}
