//! The service as a whole: its parts, and the loops that keep them going.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use countersign_eventsourcing::{
    consumer::{Checkpoints, Consumer, Consuming, recall_skips},
    feed::Feed,
    journal::{Journal, Position},
    projection::Projection,
    publish::SharedPublishers,
    read_model::{Folded, ReadModel, ReadModelError},
    timer::{Counts, FiringLoop, Reign, Rivals, Settings, Trust, trust::Limits},
};
use countersign_kernel::{Clock, Timestamp};
use jiff::tz::TimeZone;

pub use countersign_eventsourcing::service::ServiceError;

use crate::{
    auditor::{Auditor, Heartbeat},
    consume::{CATEGORIES, Inbox},
    desk::{Desk, DeskError},
    firing::Timekeeper,
    policies::Governance,
    projections::Tracks,
    runs::Runs,
    simulate::jobs::Jobs,
    streams::Cause,
};

/// Name of the consumer, under which its checkpoint is kept.
pub const CONSUMER: &str = "escalation";
/// How often the runs are looked at.
const RUNS_EVERY: Duration = Duration::from_secs(15);

/// What the service is given.
#[derive(Clone)]
pub struct Ports {
    /// The record.
    pub journal: Arc<dyn Journal>,
    /// What the neighbours say: deficiencies, the directory, the fate of notices.
    pub feed: Arc<dyn Feed>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How stored events become contract events: for re-checks and for the read model.
    pub publishers: SharedPublishers,
    /// Folder for what can be rebuilt: the read model, the consumer's checkpoint, the clock's mark.
    pub state: PathBuf,
    /// The book of policies.
    pub governance: Arc<Governance>,
    /// Where days end at facilities that tell no zone.
    pub default_zone: TimeZone,
    /// Names this process, and no other, among those that may let timers fire.
    pub owner: String,
    /// What it alone holds: whoever held it before is gone ([`Reign::seated`]).
    pub seat: Option<String>,
    /// Whether there can be others.
    pub rivals: Rivals,
    /// Where the auditor says that it has looked, and how often it looks.
    pub heartbeat: Heartbeat,
}

/// The escalation service.
pub struct Escalation {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) publishers: SharedPublishers,
    pub(crate) governance: Arc<Governance>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) trust: Arc<Trust>,
    pub(crate) runs: Runs,
    pub(crate) auditor: Auditor,
    pub(crate) simulations: Jobs,
    pub(crate) default_zone: TimeZone,
    reign: Arc<Reign>,
    timers: Arc<FiringLoop>,
    consumer: Consumer,
}

impl Escalation {
    /// Opens the service's files and makes it ready to run.
    ///
    /// # Errors
    /// A file cannot be opened, or the journal fails.
    pub async fn open(ports: Ports) -> Result<Self, ServiceError> {
        let Ports {
            journal,
            feed,
            clock,
            publishers,
            state,
            governance,
            default_zone,
            owner,
            seat,
            rivals,
            heartbeat,
        } = ports;
        let model = ReadModel::open(&state, read_model(Arc::clone(&publishers)))?
            .traced(countersign_runtime::telemetry::span_from_traceparent);
        let model = Arc::new(model);
        let checkpoints = Arc::new(Checkpoints::open(&state.join("consumers.db"))?);
        let mark = state.join("clock.json");
        let trust = Trust::open(
            Arc::clone(&journal),
            Arc::clone(&clock),
            "escalation",
            Some(mark),
            Limits::default(),
        )
        .await?;
        let trust = Arc::new(trust);
        let desk = Arc::new(Desk::new(
            Arc::clone(&journal),
            Arc::clone(&clock),
            Arc::clone(&publishers),
            Arc::clone(&governance),
            Arc::clone(&model),
            Arc::clone(&trust),
            default_zone.clone(),
        ));
        let reign = Reign::new(Arc::clone(&journal), Arc::clone(&clock), "escalation", owner, rivals);
        let reign = Arc::new(reign.seated(seat));
        let timers = FiringLoop::new(
            "escalation",
            Arc::clone(&model),
            Arc::new(Timekeeper(Arc::clone(&desk))),
            Arc::clone(&clock),
            Arc::clone(&reign),
            Settings::default(),
        )
        .watching(Arc::clone(&trust));
        let consumer = Consumer::new(
            CONSUMER,
            CATEGORIES.to_vec(),
            feed,
            Arc::clone(&checkpoints),
            Arc::new(Inbox::new(Arc::clone(&desk))),
            Arc::clone(&clock),
        )?;
        Ok(Self {
            runs: Runs::new(Arc::clone(&desk)),
            simulations: Jobs::default(),
            auditor: Auditor::new(Arc::clone(&desk), heartbeat, checkpoints),
            timers: Arc::new(timers),
            journal,
            clock,
            publishers,
            governance,
            model,
            desk,
            trust,
            reign,
            consumer,
            default_zone,
        })
    }

