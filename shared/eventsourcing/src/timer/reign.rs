//! Who lets timers fire, when several processes could. Each reign has a number, its epoch; taking over is an append to
//! the stream `reign-<name>` under the revision that was read, so there is one reign per number. Who reigns says so
//! from time to time; who hears nothing for three times as long takes over. Who stands on a seat that only one process
//! can have, a folder that it has locked, need not wait for the process that had the seat before it: that one is gone.
//!
//! **No promise rests on this.** Exactly once is kept by the compare-and-set of the owner's append and by its event
//! id, whoever tries and however many. A reign saves work that would be refused, and the epoch in each firing says
//! whose it was. Silence is measured by a clock that nobody can set, each process by its own.

use std::{sync::Arc, time::Duration};

use countersign_kernel::{Clock, EventId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};

use super::newest::newest;
use crate::journal::{
    AppendError, Expected, Journal, JournalError, Metadata, NewEvent, RecordedEvent, StreamName,
};

/// For how long it is believed that the reign lasts, once it was looked up.
const BELIEVED: Duration = Duration::from_secs(1);

/// How long who reigns may be silent, in heartbeats.
const MISSED: i32 = 3;

/// Somebody reigns, still reigns, or gives the reign up. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reigned {
    /// Which reign: one more than the one before.
    pub epoch: u64,
    /// Who, in words that no other process uses.
    pub owner: String,
    /// On which seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
}

/// Stored type names: a reign begins, goes on, ends.
const BEGUN: &str = "reign-begun";
const HEARD: &str = "reign-heard";
const ENDED: &str = "reign-ended";

/// Whether other processes may want to reign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rivals {
    /// The journal admits one process at a time: it takes over as it starts, and need not be heard.
    None,
    /// Others may: who reigns is heard this often.
    Possible {
        /// By the clock that nobody can set.
        heartbeat: SignedDuration,
    },
}

impl Rivals {
    /// Others may reign; a heartbeat each 30 seconds.
    pub const POSSIBLE: Self = Self::Possible { heartbeat: SignedDuration::from_secs(30) };

    const fn heartbeat(self) -> SignedDuration {
        match self {
            Self::None => SignedDuration::from_secs(30),
            Self::Possible { heartbeat } => heartbeat,
        }
    }
}

/// The newest that is known of the stream.
#[derive(Debug, Clone)]
struct Seen {
    revision: u64,
    said: Reigned,
    ended: bool,
}

#[derive(Debug, Default)]
struct Known {
    looked: bool,
    seen: Option<Seen>,
    mine: Option<u64>,
    /// The reign that this process tried to begin: what became of it may be unknown.
    tried: Option<u64>,
    /// Who reigned before this process took over.
    before: Option<String>,
    checked: Option<Instant>,
    /// When something new was heard, and when this process was: by the clock that nobody can set.
    heard: SignedDuration,
    said: SignedDuration,
}

/// One process's claim to let timers fire.
pub struct Reign {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    stream: StreamName,
    owner: String,
    seat: Option<String>,
    rivals: Rivals,
    known: Mutex<Known>,
    epoch: watch::Sender<Option<u64>>,
}

