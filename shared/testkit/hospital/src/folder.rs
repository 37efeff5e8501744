//! A run as files.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::hospital::Hospital;

/// Messages in one file.
const MESSAGES_PER_FILE: u64 = 5_000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderReport {
    /// Messages in all files.
    pub messages: u64,
    /// Files with messages.
    pub files: u64,
    /// Bytes of all messages.
    pub bytes: u64,
    /// Rows in `truth.json`.
    pub truth_rows: usize,
}

/// A run could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or a file in it cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The truth cannot be written as JSON.
    #[error("cannot write the truth")]
    Truth(#[from] serde_json::Error),
}

/// Writes the messages in order of sending to `000001.hl7`, `000002.hl7` and so on, some thousand in each,
/// and the truth to `truth.json`. Every message begins with `MSH`, every segment ends with a carriage
/// return, and nothing stands between messages.
///
/// # Errors
/// [`FolderError`] when the folder cannot be written.
pub fn write_folder(hospital: &Hospital, folder: &Path) -> Result<FolderReport, FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FolderError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut report = FolderReport { messages: 0, files: 0, bytes: 0, truth_rows: 0 };
    let mut messages = hospital.messages().peekable();
    while messages.peek().is_some() {
        report.files += 1;
        let path = folder.join(format!("{:06}.hl7", report.files));
        let mut file = BufWriter::new(File::create(&path).map_err(failed(&path))?);
        for _ in 0..MESSAGES_PER_FILE {
            let Some(message) = messages.next() else { break };
            file.write_all(&message.bytes).map_err(failed(&path))?;
            report.messages += 1;
            report.bytes += u64::try_from(message.bytes.len()).unwrap_or(u64::MAX);
        }
        file.flush().map_err(failed(&path))?;
    }
    let truth = hospital.truth();
    report.truth_rows = truth.rows.len();
    let path = folder.join("truth.json");
    let mut file = BufWriter::new(File::create(&path).map_err(failed(&path))?);
    serde_json::to_writer(&mut file, &truth)?;
    file.flush().map_err(failed(&path))?;
    Ok(report)
}
