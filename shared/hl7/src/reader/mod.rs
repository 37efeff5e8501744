//! Reads one message without copying it.

use std::fmt;

mod scan;
mod value;
mod views;

pub(crate) use scan::{Characters, Stride, Syntax};
pub use value::{Presence, Text, Value};
pub use views::{Component, Field, Repetition, Segment, Subcomponent};

use crate::delimiters::Delimiters;
use crate::text::Charset;
use crate::text::charset::{Declaration, choose};

/// Bounds that keep one message from taking the process down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message.
    pub max_bytes: usize,
    /// Segments of a message.
    pub max_segments: usize,
    /// Fields of a segment.
    pub max_fields: usize,
}

impl Default for Limits {
    /// 16 MiB, 20,000 segments, 2,000 fields: the largest public sample has a 5 MB OBX, the widest standard
    /// segment fewer than 100 fields.
    fn default() -> Self {
        Self { max_bytes: 16 * 1024 * 1024, max_segments: 20_000, max_fields: 2_000 }
    }
}

/// Why bytes could not be read as a message. Carries no text of the message, so that it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing but blanks or framing.
    #[error("the message is empty")]
    Empty,
    /// Does not begin with an MSH segment.
    #[error("the message does not begin with an MSH segment")]
    NotHl7,
    /// Begins with FHS or BHS: several messages, see [`crate::batch::split`].
    #[error("this is a batch (FHS or BHS): split it into messages first")]
    Batch,
    /// Two bytes a character.
    #[error("UTF-16 is not supported: send the message in UTF-8 or an 8-bit character set")]
    Utf16,
    /// MSH-1 or MSH-2 holds a character outside ASCII.
    #[error("MSH-{field} holds a separator that is not a single ASCII character")]
    NonAsciiDelimiter {
        /// 1 or 2.
        field: u8,
    },
    /// MSH-2 is missing or holds text.
    #[error("MSH-2 must hold the encoding characters, usually ^~\\&")]
    EncodingCharacters,
    /// More bytes than allowed.
    #[error("the message has {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Size of the message in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More segments than allowed.
    #[error("the message has more than {limit} segments")]
    TooManySegments {
        /// The limit.
        limit: usize,
    },
    /// More fields in a segment than allowed.
    #[error("segment {segment} has more than {limit} fields")]
    TooManyFields {
        /// Number of the segment in the message, from 1.
        segment: usize,
        /// The limit.
        limit: usize,
    },
}

/// Something odd that did not keep the message from being read. Carries no text of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Lines that are no segments were taken as the continuation of the segment before them.
    Continuation {
        /// Number of that segment in the message, from 1.
        segment: usize,
        /// How many lines were joined to it.
        lines: usize,
    },
    /// A segment stood behind leading blanks.
    Indented {
        /// Number of the segment in the message, from 1.
        segment: usize,
    },
    /// A second MSH: probably several messages in one frame, see [`crate::batch::split`].
    SecondHeader {
        /// Number of the segment in the message, from 1.
        segment: usize,
    },
    /// MSH-2 holds fewer than four characters; the missing ones took their defaults.
    DelimitersIncomplete,
    /// MSH-2 holds the same character more than once.
    DelimitersRepeated,
    /// MSH-18 is empty, but the text is neither ASCII nor UTF-8.
    CharsetUndeclared {
        /// What the text was read as.
        used: Charset,
    },
    /// MSH-18 names a character set that is not known here.
    CharsetUnknown {
        /// What the text was read as.
        used: Charset,
    },
    /// The text is not in the character set that MSH-18 names.
    CharsetMismatch {
        /// What MSH-18 says; nothing when it says UTF-16 or UTF-32.
        declared: Option<Charset>,
        /// What the text was read as.
        used: Charset,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continuation { segment, lines } => {
                write!(out, "{lines} line(s) without a segment id were joined to segment {segment}")
            }
            Self::Indented { segment } => write!(out, "segment {segment} is indented"),
            Self::SecondHeader { segment } => write!(out, "segment {segment} is a second MSH"),
            Self::DelimitersIncomplete => out.write_str("MSH-2 holds fewer than four encoding characters"),
            Self::DelimitersRepeated => out.write_str("MSH-2 repeats an encoding character"),
            Self::CharsetUndeclared { used } => {
                write!(out, "MSH-18 is empty and the text is not UTF-8; read as {used}")
            }
            Self::CharsetUnknown { used } => {
                write!(out, "MSH-18 names an unknown character set; read as {used}")
            }
            Self::CharsetMismatch { declared: Some(declared), used } => {
                write!(out, "MSH-18 says {declared}, but the text is {used}")
            }
            Self::CharsetMismatch { declared: None, used } => {
                write!(out, "MSH-18 says UTF-16 or UTF-32, but the text is {used}")
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

/// One message over borrowed bytes. Parsing finds the segments; everything below is split when asked for.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
    segments: Vec<Span>,
    findings: Vec<Finding>,
}

impl<'a> Message<'a> {
    /// Reads a message within the default [`Limits`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReadError> {
        Self::parse_within(bytes, &Limits::default())
    }

    /// Reads a message.
    ///
    /// Tolerated: segments that end in CR, LF or both, also mixed; a byte order mark, framing bytes and blank lines
    /// around the message. A line that does not begin with a segment id (letter and two of A-Z, 0-9, then the field
    /// separator or the end) belongs to the segment before it: its text continues the last field, and separators
    /// in it separate.
    pub fn parse_within(bytes: &'a [u8], limits: &Limits) -> Result<Self, ReadError> {
        if bytes.len() > limits.max_bytes {
            return Err(ReadError::TooLarge { bytes: bytes.len(), limit: limits.max_bytes });
        }
        let bytes = without_wrapping(bytes)?;
        match bytes.get(..3) {
            Some(b"MSH") => {}
            Some(b"FHS" | b"BHS") => return Err(ReadError::Batch),
            _ if bytes.is_empty() => return Err(ReadError::Empty),
            _ => return Err(ReadError::NotHl7),
        }
        let line_end = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        let (delimiters, finding) = Delimiters::of_header(&bytes[..line_end])?;
        let mut findings = Vec::from_iter(finding);
        let segments = split_segments(bytes, delimiters.field, limits, &mut findings)?;

        let plain = Syntax::new(delimiters, Charset::Ascii);
        let header = segments.first().map_or(bytes, |span| &bytes[span.start..span.end]);
        let declaration = Declaration::of(Segment::new(header, plain).field(18));
        let (charset, finding) = choose(declaration, bytes);
        findings.extend(finding);
        Ok(Self { bytes, syntax: Syntax::new(delimiters, charset), segments, findings })
    }

    /// Bytes of the message without byte order mark, framing bytes and blank lines around it.
    pub const fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// Separators of this message.
    pub const fn delimiters(&self) -> Delimiters {
        self.syntax.delimiters
    }

    /// Character set that the text is read as.
    pub const fn charset(&self) -> Charset {
        self.syntax.charset
    }

    /// What was odd.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Number of segments, MSH included.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// All segments in the order sent, so that a caller can walk groups such as PID and MRG pairs.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Segment<'a>> + ExactSizeIterator + '_ {
        self.segments.iter().map(|span| self.segment_at(*span))
    }

    /// First segment of that name.
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        self.segments(name).next()
    }

    /// All segments of that name in order.
    pub fn segments<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Segment<'a>> + 'm {
        let bytes = self.bytes;
        self.segments
            .iter()
            .filter(move |span| bytes.get(span.start..span.start + 3) == Some(name.as_bytes()))
            .map(|span| self.segment_at(*span))
    }

    /// Field of the first segment of that name; an absent field when there is no such segment.
    pub fn field(&self, segment: &str, number: usize) -> Field<'a> {
        self.segment(segment).unwrap_or(Segment::new(b"", self.syntax)).field(number)
    }

    fn segment_at(&self, span: Span) -> Segment<'a> {
        Segment::new(&self.bytes[span.start..span.end], self.syntax)
    }
}

