//! How fast messages are read: all files below a folder, a number of rounds, on one core.
//!
//! `cargo run --release -p countersign-hl7 --example parse_corpus -- FOLDER [ROUNDS]`
//!
//! Files are read and taken apart into messages beforehand; timed is `Message::parse` alone (`split`) and with the
//! fields that a chart event begins with (`split_and_9_fields`). The best round counts, as noise only ever slows
//! down. Prints one line of JSON.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_hl7::Message;
use countersign_hl7::batch::{self, Piece};

/// MSH-9.1, MSH-9.2, MSH-10, PID-3.1, PV1-2, PV1-19.1, PV1-44, PV1-45, TXA-12 and TXA-17.
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: parse_corpus FOLDER [ROUNDS]")?;
    let rounds = arguments.next().map_or(Ok(20), |rounds| rounds.parse::<usize>())?.max(1);
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files)?;
    let messages = files
        .iter()
        .flat_map(|file| batch::split(file))
        .filter_map(|piece| match piece {
            Piece::Message { bytes, .. } if Message::parse(bytes).is_ok() => Some(bytes),
            _ => None,
        })
        .collect::<Vec<_>>();
    if messages.is_empty() {
        return Err("no message in that folder".into());
    }
    let bytes = messages.iter().map(|message| message.len()).sum::<usize>();

    let split = best(rounds, || {
        for message in &messages {
            black_box(Message::parse(black_box(message)).is_ok());
        }
    });
    let fields = best(rounds, || {
        for message in &messages {
            let Ok(message) = Message::parse(black_box(message)) else { continue };
            for (segment, field, component) in FIELDS {
                black_box(message.field(segment, field).component(component).value().trimmed());
            }
        }
    });
    println!(
        "{{\"split\":{},\"split_and_9_fields\":{}}}",
        report(messages.len(), bytes, split),
        report(messages.len(), bytes, fields)
    );
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<Vec<u8>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn best(rounds: usize, mut round: impl FnMut()) -> Duration {
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn report(messages: usize, bytes: usize, best: Duration) -> String {
    let seconds = best.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = messages as f64 / seconds;
    format!(
        "{{\"messages\":{messages},\"bytes\":{bytes},\"seconds\":{seconds:.6},\"messages_per_second\":{rate:.0}}}"
    )
}
