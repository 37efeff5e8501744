//! Builds acknowledgements.

use super::AckCode;
use crate::delimiters::Delimiters;
use crate::header::Header;
use crate::reader::{Message, Segment};
use crate::text::Charset;
use crate::write::escape;

/// What to answer. Control id and time are the caller's, because this crate has neither randomness nor clock.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// MSA-1.
    pub code: AckCode,
    /// MSH-10 of the answer.
    pub control_id: &'a str,
    /// MSH-7 of the answer, as HL7 writes times.
    pub time: &'a str,
    /// MSA-3; must name no patient data.
    pub text: Option<&'a str>,
    /// ERR segments.
    pub problems: &'a [Problem<'a>],
}

impl<'a> Answer<'a> {
    /// An answer without text.
    pub const fn new(code: AckCode, control_id: &'a str, time: &'a str) -> Self {
        Self { code, control_id, time, text: None, problems: &[] }
    }
}

/// One ERR segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem<'a> {
    /// Where in the message, if that can be said.
    pub location: Option<Location<'a>>,
    /// Code of HL7 table 0357, for example `101` (required field missing) or `207` (application internal error).
    pub condition: &'a str,
    /// Name of that code.
    pub condition_text: &'a str,
    /// ERR-4.
    pub severity: Severity,
    /// ERR-8, for people. Before 2.5 there is no place for it but MSA-3.
    pub message: Option<&'a str>,
}

/// Place in a message (ERL, chapter 2A). Numbers count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'a> {
    /// Segment id.
    pub segment: &'a str,
    /// Which segment of that id.
    pub sequence: usize,
    /// Field number, if one field is to blame.
    pub field: Option<usize>,
}

/// Severity (HL7 table 0516).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// `E`
    Error,
    /// `W`: accepted all the same.
    Warning,
    /// `I`
    Information,
}

impl Severity {
    const fn code(self) -> &'static str {
        match self {
            Self::Error => "E",
            Self::Warning => "W",
            Self::Information => "I",
        }
    }
}

/// Longest control id that is echoed from a message that cannot be read (MSH-10 has 199 characters from 2.7 on).
const LONGEST_ECHO: usize = 199;

/// Answers a message: in its separators, version and character set, with sender and receiver swapped and MSH-10
/// echoed byte by byte.
pub fn build(message: &Message<'_>, answer: &Answer<'_>) -> Vec<u8> {
    let header = Header::of(message);
    let raw = |number: usize| on_one_line(message.field("MSH", number).raw());
    let mut out = Writer::new(message.delimiters(), message.charset());
    let trigger = header.trigger.as_deref().unwrap_or_default();
    let version = header.version_numbers();

    out.segment("MSH");
    out.raw(&message.delimiters().encoding_characters());
    for swapped in [5, 6, 3, 4] {
        out.separator();
        out.raw(&raw(swapped));
    }
    out.text(answer.time);
    out.raw_field(b"");
    out.text("ACK");
    if !trigger.is_empty() {
        out.component(trigger);
        // MSH-9.3 came with 2.3.1.
        if version.is_some_and(|version| version >= [2, 3, 1]) {
            out.component("ACK");
        }
    }
    out.text(answer.control_id);
    out.raw_field(&raw(11));
    out.raw_field(&raw(12));
    let declared = raw(18);
    if !declared.is_empty() {
        for _ in 13..=17 {
            out.raw_field(b"");
        }
        out.raw_field(&declared);
    }

    out.acknowledgement(answer, &raw(10));
    for problem in answer.problems {
        if version.is_some_and(|version| version >= [2, 5, 0]) {
            out.error(problem);
        } else {
            out.old_error(problem);
        }
    }
    out.finish()
}

/// Answers bytes that could not be read as a message, in the default separators. If they begin with MSH and an ASCII
/// separator, sender, receiver and control id are echoed as far as they are plain text.
pub fn refuse(received: &[u8], answer: &Answer<'_>) -> Vec<u8> {
    let delimiters = Delimiters::default();
    let salvaged = salvage(received);
    let field =
        |number: usize| salvaged.as_ref().map_or(Vec::new(), |header| plain(header.field(number).raw()));
    let mut out = Writer::new(delimiters, Charset::Ascii);
    out.segment("MSH");
    out.raw(&delimiters.encoding_characters());
    for swapped in [5, 6, 3, 4] {
        out.separator();
        out.raw(&field(swapped));
    }
    out.text(answer.time);
    out.raw_field(b"");
    out.text("ACK");
    out.text(answer.control_id);
    out.text("P");
    out.text("2.5.1");
    out.acknowledgement(answer, &field(10));
    for problem in answer.problems {
        out.error(problem);
    }
    out.finish()
}

