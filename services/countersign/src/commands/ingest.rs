//! `countersign ingest`

use std::{
    fs::File,
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use countersign_hl7::batch::{self, Piece};
use countersign_intake::{
    Disposition, Intake,
    domain::{Connection, Outcome},
};
use futures::{StreamExt, stream::FuturesOrdered};
use indicatif::{ProgressBar, ProgressStyle};

use super::open_folder;
use crate::{
    cli::Ingest,
    print,
    send::{Sender, Summary},
};

/// Messages under way at once when no server is between.
const WINDOW: usize = 256;

pub async fn run(args: Ingest) -> anyhow::Result<()> {
    let files = files_below(&args.paths)?;
    let bytes = files.iter().map(|(_, size)| size).sum();
    let bar = progress_bar(bytes)?;
    let summary = if args.data.is_some() {
        let ground =
            open_folder(args.config.config.as_deref(), args.data.as_deref(), "countersign ingest").await?;
        into_folder(ground.intake()?, &files, &bar).await?
    } else {
        over_mllp(&args, &files, &bar).await?
    };
    bar.finish_and_clear();
    if args.json {
        return print::json(&summary);
    }
    print::line(&format!(
        "read {}: accepted {} ({} of them archived as not used), duplicate {}, quarantined {}, rejected {}",
        summary.read,
        summary.accepted,
        summary.not_used,
        summary.duplicate,
        summary.quarantined,
        summary.rejected
    ))?;
    if summary.quarantined + summary.rejected > 0 {
        print::line("Why? countersign quarantine list")?;
    }
    Ok(())
}

fn progress_bar(bytes: u64) -> anyhow::Result<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
    Ok(ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style)?))
}

/// Every file, folders read in order of their names.
fn files_below(paths: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, true, &mut files)?;
    }
    Ok(files)
}

fn collect(path: &Path, named: bool, files: &mut Vec<(PathBuf, u64)>) -> anyhow::Result<()> {
    let about = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if about.is_dir() {
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut below: Vec<PathBuf> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        below.sort();
        return below.iter().try_for_each(|path| collect(path, false, files));
    }
    if about.is_file() && (named || may_hold_messages(path)) {
        files.push((path.to_owned(), about.len()));
    }
    Ok(())
}

/// In a folder, files that say by their ending that they are something else are passed over.
fn may_hold_messages(path: &Path) -> bool {
    const OTHER: [&str; 12] =
        ["json", "tsv", "csv", "md", "xml", "toml", "html", "pdf", "png", "zip", "gz", "sha256"];
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    !hidden && !ending.is_some_and(|ending| OTHER.contains(&ending.as_str()))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}

/// What is sent of a file: its messages, and whatever is no message, so that it is kept and answered too.
fn messages<'a>(path: &Path, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    batch::split(bytes)
        .filter_map(|piece| match piece {
            Piece::Message { bytes, .. } => Some(bytes),
            Piece::Junk { bytes, .. } if !bytes.trim_ascii().is_empty() => Some(bytes),
            Piece::Junk { .. } | Piece::Envelope { .. } => None,
            Piece::Finding(finding) => {
                eprintln!("{}: {finding}", path.display());
                None
            }
        })
        .collect()
}

async fn over_mllp(args: &Ingest, files: &[(PathBuf, u64)], bar: &ProgressBar) -> anyhow::Result<Summary> {
    let mut sender = Sender::connect(args.mllp).await?;
    for (path, size) in files {
        let bytes = read(path)?;
        for message in messages(path, &bytes) {
            sender.send(message).await?;
        }
        bar.inc(*size);
    }
    sender.finish().await
}

async fn into_folder(
    intake: Arc<Intake>,
    files: &[(PathBuf, u64)],
    bar: &ProgressBar,
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    for (path, size) in files {
        let bytes = read(path)?;
        let mut under_way = FuturesOrdered::new();
        for message in messages(path, &bytes) {
            summary.read += 1;
            if under_way.len() >= WINDOW
                && let Some(received) = under_way.next().await
            {
                count(&mut summary, received)?;
            }
            under_way.push_back(take(&intake, message));
        }
        while let Some(received) = under_way.next().await {
            count(&mut summary, received)?;
        }
        bar.inc(*size);
    }
    Ok(summary)
}

pub async fn take(intake: &Intake, message: &[u8]) -> Disposition {
    intake.receive(message, Connection::file()).await.disposition
}

pub fn count(summary: &mut Summary, disposition: Disposition) -> anyhow::Result<()> {
    match disposition {
        Disposition::NotStored => anyhow::bail!(
            "the journal could not take a message: see the log, free space, and ingest again (what was taken is recognised)"
        ),
        Disposition::Duplicate(outcome) if outcome.reason().is_none() => summary.duplicate += 1,
        Disposition::New(Outcome::Rejected(_)) | Disposition::Duplicate(Outcome::Rejected(_)) => {
            summary.rejected += 1;
        }
        Disposition::New(outcome) | Disposition::Duplicate(outcome) if outcome.reason().is_some() => {
            summary.quarantined += 1;
        }
        Disposition::New(Outcome::NotUsed) => {
            summary.accepted += 1;
            summary.not_used += 1;
        }
        Disposition::New(_) | Disposition::Duplicate(_) => summary.accepted += 1,
    }
    Ok(())
}
