//! The feed from NATS: reads the stream in order from the consumer's own checkpoint.
//!
//! The server keeps nothing for us: a consumer on it is a reader that may vanish with the connection and is
//! made again from the cursor. Whatever looks like a loss (connection, numbering, another storage) ends in
//! that.

use std::{sync::LazyLock, time::Duration};

use async_nats::{
    HeaderMap,
    jetstream::{
        Message,
        consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull},
        stream::{Info, Stream},
    },
};
use countersign_contracts::subject_filter;
use countersign_eventsourcing::{
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::Position,
};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{sync::watch, time::timeout};

use crate::{
    Nats, NatsError,
    connection::Link,
    message::{self, Place},
    pause::Pause,
    transport,
};

/// Most events handed over at once, and most that wait on our side.
const BATCH: usize = 512;

/// How long a silence lasts before it is checked whether the server still knows our reader.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// The server deletes our reader when it has not heard of us for so long.
const FORGET_READER_AFTER: Duration = Duration::from_mins(1);

static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

/// Contract events from the stream that a [`Relay`](crate::Relay) fills.
///
/// A subscription continues by itself after loss of the connection, restart of the server and deletion of
/// the stream; in between it delivers errors. It stops, with an error again and again, at a message that is
/// no event, and where events that it needs were dropped by the stream's limits.
#[derive(Clone)]
pub struct NatsFeed {
    nats: Nats,
}

impl NatsFeed {
    /// A feed over this connection.
    pub fn new(nats: Nats) -> Self {
        Self { nats }
    }
}

impl Feed for NatsFeed {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let reader = Reader {
            link: self.nats.link(),
            nats: self.nats.clone(),
            at: subscription.after,
            subscription,
            opened: None,
            trouble: None,
            pause: Pause::new(),
        };
        futures::stream::unfold(reader, |mut reader| async move {
            let item = reader.next().await;
            Some((item, reader))
        })
        .boxed()
    }
}

/// One subscription.
struct Reader {
    nats: Nats,
    link: watch::Receiver<Link>,
    subscription: Subscription,
    /// The last event delivered.
    at: Option<Cursor>,
    opened: Option<Opened>,
    /// What came after the events delivered last.
    trouble: Option<FeedError>,
    pause: Pause,
}

/// A reader on the server.
struct Opened {
    stream: Stream,
    reader: String,
    messages: pull::Stream,
    epoch: u64,
    /// The server may drop events by itself.
    forgets: bool,
    /// The stream was empty: that it starts early enough is to be proved when there is a message.
    unproved: bool,
    /// Messages up to this position were delivered from an earlier storage of the stream.
    skip_to: Position,
    /// Number of the last message read, in the stream and in the reader's own count.
    sequence: u64,
    count: u64,
}

/// What was taken at once.
#[derive(Default)]
struct Taken {
    events: Vec<Delivery>,
    /// How many messages for us were still in the stream when the last one was sent.
    pending: u64,
    /// Number of the message before the first gap in the numbering. Messages that we did not ask for make
    /// gaps, and so do messages that the stream has dropped.
    gap_after: Option<u64>,
}

