//! Puts services together: which journal, which feed, which folders.

mod notices;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use countersign_contracts as contracts;
use countersign_deficiency::{domain::rules::RuleSet, governance::Governance, service::Deficiency};
use countersign_eventsourcing::{
    feed::{Feed, JournalTail},
    journal::Journal,
    publish::{Publishers, SharedPublishers},
    read_model::ReadModel,
};
use countersign_intake::{Intake, profile::ProfileStore, service::Inbox};
use countersign_kernel::{Clock, DayCount};
use countersign_nats::{Credentials, Nats, NatsFeed, NatsOptions, TlsFiles};
use countersign_runtime::{
    Config, SystemClock,
    config::{FeedKind, JournalKind},
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};

/// What every service of this process stands on.
pub struct Ground {
    /// The configuration.
    pub config: Config,
    /// The record.
    pub journal: Arc<dyn Journal>,
    /// The record when it is embedded: for gaps and statistics, which only the file can tell.
    pub embedded: Option<Arc<SqliteJournal>>,
    /// What services say to each other.
    pub feed: Arc<dyn Feed>,
    /// How stored events become contract events.
    pub publishers: SharedPublishers,
    /// The connection to NATS, when the feed runs over it.
    pub nats: Option<Nats>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Locks on folders, for as long as the process lives.
    locks: Mutex<Vec<Arc<DataFolder>>>,
}

/// Whether other processes may use the data folder at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// This process alone.
    Alone,
    /// Several processes on this host.
    WithOthers,
}

impl Ground {
    /// Opens journal and feed as the configuration says.
    pub async fn open(config: Config, sharing: Sharing, command: &str) -> anyhow::Result<Self> {
        let publishers = Publishers::default()
            .saying(
                "message",
                &[contracts::chart::CATEGORY, contracts::patient::CATEGORY, contracts::staff::CATEGORY],
                countersign_intake::publish::publish,
            )
            .saying("chart", &[contracts::deficiency::CATEGORY], countersign_deficiency::publish::publish)
            .saying("track", &[contracts::notice::CATEGORY], countersign_escalation::publish::publish)
            .saying("limit", &[contracts::notice::CATEGORY], countersign_escalation::publish::publish)
            .saying("notice", &[contracts::notice::CATEGORY], countersign_notification::publish::publish)
            .saying(
                "digest",
                &[contracts::notice::CATEGORY],
                countersign_notification::publish::publish_digest,
            );
        let publishers: SharedPublishers =
            Arc::new(countersign_deficiency::publish::DIRECTORY_STREAMS.into_iter().fold(
                publishers,
                |all, streams| {
                    let says = &[contracts::directory::CATEGORY];
                    all.saying(streams, says, countersign_deficiency::publish::publish_directory)
                },
            ));
        let (journal, embedded, folder): (Arc<dyn Journal>, _, _) = match config.journal.kind {
            JournalKind::Embedded => {
                let dir = &config.data.dir;
                let folder = match sharing {
                    Sharing::Alone => DataFolder::open_exclusive(dir, command),
                    Sharing::WithOthers => DataFolder::open_shared(dir, command),
                }?;
                let opened = Arc::clone(&folder);
                let options = Options { largest_event: largest_event(&config), ..Options::default() };
                let journal = tokio::task::spawn_blocking(move || SqliteJournal::open(opened, options))
                    .await?
                    .with_context(|| format!("data folder {}", dir.display()))?;
                (Arc::clone(&journal) as Arc<dyn Journal>, Some(journal), Some(folder))
            }
            JournalKind::EventStoreDb => (event_store(&config).await?, None, None),
        };
        let nats = match config.feed.kind {
            FeedKind::Embedded => None,
            FeedKind::Nats => Some(connect(&config).await?),
        };
        let feed: Arc<dyn Feed> = match &nats {
            None => Arc::new(JournalTail::new(Arc::clone(&journal), Arc::clone(&publishers))),
            Some(nats) => Arc::new(NatsFeed::new(nats.clone())),
        };
        Ok(Self {
            config,
            journal,
            embedded,
            feed,
            publishers,
            nats,
            clock: Arc::new(SystemClock),
            locks: Mutex::new(folder.into_iter().collect()),
        })
    }

    /// The folder of a service's files that can be rebuilt.
    pub fn state(&self, service: &str) -> PathBuf {
        self.config.data.dir.join("state").join(service)
    }

