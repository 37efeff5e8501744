//! Following the journal: a catch-up subscription on `$all` that the server filters, opened anew from what was
//! last seen whenever it breaks or falls silent.
//!
//! Where to resume: released servers have sent checkpoints that point at records not looked at yet (and
//! a subscription from there would skip them), and checkpoints without a prepare position. So a checkpoint at
//! C is only taken to say that everything *before* C was passed, and it is turned into the position of an
//! event; nothing but positions of events is ever sent back to the server.
//!
//! How far it is when nothing comes: the head of the journal is read before the subscription is opened; when
//! the server says "caught up", everything up to that head was passed. Later, after a second of silence, the
//! head is read again: if what came since is not for this subscription, it says that it has passed it; if
//! something is, the subscription stalled and is opened anew.
//!
//! Each subscription has a thread, a runtime and a client of its own. The client crate never returns from its
//! wait for the next message once a server has ended a subscription without an error (reproduced: it spins, and
//! a runtime with such a task stands still). Servers are not known to do that, intermediaries may. Then only
//! that thread is lost, which its missing heartbeat tells, and the follower goes on with a new one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use backon::ExponentialBackoff;
use countersign_eventsourcing::journal::{Batch, Filter, JournalError, Position, RecordedEvent};
use eventstore::{
    Client, ClientSettings, StreamPosition, SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::{sync::mpsc, time::Instant};
use tracing::subscriber::NoSubscriber;

use crate::{
    Inner,
    event::{incoming, is_system},
    failure::Failure,
};

/// Most events in one batch.
const MOST_AT_ONCE: usize = 512;
/// Events that wait between the connection and a slow reader.
const QUEUE: usize = 1024;
/// Records that the server looks at between two checkpoints.
const CHECKPOINT_EVERY: u32 = 1024;
/// How often in a row it must have been silent, with something waiting, to count as stalled.
const QUIET_TIMES_TO_STALL: u32 = 4;

pub(crate) fn follow(
    inner: Arc<Inner>,
    after: Position,
    filter: Filter,
) -> BoxStream<'static, Result<Batch, JournalError>> {
    let follower = Follower {
        pauses: inner.connection.options.endless_pauses(),
        inner,
        filter,
        upto: after,
        open: None,
        broken: None,
        told_caught_up: false,
        pause_first: false,
    };
    stream::unfold(follower, |mut follower| async move { Some((follower.next().await, follower)) }).boxed()
}

struct Follower {
    inner: Arc<Inner>,
    filter: Filter,
    /// Everything up to here was given to the reader, or is not for it.
    upto: Position,
    open: Option<Open>,
    /// Why the subscription broke, after the events that still came through it.
    broken: Option<JournalError>,
    /// Whether the last batch said that there was nothing more.
    told_caught_up: bool,
    pauses: ExponentialBackoff,
    pause_first: bool,
}

/// An open subscription. Its thread ends when this is dropped.
struct Open {
    messages: mpsc::Receiver<Message>,
    /// Set again and again by a thread that is alive.
    beat: Arc<AtomicBool>,
    /// The last event there was before it was opened.
    head_before: Position,
    confirmed: bool,
    caught_up: bool,
    /// Since when it owes us something: its confirmation, a heartbeat, or an event that the journal has.
    owing_since: Option<Instant>,
}

impl Open {
    /// It owes something. Whether it has for too long.
    fn owes(&mut self, patience: Duration, deadline: Duration) -> bool {
        let since = *self.owing_since.get_or_insert_with(Instant::now);
        since.elapsed() >= if self.confirmed { patience } else { deadline }
    }
}

enum Message {
    Confirmed,
    Event(RecordedEvent),
    /// Everything before this was looked at.
    Checkpoint(u64),
    CaughtUp,
    FellBehind,
    Broken(Failure),
}

