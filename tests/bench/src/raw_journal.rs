//! The journal alone, given what the intake gave it: the baseline of the intake.

use std::{path::Path, sync::Arc, time::Instant};

use countersign_eventsourcing::journal::{
    Expected, Filter, Journal, NewEvent, Position, RecordedEvent, StreamName,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use tokio::{sync::Semaphore, task::JoinSet};

/// One append as the intake made it.
pub(crate) struct Append {
    stream: StreamName,
    events: Vec<NewEvent>,
}

impl Append {
    /// An append of these events.
    pub(crate) fn new(stream: StreamName, events: Vec<NewEvent>) -> Self {
        Self { stream, events }
    }

    /// All contents in one piece.
    pub(crate) fn contents(&self) -> Vec<u8> {
        self.events.iter().flat_map(|event| event.data.iter().copied()).collect()
    }
}

/// Opens the journal of a folder that no process has open.
pub(crate) fn open(data: &Path) -> anyhow::Result<Arc<SqliteJournal>> {
    Ok(SqliteJournal::open(DataFolder::open_exclusive(data, "bench")?, Options::default())?)
}

/// What the intake wrote: message by message, each with its first reading.
pub(crate) async fn appends(journal: &SqliteJournal) -> anyhow::Result<Vec<Append>> {
    let mut appends: Vec<Append> = Vec::new();
    let mut after = Position::START;
    loop {
        let page = journal.read_all(after, Filter::All, 4096).await?;
        for event in page.events {
            match appends.last_mut() {
                Some(last) if last.stream == event.stream => last.events.push(again(&event)?),
                _ => appends.push(Append { stream: event.stream.clone(), events: vec![again(&event)?] }),
            }
        }
        after = page.upto;
        if page.caught_up {
            return Ok(appends);
        }
    }
}

fn again(event: &RecordedEvent) -> anyhow::Result<NewEvent> {
    Ok(NewEvent {
        id: event.id,
        kind: event.kind.to_string().into(),
        data: event.data.clone(),
        metadata: event.metadata()?,
    })
}

/// Appends a second.
pub(crate) async fn rate(appends: Vec<Append>, under_way: usize) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let journal = open(folder.path())?;
    let places = Arc::new(Semaphore::new(under_way));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = appends.len() as f64;
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for Append { stream, events } in appends {
        let place = Arc::clone(&places).acquire_owned().await?;
        let journal = Arc::clone(&journal);
        tasks.spawn(async move {
            let appended = journal.append(stream, Expected::Any, events).await;
            drop(place);
            appended
        });
        while let Some(ended) = tasks.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(count / began.elapsed().as_secs_f64())
}