impl Reader {
    async fn next(&mut self) -> Result<Deliveries, FeedError> {
        if let Some(trouble) = self.trouble.take() {
            return Err(self.failed(trouble));
        }
        loop {
            let outcome = if let Some(mut opened) = self.opened.take() {
                let outcome = self.read(&mut opened).await;
                if outcome.is_ok() && self.trouble.is_none() {
                    self.opened = Some(opened);
                }
                outcome
            } else {
                self.pause.wait(&mut self.link).await;
                self.open().await
            };
            match outcome {
                Ok(Some(deliveries)) => {
                    self.pause.succeeded();
                    return Ok(deliveries);
                }
                Ok(None) => {
                    if let Some(trouble) = self.trouble.take() {
                        return Err(self.failed(trouble));
                    }
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&mut self, error: FeedError) -> FeedError {
        tracing::warn!(consumer = self.subscription.consumer, %error, "feed from NATS interrupted");
        self.pause.failed();
        error
    }

    fn position(&self) -> Position {
        self.at.map_or(Position::START, |cursor| cursor.position)
    }

    fn deliveries(&self, events: Vec<Delivery>, caught_up: bool) -> Deliveries {
        Deliveries { events, upto: self.position(), caught_up }
    }

    /// Makes a reader on the server that continues where we are.
    async fn open(&mut self) -> Result<Option<Deliveries>, FeedError> {
        self.link.borrow_and_update();
        if self.subscription.categories.is_empty() {
            // Without a filter the server would send all of them.
            return Err(FeedError("the subscription names no category".to_owned()));
        }
        self.nats.check_server().map_err(interrupted)?;
        let stream = transport::existing(&self.nats)
            .await
            .map_err(interrupted)?
            .ok_or_else(|| FeedError("there is no stream; the relay will make and fill it".to_owned()))?;
        let info = stream.cached_info();
        let (epoch, forgets) = (transport::epoch(info), transport::forgets(info));
        let continued = self.continues(&stream).await?;
        let (start_sequence, skip_to) =
            continued.map_or((1, self.position()), |sequence| (sequence + 1, Position::START));
        let empty = info.state.last_sequence == 0;
        let first_sequence = info.state.first_sequence;
        if continued.is_none() && !empty {
            self.prove_beginning(&stream, info).await?;
        }
        let consumer = stream
            .create_consumer(pull::Config {
                description: Some(format!("reader of {}", self.subscription.consumer)),
                deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
                ack_policy: AckPolicy::None,
                replay_policy: ReplayPolicy::Instant,
                filter_subjects: self
                    .subscription
                    .categories
                    .iter()
                    .map(|name| subject_filter(name))
                    .collect(),
                inactive_threshold: FORGET_READER_AFTER,
                num_replicas: 1,
                memory_storage: true,
                ..pull::Config::default()
            })
            .await
            .map_err(interrupted)?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .expires(Duration::from_secs(30))
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(interrupted)?;
        let reader = consumer.cached_info();
        let nothing_new = reader.num_pending == 0;
        tracing::debug!(
            consumer = self.subscription.consumer,
            epoch,
            start_sequence,
            "reading the feed from NATS"
        );
        self.opened = Some(Opened {
            reader: reader.name.clone(),
            forgets,
            stream,
            messages,
            epoch,
            unproved: continued.is_none() && empty,
            skip_to,
            sequence: start_sequence.max(first_sequence) - 1,
            count: 0,
        });
        Ok(nothing_new.then(|| self.deliveries(Vec::new(), true)))
    }

    /// The sequence number to continue after, if this is the storage of the stream that our cursor is from,
    /// it still holds what follows, and our cursor means in it what it meant. The last is not so when the
    /// server lost its newest messages and the relay published others under their numbers.
    async fn continues(&self, stream: &Stream) -> Result<Option<u64>, FeedError> {
        let info = stream.cached_info();
        let state = &info.state;
        let Some(at) = self.at.filter(|at| {
            at.epoch == transport::epoch(info)
                && state.first_sequence <= at.sequence + 1
                && at.sequence <= state.last_sequence
        }) else {
            return Ok(None);
        };
        let message = match at.sequence {
            0 => None,
            sequence => transport::message(stream, sequence).await.map_err(interrupted)?,
        };
        let same = message.is_none_or(|message| {
            Place::read(&message.headers).is_none_or(|place| {
                message::passed(&message.headers, place.position, &self.subscription.categories)
                    <= at.position
            })
        });
        Ok(same.then_some(at.sequence))
    }

    /// Fails when the stream begins only after an event that we still need.
    async fn prove_beginning(&self, stream: &Stream, info: &Info) -> Result<(), FeedError> {
        let position = self.position();
        let begins_after = if info.state.messages == 0 {
            None
        } else {
            let first = transport::message(stream, info.state.first_sequence).await.map_err(interrupted)?;
            first.and_then(|message| Place::read(&message.headers)).map(|place| place.after)
        };
        match begins_after {
            Some(after) if after <= position => Ok(()),
            Some(after) => Err(FeedError(format!(
                "the stream begins after position {after}, this consumer has come to {position}: \
                 rebuild it from the journal, or republish from there"
            ))),
            None => Err(FeedError(format!(
                "the stream does not say where it begins, this consumer has come to {position}: republish"
            ))),
        }
    }

    /// Waits for a message and takes all that are there. `None`: they had been delivered before.
    async fn read(&mut self, opened: &mut Opened) -> Result<Option<Deliveries>, FeedError> {
        let mut next = Some(self.first(opened).await?);
        let mut taken = Taken::default();
        for room in (0..BATCH).rev() {
            let Some(message) = next.take() else { break };
            if let Err(error) = self.take(opened, &message, &mut taken) {
                self.trouble = Some(error);
                break;
            }
            if room > 0 {
                // Outside tokio's budget: a batch shall be what is there, not what the budget allows.
                match tokio::task::unconstrained(opened.messages.next()).now_or_never() {
                    Some(Some(Ok(message))) => next = Some(message),
                    Some(Some(Err(error))) => self.trouble = Some(interrupted(error)),
                    Some(None) => self.trouble = Some(ended()),
                    None => {}
                }
            }
        }
        self.prove_complete(opened, &taken).await?;
        if let Some(last) = taken.events.last() {
            self.at = Some(last.cursor);
        }
        let caught_up = taken.pending == 0 && self.trouble.is_none();
        Ok((caught_up || !taken.events.is_empty()).then(|| self.deliveries(taken.events, caught_up)))
    }

    /// The next message, however long it takes.
    async fn first(&mut self, opened: &mut Opened) -> Result<Message, FeedError> {
        loop {
            let waited = tokio::select! {
                biased;
                _ = self.link.changed() => {
                    return Err(FeedError("the connection was interrupted".to_owned()));
                }
                waited = timeout(CHECK_EVERY, opened.messages.next()) => waited,
            };
            match waited {
                Ok(Some(Ok(message))) => return Ok(message),
                Ok(Some(Err(error))) => return Err(interrupted(error)),
                Ok(None) => return Err(ended()),
                Err(_) => check(opened).await?,
            }
        }
    }

    /// Places one message and decodes it.
    fn take(&self, opened: &mut Opened, message: &Message, taken: &mut Taken) -> Result<(), FeedError> {
        let info = message.info().map_err(interrupted)?;
        if info.consumer_sequence != opened.count + 1 {
            return Err(FeedError("messages were lost on the way; reading them again".to_owned()));
        }
        let sequence = info.stream_sequence;
        let headers = message.headers.as_ref().unwrap_or(&NO_HEADERS);
        if Place::read(headers).is_none_or(|place| place.position > opened.skip_to) {
            let event = message::event(headers, &message.payload).map_err(|error| {
                FeedError(format!(
                    "message {sequence} of the stream is no event ({error}); it is not skipped"
                ))
            })?;
            let position = message::passed(headers, Position(event.position), &self.subscription.categories);
            let cursor = Cursor { epoch: opened.epoch, sequence, position };
            taken.events.push(Delivery { cursor, event });
        }
        if sequence > opened.sequence + 1 {
            taken.gap_after.get_or_insert(opened.sequence);
        }
        opened.sequence = sequence;
        opened.count += 1;
        taken.pending = info.pending;
        Ok(())
    }

    /// Fails when an event that we need may have been dropped by the stream's limits before we came to it.
    async fn prove_complete(&mut self, opened: &mut Opened, taken: &Taken) -> Result<(), FeedError> {
        if opened.unproved {
            let info = opened.stream.get_info().await.map_err(interrupted)?;
            self.prove_beginning(&opened.stream, &info).await?;
            opened.unproved = false;
        }
        if let Some(before) = taken.gap_after.filter(|_| opened.forgets) {
            let info = opened.stream.get_info().await.map_err(interrupted)?;
            if info.state.first_sequence > before + 1 {
                return Err(FeedError("the stream drops events faster than this consumer reads".to_owned()));
            }
        }
        Ok(())
    }
}

/// In a silence: whether the stream is still the same and nothing that was sent to us is missing.
async fn check(opened: &Opened) -> Result<(), FeedError> {
    let info = opened.stream.get_info().await.map_err(interrupted)?;
    if transport::epoch(&info) != opened.epoch {
        return Err(FeedError("the stream was made anew".to_owned()));
    }
    let reader = opened.stream.consumer_info(&opened.reader).await.map_err(interrupted)?;
    if reader.delivered.consumer_sequence > opened.count {
        // What is on its way to us at this instant looks the same; then it is merely read again.
        return Err(FeedError("messages were lost on the way; reading them again".to_owned()));
    }
    Ok(())
}

fn interrupted(error: impl std::fmt::Display) -> FeedError {
    FeedError(error.to_string())
}

fn ended() -> FeedError {
    FeedError(NatsError::Unavailable("the server ended the delivery".to_owned()).to_string())
}