impl Follower {
    async fn next(&mut self) -> Result<Batch, JournalError> {
        loop {
            if let Some(error) = self.broken.take() {
                return Err(self.close(error));
            }
            let Some(open) = &mut self.open else {
                if std::mem::take(&mut self.pause_first) {
                    let pause = self.pauses.next().unwrap_or(self.inner.connection.options.longest_pause);
                    tokio::time::sleep(pause).await;
                }
                match self.subscribe().await {
                    Ok(open) => self.open = Some(open),
                    Err(error) => return Err(self.close(error)),
                }
                continue;
            };
            let quiet = self.inner.connection.options.quiet;
            let batch = match tokio::time::timeout(quiet, open.messages.recv()).await {
                Ok(Some(first)) => self.take(first).await,
                Ok(None) => return Err(self.close(unavailable("the subscription ended"))),
                Err(_) => match self.look().await {
                    Ok(batch) => batch,
                    Err(error) => return Err(self.close(error)),
                },
            };
            if let Some(batch) = batch {
                self.pauses = self.inner.connection.options.endless_pauses();
                return Ok(batch);
            }
        }
    }

    /// Opens a subscription after what was passed.
    async fn subscribe(&self) -> Result<Open, JournalError> {
        let head_before = self.inner.head().await?;
        if self.upto > head_before {
            // From there the server would skip whatever comes next.
            return Err(unavailable("the journal ends before the position to follow it from"));
        }
        let from = if self.upto == Position::START {
            StreamPosition::Start
        } else {
            let Position(at) = self.upto;
            StreamPosition::Position(eventstore::Position { commit: at, prepare: at })
        };
        // The client's own retries are left off: they begin at the last event, forget what was skipped since,
        // and do not outlive the client.
        let options = SubscribeToAllOptions::default()
            .position(from)
            .filter(on_server(&self.filter))
            .requires_leader(true);
        let (sender, messages) = mpsc::channel(QUEUE);
        let beat = Arc::new(AtomicBool::new(true));
        let settings = self.inner.connection.settings().clone();
        let pause = self.inner.connection.options.quiet / 4;
        let pumping = (settings, options, sender);
        let heart = (beat.clone(), pause);
        std::thread::Builder::new()
            .name("eventstoredb-follow".to_owned())
            .spawn(move || run(pumping, heart))
            .map_err(|error| unavailable(&error.to_string()))?;
        let owing_since = Some(Instant::now());
        Ok(Open { messages, beat, head_before, confirmed: false, caught_up: false, owing_since })
    }

    /// Makes a batch of a message and of those that are waiting behind it. None when they tell nothing new.
    async fn take(&mut self, first: Message) -> Option<Batch> {
        let open = self.open.as_mut()?;
        open.owing_since = None;
        open.confirmed = true;
        let mut events = Vec::new();
        let mut upto = self.upto;
        let mut checkpoint = None;
        let mut message = Some(first);
        while let Some(this) = message.take() {
            match this {
                Message::Confirmed => {}
                Message::Event(event) => {
                    checkpoint = None;
                    // What was passed already is not given twice, whatever the server sends.
                    if event.position > upto {
                        upto = event.position;
                        if !is_system(event.stream.as_str()) && self.filter.admits(event.stream.category()) {
                            events.push(event);
                        }
                    }
                }
                Message::Checkpoint(before) => checkpoint = Some(before),
                Message::CaughtUp => {
                    open.caught_up = true;
                    upto = upto.max(open.head_before);
                }
                Message::FellBehind => open.caught_up = false,
                Message::Broken(failure) => {
                    self.broken = Some(failure.into());
                    break;
                }
            }
            if events.len() < MOST_AT_ONCE {
                message = open.messages.try_recv().ok();
            }
        }
        let caught_up = open.caught_up && open.messages.is_empty() && self.broken.is_none();
        if let Some(before) = checkpoint {
            // Only an optimisation: if it cannot be had, a later one will do.
            upto = self.inner.last_before(Some(before), upto).await.unwrap_or(upto);
        }
        let news = upto > self.upto || (caught_up && !self.told_caught_up);
        self.upto = upto;
        self.inner.note_head(upto);
        if !news {
            return None;
        }
        self.told_caught_up = caught_up;
        Some(Batch { events, upto, caught_up })
    }

