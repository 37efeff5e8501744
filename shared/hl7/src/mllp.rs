//! MLLP, the framing of HL7 v2 over TCP (HL7 transport specification, release 1): VT, message, FS, CR.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Start of a frame.
pub const VT: u8 = 0x0B;
/// End of a message; a CR follows.
pub const FS: u8 = 0x1C;

/// Bounds of a [`Decoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Bytes of a message.
    pub max_message: usize,
    /// Bytes outside of frames that are put up with in a row.
    pub max_junk: usize,
}

impl Default for FrameLimits {
    /// 16 MiB a message, 64 KiB of junk.
    fn default() -> Self {
        Self { max_message: 16 * 1024 * 1024, max_junk: 64 * 1024 }
    }
}

/// Most bytes of junk that are copied for diagnosis.
pub const JUNK_SAMPLE: usize = 256;

/// What came out of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message.
    Message {
        /// Bytes between the framing bytes.
        bytes: Bytes,
        /// False when the VT was missing and only `MSH` at the start told that this is a message.
        framed: bool,
    },
    /// Bytes that are no message.
    Junk {
        /// The first [`JUNK_SAMPLE`] bytes. May hold patient data: not for logs.
        sample: Bytes,
        /// How many bytes it was in all.
        length: usize,
        /// Why it is none.
        reason: JunkReason,
    },
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JunkReason {
    /// Outside of a frame.
    Unframed,
    /// A new frame began before this one had ended.
    Interrupted,
    /// The stream ended before the frame did.
    Unfinished,
    /// A frame with nothing but blanks in it.
    Empty,
}

