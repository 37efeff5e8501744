//! Escape sequences of HL7 v2 (chapter 2, "Use of escape sequences in text fields").

use std::borrow::Cow;

use crate::delimiters::NONE;
use crate::reader::{Characters, Syntax};

/// Longest sequence looked at: a `\X…\` may carry a short document, anything longer is text with a stray escape
/// character.
const LONGEST: usize = 64 * 1024;

/// Most blank lines or columns that a formatting command may ask for.
const WIDEST: usize = 64;

/// Unescapes and converts one value.
pub(crate) fn decode(bytes: &[u8], syntax: Syntax) -> Cow<'_, str> {
    let escape = syntax.delimiters.escape;
    let plain = memchr::memchr2(b'\r', b'\n', bytes).is_none()
        && (escape == NONE || memchr::memchr(escape, bytes).is_none());
    if plain {
        return syntax.charset.to_text(bytes);
    }
    let mut decoder =
        Decoder { syntax, text: String::with_capacity(bytes.len()), run: Vec::new(), switched: false };
    decoder.read(bytes);
    decoder.end_run();
    Cow::Owned(decoder.text)
}

struct Decoder {
    syntax: Syntax,
    text: String,
    /// Bytes in the character set of the message that are not converted yet.
    run: Vec<u8>,
    /// `\C…\` or `\M…\` switched to another set of ISO 2022.
    switched: bool,
}

impl Decoder {
    fn read(&mut self, bytes: &[u8]) {
        let escape = self.syntax.delimiters.escape;
        let mut at = 0;
        while let Some(next) = next_special(self.syntax, &bytes[at..]) {
            self.run.extend_from_slice(&bytes[at..at + next]);
            at += next;
            if bytes[at] == escape {
                let tail = &bytes[at + 1..];
                let body = tail[..tail.len().min(LONGEST)].iter().position(|byte| *byte == escape);
                if let Some(length) = body.filter(|length| self.sequence(&tail[..*length])) {
                    at += length + 2;
                } else {
                    self.run.push(escape);
                    at += 1;
                }
            } else {
                // A wrapped line: CR, LF or both, with blanks that an editor left at the end of the line.
                let breaks = bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                let pairs = bytes[at..at + breaks].windows(2).filter(|pair| *pair == b"\r\n").count();
                self.run.resize(self.run.len() + breaks - pairs, b'\n');
                at += breaks;
            }
        }
        self.run.extend_from_slice(&bytes[at..]);
    }

    /// Handles one sequence; false when it is not known and stays as it is.
    fn sequence(&mut self, body: &[u8]) -> bool {
        let delimiters = self.syntax.delimiters;
        let single = match body {
            b"F" => delimiters.field,
            b"S" => delimiters.component,
            b"R" => delimiters.repetition,
            b"E" => delimiters.escape,
            b"T" => delimiters.subcomponent,
            b"P" => match delimiters.truncation {
                NONE => b'#',
                truncation => truncation,
            },
            b".br" => b'\n',
            // Highlighting on and off.
            b"H" | b"N" => return true,
            _ => return self.long_sequence(body),
        };
        if single != NONE {
            self.run.push(single);
        }
        single != NONE
    }

    fn long_sequence(&mut self, body: &[u8]) -> bool {
        match body {
            [b'X', digits @ ..] => {
                let Some(bytes) = hexadecimal(digits) else { return false };
                self.hexadecimal_text(&bytes);
                true
            }
            [b'.', b's', b'p', count @ ..] => match number(count) {
                Some(count) => {
                    self.run.resize(self.run.len() + count.clamp(1, WIDEST), b'\n');
                    true
                }
                None => false,
            },
            [b'C' | b'M', digits @ ..] => {
                let Some(switch) = hexadecimal(digits) else { return false };
                if !matches!(&switch[..], b"(B" | b"(J" | b"(I" | b"$B" | b"$@" | b"$(D") {
                    return false;
                }
                self.switched = true;
                self.run.push(0x1B);
                self.run.extend_from_slice(&switch);
                true
            }
            _ => false,
        }
    }

    /// Bytes given as digits are text in the set of the message if they can be; alone, so that odd ones do not
    /// spoil what stands around them.
    fn hexadecimal_text(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() {
            self.run.extend_from_slice(bytes);
            return;
        }
        self.end_run();
        let text = self.syntax.charset.to_text(bytes);
        self.text.push_str(&text);
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if self.switched {
            self.text.push_str(&self.syntax.charset.switched_text(&run));
        } else {
            self.text.push_str(&self.syntax.charset.to_text(&run));
        }
    }
}

