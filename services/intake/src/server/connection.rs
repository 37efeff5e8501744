//! One connection: frames in, acknowledgements out, in the order of the frames.

use std::{collections::VecDeque, future::Future, io, pin::Pin, sync::Arc, time::Duration};

use countersign_hl7::mllp::{Decoder, FS, Frame, FrameError, FrameLimits, JunkReason, encode};
use futures::{FutureExt, StreamExt, stream::FuturesOrdered};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::head::Head;
use crate::{
    Intake,
    domain::{self, Reason},
};

/// A message of more bytes than this needs one of the few places for large ones while it builds up.
pub(super) const LARGE: usize = 1024 * 1024;
/// Bytes read at a time.
const PIECE: usize = 64 * 1024;
/// Bytes outside of frames that are put up with in a row.
const MAX_JUNK: usize = 64 * 1024;
/// Longest wait for a peer to take its acknowledgements.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// What all connections share.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) max_message: usize,
    pub(super) idle: Duration,
    pub(super) window: usize,
    /// One permit for every KiB that is received and not yet durable.
    pub(super) in_flight: Arc<Semaphore>,
    /// One permit for every large message that is building up.
    pub(super) large: Arc<Semaphore>,
}

/// Permits for so many bytes.
pub(super) fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The sender closed it.
    ByPeer,
    /// No message came for too long.
    Idle,
    /// What came is no MLLP.
    NotMllp,
    /// The server stops.
    Stopped,
}

impl Ended {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ByPeer => "by peer",
            Self::Idle => "idle",
            Self::NotMllp => "not MLLP",
            Self::Stopped => "stopped",
        }
    }
}

/// Something taken out of the stream that is to be recorded.
enum Taken {
    Message(bytes::Bytes),
    /// What is no message, and whether the sender waits for an answer to it.
    Refused {
        kept: bytes::Bytes,
        size: usize,
        reason: Reason,
        answered: bool,
    },
}

impl Taken {
    fn held(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::Refused { kept: bytes, .. } => bytes.len(),
        }
    }
}

type Answer<'i> = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + 'i>>;

pub(super) struct Connection<'i, S> {
    read: ReadHalf<S>,
    write: WriteHalf<S>,
    source: String,
    intake: &'i Intake,
    bounds: Bounds,
    decoder: Decoder,
    head: Head,
    sequence: u64,
    /// In the order of the frames; what is polled first reaches the journal first.
    answers: FuturesOrdered<Answer<'i>>,
    /// Taken out of the stream, but there is no room in flight yet: at most what one piece holds.
    queue: VecDeque<Taken>,
    /// Held while a large message builds up.
    large: Option<OwnedSemaphorePermit>,
    /// Why nothing more is read.
    ended: Option<Ended>,
}

impl<'i, S: AsyncRead + AsyncWrite + Send> Connection<'i, S> {
    pub(super) fn new(stream: S, source: String, intake: &'i Intake, bounds: Bounds) -> Self {
        let (read, write) = tokio::io::split(stream);
        let limits = FrameLimits { max_message: bounds.max_message, max_junk: MAX_JUNK };
        Self {
            read,
            write,
            source,
            intake,
            bounds,
            decoder: Decoder::new(limits),
            head: Head::default(),
            sequence: 0,
            answers: FuturesOrdered::new(),
            queue: VecDeque::new(),
            large: None,
            ended: None,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) -> io::Result<Ended> {
        let mut piece = vec![0; PIECE];
        let mut deadline = Instant::now() + self.bounds.idle;
        loop {
            if self.take_frames() {
                deadline = Instant::now() + self.bounds.idle;
            }
            if self.answers.is_empty()
                && self.queue.is_empty()
                && let Some(ended) = self.ended
            {
                self.write.shutdown().await?;
                return Ok(ended);
            }
            let full = self.answers.len() >= self.bounds.window;
            let too_large = self.large.is_none() && self.head.length() > LARGE && self.decoder.is_mid_frame();
            let reads = self.ended.is_none() && self.queue.is_empty() && !full;
            let next = self.queue.front().filter(|_| !full).map(|taken| permits(taken.held()));
            tokio::select! {
                biased;
                // First, because a busy sender always has something to read.
                () = stop.cancelled(), if self.ended.is_none() => self.ended = Some(Ended::Stopped),
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => {
                    self.send(answer).await?;
                    deadline = Instant::now() + self.bounds.idle;
                }
                room = Arc::clone(&self.bounds.in_flight).acquire_many_owned(next.unwrap_or(0)), if next.is_some() => {
                    if let (Some(taken), Ok(room)) = (self.queue.pop_front(), room) {
                        self.start(taken, room);
                    }
                }
                place = Arc::clone(&self.bounds.large).acquire_owned(), if reads && too_large => {
                    self.large = place.ok();
                }
                count = self.read.read(&mut piece), if reads && !too_large => {
                    self.arrived(&piece[..count?]);
                }
                () = tokio::time::sleep_until(deadline), if self.ended.is_none() && self.answers.is_empty() => {
                    // What has begun and does not go on is kept like any other message that was cut off.
                    self.decoder.finish();
                    self.queue_frames();
                    self.ended = Some(Ended::Idle);
                }
            }
        }
    }

    /// Bytes came, or the end of the stream.
    fn arrived(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            self.decoder.finish();
            self.queue_frames();
            self.ended = Some(Ended::ByPeer);
        }
        // Frame by frame, so that the head is that of the message which the decoder tells of.
        for part in piece.split_inclusive(|byte| *byte == FS) {
            if !self.decoder.is_mid_frame() {
                self.head.restart();
            }
            self.head.follow(part);
            self.decoder.push(part);
            self.queue_frames();
        }
    }