    /// Nothing came for a while: is there nothing, or did the subscription stall?
    async fn look(&mut self) -> Result<Option<Batch>, JournalError> {
        let options = &self.inner.connection.options;
        let (patience, deadline) = (options.quiet * QUIET_TIMES_TO_STALL, options.deadline);
        let head = self.inner.head().await?;
        let mut news = Batch { events: Vec::new(), upto: self.upto, caught_up: true };
        if head > self.upto {
            news = self.inner.read_all(self.upto, &self.filter, 1).await?;
        }
        let Some(open) = self.open.as_mut() else { return Ok(None) };
        let beats = open.beat.swap(false, Ordering::Relaxed);
        if !open.messages.is_empty() {
            // It was only late.
            return Ok(None);
        }
        if !open.confirmed || !beats || !news.events.is_empty() {
            if !open.owes(patience, deadline) {
                return Ok(None);
            }
            if open.confirmed && !beats {
                tracing::error!(
                    "EventStoreDB: the client hangs and occupies a processor; \
                     restart this process when it is convenient"
                );
            }
            return Err(unavailable("the subscription stalled"));
        }
        open.owing_since = None;
        // Nothing is there that the subscription should have brought. This is also how one learns to have
        // caught up from a server that does not say so.
        open.caught_up |= news.caught_up;
        if news.upto == self.upto && self.told_caught_up == news.caught_up {
            return Ok(None);
        }
        self.upto = news.upto;
        self.told_caught_up = news.caught_up;
        Ok(Some(news))
    }

    /// Gives up what is open, so that the next call opens anew after a pause.
    fn close(&mut self, error: JournalError) -> JournalError {
        self.open = None;
        self.told_caught_up = false;
        self.pause_first = true;
        tracing::warn!(%error, upto = self.upto.0, "EventStoreDB: the subscription is opened anew");
        error
    }
}

fn unavailable(reason: &str) -> JournalError {
    JournalError::Unavailable(reason.to_owned())
}

type Pumping = (ClientSettings, SubscribeToAllOptions, mpsc::Sender<Message>);

/// The subscription's thread: until the subscription breaks or nobody listens any more.
fn run((settings, options, messages): Pumping, (beat, pause): (Arc<AtomicBool>, Duration)) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::Transient(error.to_string());
            // Nobody listens: then nobody needs to know.
            let _ = messages.blocking_send(Message::Broken(failure));
            return;
        }
    };
    let follow = async {
        let heart = async {
            loop {
                beat.store(true, Ordering::Relaxed);
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = pump(settings, &options, &messages) => {}
            () = messages.closed() => {}
            () = heart => {}
        }
    };
    // A client that spins writes a warning each time. What matters is logged by the follower.
    tracing::subscriber::with_default(NoSubscriber::default(), || runtime.block_on(follow));
    runtime.shutdown_background();
}

/// Carries messages from the client to the follower.
async fn pump(settings: ClientSettings, options: &SubscribeToAllOptions, messages: &mpsc::Sender<Message>) {
    let mut subscription = match Client::new(settings) {
        Ok(client) => client.subscribe_to_all(options).await,
        Err(error) => {
            let _ = messages.send(Message::Broken(error.into())).await;
            return;
        }
    };
    loop {
        let message = match subscription.next_subscription_event().await {
            Ok(SubscriptionEvent::Confirmed(_)) => Message::Confirmed,
            Ok(SubscriptionEvent::EventAppeared(event)) => match incoming(event) {
                Some(event) => Message::Event(event),
                None => continue,
            },
            // Some servers send "nowhere" as a checkpoint when nothing matched so far.
            Ok(SubscriptionEvent::Checkpoint(position)) if position.commit == u64::MAX => continue,
            Ok(SubscriptionEvent::Checkpoint(position)) => Message::Checkpoint(position.commit),
            Ok(SubscriptionEvent::CaughtUp) => Message::CaughtUp,
            Ok(SubscriptionEvent::FellBehind) => Message::FellBehind,
            Ok(_) => continue,
            Err(error) => {
                let _ = messages.send(Message::Broken(error.into())).await;
                return;
            }
        };
        if messages.send(message).await.is_err() {
            return;
        }
    }
}

/// The filter as the server applies it. What it lets through too much is left out here.
fn on_server(filter: &Filter) -> SubscriptionFilter {
    let on_name = SubscriptionFilter::on_stream_name().max(CHECKPOINT_EVERY);
    match filter {
        Filter::Categories(categories) if !categories.is_empty() => {
            categories.iter().fold(on_name, |filter, category| filter.add_prefix(format!("{category}-")))
        }
        // An empty list of prefixes would be no filter at all.
        Filter::All | Filter::Categories(_) => on_name.exclude_system_events(),
    }
}
