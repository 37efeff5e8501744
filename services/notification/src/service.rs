//! The service as a whole: its parts, and the loops that keep them going.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use countersign_contracts::notice::{self, Channel};
use countersign_eventsourcing::{
    consumer::{Checkpoints, Consumer, Consuming, OPERATOR, recall_skips},
    feed::Feed,
    journal::{Journal, Position, StreamName},
    projection::Projection,
    publish::SharedPublishers,
    read_model::{Folded, ReadModel, ReadModelError},
    timer::{
        FiringLoop,
        firing::{Counts, Settings},
        reign::{Reign, Rivals},
    },
};
use countersign_kernel::Clock;
use jiff::SignedDuration;

pub use countersign_eventsourcing::service::ServiceError;

use crate::{
    channels::Transport,
    config::Config,
    consume::Inbox,
    digests::Digests,
    dispatch::{Dispatcher, Gone},
    domain::notice::events::Sender,
    known::Known,
    owner::Timed,
    projections::Notifications,
    store::Store,
    templates::TemplateSet,
};

/// Name of the consumer, under which its checkpoint is kept.
pub const CONSUMER: &str = "notification";
/// How often somebody who has begun to owe something is looked for.
const SCHEDULE_EVERY: Duration = Duration::from_mins(1);

/// What the service is given.
pub struct Ports {
    /// The record.
    pub journal: Arc<dyn Journal>,
    /// What escalation asks for.
    pub feed: Arc<dyn Feed>,
    /// How stored events become contract events: what is owed is read from the record itself.
    pub publishers: SharedPublishers,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Folder for what can be rebuilt: the read model and the consumer's checkpoint.
    pub state: PathBuf,
    /// The channels that are set up.
    pub transports: Vec<Arc<dyn Transport>>,
    /// The texts.
    pub templates: Arc<TemplateSet>,
    /// Names this process, and no other.
    pub process: String,
    /// What it alone holds: whoever held it before is gone ([`Reign::seated`]).
    pub seat: Option<String>,
    /// The settings.
    pub config: Config,
}

/// The notification service.
pub struct Notification {
    pub(crate) store: Store,
    pub(crate) known: Arc<Known>,
    pub(crate) config: Arc<Config>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) digests: Arc<Digests>,
    pub(crate) templates: Arc<TemplateSet>,
    dispatcher: Arc<Dispatcher>,
    timers: Arc<FiringLoop>,
    reign: Arc<Reign>,
    owner: Arc<Timed>,
    consumer: Consumer,
}

impl Notification {
    /// Opens the service's files and makes it ready to run.
    pub fn open(ports: Ports) -> Result<Self, ServiceError> {
        let Ports { journal, feed, publishers, clock, state, transports, templates, process, seat, config } =
            ports;
        let model = ReadModel::open(&state, read_model())?
            .traced(countersign_runtime::telemetry::span_from_traceparent);
        let model = Arc::new(model);
        let checkpoints = Arc::new(Checkpoints::open(&state.join("consumers.db"))?);
        let store = Store { journal: Arc::clone(&journal), clock: Arc::clone(&clock) };
        let known = Arc::new(Known::new(
            Arc::clone(&journal),
            publishers,
            Arc::clone(&clock),
            config.time_zone.clone(),
        ));
        let alone = config.alone;
        let longest = transports.iter().map(|way| way.longest()).max().unwrap_or_default();
        let longest = SignedDuration::try_from(longest).unwrap_or(SignedDuration::MAX);
        let config = Arc::new(Config { patience: config.patience.patient_for(longest), ..config });
        let digests = Arc::new(Digests {
            store: store.clone(),
            known: Arc::clone(&known),
            config: Arc::clone(&config),
        });
        let owner = Arc::new(Timed {
            store: store.clone(),
            config: Arc::clone(&config),
            digests: Arc::clone(&digests),
        });
        let rivals = if alone { Rivals::None } else { Rivals::POSSIBLE };
        let reign =
            Reign::new(Arc::clone(&journal), Arc::clone(&clock), "notification", process.clone(), rivals);
        let reign = Arc::new(reign.seated(seat.clone()));
        let timers = Arc::new(FiringLoop::new(
            "notification",
            Arc::clone(&model),
            Arc::clone(&owner) as _,
            Arc::clone(&clock),
            Arc::clone(&reign),
            Settings::default(),
        ));
        let inbox = Inbox { store: store.clone(), known: Arc::clone(&known), config: Arc::clone(&config) };
        let consumer = Consumer::new(
            CONSUMER,
            vec![notice::CATEGORY],
            feed,
            checkpoints,
            Arc::new(inbox),
            Arc::clone(&clock),
        )?;
        let transports: BTreeMap<_, _> =
            transports.into_iter().map(|transport| (transport.channel(), transport)).collect();
        let dispatcher = Arc::new(Dispatcher {
            store: store.clone(),
            known: Arc::clone(&known),
            config: Arc::clone(&config),
            model: Arc::clone(&model),
            transports,
            sender: Sender { process, seat },
            recent: std::sync::Mutex::default(),
            seen: std::sync::Mutex::new(crate::metrics::name_of(&config.mode)),
        });
        Ok(Self {
            store,
            known,
            config,
            model,
            digests,
            templates,
            dispatcher,
            timers,
            reign,
            owner,
            consumer,
        })
    }

    /// The read model, for verification and readiness.
    pub fn read_model(&self) -> &Arc<ReadModel> {
        &self.model
    }

