//! Writes messages: our own outgoing ones and those of tests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::delimiters::{Delimiters, NONE};

/// Puts escape sequences in the place of separators and line breaks. A line feed (with or without CR before it) is
/// `\.br\`; other control characters are `\X..\`. Without an escape character, blanks replace what cannot be said.
pub fn escape(text: &str, delimiters: Delimiters) -> Cow<'_, str> {
    let special = |byte: u8| sequence_letter(byte, delimiters).is_some() || byte < b' ' || byte == 0x7F;
    if !text.bytes().any(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let byte = u8::try_from(letter).ok().filter(u8::is_ascii);
        let Some(byte) = byte.filter(|byte| special(*byte)) else {
            out.push(letter);
            continue;
        };
        if letter == '\r' && letters.peek() == Some(&'\n') {
            continue;
        }
        if delimiters.escape == NONE {
            out.push(' ');
            continue;
        }
        let escape = char::from(delimiters.escape);
        out.push(escape);
        match sequence_letter(byte, delimiters) {
            Some(sequence) => out.push(sequence),
            None if letter == '\n' => out.push_str(".br"),
            None => {
                let _ = write!(out, "X{byte:02X}");
            }
        }
        out.push(escape);
    }
    Cow::Owned(out)
}

fn sequence_letter(byte: u8, delimiters: Delimiters) -> Option<char> {
    [
        (delimiters.escape, 'E'),
        (delimiters.field, 'F'),
        (delimiters.component, 'S'),
        (delimiters.repetition, 'R'),
        (delimiters.subcomponent, 'T'),
    ]
    .into_iter()
    .find(|(delimiter, _)| *delimiter == byte)
    .map(|(_, letter)| letter)
}

/// Position of a value in a segment: repetition, component and subcomponent, each from 1.
type Place = (usize, usize, usize);

/// A message under construction; text is UTF-8.
///
/// ```
/// use countersign_hl7::{Message, write::MessageBuilder};
///
/// let mut builder = MessageBuilder::new("ADT", "A03", "42", "20260301");
/// builder.segment("PV1").set(2, "I").component(19, 1, "V7").component(19, 4, "A&B").null(45);
/// let bytes = builder.build();
/// let message = Message::parse(&bytes)?;
///
/// assert_eq!(message.field("PV1", 19).component(4).value().text().as_deref(), Some("A&B"));
/// assert!(message.field("PV1", 45).is_null());
/// # Ok::<(), countersign_hl7::ReadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageBuilder {
    delimiters: Delimiters,
    segments: Vec<SegmentBuilder>,
}

/// A segment of a message under construction.
#[derive(Clone, Debug)]
pub struct SegmentBuilder {
    name: String,
    fields: BTreeMap<usize, BTreeMap<Place, String>>,
}

impl MessageBuilder {
    /// A message in default separators with MSH-9.1, MSH-9.2, MSH-10, MSH-7, processing id `P`, version 2.5.1 and
    /// UTF-8 as character set; all of them can be overwritten in [`MessageBuilder::header`].
    pub fn new(code: &str, trigger: &str, control_id: &str, time: &str) -> Self {
        let mut builder = Self::with_delimiters(Delimiters::default());
        builder
            .header()
            .set(7, time)
            .component(9, 1, code)
            .component(9, 2, trigger)
            .set(10, control_id)
            .set(11, "P")
            .set(12, "2.5.1")
            .set(18, "UNICODE UTF-8");
        builder
    }

    /// A message with an MSH that holds nothing but separators.
    pub fn with_delimiters(delimiters: Delimiters) -> Self {
        Self { delimiters, segments: vec![SegmentBuilder::new("MSH")] }
    }

    /// MSH. Fields 1 and 2 are written from the separators and cannot be set.
    pub fn header(&mut self) -> &mut SegmentBuilder {
        &mut self.segments[0]
    }

    /// Adds a segment.
    ///
    /// The id has to be a letter and two letters or digits, all upper case, or readers will not see a segment.
    pub fn segment(&mut self, name: &str) -> &mut SegmentBuilder {
        self.segments.push(SegmentBuilder::new(name));
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    /// The message; every segment ends in CR.
    pub fn build(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        for (index, segment) in self.segments.iter().enumerate() {
            segment.write(self.delimiters, index == 0, &mut out);
        }
        out
    }
}

impl SegmentBuilder {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), fields: BTreeMap::new() }
    }

    /// Sets a simple field.
    pub fn set(&mut self, field: usize, text: &str) -> &mut Self {
        self.place(field, 1, 1, 1, text)
    }

    /// Sets a component of the first repetition.
    pub fn component(&mut self, field: usize, component: usize, text: &str) -> &mut Self {
        self.place(field, 1, component, 1, text)
    }

    /// Sets any value. All numbers count from 1; a 0 is taken as 1.
    pub fn place(
        &mut self,
        field: usize,
        repetition: usize,
        component: usize,
        subcomponent: usize,
        text: &str,
    ) -> &mut Self {
        let place = (repetition.max(1), component.max(1), subcomponent.max(1));
        self.fields.entry(field.max(1)).or_default().insert(place, text.to_owned());
        self
    }

    /// Sets a field to `""`: the receiver shall delete it. (Text of two quotes is the same: HL7 cannot tell them
    /// apart.)
    pub fn null(&mut self, field: usize) -> &mut Self {
        self.fields.insert(field.max(1), BTreeMap::from([((1, 1, 1), "\"\"".to_owned())]));
        self
    }

    fn write(&self, delimiters: Delimiters, is_header: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name.as_bytes());
        let mut at = 0;
        if is_header {
            out.push(delimiters.field);
            out.extend_from_slice(&delimiters.encoding_characters());
            at = 2;
        }
        for (number, values) in self.fields.range(at + 1..) {
            out.resize(out.len() + (number - at), delimiters.field);
            at = *number;
            write_field(values, delimiters, out);
        }
        out.push(b'\r');
    }
}

fn write_field(values: &BTreeMap<Place, String>, delimiters: Delimiters, out: &mut Vec<u8>) {
    // A separator that the message does not have cannot be written; the values run into one another then.
    let separate = |out: &mut Vec<u8>, count: usize, delimiter: u8| {
        if delimiter != NONE {
            out.resize(out.len() + count, delimiter);
        }
    };
    let (mut repetition, mut component, mut subcomponent) = (1, 1, 1);
    for ((to_repetition, to_component, to_subcomponent), text) in values {
        if *to_repetition > repetition {
            separate(out, to_repetition - repetition, delimiters.repetition);
            (repetition, component, subcomponent) = (*to_repetition, 1, 1);
        }
        if *to_component > component {
            separate(out, to_component - component, delimiters.component);
            (component, subcomponent) = (*to_component, 1);
        }
        separate(out, to_subcomponent - subcomponent, delimiters.subcomponent);
        subcomponent = *to_subcomponent;
        out.extend_from_slice(escape(text, delimiters).as_bytes());
    }
}

#[cfg(test)]
mod tests;
