//! The relay: what the journal says goes out on the stream, in order and without a gap.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_nats::jetstream::{
    Context,
    context::{PublishAckFuture, PublishError, PublishErrorKind},
    publish::PublishAck,
    stream::Stream,
};
use countersign_contracts::Envelope;
use countersign_eventsourcing::{
    feed::Cursor,
    journal::{Batch, Journal, JournalError, Position, RecordedEvent},
    publish::SharedPublishers,
};
use countersign_kernel::EventId;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Lease, Nats, NatsError, checkpoint,
    connection::Link,
    message::{self, Place},
    pause::Pause,
    transport,
};

/// Name of the lease that the one working relay holds.
const LEASE: &str = "relay";

/// Most messages published and not yet acknowledged (m: 77,000 to 134,000 messages a second from 256 on).
const WINDOW: usize = 512;

/// How often a relay with nothing to do looks whether the stream is still what it was.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How many messages that are none of ours may stand at the end of the stream before it is given up.
const LOOK_BACK: u64 = 1_000;

/// How the relay stands, for metrics and the health page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelayStatus {
    /// Whether this process is the one that publishes.
    pub leading: bool,
    /// Messages that the server acknowledged to this process.
    pub published: u64,
    /// Journal position up to which everything is on the stream.
    pub position: Position,
    /// Position of the journal's last event when it was asked last.
    pub head: Position,
    /// How often publishing was begun anew: after an interruption, or because the stream had changed.
    pub resumed: u64,
    /// Why nothing is published now; without patient data.
    pub problem: Option<String>,
}

impl RelayStatus {
    /// Journal positions that are not yet on the stream.
    pub fn lag(&self) -> u64 {
        self.head.0.saturating_sub(self.position.0)
    }
}

/// Publishes what the journal holds, while it holds the lease `relay`.
pub struct Relay {
    nats: Nats,
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
    owner: String,
    status: watch::Sender<RelayStatus>,
}

/// Why publishing stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Nats(#[from] NatsError),
    #[error("the connection was interrupted")]
    Interrupted,
    /// Another one published, messages were lost, or the stream was made anew.
    #[error("the stream is not as it was left: {0}")]
    StreamChanged(String),
    /// The server had the message before: it keeps it once, and those behind it do not follow.
    #[error("the message of position {0} is on the stream already")]
    AlreadyThere(Position),
    #[error("{0}")]
    Journal(String),
    #[error(
        "the stream has come to position {stream}, the journal ends at {journal}: they do not belong together; \
         republish fills the stream from this journal"
    )]
    Diverged { stream: Position, journal: Position },
    #[error("the event at position {position} cannot be published: {reason}")]
    Poison { position: Position, reason: String },
}

/// Where the stream ends.
#[derive(Debug, Clone, Copy)]
struct StreamEnd {
    epoch: u64,
    /// Number of the last message.
    sequence: u64,
    /// Journal position of the last message, or after which the stream starts.
    position: Position,
    /// The last message, if there is one: others made from the same stored event may have to follow.
    last: Option<EventId>,
}

impl Relay {
    /// A relay of this journal. `owner` names the process in the lease.
    pub fn new(
        nats: Nats,
        journal: Arc<dyn Journal>,
        publishers: SharedPublishers,
        owner: impl Into<String>,
    ) -> Self {
        Self { nats, journal, publishers, owner: owner.into(), status: watch::Sender::default() }
    }

    /// How the relay stands, to be read or watched.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// Lets the stream begin anew with everything after this position; `Position::START` for all. The
    /// relay, in whichever process, notices and fills it. Consumers that have come further skip what they
    /// have; consumers that have not come so far say so and stop.
    pub async fn republish(nats: &Nats, after: Position) -> Result<(), NatsError> {
        transport::recreate(nats, after).await
    }

    /// Works until it is told to stop. Whatever fails is tried again, and shown in the status meanwhile.
    pub async fn run(self, stop: CancellationToken) {
        while let Some(lease) =
            stop.run_until_cancelled(Lease::hold(&self.nats, LEASE, &self.owner).boxed()).await
        {
            self.status.send_modify(|status| status.leading = true);
            tokio::select! {
                () = stop.cancelled() => {}
                () = lease.lost() => {}
                () = self.lead() => {}
            }
            self.status.send_modify(|status| status.leading = false);
            lease.release().await;
        }
    }

    /// Publishes without end.
    async fn lead(&self) {
        let mut link = self.nats.link();
        let mut pause = Pause::new();
        // Up to here messages go out one at a time.
        let mut careful_to = Position::START;
        loop {
            let before = self.status.borrow().published;
            let mut session = Session::new(self, careful_to);
            let Err(stopped) = session.work(&mut link).await;
            if let Stopped::AlreadyThere(_) = stopped {
                careful_to = session.sent;
                continue;
            }
            tracing::warn!(error = %stopped, "the relay is interrupted");
            self.status.send_modify(|status| {
                status.problem = Some(stopped.to_string());
                status.resumed += 1;
            });
            if self.status.borrow().published > before {
                pause.succeeded();
            }
            pause.failed();
            pause.wait(&mut link).await;
        }
    }

