//! The data folder, and who may use it.
//!
//! A folder is used by one process alone (`countersign up`) or by several on one host together (`countersign
//! serve ...`). The lock is the operating system's: it ends with the process, however that ends, so there is
//! never a stale one to remove by hand.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
    time::Duration,
};

/// Name of the lock file in the folder.
const LOCK: &str = "countersign.lock";

/// A data folder that this process may use for as long as the value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    shared: bool,
    /// Held, not read: closing it gives the lock up.
    _lock: File,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Somebody else uses it, and not in a way that would admit this process.
    #[error(
        "the data folder {path} is in use by {holder}; stop that first, or give this command another folder"
    )]
    Held {
        /// The folder.
        path: String,
        /// Command and process id of who holds it.
        holder: String,
    },
    /// It cannot be created or locked.
    #[error("the data folder {path} cannot be used: {source}")]
    Io {
        /// The folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl DataFolder {
    /// Takes the folder for this process alone, creating it if it is not there (readable by its owner only:
    /// it will hold patient data). `command` is what others are told who find it taken.
    pub fn open_exclusive(path: impl AsRef<Path>, command: &str) -> Result<Arc<Self>, FolderError> {
        Self::open(path.as_ref(), command, false)
    }

    /// Takes the folder together with other processes on this host that take it in this way too.
    pub fn open_shared(path: impl AsRef<Path>, command: &str) -> Result<Arc<Self>, FolderError> {
        Self::open(path.as_ref(), command, true)
    }

    fn open(path: &Path, command: &str, shared: bool) -> Result<Arc<Self>, FolderError> {
        let io_error = |source| FolderError::Io { path: path.display().to_string(), source };
        create(path).map_err(io_error)?;
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(path.join(LOCK))
            .map_err(io_error)?;
        match lock_for(&lock, shared) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::Held {
                    path: path.display().to_string(),
                    holder: holders(&mut lock),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        lock.write_all(format!("{} {command}\n", process::id()).as_bytes()).map_err(io_error)?;
        Ok(Arc::new(Self { path: path.to_owned(), shared, _lock: lock }))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether other processes may be using it at the same time.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// The journal's file in the folder.
    pub fn journal_file(&self) -> PathBuf {
        self.path.join("journal.sqlite")
    }
}

fn lock_for(lock: &File, shared: bool) -> Result<(), TryLockError> {
    if !shared {
        lock.try_lock()?;
        return lock.set_len(0).map_err(TryLockError::Error);
    }
    let mut attempts = 0..50;
    loop {
        // Whoever gets it alone, if only for a moment, knows that all names in it are of the past. In that
        // moment others are refused, so a refusal counts only when it lasts.
        if lock.try_lock().is_ok() {
            lock.set_len(0).and_then(|()| lock.unlock()).map_err(TryLockError::Error)?;
        }
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) if attempts.next().is_some() => {
                thread::sleep(Duration::from_millis(2));
            }
            outcome => return outcome,
        }
    }
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

/// Who holds the folder, as they wrote it. Of several that shared it, those that have ended since are left
/// out where the system tells.
fn holders(lock: &mut File) -> String {
    let mut text = String::new();
    if lock.rewind().and_then(|()| lock.read_to_string(&mut text)).is_err() || text.trim().is_empty() {
        return "another process".to_owned();
    }
    let all: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    let running: Vec<_> =
        all.iter().filter(|(id, _)| fs::exists(format!("/proc/{id}")).unwrap_or(true)).collect();
    // None running by that name: another container, whose processes are not seen from here.
    let named = if running.is_empty() { all.iter().collect() } else { running };
    named
        .into_iter()
        .map(|(id, command)| format!("`{command}` (process {id})"))
        .collect::<Vec<_>>()
        .join(", ")
}
