//! The truth at this instant: read from the journal itself, for whoever is about to act on somebody.

use std::{collections::BTreeSet, sync::Arc};

use countersign_contracts::directory as people_and_places;
use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position, StreamName},
    publish::Publishers,
};
use countersign_kernel::EncounterId;

use crate::{directory::Directory, ledger::Owed};

/// Category of the streams of charts.
const CHART_STREAMS: &str = "chart";
/// Events read at a time.
const PAGE: usize = 4096;

/// What is owed on these charts by what is in the journal now, whatever a read model knows by then. The charts' streams
/// are read whole. `directory` is what the caller knows of people and places: everything that was said of them after
/// [`Directory::upto`] is read and folded on top, merges, leaves and downtimes too; [`Directory::default`] reads all.
///
/// Returns the head of the journal before anything was read: everything up to there was seen, perhaps more.
///
/// # Errors
/// The journal.
pub async fn recheck(
    journal: &dyn Journal,
    publishers: &Publishers,
    charts: &BTreeSet<EncounterId>,
    directory: impl Into<Arc<Directory>>,
) -> Result<(Owed, Position), JournalError> {
    let head = journal.head().await?;
    let mut owed = Owed::with(directory);
    let said = publishers.filter_for(&[people_and_places::CATEGORY]);
    let mut after = Position(owed.directory().upto);
    loop {
        let batch = journal.read_all(after, said.clone(), PAGE).await?;
        for event in &batch.events {
            owed.fold_recorded(publishers, event)?;
        }
        after = after.max(batch.upto);
        if batch.caught_up || after >= head {
            break;
        }
    }
    for chart in charts {
        for event in journal.read_stream(StreamName::new(CHART_STREAMS, chart), 0).await? {
            owed.fold_recorded(publishers, &event)?;
        }
    }
    Ok((owed, head))
}
