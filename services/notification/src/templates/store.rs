//! The files of templates, by version.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Serialize;
use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::{PARTS, built_in};
use crate::{channels::hash::hexadecimal, outbound::Kind};

/// Where a template comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This program.
    Program,
    /// The folder of the hospital.
    Hospital,
}

/// One version of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplateVersion {
    /// Which kind.
    pub kind: Kind,
    /// Its number.
    pub version: u32,
    /// Where it comes from: of the hospital when any of its parts is.
    pub origin: Origin,
    /// It is the one that is used.
    pub used: bool,
    /// SHA-256 over its parts in order, hexadecimal.
    pub sha256: String,
}

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file stands where none is expected.
    #[error("{path}: no template has this name; expected <kind>/<version>/ and one of {parts}", path = .path.display(), parts = PARTS.join(", "))]
    Unexpected {
        /// Which.
        path: PathBuf,
    },
    /// A part of a version is missing.
    #[error("{kind}/{version}: {part} is missing")]
    Incomplete {
        /// The kind.
        kind: &'static str,
        /// The version.
        version: u32,
        /// The part.
        part: &'static str,
    },
    /// A file is no template.
    #[error("{path}, line {}: {problem}", .line.unwrap_or_default())]
    Syntax {
        /// Which.
        path: String,
        /// In which line, from 1.
        line: Option<usize>,
        /// Why.
        problem: String,
    },
    /// A kind has no template.
    #[error("{kind}: there is no template")]
    Missing {
        /// Which.
        kind: &'static str,
    },
}

/// One file.
pub(super) struct File {
    pub(super) text: String,
    origin: Origin,
}

/// Every file, by its path `<kind>/<version>/<part>`.
pub(super) struct Files {
    files: BTreeMap<String, File>,
}

impl Files {
    pub(super) fn built_in() -> Self {
        let files = built_in::KINDS
            .iter()
            .chain(built_in::LAYOUTS)
            .map(|&(path, text)| (path.to_owned(), File { text: text.to_owned(), origin: Origin::Program }))
            .collect();
        Self { files }
    }

    /// Adds the files of a folder; each comes before one of the same path.
    pub(super) fn add_folder(&mut self, folder: &Path) -> Result<(), TemplateError> {
        for kind in entries(folder)? {
            let name = file_name(&kind);
            if name != "layout" && Kind::from_name(&name).is_none() {
                return Err(TemplateError::Unexpected { path: kind });
            }
            for version in entries(&kind)? {
                let number = file_name(&version);
                if number.parse::<u32>().is_err() || number.starts_with(['0', '+']) {
                    return Err(TemplateError::Unexpected { path: version });
                }
                for part in entries(&version)? {
                    let part_name = file_name(&part);
                    if !PARTS.contains(&part_name.as_str()) {
                        return Err(TemplateError::Unexpected { path: part });
                    }
                    let text = std::fs::read_to_string(&part)
                        .map_err(|source| TemplateError::Read { path: part.clone(), source })?;
                    self.files.insert(
                        format!("{name}/{number}/{part_name}"),
                        File { text, origin: Origin::Hospital },
                    );
                }
            }
        }
        self.complete()
    }

    fn complete(&self) -> Result<(), TemplateError> {
        for kind in Kind::ALL {
            for version in self.numbers(kind) {
                if let Some(part) = PARTS.into_iter().find(|part| self.get(kind, version, part).is_none()) {
                    return Err(TemplateError::Incomplete { kind: kind.name(), version, part });
                }
            }
        }
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &File)> {
        self.files.iter()
    }

    pub(super) fn newest(&self, kind: Kind) -> Option<u32> {
        self.numbers(kind).last().copied()
    }

