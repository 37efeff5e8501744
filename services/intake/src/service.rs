//! The intake beside its MLLP port: feeds, quarantine, and reading stored messages again. What the API, the portal and
//! the command line ask is answered here, once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use countersign_contracts::api::Page;
use countersign_eventsourcing::{
    journal::Position,
    read_model::{ReadModel, ReadModelError},
};
use countersign_kernel::{MessageId, Phi, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::{
    Intake,
    domain::{MessageReceived, stream_of},
    import::{ImportError, ImportReport},
    projections::inbox::{self, Feed, FindingCount, Quarantined},
    record::raw_bytes,
    replay::{ReplayError, Replayed},
};

/// Longest text of a message that is shown; the journal holds the rest.
const LONGEST_TEXT: usize = 256 * 1024;

/// A message in quarantine with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuarantinedMessage {
    /// What the list says.
    #[serde(flatten)]
    pub message: Quarantined,
    /// What was odd about it.
    pub findings: Vec<FindingCount>,
    /// The message, a segment a line; what is no UTF-8 is replaced. Patient data.
    #[schema(value_type = String)]
    pub text: Phi<String>,
    /// The text is only the beginning.
    pub cut: bool,
}

/// A run that reads stored messages again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// It has not ended yet.
    pub running: bool,
    /// What it did so far is in the journal up to here; wait for it with `Min-Position`.
    pub position: u64,
    /// What it did, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Replayed>,
    /// Why it failed, if it did. What it had done until then stays; starting it again goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Why a question or command could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The read model.
    #[error(transparent)]
    ReadModel(#[from] ReadModelError),
    /// Reading messages again.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A run is under way.
    #[error("messages are being read again already: wait for that run to end")]
    Busy,
}

/// Which messages a run reads again.
#[derive(Debug, Clone)]
pub enum Again {
    /// Everything in quarantine.
    Quarantine,
    /// Everything received since an instant.
    Since(Timestamp),
}

/// The intake with its read model.
pub struct Inbox {
    intake: Arc<Intake>,
    model: Arc<ReadModel>,
    run: Mutex<watch::Receiver<Run>>,
}

impl Inbox {
    /// Over a read model that somebody keeps up to date.
    pub fn new(intake: Arc<Intake>, model: Arc<ReadModel>) -> Self {
        Self { intake, model, run: Mutex::new(watch::channel(Run::default()).1) }
    }

    /// The read model.
    pub const fn read_model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    /// All feeds.
    pub async fn feeds(&self) -> Result<Page<Feed>, InboxError> {
        let position = self.model.position().0;
        let items = self.model.query(inbox::feeds).await?;
        Ok(Page { total: items.len() as u64, items, next: None, position })
    }

    /// A page of the quarantine, oldest first. `after` is `next` of the page before, as a number.
    pub async fn quarantine(&self, after: u64, limit: usize) -> Result<Page<Quarantined>, InboxError> {
        let position = self.model.position().0;
        let page = self.model.query(move |sql| inbox::quarantine(sql, after, limit)).await?;
        let next = page.next.map(|position| position.to_string());
        Ok(Page { items: page.messages, next, total: page.total, position })
    }

    /// One message in quarantine; nothing when it is not there (any more).
    pub async fn quarantined(&self, id: MessageId) -> Result<Option<QuarantinedMessage>, InboxError> {
        let found = self.model.query(move |sql| inbox::quarantined_message(sql, id)).await?;
        let Some((message, findings)) = found else { return Ok(None) };
        let events = self.intake.journal.read_stream(stream_of(id), 0).await.map_err(ReplayError::from)?;
        let Some(first) = events.first() else { return Err(ReplayError::Unknown(id).into()) };
        let received: MessageReceived<'_> = first.decode().map_err(ReplayError::from)?;
        let raw = raw_bytes(&received)?;
        let shown = &raw[..raw.len().min(LONGEST_TEXT)];
        let text = String::from_utf8_lossy(shown).replace("\r\n", "\n").replace('\r', "\n");
        Ok(Some(QuarantinedMessage {
            cut: shown.len() as u64 != received.bytes,
            message,
            findings,
            text: Phi::new(text),
        }))
    }

