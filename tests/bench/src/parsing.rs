//! HL7 alone: the public sample messages, read by our reader and by python-hl7.

use std::{
    hint::black_box,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use countersign_hl7::{
    Message,
    batch::{self, Piece},
};
use serde_json::Value;

use crate::{
    Effort,
    report::{Figure, Section},
};

/// MSH-9.1, MSH-9.2, MSH-10, PID-3.1, PV1-2, PV1-19.1, PV1-44, PV1-45, TXA-12 and TXA-17: what a chart event begins
/// with. The other program reads the same ones.
const FIELDS: [(&str, usize, usize); 10] = [
    ("MSH", 9, 1),
    ("MSH", 9, 2),
    ("MSH", 10, 1),
    ("PID", 3, 1),
    ("PV1", 2, 1),
    ("PV1", 19, 1),
    ("PV1", 44, 1),
    ("PV1", 45, 1),
    ("TXA", 12, 1),
    ("TXA", 17, 1),
];
const OTHER: &str = include_str!("../python_hl7.py");
/// Our reader goes through the corpus so often in a round: once takes too short a time for a clock.
const TIMES: u32 = 20;

pub(crate) fn measure(corpus: &Path, python: Option<&Path>, effort: Effort) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Parsing: the public sample messages",
        "One thread; each message split, and ten fields of it read. Only messages that both readers take: text in \
         UTF-8 with a carriage return after every segment.",
    );
    eprintln!("parsing");
    if !corpus.is_dir() {
        eprintln!("  SKIPPED: there is no folder {}", corpus.display());
        return Ok(section);
    }
    let mut messages = Vec::new();
    collect(corpus, &mut messages)?;
    messages.sort();
    let mut other = python.map(|python| Other::start(python, &messages)).transpose()?;
    if let Some(other) = &other {
        let mut number = 0..;
        messages.retain(|_| number.next().is_some_and(|number| other.takes.contains(&number)));
    } else {
        eprintln!("  SKIPPED: python-hl7 is not there");
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = messages.len() as f64;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let began = Instant::now();
        for _ in 0..TIMES {
            for message in &messages {
                read(message);
            }
        }
        ours.push(count * f64::from(TIMES) / began.elapsed().as_secs_f64());
        if let Some(other) = &mut other {
            theirs.push(count / other.round()?.as_secs_f64());
        }
    }
    section.add(Figure::new("messages that both read", "messages", vec![count]));
    let ours = Figure::new("our reader", "messages/s", ours);
    if other.is_some() {
        let theirs = Figure::new("python-hl7 0.4.5", "messages/s", theirs);
        let ratio = ours.over(&theirs, "our reader / python-hl7");
        section.add(theirs);
        section.add(ratio);
    }
    section.add(ours);
    Ok(section)
}

fn read(message: &str) {
    let Ok(message) = Message::parse(black_box(message.as_bytes())) else { return };
    for (segment, field, component) in FIELDS {
        black_box(message.field(segment, field).component(component).value().trimmed());
    }
}

/// Every message below a folder that our reader takes and that is text.
fn collect(folder: &Path, messages: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), messages)?;
            continue;
        }
        let file = std::fs::read(entry.path())?;
        messages.extend(batch::split(&file).filter_map(|piece| {
            let Piece::Message { bytes, .. } = piece else { return None };
            let text = std::str::from_utf8(bytes).ok()?.replace("\r\n", "\r").replace('\n', "\r");
            Message::parse(text.as_bytes()).is_ok().then_some(text)
        }));
    }
    Ok(())
}

/// The other reader in a process of its own, told by lines what to do.
struct Other {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Which of the messages it reads.
    takes: std::collections::BTreeSet<usize>,
}

impl Other {
    fn start(python: &Path, messages: &[String]) -> anyhow::Result<Self> {
        let mut process = Command::new(python)
            .args(["-c", OTHER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", python.display()))?;
        let ask = process.stdin.take().context("standard input is a pipe")?;
        let answers = BufReader::new(process.stdout.take().context("standard output is a pipe")?);
        let mut other = Self { process, ask, answers, takes: std::collections::BTreeSet::new() };
        let task = serde_json::json!({ "messages": messages, "fields": FIELDS });
        let takes = other.answer(&task)?;
        other.takes = serde_json::from_value(takes)?;
        ensure!(!other.takes.is_empty(), "python-hl7 reads none of the messages");
        Ok(other)
    }

    fn answer(&mut self, ask: &Value) -> anyhow::Result<Value> {
        writeln!(self.ask, "{ask}")?;
        self.ask.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("python-hl7 did not answer")
    }

    /// Reads all messages that it takes, once; how long that took.
    fn round(&mut self) -> anyhow::Result<Duration> {
        let seconds: f64 = serde_json::from_value(self.answer(&Value::from("round"))?)?;
        Ok(Duration::from_secs_f64(seconds))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Nothing is left to be told when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
