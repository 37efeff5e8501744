//! Events to append, and a journal to append them to.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use countersign_eventsourcing::journal::{Metadata, NewEvent};
use countersign_kernel::{EventId, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};

/// An event whose id follows from its label, with content of about `size` bytes.
pub(crate) fn event(label: &str, size: usize) -> NewEvent {
    let at = Timestamp::from_second(1_750_000_000).expect("an instant");
    NewEvent {
        id: EventId::derive(&["sqlite", label]),
        kind: "sample.happened".into(),
        data: Bytes::from(format!(r#"{{"label":"{label}","filler":"{}"}}"#, "x".repeat(size))),
        metadata: Metadata {
            correlation: EventId::derive(&["correlation", label]).0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "test".to_owned(),
            occurred_at: at,
            recorded_at: None,
            received_at: at,
        },
    }
}

pub(crate) fn alone(path: &Path, options: Options) -> Arc<SqliteJournal> {
    let folder = DataFolder::open_exclusive(path, "test alone").expect("the folder is free");
    SqliteJournal::open(folder, options).expect("the journal opens")
}

pub(crate) fn together(path: &Path, options: Options) -> Arc<SqliteJournal> {
    let folder = DataFolder::open_shared(path, "test together").expect("the folder is free");
    SqliteJournal::open(folder, options).expect("the journal opens")
}