    /// The same, for this process alone: read models are not shared.
    fn own_state(&self, service: &str) -> anyhow::Result<PathBuf> {
        let path = self.state(service);
        let lock = DataFolder::open_exclusive(&path, &format!("countersign, service {service}"))?;
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).push(lock);
        Ok(path)
    }

    /// The rule book. Makes version 1 of the configured rules in a journal that has none.
    pub async fn governance(&self) -> anyhow::Result<Arc<Governance>> {
        let text = rules_text(&self.config)?;
        let (journal, clock) = (Arc::clone(&self.journal), Arc::clone(&self.clock));
        Ok(Arc::new(Governance::open(journal, clock, &text).await.context("rule sets")?))
    }

    /// The deficiency service.
    pub async fn deficiency(&self) -> anyhow::Result<Arc<Deficiency>> {
        let governance = self.governance().await?;
        let minimum = DayCount(self.config.deficiency.minimum_bill_hold_days);
        let service = Deficiency::open(countersign_deficiency::service::Ports {
            journal: Arc::clone(&self.journal),
            feed: Arc::clone(&self.feed),
            clock: Arc::clone(&self.clock),
            state: self.own_state("deficiency")?,
            governance,
        })?;
        Ok(Arc::new(service.with_minimum_bill_hold(minimum)))
    }

    /// The intake.
    pub fn intake(&self) -> anyhow::Result<Arc<Intake>> {
        let profiles = profiles(&self.config)?;
        Ok(Arc::new(
            Intake::new(Arc::clone(&self.journal), Arc::new(profiles), Arc::clone(&self.clock))
                .with_max_message_bytes(self.config.mllp.max_message_bytes)
                .traced(countersign_runtime::telemetry::current_traceparent)
                .measured(&opentelemetry::global::meter("countersign.intake")),
        ))
    }

    /// The intake beside its MLLP port: feeds, quarantine, reading again.
    pub fn inbox(&self, intake: &Arc<Intake>) -> anyhow::Result<Arc<Inbox>> {
        let model =
            ReadModel::open(&self.own_state("intake")?, countersign_intake::projections::read_model())?
                .traced(countersign_runtime::telemetry::span_from_traceparent);
        Ok(Arc::new(Inbox::new(Arc::clone(intake), Arc::new(model))))
    }
}

/// The largest message that is accepted, as the journal holds it: Base64 adds a third, the rest is its envelope.
fn largest_event(config: &Config) -> usize {
    config.mllp.max_message_bytes / 3 * 4 + 1024 * 1024
}

/// The rules in force.
pub fn rules(config: &Config) -> anyhow::Result<RuleSet> {
    let what = || match &config.deficiency.rules_file {
        Some(path) => format!("rule file {}", path.display()),
        None => "the built-in rules".to_owned(),
    };
    RuleSet::parse(&rules_text(config)?).with_context(what)
}

/// The rules that this installation begins with: a file of its own, or those that the program brings.
fn rules_text(config: &Config) -> anyhow::Result<String> {
    match &config.deficiency.rules_file {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("rule file {}", path.display())),
        None => Ok(RuleSet::DEFAULT_FILE.to_owned()),
    }
}

/// The feed profiles.
pub fn profiles(config: &Config) -> anyhow::Result<ProfileStore> {
    ProfileStore::open(config.intake.profiles_file.as_deref(), config.facility.time_zone.name())
        .context("feed profiles")
}

async fn connect(config: &Config) -> anyhow::Result<Nats> {
    let nats = &config.nats;
    let secret = |path: &Path| {
        std::fs::read_to_string(path)
            .map(|text| text.trim().to_owned())
            .with_context(|| format!("cannot read {}", path.display()))
    };
    let credentials = match nats {
        _ if let Some(file) = &nats.credentials_file => Credentials::File(file.clone()),
        _ if let Some(file) = &nats.nkey_file => Credentials::NKey(secret(file)?),
        _ if let Some(user) = &nats.user => {
            let password = nats.password_file.as_deref().map(secret).transpose()?;
            Credentials::Password { user: user.clone(), password: password.unwrap_or_default() }
        }
        _ => Credentials::None,
    };
    let days = nats.max_age_days;
    let options = NatsOptions {
        name: config.telemetry.service_name.clone(),
        credentials,
        tls: nats.tls_ca.clone().map(|authority| TlsFiles { authority: Some(authority), identity: None }),
        replicas: nats.replicas,
        max_age: (days > 0).then(|| std::time::Duration::from_secs(days * 24 * 60 * 60)),
        ..NatsOptions::new(nats.url.reveal())
    };
    Nats::connect(options)
        .await
        .context("NATS: check nats.url, and that the server runs (version 2.12 or newer)")
}

#[cfg(feature = "eventstoredb")]
async fn event_store(config: &Config) -> anyhow::Result<Arc<dyn Journal>> {
    let Some(url) = &config.journal.url else { bail!("journal.url is missing: say where EventStoreDB is") };
    let journal = countersign_eventstoredb::EventStoreJournal::connect(url.reveal())
        .await
        .context("EventStoreDB: check journal.url, and that the server runs")?;
    Ok(Arc::new(journal))
}

#[cfg(not(feature = "eventstoredb"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn event_store(_: &Config) -> anyhow::Result<Arc<dyn Journal>> {
    bail!(
        "this program was built without EventStoreDB: build it with \
         `cargo build --release -p countersign --features eventstoredb`, or set journal.kind = \"embedded\""
    )
}
