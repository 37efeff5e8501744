//! Notices what other processes append to the same file.

use std::{
    path::Path,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use countersign_eventsourcing::journal::Position;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::{journal::OpenError, reader::head, schema, writer::raise};

/// Between two looks while others write.
const BUSY: Duration = Duration::from_millis(5);
/// Between two looks after a while without news.
const IDLE: Duration = Duration::from_millis(20);
/// Before the next look after one that failed.
const FAILED: Duration = Duration::from_secs(1);

/// A thread that looks at the file while somebody subscribes. `SQLite` has no way to be told.
pub(crate) struct Watcher {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub(crate) fn start(
        file: &Path,
        patience: Duration,
        heads: watch::Sender<Position>,
    ) -> Result<Self, OpenError> {
        let connection = schema::open_reader(file, patience)?;
        let (stop, stopped) = sync_channel(0);
        let thread = thread::Builder::new()
            .name("journal-watcher".to_owned())
            .spawn(move || {
                let mut version = None;
                let mut pause = BUSY;
                while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    if heads.receiver_count() == 0 {
                        pause = IDLE;
                        continue;
                    }
                    pause = match look(&connection, &mut version, &heads) {
                        Ok(true) => BUSY,
                        Ok(false) => (pause + Duration::from_millis(1)).min(IDLE),
                        Err(error) => {
                            tracing::warn!(%error, "cannot see what other processes append to the journal");
                            FAILED
                        }
                    };
                }
            })
            .map_err(OpenError::Folder)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether there is news. The version is a number that `SQLite` changes with every commit of any connection.
fn look(
    connection: &Connection,
    version: &mut Option<i64>,
    heads: &watch::Sender<Position>,
) -> rusqlite::Result<bool> {
    let now: i64 = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    if *version == Some(now) {
        return Ok(false);
    }
    raise(heads, head(connection)?);
    *version = Some(now);
    Ok(true)
}
