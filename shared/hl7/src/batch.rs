//! Takes messages out of a file: one message, several in a row, or the batch protocol (FHS, BHS, BTS, FTS; HL7 v2
//! chapter 2, "Batch protocol"), with or without MLLP framing bytes around them.

use std::fmt;

use crate::mllp::{FS, VT};

/// A part of a file. Every byte of the file that says anything is in exactly one piece (findings have none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A message, from MSH to before whatever follows it, without line ends behind it.
    Message {
        /// The message.
        bytes: &'a [u8],
        /// Where it begins in the file, in bytes.
        offset: usize,
    },
    /// A header or trailer of the batch protocol.
    Envelope {
        /// Which one.
        kind: Envelope,
        /// The segment with its continuation lines.
        bytes: &'a [u8],
        /// Where it begins in the file, in bytes.
        offset: usize,
    },
    /// Bytes that are no message.
    Junk {
        /// The bytes. May hold patient data: not for logs.
        bytes: &'a [u8],
        /// Where they begin in the file, in bytes.
        offset: usize,
        /// Why they are none.
        reason: JunkReason,
    },
    /// The envelope does not agree with what is in it. The messages are good all the same.
    Finding(BatchFinding),
}

/// Segments of the batch protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// FHS
    FileHeader,
    /// BHS
    BatchHeader,
    /// BTS
    BatchTrailer,
    /// FTS
    FileTrailer,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JunkReason {
    /// The file is empty or blank.
    Empty,
    /// There is no MSH in the whole file.
    NotHl7,
    /// Two bytes a character.
    Utf16,
    /// Text before the first message.
    BeforeFirst,
    /// Text between the end of a message or batch and the next.
    Between,
}

impl fmt::Display for JunkReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "the file is empty",
            Self::NotHl7 => "the file has no MSH segment: it is not HL7 v2",
            Self::Utf16 => "the file is UTF-16, which is not supported",
            Self::BeforeFirst => "text before the first message",
            Self::Between => "text between messages",
        })
    }
}

/// How an envelope disagrees with what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchFinding {
    /// BTS-1 is not the number of messages in the batch.
    MessageCount {
        /// BTS-1.
        declared: u64,
        /// Messages found.
        found: u64,
    },
    /// FTS-1 is not the number of batches in the file.
    BatchCount {
        /// FTS-1.
        declared: u64,
        /// Batches found.
        found: u64,
    },
    /// BTS-1 or FTS-1 is no number.
    CountUnreadable(Envelope),
    /// A header without its trailer.
    TrailerMissing(Envelope),
    /// A trailer without its header.
    HeaderMissing(Envelope),
}

impl fmt::Display for BatchFinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageCount { declared, found } => {
                write!(out, "BTS-1 says {declared} messages, the batch has {found}")
            }
            Self::BatchCount { declared, found } => {
                write!(out, "FTS-1 says {declared} batches, the file has {found}")
            }
            Self::CountUnreadable(envelope) => write!(out, "the count in {} is no number", envelope.name()),
            Self::TrailerMissing(envelope) => write!(out, "{} without its trailer", envelope.name()),
            Self::HeaderMissing(envelope) => write!(out, "{} without its header", envelope.name()),
        }
    }
}

impl Envelope {
    /// Segment id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileHeader => "FHS",
            Self::BatchHeader => "BHS",
            Self::BatchTrailer => "BTS",
            Self::FileTrailer => "FTS",
        }
    }
}

/// Splits a file. A message begins with `MSH` and a separator at the start of a line or behind a framing byte.
pub fn split(file: &[u8]) -> impl Iterator<Item = Piece<'_>> + use<'_> {
    let mut split = Split {
        file,
        at: 0,
        framed: memchr::memchr2(VT, FS, file).is_some(),
        queue: [const { None }; 3],
        seen_start: false,
        open_file: false,
        open_batch: false,
        messages: 0,
        batches: 0,
        ended: false,
    };
    if let Some(reason) = whole_file_junk(file) {
        split.ended = true;
        split.queue[0] = Some(Piece::Junk { bytes: file, offset: 0, reason });
    }
    split
}