    /// Imports a file of charges, see [`Intake::import_charges`].
    pub async fn import_charges(
        &self,
        file: &[u8],
        lines_before: u64,
        dry_run: bool,
    ) -> Result<ImportReport, ImportError> {
        self.intake.import_charges(file, lines_before, dry_run).await
    }

    /// Reads one message again.
    pub async fn replay(&self, id: MessageId, actor: &str) -> Result<Run, InboxError> {
        let result = self.intake.replay([id], actor).await?;
        let position = self.head().await?;
        Ok(Run { running: false, position, result: Some(result), error: None })
    }

    /// Reads many messages again, one run at a time. Returns when it has ended, or after `patience` with the run
    /// still going on by itself.
    pub async fn again(
        self: &Arc<Self>,
        which: Again,
        actor: &str,
        patience: Duration,
    ) -> Result<Run, InboxError> {
        // A file that cannot be used is told at once; the run itself reads it again.
        self.intake.profiles.reload().map_err(ReplayError::from)?;
        let mut state = self.start(which, actor.to_owned())?;
        let ended = tokio::time::timeout(patience, state.wait_for(|run| !run.running)).await;
        if let Ok(Ok(run)) = ended {
            return Ok(run.clone());
        }
        Ok(self.last_run())
    }

    /// The last run, or the one under way.
    pub fn last_run(&self) -> Run {
        told(&self.run.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn start(self: &Arc<Self>, which: Again, actor: String) -> Result<watch::Receiver<Run>, InboxError> {
        let mut current = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        // A task that died with the process's runtime no longer counts as running: its sender is gone.
        if current.borrow().running && current.has_changed().is_ok() {
            return Err(InboxError::Busy);
        }
        let (sender, receiver) = watch::channel(Run { running: true, ..Run::default() });
        *current = receiver.clone();
        drop(current);
        let inbox = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = inbox.run(which, &actor, &sender).await;
            let position = inbox.head().await.unwrap_or(sender.borrow().position);
            let run = match outcome {
                Ok(result) => Run { running: false, position, result: Some(result), error: None },
                Err(error) => {
                    tracing::error!(%error, "reading messages again stopped");
                    Run { running: false, position, result: None, error: Some(error.to_string()) }
                }
            };
            sender.send_replace(run);
        });
        Ok(receiver)
    }

    async fn run(
        &self,
        which: Again,
        actor: &str,
        state: &watch::Sender<Run>,
    ) -> Result<Replayed, InboxError> {
        match which {
            Again::Quarantine => {
                let ids = self.model.query(inbox::quarantined_ids).await?;
                Ok(self.intake.replay(ids, actor).await?)
            }
            Again::Since(since) => {
                let progress = |position: Position| state.send_modify(|run| run.position = position.0);
                Ok(self.intake.reinterpret(since, actor, progress).await?)
            }
        }
    }

    async fn head(&self) -> Result<u64, InboxError> {
        Ok(self.intake.journal.head().await.map_err(ReplayError::from)?.0)
    }
}

/// What is known of a run. Of one whose task panicked nothing more will come.
fn told(run: &watch::Receiver<Run>) -> Run {
    let known = run.borrow().clone();
    if known.running && run.has_changed().is_err() {
        let fault = "a fault in Countersign: the log says more".to_owned();
        return Run { running: false, error: Some(fault), ..known };
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_panicked_is_not_said_to_go_on() {
        // given a run under way
        let (sender, receiver) = watch::channel(Run { running: true, position: 7, ..Run::default() });
        assert!(told(&receiver).running);
        // when its task is gone without a word
        drop(sender);
        // then it is told that it ended, and that something is wrong
        let run = told(&receiver);
        assert!(!run.running && run.error.is_some(), "{run:?}");
        assert_eq!(run.position, 7);
    }

    #[test]
    fn a_run_that_ended_stays_as_it_ended() {
        let (sender, receiver) = watch::channel(Run { running: true, ..Run::default() });
        let ended = Run { position: 9, result: Some(Replayed::default()), ..Run::default() };
        sender.send_replace(ended.clone());
        drop(sender);
        assert_eq!(told(&receiver), ended);
    }
}
