//! Who may use a data folder.

use std::{
    io::{BufRead, BufReader},
    process,
};

use countersign_sqlite::{DataFolder, FolderError};
use tempfile::TempDir;

use crate::child;

fn refused(outcome: Result<std::sync::Arc<DataFolder>, FolderError>) -> String {
    match outcome {
        Err(error @ FolderError::Held { .. }) => error.to_string(),
        other => panic!("must be refused, was {other:?}"),
    }
}

#[test]
fn one_process_alone_keeps_all_others_out_until_it_is_done() {
    let place = TempDir::new().expect("a folder");
    let path = place.path().join("not/there/yet");
    let held = DataFolder::open_exclusive(&path, "countersign up").expect("free");
    assert!(!held.is_shared());
    for outcome in [
        DataFolder::open_exclusive(&path, "countersign up"),
        DataFolder::open_shared(&path, "countersign serve portal"),
    ] {
        let message = refused(outcome);
        assert!(message.contains("`countersign up`"), "{message}");
        assert!(message.contains(&format!("process {}", process::id())), "{message}");
        assert!(message.contains("stop that first"), "{message}");
    }
    drop(held);
    DataFolder::open_exclusive(&path, "countersign up").expect("free again");
}

#[test]
fn several_share_it_and_keep_out_one_that_wants_it_alone() {
    let place = TempDir::new().expect("a folder");
    let intake = DataFolder::open_shared(place.path(), "countersign serve intake").expect("free");
    let portal = DataFolder::open_shared(place.path(), "countersign serve portal").expect("shared");
    assert!(intake.is_shared() && portal.is_shared());
    let message = refused(DataFolder::open_exclusive(place.path(), "countersign up"));
    assert!(message.contains("`countersign serve intake`"), "{message}");
    assert!(message.contains("`countersign serve portal`"), "{message}");
    drop(intake);
    refused(DataFolder::open_exclusive(place.path(), "countersign up"));
    drop(portal);
    let alone = DataFolder::open_exclusive(place.path(), "countersign up").expect("free again");
    let message = refused(DataFolder::open_shared(place.path(), "countersign serve intake"));
    assert!(!message.contains("serve portal"), "names of the past are gone: {message}");
    drop(alone);
}

#[test]
fn a_crowd_that_comes_at_once_can_share_it() {
    let place = TempDir::new().expect("a folder");
    let held: Vec<_> = std::thread::scope(|scope| {
        let open = || DataFolder::open_shared(place.path(), "countersign serve").expect("shared");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(held.len(), 8);
}

#[test]
fn a_process_that_was_killed_leaves_nothing_to_clean_up() {
    let place = TempDir::new().expect("a folder");
    let mut child =
        child::Playing(child::command(&[], "hold", place.path()).spawn().expect("the child starts"));
    let mut lines = BufReader::new(child.0.stdout.take().expect("its output")).lines();
    assert!(lines.any(|line| line.expect("text").starts_with("held")), "the child holds the folder");
    let message = refused(DataFolder::open_exclusive(place.path(), "countersign up"));
    assert!(message.contains(&format!("process {}", child.0.id())), "{message}");
    drop(child);
    DataFolder::open_exclusive(place.path(), "countersign up").expect("free");
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = TempDir::new().expect("a folder");
    let path = place.path().join("data");
    let _held = DataFolder::open_exclusive(&path, "countersign up").expect("free");
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