/// The stream breaks a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The rest of the message is skipped; what follows its end is read again.
    #[error("a message is larger than {limit} bytes")]
    MessageTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// This is not an MLLP stream: close the connection.
    #[error("more than {limit} bytes outside of a frame")]
    TooMuchJunk {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Names of the segments that a frame can begin with.
const STARTS: [&[u8; 3]; 3] = [b"MSH", b"FHS", b"BHS"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between frames, nothing but blanks so far.
    Between,
    /// Between frames, after something that is not blank.
    Unframed,
    /// In a message that began with VT (or, unframed, with MSH).
    Message { framed: bool },
    /// In a message that is too large, or in too much junk: looking for the next start.
    Skipping,
}

/// Takes frames out of a stream that arrives in pieces of any size. The frames do not depend on where the pieces
/// were cut, and memory is bounded by the limits plus what one `push` completes.
///
/// Blanks between frames say nothing. FS ends a message, whether or not a CR follows. A VT inside a message is data
/// unless MSH, FHS or BHS follows: then the sender began anew and what came before is [`JunkReason::Interrupted`].
#[derive(Debug)]
pub struct Decoder {
    limits: FrameLimits,
    state: State,
    buffer: BytesMut,
    /// Length of what the buffer is a sample of.
    length: usize,
    /// Nothing but blanks since the frame began.
    blank: bool,
    /// A VT inside a message and the up to two letters after it that look like a start: 0 is none, 1 the VT alone.
    held: usize,
    /// Which of [`STARTS`] the letters held begin.
    held_letters: [u8; 2],
    ready: VecDeque<Result<Frame, FrameError>>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(limits: FrameLimits) -> Self {
        Self {
            limits,
            state: State::Between,
            buffer: BytesMut::new(),
            length: 0,
            blank: true,
            held: 0,
            held_letters: [0; 2],
            ready: VecDeque::new(),
        }
    }

    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(first) = rest.first() {
            if self.held > 0 {
                // One byte at a time: it either continues the start or gives the held bytes back as data.
                if self.hold(*first) {
                    rest = &rest[1..];
                }
                continue;
            }
            let taken = match self.state {
                State::Between => self.between(rest),
                _ => self.inside(rest),
            };
            rest = &rest[taken..];
        }
    }

    /// The next frame or error; nothing when more of the stream is needed.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: it goes on after None")]
    pub fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        self.ready.pop_front()
    }

    /// The stream has ended: what is unfinished is reported as junk.
    pub fn finish(&mut self) {
        if self.held > 0 {
            self.release();
        }
        match self.state {
            State::Message { .. } => self.junk(JunkReason::Unfinished),
            State::Unframed => self.junk(JunkReason::Unframed),
            State::Between | State::Skipping => self.reset(),
        }
    }

    /// Whether a frame has begun and not ended: a reason to close a connection on which nothing more comes.
    pub fn is_mid_frame(&self) -> bool {
        self.state != State::Between
    }

    fn between(&mut self, rest: &[u8]) -> usize {
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        match rest.get(blanks) {
            Some(&VT) => {
                self.state = State::Message { framed: true };
                blanks + 1
            }
            Some(_) => {
                self.state = State::Unframed;
                blanks
            }
            None => blanks,
        }
    }

    fn inside(&mut self, rest: &[u8]) -> usize {
        let end = memchr::memchr2(VT, FS, rest).unwrap_or(rest.len());
        self.take(&rest[..end]);
        match rest.get(end) {
            Some(&VT) => {
                self.start();
                end + 1
            }
            Some(_) => {
                self.end();
                end + 1
            }
            None => end,
        }
    }

    /// A VT after the start of something.
    fn start(&mut self) {
        match self.state {
            State::Message { .. } if self.blank => {
                self.reset();
                self.state = State::Message { framed: true };
            }
            State::Message { .. } | State::Skipping => self.held = 1,
            State::Between | State::Unframed => {
                self.junk(JunkReason::Unframed);
                self.state = State::Message { framed: true };
            }
        }
    }

    /// An FS.
    fn end(&mut self) {
        match self.state {
            State::Message { framed } => {
                if self.blank {
                    self.junk(JunkReason::Empty);
                } else {
                    let bytes = self.buffer.split().freeze();
                    self.ready.push_back(Ok(Frame::Message { bytes, framed }));
                    self.reset();
                }
            }
            State::Unframed => self.junk(JunkReason::Unframed),
            State::Between | State::Skipping => self.reset(),
        }
    }

    /// Bytes that are neither VT nor FS, or a VT that is data.
    fn take(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match self.state {
            State::Message { .. } => self.take_message(bytes),
            State::Unframed => {
                // Three bytes tell a message without VT from junk.
                let undecided = 3_usize.saturating_sub(self.length).min(bytes.len());
                self.buffer.extend_from_slice(&bytes[..undecided]);
                self.length += undecided;
                let bytes = &bytes[undecided..];
                if self.length < 3 {
                    return;
                }
                if self.length == 3 && &self.buffer[..] == b"MSH" {
                    self.state = State::Message { framed: false };
                    self.blank = false;
                    self.take_message(bytes);
                } else {
                    self.take_junk(bytes);
                }
            }
            State::Between | State::Skipping => {}
        }
    }

    fn take_message(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        self.blank = self.blank && bytes.iter().all(|byte| is_blank(*byte));
        if self.length > self.limits.max_message {
            self.ready.push_back(Err(FrameError::MessageTooLarge { limit: self.limits.max_message }));
            self.reset();
            self.state = State::Skipping;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    fn take_junk(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let room = JUNK_SAMPLE.saturating_sub(self.buffer.len()).min(bytes.len());
        self.buffer.extend_from_slice(&bytes[..room]);
        if self.length > self.limits.max_junk {
            self.ready.push_back(Err(FrameError::TooMuchJunk { limit: self.limits.max_junk }));
            self.reset();
            self.state = State::Skipping;
        }
    }

    /// Takes a byte after a VT inside a message; false when it has to be looked at again because the VT was data.
    fn hold(&mut self, byte: u8) -> bool {
        let letters = self.held - 1;
        let fits = STARTS
            .iter()
            .any(|start| start[..letters] == self.held_letters[..letters] && start[letters] == byte);
        if !fits {
            self.release();
            return false;
        }
        if letters < 2 {
            self.held_letters[letters] = byte;
            self.held += 1;
            return true;
        }
        let start = [self.held_letters[0], self.held_letters[1], byte];
        self.held = 0;
        if self.state == State::Skipping {
            self.reset();
        } else {
            self.junk(JunkReason::Interrupted);
        }
        self.state = State::Message { framed: true };
        self.take(&start);
        true
    }

    /// The held VT and letters are data.
    fn release(&mut self) {
        let letters = self.held - 1;
        let held = [VT, self.held_letters[0], self.held_letters[1]];
        self.held = 0;
        self.take(&held[..=letters]);
    }

    fn junk(&mut self, reason: JunkReason) {
        let mut sample = self.buffer.split();
        let length = self.length;
        sample.truncate(JUNK_SAMPLE);
        // A copy: the sample must not keep a message of megabytes in memory.
        let sample = Bytes::copy_from_slice(&sample);
        self.ready.push_back(Ok(Frame::Junk { sample, length, reason }));
        self.reset();
    }

    fn reset(&mut self) {
        self.buffer.clear();
        self.length = 0;
        self.blank = true;
        self.state = State::Between;
    }
}

/// Puts a message into a frame. The message must not hold FS (HL7 v2 forbids it).
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(VT);
    frame.extend_from_slice(message);
    frame.extend_from_slice(&[FS, b'\r']);
    frame
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0x00)
}

#[cfg(test)]
mod tests;