    pub(crate) fn firing(&self) -> &Arc<FiringLoop> {
        &self.timers
    }

    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// How patient the service is: more so than any of its channels is slow.
    pub fn patience(&self) -> crate::domain::notice::Settings {
        self.config.patience
    }

    /// The channels that this installation does not have, and what is missing: a notice takes its next channel instead.
    pub fn not_set_up(&self) -> Vec<(Channel, &'static str)> {
        self.dispatcher.not_set_up().collect()
    }

    /// The consumer of requests, for readiness, resuming and skipping.
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Figures of the timers, for `/metrics` and the auditor.
    pub fn timers(&self) -> Counts {
        self.timers.counts()
    }

    /// Loop: requests in, notices into the journal.
    pub async fn consume(&self) -> Result<(), ServiceError> {
        recall_skips(self).await?;
        Ok(self.consumer.run().await?)
    }

    /// Loop: what is recorded into the read model.
    pub async fn project(&self) -> Result<(), ServiceError> {
        Ok(self.model.follow(self.store.journal.as_ref()).await?)
    }

    /// Loop: retries, windows, bounce periods, digests.
    pub async fn fire_timers(&self) {
        tokio::join!(self.timers.run(), self.reign.run(), self.look_after_predecessor());
    }

    /// Whoever reigned before this process took over was silent for too long, or gave the reign up: what it was sending
    /// has no answer any more.
    async fn look_after_predecessor(&self) {
        let mut reigns = self.reign.changes();
        loop {
            let reigns_now = reigns.borrow_and_update().is_some();
            if reigns_now && let Some(predecessor) = self.reign.predecessor().await {
                let gone = Gone::Process(predecessor);
                if let Err(error) = self.dispatcher.find_abandoned(&gone).await {
                    tracing::warn!(%error, "what was being sent cannot be looked for; the attempts' timers find it");
                }
            }
            if reigns.changed().await.is_err() {
                return;
            }
        }
    }

    /// Loop: sends what waits. The read model is brought up to date first, so that what the process before this one has
    /// left is found.
    pub async fn dispatch(&self) -> Result<(), ServiceError> {
        let head = self.store.journal.head().await?;
        while !self.model.wait_for(head, Duration::from_mins(1)).await {
            tracing::info!("the read model of notices is being brought up to date before anything is sent");
        }
        Ok(self.dispatcher.run().await?)
    }

    /// Loop: arms digests for whoever begins to owe something.
    pub async fn schedule_digests(&self) -> Result<(), ServiceError> {
        let mut tick = tokio::time::interval(SCHEDULE_EVERY);
        loop {
            tick.tick().await;
            // An operator may have decided in another process.
            self.dispatcher.look_at_mode().await;
            if let Err(error) = self.digests.schedule_missing(&self.model).await {
                tracing::warn!(%error, "digests cannot be scheduled now; it will be tried again");
            }
        }
    }

    /// Works through everything that is to be done at this instant, and returns: for commands that run on a folder
    /// without a server, and for tests.
    pub async fn catch_up(&self) -> Result<Position, ServiceError> {
        const ROUND: usize = 1024;
        recall_skips(self).await?;
        self.model.catch_up(self.store.journal.as_ref()).await?;
        self.dispatcher.remember().await?;
        loop {
            self.consumer.catch_up().await?;
            let mut folded = self.model.catch_up(self.store.journal.as_ref()).await?;
            let mut moved = self.digests.schedule_missing(&self.model).await?;
            let now = self.store.now();
            let due = self
                .model
                .query(move |sql| {
                    use countersign_eventsourcing::timer::table::{Key, due};
                    due(sql, now, Key::START, ROUND)
                })
                .await?;
            for timer in &due {
                use countersign_eventsourcing::timer::{Fired, Firing, Owner};
                if let Ok(Fired::At(_)) = self.owner.fire(timer, Firing { now, epoch: 0 }).await {
                    moved += 1;
                }
            }
            folded.upto = self.model.catch_up(self.store.journal.as_ref()).await?.upto.max(folded.upto);
            moved += self.dispatcher.send_due().await?;
            if moved == 0 {
                return Ok(folded.upto);
            }
        }
    }

    /// Finds attempts that a process which is gone has left without an answer. Returns how many. The dispatching loop
    /// does it by itself.
    pub async fn find_abandoned(&self) -> Result<usize, ServiceError> {
        self.model.catch_up(self.store.journal.as_ref()).await?;
        Ok(self.dispatcher.find_abandoned(&Gone::Everybody).await?)
    }
}

impl Consuming for Notification {
    fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    fn journal(&self) -> &dyn Journal {
        self.store.journal.as_ref()
    }

    /// The stream under the service's own name holds what operators decide about sending.
    fn skips(&self) -> StreamName {
        StreamName::new(OPERATOR, "notification-feed")
    }

    fn retry(&self) {
        self.consumer.resume();
        self.timers.resume();
    }
}

/// A fresh copy of the service's projection, for rebuilding and verifying.
pub fn read_model() -> Box<dyn Projection> {
    Box::new(Notifications)
}

/// Rebuilds the read model in a folder that no process has open.
pub async fn rebuild(
    state: &std::path::Path,
    journal: &dyn Journal,
    progress: impl FnMut(Position) + Send,
) -> Result<Folded, ReadModelError> {
    ReadModel::rebuild(state, read_model(), journal, progress).await
}