impl Reign {
    /// A claim to the reign of this name. `owner` names this process, and no other.
    pub fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        name: &str,
        owner: impl Into<String>,
        rivals: Rivals,
    ) -> Self {
        Self {
            journal,
            clock,
            stream: StreamName::new("reign", name),
            owner: owner.into(),
            seat: None,
            rivals,
            known: Mutex::default(),
            epoch: watch::Sender::new(None),
        }
    }

    /// The same from a seat: something that this process holds alone for as long as it lives, and whoever held it before
    /// cannot hold any more. A process takes over from its predecessor on the seat as it starts, once.
    #[must_use]
    pub fn seated(mut self, seat: Option<String>) -> Self {
        self.seat = seat;
        self
    }

    /// Who reigned before this process took over; nothing before that, and when nobody did.
    pub async fn predecessor(&self) -> Option<String> {
        self.known.lock().await.before.clone()
    }

    /// The reign of this process, as far as it knows; `None`: somebody else's, or nobody's.
    pub fn epoch(&self) -> Option<u64> {
        *self.epoch.borrow()
    }

    /// A signal for every change of [`epoch`](Self::epoch).
    pub fn changes(&self) -> watch::Receiver<Option<u64>> {
        self.epoch.subscribe()
    }

    /// The reign of this process, looked up in the journal when that was last done more than a second ago. `None` also
    /// while the journal cannot be read: then nothing could fire anyway.
    pub async fn confirmed(&self) -> Option<u64> {
        let mut known = self.known.lock().await;
        if known.mine.is_some() && known.checked.is_none_or(|checked| checked.elapsed() >= BELIEVED) {
            if let Err(error) = self.look(&mut known).await {
                tracing::warn!(reign = %self.stream, %error, "the reign cannot be looked up, waiting");
                return None;
            }
            self.tell(&known);
        }
        known.mine
    }

    /// Reigns, or waits until it can, for as long as the process lives.
    pub async fn run(&self) {
        loop {
            if let Err(error) = self.step().await {
                tracing::warn!(reign = %self.stream, %error, "the reign cannot be looked up, waiting");
            }
            tokio::time::sleep(BELIEVED).await;
        }
    }

    /// Looks up who reigns, and does what is to be done now: takes over, or is heard.
    pub async fn step(&self) -> Result<(), JournalError> {
        let mut known = self.known.lock().await;
        self.look(&mut known).await?;
        let ran = self.clock.ran();
        let heartbeat = self.rivals.heartbeat();
        if let Some(epoch) = known.mine {
            if self.rivals != Rivals::None && ran - known.said >= heartbeat {
                self.say(&mut known, HEARD, epoch).await?;
            }
        } else if self.may_begin(&known, ran) {
            let epoch = known.seen.as_ref().map_or(1, |seen| seen.said.epoch + 1);
            known.tried = Some(epoch);
            let before = known.seen.as_ref().map(|seen| seen.said.owner.clone());
            if self.say(&mut known, BEGUN, epoch).await? {
                known.mine = Some(epoch);
                known.before = before;
                tracing::info!(reign = %self.stream, epoch, "takes over");
            }
        }
        self.tell(&known);
        Ok(())
    }

    /// Gives the reign up, so that nobody need wait for silence.
    pub async fn end(&self) -> Result<(), JournalError> {
        let mut known = self.known.lock().await;
        if let Some(epoch) = known.mine.take() {
            self.tell(&known);
            self.say(&mut known, ENDED, epoch).await?;
        }
        Ok(())
    }

    fn may_begin(&self, known: &Known, ran: SignedDuration) -> bool {
        let nobody = known.seen.as_ref().is_none_or(|seen| seen.ended);
        // What it tried may have failed (a full disk): it may try again, and is told then if that was on record after all.
        let seen = known.seen.as_ref().map_or(0, |seen| seen.said.epoch);
        let is_new = known.tried.is_none_or(|tried| seen < tried);
        // Who is alone takes over as it starts; when somebody took over from it, it is not alone.
        let alone = self.rivals == Rivals::None && is_new;
        // Should the seat have been copied to another host, the two do not depose each other again and again.
        let succeeds = is_new
            && self.seat.is_some()
            && known.seen.as_ref().is_some_and(|seen| seen.said.seat == self.seat);
        nobody || alone || succeeds || ran - known.heard >= self.rivals.heartbeat() * MISSED
    }

    async fn look(&self, known: &mut Known) -> Result<(), JournalError> {
        let news = match &known.seen {
            Some(seen) => self.journal.read_stream(self.stream.clone(), seen.revision + 1).await?,
            None => newest(&*self.journal, &self.stream).await?.into_iter().collect(),
        };
        if !known.looked || !news.is_empty() {
            known.looked = true;
            known.heard = self.clock.ran();
        }
        for event in &news {
            self.note(known, event)?;
        }
        known.checked = Some(Instant::now());
        Ok(())
    }

    fn note(&self, known: &mut Known, event: &RecordedEvent) -> Result<(), JournalError> {
        let said: Reigned = event.decode()?;
        let ended = &*event.kind == ENDED;
        let is_mine = said.owner == self.owner && known.tried == Some(said.epoch) && !ended;
        if known.mine.is_some_and(|mine| mine < said.epoch) {
            tracing::warn!(reign = %self.stream, epoch = said.epoch, owner = said.owner, "stands down");
        }
        known.mine = is_mine.then_some(said.epoch);
        known.seen = Some(Seen { revision: event.revision, said, ended });
        Ok(())
    }

    /// Appends, and answers whether that was so.
    async fn say(&self, known: &mut Known, kind: &'static str, epoch: u64) -> Result<bool, JournalError> {
        let said = Reigned { epoch, owner: self.owner.clone(), seat: self.seat.clone() };
        let revision = known.seen.as_ref().map(|seen| seen.revision);
        let place = revision.map_or_else(|| "first".to_owned(), |revision| revision.to_string());
        let id = EventId::derive(&[kind, self.stream.as_str(), &place, &self.owner]);
        let now = self.clock.now();
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: self.owner.clone(),
            occurred_at: now,
            recorded_at: None,
            received_at: now,
        };
        let event = NewEvent::encode(id, kind, &said, metadata)
            .map_err(|error| JournalError::Unavailable(format!("a reign cannot be told: {error}")))?;
        let expected = revision.map_or(Expected::NoStream, Expected::Revision);
        match self.journal.append(self.stream.clone(), expected, vec![event]).await {
            // Under this very revision it can only have been there already when another process has our name.
            Ok(appended) if !appended.repeated => {
                known.seen = Some(Seen { revision: appended.revision, said, ended: kind == ENDED });
                known.said = self.clock.ran();
                known.heard = known.said;
                known.checked = Some(Instant::now());
                Ok(true)
            }
            // Somebody else was quicker: the next look shows who.
            Ok(_) | Err(AppendError::Conflict { .. }) => {
                if kind == BEGUN {
                    known.tried = None;
                }
                known.checked = None;
                Ok(false)
            }
            Err(AppendError::Journal(error)) => Err(error),
        }
    }

    fn tell(&self, known: &Known) {
        self.epoch.send_if_modified(|epoch| std::mem::replace(epoch, known.mine) != known.mine);
    }
}