/// The header of something that was refused, split at its field separator only.
fn salvage(received: &[u8]) -> Option<Segment<'_>> {
    let start = memchr::memmem::find(received.get(..received.len().min(64))?, b"MSH")?;
    let line = &received[start..];
    let line = &line[..memchr::memchr2(b'\r', b'\n', line).unwrap_or(line.len())];
    let separator = *line.get(3).filter(|byte| byte.is_ascii_punctuation())?;
    let delimiters = Delimiters::new(separator, b"").ok()?;
    Some(Segment::new(line, crate::reader::Syntax::new(delimiters, Charset::Ascii)))
}

/// A field if it can be echoed in default separators, else nothing.
fn plain(field: &[u8]) -> Vec<u8> {
    let harmless = |byte: &u8| byte.is_ascii_graphic() && !b"|^~\\&".contains(byte) || *byte == b' ';
    if field.len() <= LONGEST_ECHO && field.iter().all(harmless) { field.to_vec() } else { Vec::new() }
}

/// A field that was wrapped over lines must not break the answer.
fn on_one_line(field: &[u8]) -> Vec<u8> {
    field.iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0x0B | 0x1C) { b' ' } else { *byte }).collect()
}

struct Writer {
    delimiters: Delimiters,
    charset: Charset,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(delimiters: Delimiters, charset: Charset) -> Self {
        Self { delimiters, charset, bytes: Vec::with_capacity(256) }
    }

    /// Segment id and the separator behind it.
    fn segment(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.separator();
    }

    fn separator(&mut self) {
        self.bytes.push(self.delimiters.field());
    }

    fn end_segment(&mut self) {
        self.bytes.push(b'\r');
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn raw_field(&mut self, bytes: &[u8]) {
        self.separator();
        self.raw(bytes);
    }

    fn escaped(&mut self, text: &str) {
        let text = escape(text, self.delimiters);
        self.bytes.extend_from_slice(&self.charset.bytes_of(&text));
    }

    fn text(&mut self, text: &str) {
        self.separator();
        self.escaped(text);
    }

    fn component(&mut self, text: &str) {
        self.bytes.push(self.delimiters.component());
        self.escaped(text);
    }

    fn subcomponent(&mut self, text: &str) {
        // A message without subcomponents gets a blank instead.
        self.bytes.push(self.delimiters.subcomponent().unwrap_or(b' '));
        self.escaped(text);
    }

    fn acknowledgement(&mut self, answer: &Answer<'_>, control_id: &[u8]) {
        self.end_segment();
        self.bytes.extend_from_slice(b"MSA");
        self.text(answer.code.as_str());
        self.raw_field(control_id);
        if let Some(text) = answer.text {
            self.text(text);
        }
    }

    /// ERR of 2.5 and later.
    fn error(&mut self, problem: &Problem<'_>) {
        self.end_segment();
        self.bytes.extend_from_slice(b"ERR");
        self.raw_field(b"");
        self.separator();
        if let Some(location) = problem.location {
            self.escaped(location.segment);
            self.component(&location.sequence.to_string());
            if let Some(field) = location.field {
                self.component(&field.to_string());
            }
        }
        self.text(problem.condition);
        self.component(problem.condition_text);
        self.component("HL70357");
        self.text(problem.severity.code());
        if let Some(message) = problem.message {
            for _ in 5..=7 {
                self.raw_field(b"");
            }
            self.text(message);
        }
    }

    /// ERR-1 (ELD): segment, sequence, field, code of the error as subcomponents.
    fn old_error(&mut self, problem: &Problem<'_>) {
        self.end_segment();
        self.bytes.extend_from_slice(b"ERR");
        let (segment, sequence, field) =
            problem.location.map_or(("", String::new(), String::new()), |location| {
                let field = location.field.map(|field| field.to_string()).unwrap_or_default();
                (location.segment, location.sequence.to_string(), field)
            });
        self.text(segment);
        self.component(&sequence);
        self.component(&field);
        self.component(problem.condition);
        self.subcomponent(problem.condition_text);
        self.subcomponent("HL70357");
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_segment();
        self.bytes
    }
}
