//! Throw-away folders.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder for the data of one installation, its messages and its configuration. Deleted when dropped.
pub struct Place(TempDir);

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The data folder in it; not made yet.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder can be made");
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    /// Writes messages in it, one after the other in one file.
    pub fn write_messages(&self, name: &str, messages: &[impl AsRef<[u8]>]) -> PathBuf {
        let mut bytes = Vec::new();
        for message in messages {
            bytes.extend_from_slice(message.as_ref());
            if !bytes.ends_with(b"\r") {
                bytes.push(b'\r');
            }
        }
        self.write(name, bytes)
    }
}