/// Cuts off what transports and editors put around a message.
fn without_wrapping(bytes: &[u8]) -> Result<&[u8], ReadError> {
    if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'M', 0, b'S', 0, ..] | [0, b'M', 0, b'S', ..])
    {
        return Err(ReadError::Utf16);
    }
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0xEF, 0xBB, 0xBF, tail @ ..]
            | [0x00 | 0x0B | 0x1C | b' ' | b'\t' | b'\r' | b'\n', tail @ ..] => tail,
            _ => break,
        };
    }
    while let [head @ .., 0x00 | 0x0B | 0x1C | b'\r' | b'\n'] = rest {
        rest = head;
    }
    Ok(rest)
}

fn split_segments(
    bytes: &[u8],
    separator: u8,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Span>, ReadError> {
    let mut segments: Vec<Span> = Vec::with_capacity(24.min(bytes.len() / 8 + 1));
    let mut start = 0;
    let ends = memchr::memchr2_iter(b'\r', b'\n', bytes).chain(std::iter::once(bytes.len()));
    for end in ends {
        let line = &bytes[start..end];
        let line_start = start;
        start = end + 1;
        if begins_segment(line, separator) {
            if line.starts_with(b"MSH") && !segments.is_empty() {
                findings.push(Finding::SecondHeader { segment: segments.len() + 1 });
            }
            segments.push(Span { start: line_start, end });
        } else {
            // The end of a line is the start of the next in CRLF: the empty line between says nothing.
            let text = line.trim_ascii_start();
            if text.is_empty() {
                continue;
            }
            let indent = line.len() - text.len();
            match segments.last_mut() {
                Some(_)
                    if indent > 0 && text.get(3) == Some(&separator) && begins_segment(text, separator) =>
                {
                    segments.push(Span { start: line_start + indent, end });
                    findings.push(Finding::Indented { segment: segments.len() });
                }
                Some(last) => {
                    last.end = end;
                    note_continuation(findings, segments.len());
                }
                // `bytes` begins with MSH and a legal separator, which is a segment.
                None => {}
            }
        }
        if segments.len() > limits.max_segments {
            return Err(ReadError::TooManySegments { limit: limits.max_segments });
        }
    }
    for (index, span) in segments.iter().enumerate() {
        let segment = &bytes[span.start..span.end];
        if segment.len() > limits.max_fields
            && memchr::memchr_iter(separator, segment).count() > limits.max_fields
        {
            return Err(ReadError::TooManyFields { segment: index + 1, limit: limits.max_fields });
        }
    }
    Ok(segments)
}

/// One finding per segment, so that a file of odd lines cannot fill memory with findings.
fn note_continuation(findings: &mut Vec<Finding>, number: usize) {
    if let Some(Finding::Continuation { segment, lines }) = findings.last_mut()
        && *segment == number
    {
        *lines += 1;
        return;
    }
    findings.push(Finding::Continuation { segment: number, lines: 1 });
}

#[inline]
fn begins_segment(line: &[u8], separator: u8) -> bool {
    match line {
        [first, second, third, rest @ ..] => {
            first.is_ascii_uppercase()
                && (second.is_ascii_uppercase() || second.is_ascii_digit())
                && (third.is_ascii_uppercase() || third.is_ascii_digit())
                && rest.first().is_none_or(|byte| *byte == separator)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