#[expect(clippy::struct_excessive_bools, reason = "four facts that are true or false independently")]
struct Split<'a> {
    file: &'a [u8],
    at: usize,
    /// There are framing bytes somewhere in the file.
    framed: bool,
    /// Pieces to hand out before reading on.
    queue: [Option<Piece<'a>>; 3],
    seen_start: bool,
    open_file: bool,
    open_batch: bool,
    messages: u64,
    batches: u64,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Message,
    Envelope(Envelope),
}

impl<'a> Iterator for Split<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if let Some(piece) = self.queue.iter_mut().find_map(Option::take) {
                return Some(piece);
            }
            if self.ended {
                return None;
            }
            self.read_one();
        }
    }
}

impl<'a> Split<'a> {
    /// Reads up to the end of one piece and queues it, with what it says about others before or behind it.
    fn read_one(&mut self) {
        self.at += filler(&self.file[self.at..]);
        let rest = &self.file[self.at..];
        if rest.is_empty() {
            self.ended = true;
            self.end_of_file();
            return;
        }
        let offset = self.at;
        let (length, next) = extent(rest, self.framed);
        let bytes = &rest[..length];
        self.at += next;
        match start_of(rest) {
            Some(Start::Message) => {
                self.seen_start = true;
                self.messages += 1;
                self.queue[0] = Some(Piece::Message { bytes, offset });
            }
            Some(Start::Envelope(kind)) => {
                self.seen_start = true;
                let piece = Piece::Envelope { kind, bytes, offset };
                let findings = self.envelope(kind, bytes);
                self.queue = match kind {
                    // What a header finds is about what came before it.
                    Envelope::FileHeader | Envelope::BatchHeader => [findings[0], findings[1], Some(piece)],
                    Envelope::BatchTrailer | Envelope::FileTrailer => [Some(piece), findings[0], findings[1]],
                };
            }
            None => {
                let reason = if self.seen_start { JunkReason::Between } else { JunkReason::BeforeFirst };
                self.queue[0] = Some(Piece::Junk { bytes, offset, reason });
            }
        }
    }

    fn envelope(&mut self, kind: Envelope, bytes: &[u8]) -> [Option<Piece<'a>>; 2] {
        let mut findings = [None, None];
        match kind {
            Envelope::FileHeader => {
                findings = self.close_open();
                self.open_file = true;
                self.batches = 0;
                self.messages = 0;
            }
            Envelope::BatchHeader => {
                if std::mem::replace(&mut self.open_batch, true) {
                    findings[0] = Some(missing_trailer(Envelope::BatchHeader));
                }
                self.batches += 1;
                self.messages = 0;
            }
            Envelope::BatchTrailer => {
                if !std::mem::replace(&mut self.open_batch, false) {
                    findings[0] = Some(Piece::Finding(BatchFinding::HeaderMissing(kind)));
                    self.batches += 1;
                }
                let found = std::mem::take(&mut self.messages);
                findings[1] = compare(kind, bytes, found);
            }
            Envelope::FileTrailer => {
                if std::mem::take(&mut self.open_batch) {
                    findings[0] = Some(missing_trailer(Envelope::BatchHeader));
                }
                if !std::mem::take(&mut self.open_file) && findings[0].is_none() {
                    findings[0] = Some(Piece::Finding(BatchFinding::HeaderMissing(kind)));
                }
                let found = std::mem::take(&mut self.batches);
                findings[1] = compare(kind, bytes, found);
            }
        }
        findings
    }

    fn end_of_file(&mut self) {
        let [first, second] = self.close_open();
        self.queue = [first, second, None];
    }

    fn close_open(&mut self) -> [Option<Piece<'a>>; 2] {
        let batch = std::mem::take(&mut self.open_batch);
        let file = std::mem::take(&mut self.open_file);
        [
            batch.then_some(missing_trailer(Envelope::BatchHeader)),
            file.then_some(missing_trailer(Envelope::FileHeader)),
        ]
    }
}

const fn missing_trailer<'a>(header: Envelope) -> Piece<'a> {
    Piece::Finding(BatchFinding::TrailerMissing(header))
}

/// Compares the count in a trailer (BTS-1, FTS-1; both optional) with what was found.
fn compare<'a>(kind: Envelope, bytes: &[u8], found: u64) -> Option<Piece<'a>> {
    let separator = bytes.get(3)?;
    let count =
        bytes[4..].split(|byte| byte == separator || *byte == b'\r' || *byte == b'\n').next()?.trim_ascii();
    if count.is_empty() || count == b"\"\"" {
        return None;
    }
    let finding = match std::str::from_utf8(count).ok().and_then(|count| count.parse::<u64>().ok()) {
        None => BatchFinding::CountUnreadable(kind),
        Some(declared) if declared == found => return None,
        Some(declared) if kind == Envelope::BatchTrailer => BatchFinding::MessageCount { declared, found },
        Some(declared) => BatchFinding::BatchCount { declared, found },
    };
    Some(Piece::Finding(finding))
}

