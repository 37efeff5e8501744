//! The file itself: refuses to be changed, to be read by an older program, and to be something else.

use countersign_eventsourcing::journal::{Expected, Journal, StreamName};
use countersign_sqlite::{DataFolder, OpenError, Options, SqliteJournal, verify::StreamGap};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::sample;

async fn folder_with_events() -> TempDir {
    let place = TempDir::new().expect("a folder");
    let journal = sample::alone(place.path(), Options::default());
    for stream in ["one", "two"] {
        let events = (0..3).map(|n| sample::event(&format!("{stream} {n}"), 10)).collect();
        journal.append(StreamName::new("spec", stream), Expected::NoStream, events).await.expect("appended");
    }
    place
}

fn raw(place: &TempDir) -> Connection {
    Connection::open(place.path().join("journal.sqlite")).expect("any program can open the file")
}

#[tokio::test]
async fn neither_update_nor_delete_touches_any_table() {
    let place = folder_with_events().await;
    let connection = raw(&place);
    for change in [
        "UPDATE event SET data = x'7b7d'",
        "UPDATE event SET position = position + 100 WHERE revision = 2",
        "DELETE FROM event",
        "DELETE FROM event WHERE position = 6",
        "UPDATE stream SET name = 'spec-three'",
        "DELETE FROM stream",
        "UPDATE kind SET name = 'x'",
        "DELETE FROM kind",
        "UPDATE category SET name = 'x'",
        "DELETE FROM category",
    ] {
        let error = connection.execute(change, []).expect_err(change);
        assert!(error.to_string().contains("append-only"), "{change}: {error}");
    }
    let events: i64 =
        connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).expect("a count");
    assert_eq!(events, 6);
}

#[tokio::test]
async fn verification_finds_a_missing_event_and_one_out_of_order() {
    let place = folder_with_events().await;
    let verified = || async {
        let journal = sample::alone(place.path(), Options::default());
        journal.stream_gaps().await.expect("readable")
    };
    assert_eq!(verified().await, None);
    // Given a file that somebody took the triggers from
    raw(&place)
        .execute_batch(
            "DROP TRIGGER event_refuses_delete; DROP TRIGGER event_refuses_update;
             UPDATE event SET position = 100 WHERE position = 5;",
        )
        .expect("nothing is safe from who owns the file");
    let StreamGap { stream, expected, found, .. } = verified().await.expect("out of order");
    assert_eq!((stream.as_str(), expected, found), ("spec-two", 2, 2));
    raw(&place).execute("DELETE FROM event WHERE position = 2", []).expect("deleted");
    let StreamGap { stream, expected, found, position } = verified().await.expect("a gap");
    assert_eq!((stream.as_str(), expected, found, position.0), ("spec-one", 1, 2, 3));
}

fn opening(place: &TempDir) -> OpenError {
    let folder = DataFolder::open_exclusive(place.path(), "test").expect("free");
    match SqliteJournal::open(folder, Options::default()) {
        Err(error) => error,
        Ok(_) => panic!("must not open"),
    }
}

#[tokio::test]
async fn the_file_of_a_newer_program_is_left_alone() {
    let place = folder_with_events().await;
    raw(&place).pragma_update(None, "user_version", 99).expect("changed");
    assert!(matches!(opening(&place), OpenError::Version { found: 99, known: 1 }));
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let place = TempDir::new().expect("a folder");
    raw(&place).execute_batch("CREATE TABLE patients (name TEXT)").expect("created");
    assert!(matches!(opening(&place), OpenError::Foreign));
    let place = TempDir::new().expect("a folder");
    std::fs::write(place.path().join("journal.sqlite"), "neither fish nor fowl".repeat(100))
        .expect("written");
    assert!(matches!(opening(&place), OpenError::Sqlite(_)));
}
