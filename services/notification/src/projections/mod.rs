//! The read model of the notification service: one file, tables and queries side by side.

mod contacts;
mod dispatch;
mod failed;
mod figures;
mod inbox;
mod letters;
mod listed;
mod notices;
mod time;

use countersign_eventsourcing::{
    journal::{Filter, RecordedEvent},
    projection::{Projection, ProjectionError},
    timer::table,
};
use rusqlite::Transaction;

pub use contacts::{Task, contact_of_task, contacts, digest_timers, open_tasks, tasks};
pub use dispatch::{DueLeg, attempts_since, due_legs, sending};
pub use failed::{FailedLeg, dead_letters, failed_since};
pub use figures::{Figures, figures};
pub use inbox::{Message, inbox};
pub use letters::{Letter, letters};
pub use listed::{Listed, is_cursor};
pub use notices::{LegRow, NoticeFilter, NoticeRow, notice, notices};

use crate::domain::{
    contact::{CONTACT, ContactEvent},
    digest::{DIGEST, DigestEvent},
    notice::{NOTICE, NoticeEvent},
};

/// Notices, inboxes, letters, contacts, timers.
#[derive(Debug, Default)]
pub struct Notifications;

impl Projection for Notifications {
    fn name(&self) -> &'static str {
        "notification"
    }

    fn version(&self) -> u32 {
        4
    }

    fn filter(&self) -> Filter {
        Filter::Categories(vec![NOTICE, CONTACT, DIGEST])
    }

    fn schema(&self) -> &'static str {
        static SCHEMA: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            [include_str!("notices.sql"), include_str!("contacts.sql"), table::SCHEMA].concat()
        });
        &SCHEMA
    }

    fn indexes(&self) -> &'static str {
        static INDEXES: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| [include_str!("indexes.sql"), table::INDEXES].concat());
        &INDEXES
    }

    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        if table::apply(tables, event)? {
            return Ok(());
        }
        let undecodable = |error| event.undecodable(&error);
        match event.stream.category() {
            NOTICE => {
                let decoded = NoticeEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                notices::apply(tables, event.stream.id(), &decoded)
            }
            CONTACT => {
                let decoded = ContactEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                contacts::apply(tables, event, &decoded)
            }
            DIGEST => {
                let decoded = DigestEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                contacts::apply_digest(tables, event.stream.id(), &decoded)
            }
            _ => Ok(()),
        }
    }
}