    async fn head(&self) -> Result<Position, Stopped> {
        let head = self.journal.head().await.map_err(|error| Stopped::Journal(error.to_string()))?;
        self.status.send_if_modified(|status| std::mem::replace(&mut status.head, head) != head);
        Ok(head)
    }
}

/// Answer to one publication.
struct Acknowledged {
    expected_sequence: u64,
    position: Position,
    /// What is on the stream completely once this message is.
    passed: Position,
    answer: Result<PublishAck, PublishError>,
}

/// One run of publishing over an undisturbed stream.
struct Session<'a> {
    relay: &'a Relay,
    jetstream: Context,
    careful_to: Position,
    /// Events read and not yet published.
    waiting: VecDeque<RecordedEvent>,
    /// The journal's reader has passed everything up to here.
    read: Position,
    /// Position of the last message sent.
    sent: Position,
    /// Sequence number of the last message sent.
    sequence: u64,
    /// The last message sent, if the next one has to follow it and no other: the sequence number alone would
    /// let it follow a message of somebody else in the place of one of ours that was refused for that.
    previous: Option<EventId>,
    on_the_way: FuturesOrdered<BoxFuture<'static, Acknowledged>>,
    /// The spare checkpoint as written last.
    kept: Option<Cursor>,
}

/// A session ends with an error only.
type Endless = std::convert::Infallible;

impl<'a> Session<'a> {
    fn new(relay: &'a Relay, careful_to: Position) -> Self {
        Self {
            jetstream: relay.nats.jetstream(),
            relay,
            careful_to,
            waiting: VecDeque::new(),
            read: Position::START,
            sent: Position::START,
            sequence: 0,
            previous: None,
            on_the_way: FuturesOrdered::new(),
            kept: None,
        }
    }

    async fn work(&mut self, link: &mut watch::Receiver<Link>) -> Result<Endless, Stopped> {
        link.borrow_and_update();
        let nats = &self.relay.nats;
        let mut stream = transport::provision(nats).await?;
        let end = loop {
            if let Some(end) = end_of(nats, &stream).await? {
                break end;
            }
            tracing::warn!("the stream does not say how far it has come; filling it anew");
            transport::recreate(nats, transport::starts_after(stream.cached_info())).await?;
            stream = transport::provision(nats).await?;
        };
        self.sequence = end.sequence;
        self.sent = end.position;
        let head = self.relay.head().await?;
        if head < end.position {
            return Err(Stopped::Diverged { stream: end.position, journal: head });
        }
        tracing::info!(epoch = end.epoch, position = %end.position, %head, "the relay publishes");
        self.relay.status.send_modify(|status| {
            status.problem = None;
            status.position = end.position;
        });

        // One position back when there is a last message: its stored event may say more than was published.
        let after =
            if end.last.is_some() { Position(end.position.0.saturating_sub(1)) } else { end.position };
        let mut batches = self.relay.journal.subscribe(after, self.relay.publishers.filter());
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut resumes_at = end.last.map(|id| (end.position, id));
        loop {
            tokio::select! {
                biased;
                _ = link.changed() => return Err(Stopped::Interrupted),
                Some(acknowledged) = self.on_the_way.next() => self.acknowledge(acknowledged)?,
                _ = check.tick() => self.check(&stream, end.epoch).await?,
                batch = batches.next(), if self.waiting.is_empty() => self.receive(batch)?,
            }
            while self.on_the_way.len() < WINDOW {
                let Some(event) = self.waiting.pop_front() else { break };
                let resumed = resumes_at.take_if(|(position, _)| *position <= event.position);
                let said_before = resumed.filter(|(position, _)| *position == event.position);
                self.publish(&event, said_before.map(|(_, id)| id)).await?;
            }
            self.show_progress();
        }
    }

    fn receive(&mut self, batch: Option<Result<Batch, JournalError>>) -> Result<(), Stopped> {
        match batch {
            Some(Ok(batch)) => {
                self.read = batch.upto;
                self.waiting.extend(batch.events);
                self.relay.status.send_if_modified(|status| status.problem.take().is_some());
                Ok(())
            }
            // The journal's subscription tries again by itself.
            Some(Err(error)) => {
                let problem = Some(error.to_string());
                self.relay.status.send_if_modified(|status| {
                    let news = status.problem != problem;
                    status.problem = problem;
                    news
                });
                Ok(())
            }
            None => Err(Stopped::Journal("the journal's subscription ended".to_owned())),
        }
    }

