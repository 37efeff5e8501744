//! The read model of the escalation service: one file, tables and queries side by side. It holds what is owed by whom,
//! too, folded from the same journal: so one position says how fresh all of it is.

mod concerned;
mod inbox;
pub(crate) mod json;
mod list;
mod notices;
mod register;
mod runs;
pub(crate) mod time;
mod tracks;
mod watches;

use std::{collections::BTreeSet, sync::LazyLock};

use countersign_contracts::notice::{NoticeRequested, NoticeWithdrawn};
use countersign_eventsourcing::{
    journal::{Filter, RecordedEvent},
    projection::{Projection, ProjectionError},
    publish::SharedPublishers,
    timer::table as timers,
};
use countersign_owed::{CATEGORIES, tables as owed};
use rusqlite::Transaction;

pub use concerned::{KEPT, concerned, everybody};
pub use inbox::{Waiting, inbox, inbox_of, item_of_proposal};
pub use list::{
    Place, Scope, TrackQuery, TrackRow, due_tracks, facilities_with_tracks, held_because, open_with_timer,
    states, track, tracks,
};
pub use notices::{Unanswered, stream_of_notice, unanswered, waiting};
pub use register::{Suspension, SuspensionQuery, ended_conditions, in_force, suspended_by, suspensions};
pub use runs::{Held, held_run, held_runs, run, runs};
pub(crate) use tracks::word;
pub use watches::{Times, Watch, watch, watches};

use crate::{
    domain::{
        events::{TRACK, TrackEvent},
        limit::{LIMIT, LimitEvent},
    },
    runs::events::{RUN, RunEvent},
};

static SCHEMA: LazyLock<String> = LazyLock::new(|| {
    [
        owed::SCHEMA,
        timers::SCHEMA,
        include_str!("tracks.sql"),
        include_str!("notices.sql"),
        include_str!("runs.sql"),
        include_str!("watches.sql"),
        include_str!("concerned.sql"),
    ]
    .join("\n")
});
static INDEXES: LazyLock<String> = LazyLock::new(|| [owed::INDEXES, timers::INDEXES].join("\n"));

/// Tracks, what is owed, timers, the register, runs.
pub struct Tracks {
    publishers: SharedPublishers,
    filter: Vec<&'static str>,
}

impl Tracks {
    /// Folds what these publishers say about deficiencies and the directory, beside this service's own streams.
    pub fn new(publishers: SharedPublishers) -> Self {
        let mut categories: BTreeSet<&'static str> = [TRACK, LIMIT, RUN].into();
        if let Filter::Categories(said) = publishers.filter_for(&CATEGORIES) {
            categories.extend(said);
        }
        Self { publishers, filter: categories.into_iter().collect() }
    }

    fn track(tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        let id = event.stream.id();
        let Some(decoded) = TrackEvent::decode(&event.kind, &event.data) else { return Ok(()) };
        let decoded = decoded.map_err(|error| event.undecodable(&error))?;
        tracks::apply(tables, id, event, &decoded)?;
        Ok(tracks::revise(tables, id, event.revision)?)
    }

    /// Notices of whatever stream.
    fn notice(tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        match &*event.kind {
            NoticeRequested::TYPE => notices::requested(tables, &event.stream, &event.decode()?)?,
            NoticeWithdrawn::TYPE => notices::withdrawn(tables, &event.decode()?)?,
            "notice-answered" => notices::answered(tables, &event.decode()?)?,
            _ => {}
        }
        Ok(())
    }
}

impl Projection for Tracks {
    fn name(&self) -> &'static str {
        "escalation"
    }

    fn version(&self) -> u32 {
        4
    }

    fn filter(&self) -> Filter {
        Filter::Categories(self.filter.clone())
    }

    fn schema(&self) -> &'static str {
        &SCHEMA
    }

    fn indexes(&self) -> &'static str {
        &INDEXES
    }

    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        match event.stream.category() {
            TRACK => {
                Self::notice(tables, event)?;
                if !timers::apply(tables, event)? {
                    return Self::track(tables, event);
                }
                Ok(tracks::revise(tables, event.stream.id(), event.revision)?)
            }
            LIMIT => {
                Self::notice(tables, event)?;
                if timers::apply(tables, event)? {
                    return Ok(());
                }
                let Some(decoded) = LimitEvent::decode(&event.kind, &event.data) else { return Ok(()) };
                let decoded = decoded.map_err(|error| event.undecodable(&error))?;
                Ok(watches::apply(tables, event.stream.id(), &decoded)?)
            }
            RUN => {
                let Some(decoded) = RunEvent::decode(&event.kind, &event.data) else { return Ok(()) };
                let decoded = decoded.map_err(|error| event.undecodable(&error))?;
                Ok(runs::apply(tables, &decoded)?)
            }
            _ => {
                let touched = owed::apply_recorded(tables, &self.publishers, event)?;
                concerned::note(tables, event.position, &touched)
            }
        }
    }
}