fn whole_file_junk(file: &[u8]) -> Option<JunkReason> {
    if matches!(file, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'M', 0, b'S', 0, ..] | [0, b'M', 0, b'S', ..]) {
        return Some(JunkReason::Utf16);
    }
    let text = &file[filler(file)..];
    if text.is_empty() {
        return Some(JunkReason::Empty);
    }
    let has_start = memchr::memmem::find_iter(text, b"MSH").any(|at| begins(text, at).is_some())
        || memchr::memmem::find_iter(text, b"HS").any(|at| at > 0 && begins(text, at - 1).is_some());
    (!has_start).then_some(JunkReason::NotHl7)
}

/// What begins at `at`, if that is the start of a line or of a frame.
fn begins(text: &[u8], at: usize) -> Option<Start> {
    let before = &text[..at];
    let line = before.iter().rposition(|byte| ends_line(*byte)).map_or(0, |at| at + 1);
    (indent(&before[line..]) == before.len() - line).then(|| start_of(&text[at..])).flatten()
}

/// What a line begins with.
fn start_of(line: &[u8]) -> Option<Start> {
    let [a, b, c, separator, ..] = *line else {
        // A trailer may have no fields at all.
        return match line {
            b"BTS" => Some(Start::Envelope(Envelope::BatchTrailer)),
            b"FTS" => Some(Start::Envelope(Envelope::FileTrailer)),
            _ => None,
        };
    };
    let start = match &[a, b, c] {
        b"MSH" => Start::Message,
        b"FHS" => Start::Envelope(Envelope::FileHeader),
        b"BHS" => Start::Envelope(Envelope::BatchHeader),
        b"BTS" => Start::Envelope(Envelope::BatchTrailer),
        b"FTS" => Start::Envelope(Envelope::FileTrailer),
        _ => return None,
    };
    let trailer = matches!(start, Start::Envelope(Envelope::BatchTrailer | Envelope::FileTrailer));
    // A separator outside ASCII makes a message that is refused with a clear text, not junk.
    let separates =
        separator.is_ascii_punctuation() || !separator.is_ascii() || (trailer && ends_line(separator));
    separates.then_some(start)
}

/// Length of the piece at the start of `rest`, and where the next one begins: a start at the beginning of a line, or
/// a framing byte.
fn extent(rest: &[u8], framed: bool) -> (usize, usize) {
    let next = if framed {
        let breaks = rest.iter().enumerate().filter(|(_, byte)| ends_line(**byte)).map(|(at, _)| at);
        next_piece(rest, breaks)
    } else {
        next_piece(rest, memchr::memchr2_iter(b'\r', b'\n', rest))
    };
    let bytes = &rest[..next];
    let trailing = bytes.iter().rev().take_while(|byte| is_filler(**byte)).count();
    (next - trailing, next)
}

fn next_piece(rest: &[u8], breaks: impl Iterator<Item = usize>) -> usize {
    for at in breaks {
        // The end of a frame ends the piece; any other break only if something begins behind it.
        if rest[at] == FS || start_of(&rest[at + 1 + indent(&rest[at + 1..])..]).is_some() {
            return at;
        }
    }
    rest.len()
}

/// Blanks and byte order marks (of files that were put together) at the start of a line.
fn indent(line: &[u8]) -> usize {
    let mut rest = line;
    loop {
        rest = match rest {
            [b' ' | b'\t' | 0x00, tail @ ..] | [0xEF, 0xBB, 0xBF, tail @ ..] => tail,
            _ => return line.len() - rest.len(),
        };
    }
}

const fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | VT | FS)
}

/// Bytes between pieces that say nothing.
fn filler(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [byte, tail @ ..] if is_filler(*byte) => tail,
            [0xEF, 0xBB, 0xBF, tail @ ..] => tail,
            _ => return bytes.len() - rest.len(),
        };
    }
}

const fn is_filler(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0x00 | VT | FS)
}

#[cfg(test)]
mod tests;
