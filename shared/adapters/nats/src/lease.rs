//! Leases: one holder at a time among all processes. A lease saves work; nothing may be wrong without it.
//!
//! A lease is a key in a bucket whose entries the server deletes when they grow old. Its holder writes it
//! again in time; whoever waits can create it once it is gone. Only the server's clock decides.

use std::time::Duration;

use async_nats::jetstream::kv::{Config, CreateErrorKind, Store, UpdateErrorKind};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{Nats, NatsError, pause::Pause};

const BUCKET: &str = "COUNTERSIGN_LEASES";

/// A lease that is held. Dropping it gives it back; a crash gives it back after
/// [`NatsOptions::lease_ttl`](crate::NatsOptions::lease_ttl).
#[derive(Debug)]
pub struct Lease {
    lost: CancellationToken,
    give_back: CancellationToken,
    keeper: Option<JoinHandle<()>>,
}

impl Lease {
    /// Waits until nobody holds the lease of this name (letters, digits, `-`, `_` and `.`) and takes it.
    /// `owner` tells people who has it. Waits through any failure of the server, which is logged.
    pub async fn hold(nats: &Nats, name: &str, owner: &str) -> Self {
        let mut pause = Pause::new();
        loop {
            match try_hold(nats, name, owner).await {
                Ok(Some(lease)) => return lease,
                Ok(None) => {
                    pause.succeeded();
                    sleep(nats.options().lease_ttl / 10).await;
                }
                Err(error) => {
                    tracing::warn!(lease = name, %error, "lease not available");
                    pause.failed();
                    pause.wait(&mut nats.link()).await;
                }
            }
        }
    }

    /// Returns when the lease was lost: to another holder, or because the server could not be told in time
    /// that we live. What the lease protects must stop then.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the lease back; another one can have it at once.
    pub async fn release(mut self) {
        self.give_back.cancel();
        if let Some(keeper) = self.keeper.take() {
            // It ends by itself; were it to panic, the lease would end with its time.
            let _ = keeper.await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back.cancel();
    }
}

/// Takes the lease if nobody has it.
async fn try_hold(nats: &Nats, name: &str, owner: &str) -> Result<Option<Lease>, NatsError> {
    let options = nats.options();
    let bucket = nats
        .jetstream()
        .create_or_update_key_value(Config {
            bucket: BUCKET.to_owned(),
            description: "Who does what only one process shall do".to_owned(),
            max_age: options.lease_ttl,
            num_replicas: options.replicas,
            ..Config::default()
        })
        .await
        .map_err(|error| NatsError::unavailable(&error))?;
    let asked = Instant::now();
    let revision = match bucket.create(name, owner.to_owned().into()).await {
        Ok(revision) => revision,
        Err(error) if error.kind() == CreateErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(NatsError::unavailable(&error)),
    };
    tracing::info!(lease = name, owner, "lease taken");
    let keeper = Keeper {
        bucket,
        name: name.to_owned(),
        owner: owner.to_owned(),
        ttl: options.lease_ttl,
        revision,
        renewed: asked,
    };
    let (lost, give_back) = (CancellationToken::new(), CancellationToken::new());
    let task = tokio::spawn(keeper.keep(lost.clone(), give_back.clone()));
    Ok(Some(Lease { lost, give_back, keeper: Some(task) }))
}

/// Writes the lease again and again.
struct Keeper {
    bucket: Store,
    name: String,
    owner: String,
    ttl: Duration,
    revision: u64,
    /// When the last successful writing was begun: the server deletes the key not earlier than `ttl` later.
    renewed: Instant,
}

impl Keeper {
    async fn keep(mut self, lost: CancellationToken, give_back: CancellationToken) {
        let _lost_when_this_ends = lost.drop_guard();
        loop {
            tokio::select! {
                () = give_back.cancelled() => return self.delete().await,
                () = sleep(self.ttl / 3) => {}
            }
            let ours = tokio::select! {
                () = give_back.cancelled() => return self.delete().await,
                ours = self.renew() => ours,
            };
            if !ours {
                tracing::warn!(lease = self.name, "lease lost");
                return;
            }
        }
    }

    /// Whether the lease is still ours.
    async fn renew(&mut self) -> bool {
        // A tenth is kept back, so that we stop before another one can start.
        let deadline = self.renewed + self.ttl - self.ttl / 10;
        loop {
            let asked = Instant::now();
            let update = self.bucket.update(&self.name, self.owner.clone().into(), self.revision);
            match timeout_at(deadline, update).await {
                Ok(Ok(revision)) => {
                    (self.revision, self.renewed) = (revision, asked);
                    return true;
                }
                Ok(Err(error)) if error.kind() == UpdateErrorKind::WrongLastRevision => return false,
                Ok(Err(_)) => sleep_until(deadline.min(asked + self.ttl / 20)).await,
                Err(_) => return false,
            }
            if Instant::now() >= deadline {
                return false;
            }
        }
    }

    /// Gives the lease back, or leaves it to its time when the server does not answer.
    async fn delete(&self) {
        let deleting = self.bucket.delete_expect_revision(&self.name, Some(self.revision));
        if !matches!(timeout(self.ttl / 5, deleting).await, Ok(Ok(()))) {
            tracing::debug!(lease = self.name, "lease not given back; it ends with its time");
        }
    }
}