    pub(super) fn versions(&self) -> Vec<TemplateVersion> {
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let newest = self.newest(kind);
            for version in self.numbers(kind) {
                let parts =
                    PARTS.into_iter().filter_map(|part| self.get(kind, version, part)).collect::<Vec<_>>();
                let mut hash = Sha256::new();
                for part in &parts {
                    hash.update((part.text.len() as u64).to_be_bytes());
                    hash.update(&part.text);
                }
                all.push(TemplateVersion {
                    kind,
                    version,
                    origin: parts.iter().map(|part| part.origin).max().unwrap_or(Origin::Program),
                    used: newest == Some(version),
                    sha256: hexadecimal(&hash.finalize()),
                });
            }
        }
        all
    }

    pub(super) fn diff(&self, kind: Kind, old: u32, new: u32) -> Option<String> {
        let numbers = self.numbers(kind);
        if !numbers.contains(&old) || !numbers.contains(&new) {
            return None;
        }
        let mut all = String::new();
        for part in PARTS {
            let (Some(before), Some(after)) = (self.get(kind, old, part), self.get(kind, new, part)) else {
                continue;
            };
            if before.text != after.text {
                let (a, b) =
                    (format!("{}/{old}/{part}", kind.name()), format!("{}/{new}/{part}", kind.name()));
                all.push_str(
                    &TextDiff::from_lines(&before.text, &after.text)
                        .unified_diff()
                        .header(&a, &b)
                        .to_string(),
                );
            }
        }
        Some(all)
    }

    fn get(&self, kind: Kind, version: u32, part: &str) -> Option<&File> {
        self.files.get(&format!("{}/{version}/{part}", kind.name()))
    }

    fn numbers(&self, kind: Kind) -> BTreeSet<u32> {
        let prefix = format!("{}/", kind.name());
        self.files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, _)| path[prefix.len()..].split('/').next()?.parse().ok())
            .collect()
    }
}

/// The entries of a folder in order, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let failed = |source| TemplateError::Read { path: folder.to_owned(), source };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path).starts_with('.') {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outbound::Wording,
        templates::{ITEMS, TemplateSet},
    };

    fn write(folder: &Path, path: &str, text: &str) {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    #[test]
    fn a_version_of_the_hospital_comes_first_and_can_be_compared() {
        let folder = tempfile::tempdir().expect("a folder");
        for part in PARTS {
            let text = match part {
                "subject.txt" => "Charts: {{ item_count }}".to_owned(),
                "text.txt" => "Please look at {{ item_count }}.\n".to_owned(),
                other => format!("{{% extends \"layout/1/{other}\" %}}\n"),
            };
            write(folder.path(), &format!("overdue/2/{part}"), &text);
        }
        let set = TemplateSet::with_folder(folder.path()).expect("templates");
        let texts = set.preview(Kind::Overdue, None, &Wording::default()).expect("a preview");
        assert_eq!((texts.template.as_str(), texts.subject.as_str()), ("overdue@2", "Charts: 3"));
        assert!(texts.letter.iter().any(|paragraph| paragraph == ITEMS));
        let of_overdue: Vec<_> = set
            .versions()
            .into_iter()
            .filter(|v| v.kind == Kind::Overdue)
            .map(|v| (v.version, v.origin, v.used))
            .collect();
        assert_eq!(of_overdue, [(1, Origin::Program, false), (2, Origin::Hospital, true)]);
        let diff = set.diff(Kind::Overdue, 1, 2).expect("both are there");
        assert!(diff.contains("+Charts: {{ item_count }}") && !diff.contains("body.html"), "{diff}");
        assert_eq!(set.diff(Kind::Overdue, 1, 3), None);
        let earlier = set.preview(Kind::Overdue, Some(1), &Wording::default()).expect("a preview");
        assert_eq!(earlier.template, "overdue@1");
    }

    #[test]
    fn a_folder_with_a_fault_is_refused_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "overdue/2/subject.txt", "x");
        let missing = TemplateSet::with_folder(folder.path()).expect_err("incomplete").to_string();
        assert_eq!(missing, "overdue/2: text.txt is missing");

        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "overdeu/1/subject.txt", "x");
        let unknown = TemplateSet::with_folder(folder.path()).expect_err("unknown").to_string();
        assert!(unknown.contains("overdeu: no template has this name"), "{unknown}");

        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "overdue/1/text.txt", "a\n{% if %}");
        let syntax = TemplateSet::with_folder(folder.path()).expect_err("no template").to_string();
        assert!(syntax.starts_with("overdue/1/text.txt, line 2: "), "{syntax}");
    }
}
