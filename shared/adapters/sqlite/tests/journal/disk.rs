//! A disk that is full refuses appends and recovers; one that cannot flush ends the process.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use countersign_eventsourcing::journal::{
    AppendError, Appended, Expected, Filter, Journal, JournalError, Position, StreamName,
};
use countersign_sqlite::{Options, SqliteJournal};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::{child, sample};

/// Name of the file that keeps space occupied until it is freed.
const BALLAST: &str = "ballast";
/// What the disk leaves for the journal and its log, in bytes.
const SPACE: u64 = 3 * 1024 * 1024;

async fn append(journal: &SqliteJournal, label: &str, size: usize) -> Result<Appended, AppendError> {
    let events = (0..2).map(|n| sample::event(&format!("{label} {n}"), size)).collect();
    journal.append(StreamName::new("spec", "a"), Expected::Any, events).await
}

/// Appends until there is no more space; the events that found none, and how many did.
async fn until_full(journal: &SqliteJournal) -> (usize, String) {
    for n in 0..2_000 {
        match append(journal, &format!("{n}"), 4_000).await {
            Ok(_) => {}
            Err(AppendError::Journal(JournalError::Unavailable(reason))) => return (n, reason),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk is larger than it should be")
}

async fn events_in(journal: &SqliteJournal) -> usize {
    let all = journal.read_all(Position::START, Filter::All, usize::MAX).await;
    all.expect("reads stay up when the disk is full").events.len()
}

/// The part of the child: fills a small disk, frees some of it, goes on.
pub(crate) async fn fill(folder: &Path, how: &str) {
    let limit = getrlimit(Resource::Fsize);
    match how {
        "limit" => setrlimit(Resource::Fsize, Rlimit { current: Some(SPACE), ..limit }).expect("limited"),
        "small" => fs::write(folder.join(BALLAST), vec![b'x'; 1024 * 1024]).expect("ballast"),
        _ => panic!("what is {how}?"),
    }
    let journal = sample::alone(folder, Options { checkpoint_pages: 100, ..Options::default() });
    let (written, reason) = until_full(&journal).await;
    println!("full after {written}: {reason}");
    assert!(written > 10);
    assert!(append(&journal, "still", 4_000).await.is_err(), "it stays full");
    assert_eq!(events_in(&journal).await, written * 2);
    assert_eq!(journal.stream_gaps().await.expect("readable"), None);
    match how {
        "limit" => setrlimit(Resource::Fsize, limit).expect("unlimited"),
        _ => fs::remove_file(folder.join(BALLAST)).expect("freed"),
    }
    let appended = append(&journal, &format!("{written}"), 4_000).await.expect("there is space again");
    assert!(!appended.repeated, "what was refused was not written");
    assert_eq!(appended.revision + 1, (written as u64 + 1) * 2);
    drop(journal);
    let journal = sample::alone(folder, Options::default());
    assert_eq!(events_in(&journal).await, (written + 1) * 2, "and it is all there after a restart");
    assert_eq!(journal.integrity_errors().await.expect("readable"), Vec::<String>::new());
    println!("went on");
}

fn run(mut command: Command) -> (Output, String) {
    let output = command.stderr(Stdio::piped()).output().expect("the child runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, text)
}

#[tokio::test]
async fn a_file_at_its_largest_size_refuses_appends_and_serves_reads() {
    let place = TempDir::new().expect("a folder");
    let small = Options { largest_file: Some(512 * 1024), ..Options::default() };
    let journal = sample::alone(place.path(), small.clone());
    let (written, reason) = until_full(&journal).await;
    assert!(reason.starts_with("disk full"), "{reason}");
    assert_eq!(events_in(&journal).await, written * 2);
    assert_eq!(journal.head().await.expect("a head").0, written as u64 * 2);
    // The same appends succeed once there is space.
    drop(journal);
    let journal = sample::alone(place.path(), Options::default());
    assert!(!append(&journal, &format!("{written}"), 4_000).await.expect("space").repeated);
    assert!(append(&journal, "0", 4_000).await.expect("known").repeated);
}

#[test]
fn a_refused_write_is_taken_back_and_the_writer_goes_on() {
    // Given a process that may not write files beyond a size (and is told so, not killed)
    let place = TempDir::new().expect("a folder");
    let shell = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(OsStr::new);
    let (output, text) = run(child::command(&shell, "fill limit", place.path()));
    assert!(output.status.success() && text.contains("went on"), "{text}");
}

#[test]
fn a_full_disk_is_survived() {
    let place = TempDir::new().expect("a folder");
    let small = format!("mount -t tmpfs -o size={} none '{}'", SPACE + 1024 * 1024, place.path().display());
    let script = format!("{small} && exec \"$0\" \"$@\"");
    let allowed = Command::new("unshare").args(["-rm", "sh", "-c", &small]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a small disk cannot be mounted here");
        return;
    }
    let way = ["unshare", "-rm", "sh", "-c", &script].map(OsStr::new);
    let (output, text) = run(child::command(&way, "fill small", place.path()));
    assert!(output.status.success() && text.contains("went on"), "{text}");
    assert!(text.contains("disk full"), "{text}");
}

/// The part of the child: appends until the disk fails, which it must not survive.
pub(crate) async fn append_until_the_flush_fails(folder: &Path) {
    let journal = sample::alone(folder, Options { checkpoint_pages: 20, ..Options::default() });
    for n in 0..1_000 {
        match append(&journal, &format!("{n}"), 100).await {
            Ok(_) => child::say(format_args!("acknowledged {n}")),
            Err(error) => println!("refused {n}: {error}"),
        }
    }
    println!("survived");
}

/// A library that makes the flush number `FAIL_AT` fail, compiled here because no file system does it on
/// demand. `None` when there is no C compiler.
fn failing_disk(place: &Path) -> Option<PathBuf> {
    let library = place.join("failing_flush.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journal/failing_flush.c");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).output();
    match compiled {
        Ok(output) if output.status.success() => Some(library),
        _ => None,
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_failed_flush_ends_the_process_and_nothing_acknowledged_is_lost() {
    let tools = TempDir::new().expect("a folder");
    let Some(library) = failing_disk(tools.path()) else {
        eprintln!("SKIPPED: no C compiler for the failing disk");
        return;
    };
    // The first eight flushes are of the new file and its tables; the later ones of commits and checkpoints.
    for fail_at in [10, 11, 12, 17, 23, 31, 32, 33, 60] {
        let place = TempDir::new().expect("a folder");
        let mut command = child::command(&[], "flush", place.path());
        command.env("LD_PRELOAD", &library).env("FAIL_AT", fail_at.to_string());
        let (output, text) = run(command);
        assert_eq!(output.status.code(), Some(74), "at flush {fail_at}: {text}");
        assert!(text.contains("ending the process"), "{text}");
        let acknowledged = text.lines().filter(|line| line.starts_with("acknowledged ")).count();
        let journal = sample::alone(place.path(), Options::default());
        let written = events_in(&journal).await;
        assert!(written >= acknowledged * 2, "{acknowledged} acknowledged, {written} there");
        assert!(written <= (acknowledged + 1) * 2, "one append at most was in the air");
        assert_eq!(journal.integrity_errors().await.expect("readable"), Vec::<String>::new());
    }
}