/// Position of the next escape character or line break.
fn next_special(syntax: Syntax, bytes: &[u8]) -> Option<usize> {
    let escape = syntax.delimiters.escape;
    Characters::new(syntax.stride, bytes)
        .find(|at| matches!(bytes[*at], b'\r' | b'\n') || (bytes[*at] == escape && escape != NONE))
}

/// Pairs of hexadecimal digits.
fn hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Count behind a formatting command: nothing means one.
fn number(digits: &[u8]) -> Option<usize> {
    let digits = digits.trim_ascii();
    let digits = digits.strip_prefix(b"+").unwrap_or(digits);
    if digits.is_empty() {
        return Some(1);
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Delimiters;
    use crate::text::Charset;

    fn read(bytes: &[u8]) -> String {
        read_in(Charset::Utf8, bytes)
    }

    fn read_in(charset: Charset, bytes: &[u8]) -> String {
        decode(bytes, Syntax::new(Delimiters::default(), charset)).into_owned()
    }

    #[test]
    fn separators_come_back() {
        assert_eq!(read(br"a\F\b\S\c\T\d\R\e\E\f\P\g"), r"a|b^c&d~e\f#g");
    }

    #[test]
    fn the_separators_are_those_of_the_message() {
        let syntax = Syntax::new(Delimiters::new(b'#', b"!@%*").expect("delimiters"), Charset::Utf8);

        assert_eq!(decode(b"a%F%b%S%c%T%d%R%e%E%f", syntax), "a#b!c*d@e%f");
    }

    #[test]
    fn formatting_becomes_line_breaks_and_highlighting_goes() {
        assert_eq!(read(br"a\.br\b\.sp\c\.sp2\d\.sp+1\e\H\f\N\g"), "a\nb\nc\n\nd\nefg");
        assert_eq!(read(br"\.sp999999999\").len(), WIDEST);
    }

    #[test]
    fn hexadecimal_text_is_in_the_set_of_the_message() {
        assert_eq!(read(br"a\X0D0A\b"), "a\r\nb");
        assert_eq!(read(br"Jos\XC3A9\"), "José");
        assert_eq!(read_in(Charset::Latin1, br"Jos\XE9\"), "José");
        // Not UTF-8, between text that is.
        assert_eq!(read("é\\XE0\\é".as_bytes()), "éàé");
    }

    #[test]
    fn unknown_sequences_and_stray_escape_characters_stay() {
        for text in [
            r"a\Z99\b",
            r"C:\temp",
            r"\XG0\",
            r"\X0\",
            r"\",
            r"a\",
            r"\\",
            r"\.in4\",
            r"\M824041\",
            r"\.spx\",
        ] {
            assert_eq!(read(text.as_bytes()), text);
        }
        assert_eq!(read(br"50% \ 2\T\3"), r"50% \ 2&3");
    }

    #[test]
    fn wrapped_lines_are_joined_by_one_line_feed() {
        assert_eq!(read(b"a\rb\nc\r\nd\r\re"), "a\nb\nc\nd\n\ne");
    }

    #[test]
    fn text_without_anything_special_is_borrowed() {
        assert!(matches!(
            decode("José".as_bytes(), Syntax::new(Delimiters::default(), Charset::Utf8)),
            Cow::Borrowed("José")
        ));
    }

    #[test]
    fn eight_bit_sets() {
        assert_eq!(read_in(Charset::Latin1, b"Jos\xE9"), "José");
        assert_eq!(read_in(Charset::Greek, b"\xC1\xE8\xDE\xED\xE1"), "Αθήνα");
        assert_eq!(read_in(Charset::Latin9, b"\xA4"), "€");
    }

    #[test]
    fn japanese_switches_between_sets() {
        // 山田 in JIS X 0208; 0x3B 0x33 and 0x45 0x44.
        assert_eq!(read_in(Charset::Jis, b"Yamada^\x1B$B;3ED\x1B(B^"), "Yamada^山田^");
        assert_eq!(read(br"\M2442\;3ED\C2842\ Taro"), "山田 Taro");
        assert_eq!(read_in(Charset::Jis, b"\xD4\xCF\xC0\xDE"), "ﾔﾏﾀﾞ");
        // 丂 in JIS X 0212: 0x30 0x21.
        assert_eq!(read_in(Charset::Jis, b"\x1B$(D0!\x1B(B"), "丂");
    }

    #[test]
    fn an_escape_character_inside_a_two_byte_character_is_no_escape() {
        // 表 is 0x95 0x5C in Shift-JIS.
        assert_eq!(read_in(Charset::ShiftJis, b"\x95\x5C\\T\\\x95\x5C"), "表&表");
    }
}
