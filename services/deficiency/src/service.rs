//! The service as a whole: its parts, and the loops that keep them going.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use countersign_contracts::{chart, patient};
use countersign_eventsourcing::{
    consumer::{CheckpointError, Checkpoints, Consumer},
    feed::Feed,
    journal::{Journal, Position},
    projection::Projection,
    read_model::{ReadModel, ReadModelError},
};
use countersign_kernel::{Clock, DayCount};

use crate::{
    consume::{ChartError, Charts},
    domain::rules::RuleSet,
    projections,
};

/// Charts kept in memory: at some 40 kB each about 0.4 GB at the most, and more than are under way at once
/// in a large hospital.
const CACHED_CHARTS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// Minimum bill-hold days where nobody says otherwise: the commonest threshold named in the trade.
const MINIMUM_BILL_HOLD: DayCount = DayCount(3);
/// How often charts are looked for in which a requirement arises by the passing of time.
const WAKE_EVERY: Duration = Duration::from_secs(15);
/// Name of the consumer, under which its checkpoint is kept.
pub const CONSUMER: &str = "deficiency";

/// What the service is given.
#[derive(Clone)]
pub struct Ports {
    /// The record.
    pub journal: Arc<dyn Journal>,
    /// Facts from the intake.
    pub feed: Arc<dyn Feed>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Folder for what can be rebuilt: the read model and the consumer's checkpoint.
    pub state: PathBuf,
    /// The rules in force.
    pub rules: Arc<RuleSet>,
}

/// The service cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Its read model.
    #[error(transparent)]
    ReadModel(#[from] ReadModelError),
    /// Its checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
}

/// The deficiency service.
pub struct Deficiency {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) minimum_bill_hold: DayCount,
    charts: Arc<Charts>,
    consumer: Consumer,
}

impl Deficiency {
    /// Opens the service's files and makes it ready to run.
    pub fn open(ports: Ports) -> Result<Self, ServiceError> {
        let Ports { journal, feed, clock, state, rules } = ports;
        let model = ReadModel::open(&state, read_model())?
            .traced(countersign_runtime::telemetry::span_from_traceparent);
        let model = Arc::new(model);
        let checkpoints = Arc::new(Checkpoints::open(&state.join("consumers.db"))?);
        let charts = Arc::new(Charts::new(
            Arc::clone(&journal),
            Arc::clone(&clock),
            Arc::clone(&rules),
            CACHED_CHARTS,
        ));
        let consumer = Consumer::new(
            CONSUMER,
            vec![chart::CATEGORY, patient::CATEGORY],
            feed,
            checkpoints,
            Arc::clone(&charts) as Arc<dyn countersign_eventsourcing::consumer::Handler>,
            Arc::clone(&clock),
        )?;
        let minimum_bill_hold = MINIMUM_BILL_HOLD;
        Ok(Self { journal, clock, rules, model, minimum_bill_hold, charts, consumer })
    }

    /// With another minimum of bill-hold days, in local calendar days after the day of the discharge.
    #[must_use]
    pub fn with_minimum_bill_hold(mut self, days: DayCount) -> Self {
        self.minimum_bill_hold = days;
        self
    }

    /// The read model, for verification and readiness.
    pub fn read_model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    /// The consumer of facts, for readiness, resuming and skipping.
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Loop: facts in, decisions into the journal.
    pub async fn consume(&self) -> Result<(), ServiceError> {
        self.recall_skips().await?;
        Ok(self.consumer.run().await?)
    }

    /// Loop: decisions into the read model.
    pub async fn project(&self) -> Result<(), ServiceError> {
        Ok(self.model.follow(self.journal.as_ref()).await?)
    }

    /// Loop: lets requirements arise that arise by the passing of time.
    pub async fn watch_time(&self) -> Result<(), ServiceError> {
        let mut tick = tokio::time::interval(WAKE_EVERY);
        loop {
            tick.tick().await;
            self.pass_time().await?;
        }
    }

    async fn pass_time(&self) -> Result<usize, ServiceError> {
        let now = self.clock.now();
        let due = self.model.query(move |sql| projections::due_wakes(sql, now)).await?;
        for encounter in &due {
            match self.charts.pass_time(encounter, now).await {
                // Another process was quicker, or the journal is away for a moment: the next round finds it.
                Err(ChartError::Contended | ChartError::Journal(_)) => {
                    tracing::warn!("a chart could not be woken now; it will be tried again");
                }
                result => result?,
            }
        }
        Ok(due.len())
    }

    /// Works through everything that is in the journal now, and returns: for commands that run on a folder
    /// without a server.
    pub async fn catch_up(&self) -> Result<Position, ServiceError> {
        self.recall_skips().await?;
        loop {
            self.consumer.catch_up().await?;
            let folded = self.model.catch_up(self.journal.as_ref()).await?;
            if self.pass_time().await? == 0 {
                return Ok(folded.upto);
            }
        }
    }
}

/// A fresh copy of the service's projection, for rebuilding and verifying.
pub fn read_model() -> Box<dyn Projection> {
    Box::new(projections::Charts::default())
}

/// Rebuilds the read model in a folder that no process has open.
pub async fn rebuild(
    state: &Path,
    journal: &dyn Journal,
    progress: impl FnMut(Position) + Send,
) -> Result<countersign_eventsourcing::read_model::Folded, ReadModelError> {
    ReadModel::rebuild(state, read_model(), journal, progress).await
}
