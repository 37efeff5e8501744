//! Child processes: this test binary started again to play one part, told by an environment variable.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Write, stdout},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use countersign_eventsourcing::journal::{Expected, Journal, StreamName};
use countersign_sqlite::{Options, SqliteJournal};

use crate::{disk, sample};

const PART: &str = "COUNTERSIGN_TEST_PART";
const FOLDER: &str = "COUNTERSIGN_TEST_FOLDER";

/// Events in every append of a child.
pub(crate) const TOGETHER: u64 = 3;
/// Writers in every child.
pub(crate) const WRITERS: usize = 4;

/// An append that a child was told is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) stream: String,
    pub(crate) label: String,
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

/// The command that starts this binary to play a part, by way of other commands if there are any.
pub(crate) fn command(by_way_of: &[&OsStr], part: &str, folder: &Path) -> Command {
    let this = env::current_exe().expect("this binary");
    let mut words = by_way_of.iter().copied().chain([this.as_os_str()]);
    let mut command = Command::new(words.next().expect("at least one"));
    command
        .args(words)
        .args(["child::plays_its_part", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// A writer process and what it says.
pub(crate) struct Appender {
    child: Playing,
    lines: BufReader<ChildStdout>,
    pub(crate) acknowledged: Vec<Acknowledged>,
}

impl Appender {
    /// Starts a process that appends without end (`count` of `None`) or `count` times from each writer.
    pub(crate) fn start(folder: &Path, name: &str, count: Option<usize>) -> Self {
        let count = count.map_or_else(|| "endless".to_owned(), |count| count.to_string());
        let mut child =
            command(&[], &format!("append {name} {count}"), folder).spawn().expect("the child starts");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Self { child: Playing(child), lines, acknowledged: Vec::new() }
    }

    /// Reads until that many appends in all are acknowledged, or the process has ended.
    pub(crate) fn read(&mut self, until: usize) {
        let mut line = String::new();
        while self.acknowledged.len() < until {
            line.clear();
            if self.lines.read_line(&mut line).expect("its output is text") == 0 {
                return;
            }
            // A line cut short by death acknowledges nothing.
            let Some(text) = line.strip_prefix("acknowledged ").and_then(|text| text.strip_suffix(" .\n"))
            else {
                continue;
            };
            let words: Vec<&str> = text.split(' ').collect();
            let [stream, label, revision, position] = words[..] else { panic!("what is {text}?") };
            self.acknowledged.push(Acknowledged {
                stream: stream.to_owned(),
                label: label.to_owned(),
                revision: revision.parse().expect("a revision"),
                position: position.parse().expect("a position"),
            });
        }
    }

    /// SIGKILL, and then whatever it had said before.
    pub(crate) fn kill(mut self) -> Vec<Acknowledged> {
        self.child.0.kill().expect("the child can be killed");
        self.read(usize::MAX);
        self.acknowledged
    }

    /// Everything it says until it ends by itself.
    pub(crate) fn finish(mut self) -> Vec<Acknowledged> {
        self.read(usize::MAX);
        assert!(self.child.0.wait().expect("the child has ended").success());
        self.acknowledged
    }
}

/// A process that is killed when its test is done with it, also when the test fails.
pub(crate) struct Playing(pub(crate) Child);

impl Drop for Playing {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line of its own: the test harness may have begun one.
pub(crate) fn say(words: std::fmt::Arguments<'_>) {
    let mut out = stdout().lock();
    writeln!(out, "\n{words} .").and_then(|()| out.flush()).expect("somebody listens");
}

#[test]
#[ignore = "a part that other tests start in a process of its own"]
fn plays_its_part() {
    let Some(part) = env::var_os(PART) else { return };
    let folder = PathBuf::from(env::var_os(FOLDER).expect("a folder"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let part = part.into_string().expect("text");
    let words: Vec<&str> = part.split(' ').collect();
    match words[..] {
        ["append", name, count] => runtime.block_on(append(&folder, name, count.parse().ok())),
        ["hold"] => {
            let _journal = sample::alone(&folder, Options::default());
            say(format_args!("held"));
            std::thread::park();
        }
        ["fill", how] => runtime.block_on(disk::fill(&folder, how)),
        ["flush"] => runtime.block_on(disk::append_until_the_flush_fails(&folder)),
        _ => panic!("what is {part}?"),
    }
}

/// Several writers: one of them on a stream that all processes share, the others on their own.
async fn append(folder: &Path, name: &str, count: Option<usize>) {
    // Few pages, so that deaths in the middle of a checkpoint are among those tried.
    let journal = sample::together(folder, Options { checkpoint_pages: 50, ..Options::default() });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(&journal), format!("{name}-{writer}"), writer, count)))
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
}

async fn write(journal: Arc<SqliteJournal>, name: String, writer: usize, count: Option<usize>) {
    for n in 0..count.unwrap_or(usize::MAX) {
        let stream = match writer {
            0 => StreamName::new("shared", "all"),
            _ => StreamName::new("own", format!("{name}-{}", n % 5)),
        };
        let label = format!("{name}-{n}");
        let events = (0..TOGETHER).map(|k| sample::event(&format!("{label}-{k}"), 700)).collect();
        let appended =
            journal.append(stream.clone(), Expected::Any, events).await.expect("the append succeeds");
        assert!(!appended.repeated);
        say(format_args!("acknowledged {stream} {label} {} {}", appended.revision, appended.position));
    }
}
