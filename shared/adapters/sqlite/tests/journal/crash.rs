//! A writer that dies at any moment has lost nothing that it was told is durable.

use countersign_eventsourcing::journal::{Expected, Filter, Journal, Position, StreamName};
use countersign_sqlite::{Options, SqliteJournal};
use tempfile::TempDir;

use crate::{
    child::{Acknowledged, Appender, TOGETHER},
    sample,
};

/// Checks the whole file against what was acknowledged.
pub(crate) async fn check(journal: &SqliteJournal, acknowledged: &[Acknowledged]) {
    assert_eq!(journal.integrity_errors().await.expect("readable"), Vec::<String>::new());
    assert_eq!(journal.stream_gaps().await.expect("readable"), None);
    let all = journal.read_all(Position::START, Filter::All, usize::MAX).await.expect("readable");
    assert!(all.caught_up, "a file of this size is one page");
    for known in acknowledged {
        let last = sample::event(&format!("{}-{}", known.label, TOGETHER - 1), 700);
        let found = all
            .events
            .iter()
            .find(|event| event.position.0 == known.position)
            .unwrap_or_else(|| panic!("{known:?} was acknowledged and is not there"));
        assert_eq!(found.id, last.id);
        assert_eq!(found.revision, known.revision);
        assert_eq!(found.stream.as_str(), known.stream);
        assert_eq!(found.data, last.data);
    }
    // Acknowledged or not, an append is there as a whole or not at all.
    let mut streams: Vec<&StreamName> = all.events.iter().map(|event| &event.stream).collect();
    streams.sort();
    for run in streams.chunk_by(|one, other| one == other) {
        assert_eq!(run.len() as u64 % TOGETHER, 0, "stream {} has part of an append", run[0]);
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_writer_is_killed() {
    // Given one folder, and writers that are killed after some acknowledgements, in the middle of others.
    let folder = TempDir::new().expect("a folder");
    let mut acknowledged = Vec::new();
    for (round, patience) in [1, 3, 250, 17, 90, 2, 600, 41].into_iter().enumerate() {
        // When
        let mut appender = Appender::start(folder.path(), &format!("r{round}"), None);
        appender.read(patience);
        assert!(appender.acknowledged.len() >= patience, "the child died by itself");
        acknowledged.extend(appender.kill());
        // Then
        let journal = sample::alone(folder.path(), Options::default());
        check(&journal, &acknowledged).await;
        // And a client that tries again learns that its append had succeeded.
        let last = acknowledged.last().expect("at least one");
        let events = (0..TOGETHER).map(|k| sample::event(&format!("{}-{k}", last.label), 700)).collect();
        let again = journal
            .append(StreamName::from_stored(&last.stream), Expected::NoStream, events)
            .await
            .expect("a repetition");
        assert!(again.repeated);
        assert_eq!((again.revision, again.position.0), (last.revision, last.position));
    }
}
