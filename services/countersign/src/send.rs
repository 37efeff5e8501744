//! Sending messages to an intake over MLLP: pipelined, with every answer told from the others.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use countersign_hl7::{
    Header, Message,
    ack::{self, AckCode},
    mllp::{self, Decoder, Frame, FrameLimits},
};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufWriter},
    net::{TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// Messages sent and not yet answered.
const WINDOW: usize = 128;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What became of everything that was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Messages found in the files.
    pub read: u64,
    /// Taken, durable (those of no use included).
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Understood as HL7 but not processable: kept in quarantine.
    pub quarantined: u64,
    /// Not HL7, or refused: kept as far as there are bytes.
    pub rejected: u64,
    /// Of those accepted: archived only, because no rule needs them.
    pub not_used: u64,
    /// Of those accepted: the message itself asked for no acknowledgement.
    pub unacknowledged: u64,
}

impl Summary {
    /// Counts one answer.
    pub fn count(&mut self, code: AckCode, text: Option<&str>) {
        match code {
            AckCode::ApplicationReject | AckCode::CommitReject => self.rejected += 1,
            AckCode::ApplicationError | AckCode::CommitError => self.quarantined += 1,
            AckCode::ApplicationAccept | AckCode::CommitAccept => match text {
                Some("duplicate") => self.duplicate += 1,
                Some("not used") => {
                    self.accepted += 1;
                    self.not_used += 1;
                }
                _ => self.accepted += 1,
            },
        }
    }
}

struct Outstanding {
    control_id: String,
    /// MSH-15 or MSH-16 is set: there may be no answer, or two.
    enhanced: bool,
}

/// A connection to an intake.
pub struct Sender {
    write: BufWriter<OwnedWriteHalf>,
    read: OwnedReadHalf,
    decoder: Decoder,
    buffer: Box<[u8]>,
    outstanding: VecDeque<Outstanding>,
    /// The last answered message, whose second answer may still come.
    answered: Option<(Outstanding, AckCode, Option<String>)>,
    /// What is known so far.
    pub summary: Summary,
}

impl Sender {
    /// Connects to an intake.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| {
            format!("cannot reach an intake at {address}: start one with `countersign up`")
        })?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        Ok(Self {
            write: BufWriter::with_capacity(256 * 1024, write),
            read,
            decoder: Decoder::new(FrameLimits::default()),
            buffer: vec![0; 64 * 1024].into(),
            outstanding: VecDeque::new(),
            answered: None,
            summary: Summary::default(),
        })
    }

    /// Sends one message, or whatever the file holds in place of one.
    pub async fn send(&mut self, message: &[u8]) -> anyhow::Result<()> {
        let parsed = Message::parse(message).ok();
        let control_id = parsed
            .as_ref()
            .and_then(|message| message.field("MSH", 10).whole().to_owned_text())
            .map(|id| on_one_line(&id))
            .unwrap_or_default();
        let enhanced = parsed.is_some_and(|message| {
            let header = Header::of(&message);
            header.accept_ack.is_some() || header.application_ack.is_some()
        });
        self.write.write_all(&mllp::encode(message)).await?;
        self.summary.read += 1;
        self.outstanding.push_back(Outstanding { control_id, enhanced });
        while self.outstanding.len() >= WINDOW {
            self.write.flush().await?;
            self.receive().await?;
        }
        Ok(())
    }

    /// Says that nothing follows, and takes the last answers.
    pub async fn finish(mut self) -> anyhow::Result<Summary> {
        self.write.flush().await?;
        self.write.shutdown().await?;
        while !self.outstanding.is_empty() {
            if !self.receive().await? {
                break;
            }
        }
        let silent: Vec<Outstanding> = self.outstanding.drain(..).collect();
        for outstanding in silent {
            self.unanswered(&outstanding)?;
        }
        self.settle();
        Ok(self.summary)
    }

    /// Takes at least one more answer. `false` when the intake closed the connection.
    async fn receive(&mut self) -> anyhow::Result<bool> {
        loop {
            let mut any = false;
            while let Some(frame) = self.decoder.next() {
                any = true;
                if let Frame::Message { bytes, .. } = frame.context("the intake does not answer in MLLP")? {
                    self.take(&bytes)?;
                }
            }
            if any {
                return Ok(true);
            }
            let read = tokio::time::timeout(PATIENCE, self.read.read(&mut self.buffer))
                .await
                .context("the intake does not answer")??;
            if read == 0 {
                return Ok(false);
            }
            self.decoder.push(&self.buffer[..read]);
        }
    }

    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let ack = ack::read(bytes).context("the intake's answer is not an acknowledgement")?;
        let id = ack.control_id.map(|id| on_one_line(&id)).unwrap_or_default();
        // Senders use ids again: then the answer may as well be the next message's own.
        let repeated = self.outstanding.front().is_some_and(|next| next.control_id == id);
        // In enhanced mode the acceptance of the message and of its content are answered separately.
        if let Some((answered, code, text)) = &mut self.answered
            && answered.enhanced
            && is_accept_level(*code)
            && !is_accept_level(ack.code)
            && answered.control_id == id
            && !repeated
        {
            (*code, *text) = (ack.code, ack.text);
            return Ok(());
        }
        self.settle();
        // The id of a message whose header is broken is read one way here and perhaps another way there: then
        // its place in the line tells.
        let named = self.outstanding.iter().any(|outstanding| outstanding.control_id == id);
        while let Some(outstanding) = self.outstanding.pop_front() {
            if outstanding.control_id == id || !outstanding.enhanced || !named {
                self.answered = Some((outstanding, ack.code, ack.text));
                return Ok(());
            }
            self.unanswered(&outstanding)?;
        }
        bail!("the intake answered a message that was not sent")
    }

    fn settle(&mut self) {
        if let Some((_, code, text)) = self.answered.take() {
            self.summary.count(code, text.as_deref());
        }
    }

    fn unanswered(&mut self, outstanding: &Outstanding) -> anyhow::Result<()> {
        if !outstanding.enhanced {
            bail!("the intake closed the connection before it answered every message: send the files again");
        }
        self.summary.accepted += 1;
        self.summary.unacknowledged += 1;
        Ok(())
    }
}

/// An id as an answer echoes it: line breaks of a folded header cannot stand in MSA.
fn on_one_line(id: &str) -> String {
    id.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_accept_level(code: AckCode) -> bool {
    matches!(code, AckCode::CommitAccept | AckCode::CommitError | AckCode::CommitReject)
}