    /// Sends what the event says. `said_before`: what of it is on the stream already.
    async fn publish(&mut self, event: &RecordedEvent, said_before: Option<EventId>) -> Result<(), Stopped> {
        let poison = |reason: String| Stopped::Poison { position: event.position, reason };
        let mut said = match self.relay.publishers.publish(event) {
            Ok(said) => said,
            Err(error) => {
                self.wait_for_all().await?;
                return Err(poison(error.to_string()));
            }
        };
        let known = said_before.and_then(|id| said.iter().rposition(|envelope| envelope.id == id));
        let mut rest: &mut [Envelope] = &mut said[known.map_or(0, |index| index + 1)..];
        while let Some((envelope, more)) = rest.split_first_mut() {
            let message = message::publication(envelope, self.sent, more, self.sequence, self.previous)
                .map_err(|error| poison(error.to_string()))?;
            let expected_sequence = self.sequence + 1;
            let position = event.position;
            let passed = if more.is_empty() { position } else { Position(position.0.saturating_sub(1)) };
            let sending = self.jetstream.send_publish(envelope.subject(), message).await;
            let acknowledgement: PublishAckFuture = sending.map_err(|error| match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => poison(error.to_string()),
                _ => Stopped::Nats(NatsError::unavailable(&error)),
            })?;
            self.on_the_way.push_back(
                async move {
                    Acknowledged { expected_sequence, position, passed, answer: acknowledgement.await }
                }
                .boxed(),
            );
            self.sequence = expected_sequence;
            self.sent = position;
            self.previous = Some(envelope.id);
            rest = more;
            if position <= self.careful_to {
                self.wait_for_all().await?;
            }
        }
        Ok(())
    }

    async fn wait_for_all(&mut self) -> Result<(), Stopped> {
        while let Some(acknowledged) = self.on_the_way.next().await {
            self.acknowledge(acknowledged)?;
        }
        Ok(())
    }

    fn acknowledge(&mut self, acknowledged: Acknowledged) -> Result<(), Stopped> {
        let Acknowledged { expected_sequence, position, passed, answer } = acknowledged;
        match answer {
            Ok(answer) if answer.sequence == expected_sequence => {
                self.relay.status.send_modify(|status| {
                    status.published += 1;
                    status.position = status.position.max(passed);
                });
                Ok(())
            }
            Ok(answer) if answer.duplicate && self.on_the_way.is_empty() => {
                // Nothing was sent behind it: the next one takes its number.
                self.sequence = expected_sequence - 1;
                self.previous = None;
                Ok(())
            }
            Ok(answer) if answer.duplicate => Err(Stopped::AlreadyThere(position)),
            Ok(answer) => Err(Stopped::StreamChanged(format!(
                "the message of position {position} has number {} and not {expected_sequence}",
                answer.sequence
            ))),
            Err(error)
                if matches!(
                    error.kind(),
                    PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId
                ) =>
            {
                Err(Stopped::StreamChanged(format!("position {position} cannot follow: {error}")))
            }
            Err(error) => Err(NatsError::unavailable(&error).into()),
        }
    }

    /// Looks after the stream, the journal's head and the spare checkpoint.
    async fn check(&mut self, stream: &Stream, epoch: u64) -> Result<(), Stopped> {
        self.relay.head().await?;
        if !self.on_the_way.is_empty() {
            // The next acknowledgement tells all there is to know of the stream.
            return Ok(());
        }
        let info = stream.get_info().await.map_err(|error| NatsError::unavailable(&error))?;
        if transport::epoch(&info) != epoch {
            return Err(Stopped::StreamChanged("it was made anew".to_owned()));
        }
        if info.state.last_sequence != self.sequence {
            let (found, left) = (info.state.last_sequence, self.sequence);
            return Err(Stopped::StreamChanged(format!("its last message is number {found} and not {left}")));
        }
        let here = Cursor { epoch, sequence: self.sequence, position: self.sent };
        if transport::forgets(&info) && self.kept != Some(here) {
            checkpoint::keep(&self.relay.nats, here).await?;
            self.kept = Some(here);
        }
        Ok(())
    }

    /// When nothing is under way: everything that was read is on the stream, published or not worth it.
    fn show_progress(&self) {
        if self.on_the_way.is_empty() && self.waiting.is_empty() {
            let position = self.read.max(self.sent);
            self.relay
                .status
                .send_if_modified(|status| std::mem::replace(&mut status.position, position) != position);
        }
    }
}

/// Where the stream ends; `None` when it does not tell.
async fn end_of(nats: &Nats, stream: &Stream) -> Result<Option<StreamEnd>, NatsError> {
    let info = stream.get_info().await.map_err(|error| NatsError::unavailable(&error))?;
    let (epoch, state) = (transport::epoch(&info), &info.state);
    let sequence = state.last_sequence;
    if sequence == 0 {
        return Ok(Some(StreamEnd { epoch, sequence, position: transport::starts_after(&info), last: None }));
    }
    let oldest = state.first_sequence.max(sequence.saturating_sub(LOOK_BACK));
    for number in (oldest..=sequence).rev() {
        let Some(message) = transport::message(stream, number).await? else { continue };
        if let Some(place) = Place::read(&message.headers) {
            let last = message::id(&message.headers);
            return Ok(Some(StreamEnd { epoch, sequence, position: place.position, last }));
        }
    }
    let spare = checkpoint::read(nats).await?;
    let spare = spare.filter(|spare| spare.epoch == epoch && spare.sequence == sequence);
    Ok(spare.map(|spare| StreamEnd { epoch, sequence, position: spare.position, last: None }))
}
