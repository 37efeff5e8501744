//! The service as a whole: its parts, and the loops that keep them going.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use countersign_contracts::{Envelope, chart, patient, staff};
use countersign_eventsourcing::{
    consumer::{Checkpoints, Consumer, Consuming, HandleError, Handler, recall_skips},
    feed::Feed,
    journal::{Journal, PortFuture, Position},
    projection::Projection,
    read_model::{ReadModel, ReadModelError},
};
use countersign_kernel::{Clock, DayCount, Timestamp};

pub use countersign_eventsourcing::service::ServiceError;

use crate::{
    consume::{ChartError, Charts},
    domain::reference::Reference,
    governance::Governance,
    lookup::Lookup,
    peers,
    people::People,
    projections,
    recorded::{HistoryError, Recorded, Watch, all_cores},
    register::Register,
    site::Sites,
    what_if::{self, Answer, Question, jobs::Jobs},
};

/// Charts kept in memory: at some 40 kB each about 160 MB at the most, and more than are under way at once
/// in a large hospital.
const CACHED_CHARTS: NonZeroUsize = NonZeroUsize::new(4_000).expect("not zero");
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
    /// The rule book.
    pub governance: Arc<Governance>,
}

/// The deficiency service.
pub struct Deficiency {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lookup: Arc<Lookup>,
    pub(crate) governance: Arc<Governance>,
    pub(crate) register: Arc<Register>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) people: People,
    pub(crate) sites: Sites,
    pub(crate) charts: Arc<Charts>,
    pub(crate) what_if: Jobs,
    pub(crate) minimum_bill_hold: DayCount,
    pub(crate) checkpoints: Arc<Checkpoints>,
    consumer: Consumer,
}

/// Where delivered events go: staff to the directory, everything else to charts and patients.
struct Inbox {
    charts: Arc<Charts>,
    people: People,
}

impl Handler for Inbox {
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
        match event.kind.as_str() {
            staff::StaffReported::TYPE => Box::pin(self.people.report(event)),
            _ => self.charts.handle(event),
        }
    }
}

impl Deficiency {
    /// Opens the service's files and makes it ready to run.
    pub fn open(ports: Ports) -> Result<Self, ServiceError> {
        let Ports { journal, feed, clock, state, governance } = ports;
        let model = ReadModel::open(&state, read_model())?
            .traced(countersign_runtime::telemetry::span_from_traceparent);
        let model = Arc::new(model);
        let checkpoints = Arc::new(Checkpoints::open(&state.join("consumers.db"))?);
        let lookup =
            Arc::new(Lookup::new(Reference::new(&governance.book(), Arc::default(), Arc::default())));
        let charts = Arc::new(Charts::new(
            Arc::clone(&journal),
            Arc::clone(&clock),
            Arc::clone(&lookup),
            CACHED_CHARTS,
        ));
        let register = Arc::new(Register::new(Arc::clone(&journal), Arc::clone(&clock)));
        let people = People::new(Arc::clone(&register));
        let inbox = Inbox { charts: Arc::clone(&charts), people: people.clone() };
        let consumer = Consumer::new(
            CONSUMER,
            vec![chart::CATEGORY, patient::CATEGORY, staff::CATEGORY],
            feed,
            Arc::clone(&checkpoints),
            Arc::new(inbox),
            Arc::clone(&clock),
        )?;
        let sites = Sites::new(Arc::clone(&register));
        let what_if = Jobs::default();
        Ok(Self {
            journal,
            clock,
            lookup,
            governance,
            register,
            model,
            people,
            sites,
            what_if,
            minimum_bill_hold: MINIMUM_BILL_HOLD,
            charts,
            checkpoints,
            consumer,
        })
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

    /// The directory of providers.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Facilities and departments.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Judges the recorded history by a candidate rule set beside the published one. Blocks for as long as that
    /// takes: not for async workers.
    pub fn what_if(
        &self,
        runtime: &tokio::runtime::Handle,
        question: &Question,
        watch: &Watch,
    ) -> Result<Answer, HistoryError> {
        what_if::run(self.journal.as_ref(), runtime, &self.lookup.get(), question, watch)
    }

    /// The rule book, and steps into it.
    pub fn governance(&self) -> &Arc<Governance> {
        &self.governance
    }

    /// Computes the numbers of other systems on the same charts. Blocks for as long as that takes: not for async
    /// workers.
    pub fn compare_peers(
        &self,
        runtime: &tokio::runtime::Handle,
        parameters: peers::Parameters,
        as_of: Option<Timestamp>,
    ) -> Result<peers::Comparison, HistoryError> {
        let watch = Watch::default();
        let recorded = Recorded::read(self.journal.as_ref(), runtime, &watch)?;
        peers::compare(&recorded, &self.lookup.get(), parameters, as_of, all_cores(), &watch)
    }

    /// Loop: facts in, decisions into the journal.
    pub async fn consume(&self) -> Result<(), ServiceError> {
        recall_skips(self).await?;
        self.refresh().await?;
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
        recall_skips(self).await?;
        self.register.describe().await?;
        loop {
            self.refresh().await?;
            self.consumer.catch_up().await?;
            let folded = self.model.catch_up(self.journal.as_ref()).await?;
            if !self.follow_changes().await? && self.pass_time().await? == 0 {
                return Ok(folded.upto);
            }
        }
    }
}

impl Consuming for Deficiency {
    fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    fn journal(&self) -> &dyn Journal {
        self.journal.as_ref()
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
