//! Public sample messages, read in place. They are not ours and not in the repository.

use std::path::PathBuf;

/// One sample, as the manifest describes it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its file, below the folder of the corpus.
    pub file: String,
    /// `clean`, `odd`, `broken` or `batch`.
    pub class: String,
    /// Message code and trigger, e.g. `ADT^A01`.
    pub kind: String,
    /// What is odd about it.
    pub notes: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Sample {
    /// A field of MSH by number, read the simple way.
    pub fn header(&self, number: usize) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let start = text.find("MSH").unwrap_or_default();
        let line = text[start..].split(['\r', '\n']).next().unwrap_or_default();
        let separator = line.chars().nth(3).unwrap_or('|');
        line.split(separator).nth(number - 1).unwrap_or_default().to_owned()
    }

    /// Whether the sender asked for answers in some cases only (MSH-15, MSH-16).
    pub fn may_be_silent(&self) -> bool {
        [15, 16].iter().any(|number| ["NE", "ER", "SU"].contains(&self.header(*number).as_str()))
    }

    /// Whether there is a visit number (PV1-19).
    pub fn has_visit(&self) -> bool {
        !self.notes.contains("no visit number PV1-19") && !self.notes.contains("no PV1")
    }
}

/// The folder of the corpus. Without it, says so on standard error and gives nothing.
pub fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/hl7"));
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the sample messages are not at ../shared/data/hl7; nothing was checked");
    None
}

/// Every sample.
pub fn samples() -> Vec<Sample> {
    let Some(folder) = folder() else { return Vec::new() };
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("a manifest");
    let samples = manifest.lines().skip(1).map(|line| {
        let column: Vec<&str> = line.split('\t').collect();
        Sample {
            file: column[0].to_owned(),
            class: column[3].to_owned(),
            kind: column[4].to_owned(),
            notes: column.get(6).copied().unwrap_or_default().to_owned(),
            bytes: std::fs::read(folder.join(column[0])).expect("a sample"),
        }
    });
    samples.collect()
}