    /// The read model, for verification and readiness.
    pub fn read_model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    /// The consumer, for readiness, resuming and skipping.
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// The book of policies.
    pub fn governance(&self) -> &Arc<Governance> {
        &self.governance
    }

    /// Whether the clock can be believed.
    pub fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// The auditor.
    pub fn auditor(&self) -> &Auditor {
        &self.auditor
    }

    /// Figures of the timers.
    pub fn timer_counts(&self) -> Counts {
        self.timers.counts()
    }

    /// The loop that lets timers fire, for resuming what was set aside, and for tests that move the clock.
    pub fn timers(&self) -> &Arc<FiringLoop> {
        &self.timers
    }

    /// Loop: what the neighbours say in, decisions into the journal.
    ///
    /// # Errors
    /// The checkpoint fails.
    pub async fn consume(&self) -> Result<(), ServiceError> {
        recall_skips(self).await?;
        Ok(self.consumer.run().await?)
    }

    /// Loop: decisions into the read model.
    ///
    /// # Errors
    /// An event cannot be applied.
    pub async fn project(&self) -> Result<(), ServiceError> {
        Ok(self.model.follow(self.journal.as_ref()).await?)
    }

    /// Loop: lets timers fire, and watches the clock.
    pub async fn fire_timers(&self) {
        tokio::join!(self.reign.run(), self.trust.run(), self.timers.run());
    }

    /// Loop: checks the promises.
    pub async fn audit(&self) {
        self.auditor.run().await;
    }

    /// Loop: publishes the lists of runs, and looks at tracks again whose run was released or whose clock is believed
    /// again.
    pub async fn runs(&self) {
        let mut tick = tokio::time::interval(RUNS_EVERY);
        loop {
            tick.tick().await;
            if let Err(error) = self.look_at_runs().await {
                tracing::warn!(%error, "runs could not be looked at; they will be again");
            }
        }
    }

    /// One round of [`runs`](Self::runs).
    ///
    /// # Errors
    /// The journal or the read model.
    pub async fn look_at_runs(&self) -> Result<(), ServiceError> {
        self.runs.publish_due().await?;
        self.runs.watch().await?;
        Ok(())
    }

    /// Works through everything that is in the journal now, and returns: for commands that run on a folder without a
    /// server. No timer fires.
    ///
    /// # Errors
    /// The journal, the checkpoint or the read model.
    pub async fn catch_up(&self) -> Result<Position, ServiceError> {
        recall_skips(self).await?;
        loop {
            let folded = self.model.catch_up(self.journal.as_ref()).await?;
            self.consumer.catch_up().await?;
            let after = self.model.catch_up(self.journal.as_ref()).await?;
            if after.events == 0 && after.upto == folded.upto {
                return Ok(after.upto);
            }
        }
    }

    /// When the next timer is due, or the first of those that are.
    ///
    /// # Errors
    /// The read model.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, ServiceError> {
        Ok(self.model.query(countersign_eventsourcing::timer::table::next_due).await?)
    }

    /// Lets every timer fire that the read model knows to be due now, one after the other, as the loop does: for commands
    /// that run on a folder without a server.
    ///
    /// # Errors
    /// A timer cannot be worked on, or the read model fails.
    pub async fn fire_due(&self) -> Result<usize, ServiceError> {
        use countersign_eventsourcing::timer::{Firing, table};
        let now = self.clock.now();
        let due =
            self.model.query(move |sql| table::due(sql, now, table::Key::START, usize::MAX >> 1)).await?;
        let at = Firing { now, epoch: 0 };
        for due in &due {
            if due.stream.category() == crate::domain::limit::LIMIT {
                self.desk.fire_limit(due, at).await?;
            } else {
                self.desk.fire_track(due, at).await?;
            }
        }
        Ok(due.len())
    }

    /// Looks at tracks again: something that held them is gone.
    pub(crate) async fn look_again(&self, held: &'static str) -> Result<usize, DeskError> {
        self.runs.look_again(held, &Cause::own(&["look-again", held, &self.clock.now().to_string()])).await
    }
}

impl Consuming for Escalation {
    fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    fn journal(&self) -> &dyn Journal {
        self.journal.as_ref()
    }

    fn retry(&self) {
        self.consumer.resume();
        self.timers.resume();
    }
}

/// A fresh copy of the service's projection, for rebuilding and verifying.
pub fn read_model(publishers: SharedPublishers) -> Box<dyn Projection> {
    Box::new(Tracks::new(publishers))
}

/// Rebuilds the read model in a folder that no process has open.
///
/// # Errors
/// The journal or the file.
pub async fn rebuild(
    state: &Path,
    publishers: SharedPublishers,
    journal: &dyn Journal,
    progress: impl FnMut(Position) + Send,
) -> Result<Folded, ReadModelError> {
    ReadModel::rebuild(state, read_model(publishers), journal, progress).await
}