    fn queue_frames(&mut self) {
        while let Some(frame) = self.decoder.next() {
            self.large = None;
            let taken = self.taken(frame);
            self.queue.push_back(taken);
        }
    }

    /// Moves what came into flight, as far as there is room. Whether there was anything.
    fn take_frames(&mut self) -> bool {
        let mut any = false;
        while self.answers.len() < self.bounds.window
            && let Some(next) = self.queue.front()
            && let Ok(room) = Arc::clone(&self.bounds.in_flight).try_acquire_many_owned(permits(next.held()))
            && let Some(taken) = self.queue.pop_front()
        {
            any = true;
            self.start(taken, room);
        }
        any
    }

    fn taken(&mut self, frame: Result<Frame, FrameError>) -> Taken {
        match frame {
            Ok(Frame::Message { bytes, .. }) => Taken::Message(bytes),
            Ok(Frame::Junk { sample, length, reason }) => {
                // A sender whose message was cut off no longer waits for its answer.
                let (reason, answered) = match reason {
                    JunkReason::Empty => (Reason::Empty, true),
                    JunkReason::Unframed => (Reason::NotHl7, true),
                    JunkReason::Interrupted | JunkReason::Unfinished => (Reason::Incomplete, false),
                };
                Taken::Refused { kept: sample, size: length, reason, answered }
            }
            Err(error) => {
                let reason = match error {
                    FrameError::MessageTooLarge { .. } => Reason::TooLarge,
                    FrameError::TooMuchJunk { .. } => {
                        self.ended = Some(Ended::NotMllp);
                        Reason::NotHl7
                    }
                };
                let kept = bytes::Bytes::copy_from_slice(self.head.bytes());
                Taken::Refused { kept, size: self.head.length(), reason, answered: true }
            }
        }
    }

    /// Hands a message to the intake. Its bytes count as in flight until it is durable.
    fn start(&mut self, taken: Taken, room: OwnedSemaphorePermit) {
        self.sequence += 1;
        let connection = domain::Connection { source: self.source.clone(), sequence: self.sequence };
        let intake = self.intake;
        self.answers.push_back(Box::pin(async move {
            let ack = match taken {
                Taken::Message(bytes) => intake.receive(&bytes, connection).await.ack,
                Taken::Refused { kept, size, reason, answered } => {
                    let received = intake.receive_refused(&kept, size as u64, reason, connection).await;
                    received.ack.filter(|_| answered)
                }
            };
            drop(room);
            ack
        }));
    }

    /// Sends an acknowledgement, and with it all others that are ready.
    async fn send(&mut self, first: Option<Vec<u8>>) -> io::Result<()> {
        let mut out = first.map(|ack| encode(&ack)).unwrap_or_default();
        while out.len() < PIECE
            && let Some(Some(next)) = self.answers.next().now_or_never()
        {
            if let Some(ack) = next {
                out.extend_from_slice(&encode(&ack));
            }
        }
        if out.is_empty() {
            return Ok(());
        }
        let written = async {
            self.write.write_all(&out).await?;
            self.write.flush().await
        };
        tokio::time::timeout(WRITE_PATIENCE, written).await.unwrap_or_else(|_| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not take its acknowledgements"))
        })
    }
}
