//! Character sets of MSH-18 (HL7 table 0211) and what to do when the declaration is missing or wrong.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::Encoding;

use crate::reader::{Field, Finding, Stride};

/// A character set that messages are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Charset {
    Ascii,
    Utf8,
    /// ISO 8859-1, with the Windows-1252 characters in the places that ISO leaves to control codes.
    Latin1,
    Latin2,
    Latin3,
    Latin4,
    Cyrillic,
    Arabic,
    Greek,
    Hebrew,
    /// ISO 8859-9, as Windows-1254.
    Latin5,
    Latin6,
    /// ISO 8859-11, as Windows-874.
    Thai,
    Latin7,
    Latin8,
    Latin9,
    Latin10,
    Windows1250,
    Windows1251,
    Windows1253,
    Windows1255,
    Windows1256,
    Windows1257,
    Windows1258,
    Koi8R,
    /// ISO-2022-JP: ISO IR14 or IR6 with switches to ISO IR13, IR87 and IR159.
    Jis,
    ShiftJis,
    EucJp,
    Gb18030,
    Big5,
    /// KS X 1001.
    EucKr,
}

impl Charset {
    const fn encoding(self) -> &'static Encoding {
        match self {
            Self::Ascii | Self::Utf8 => encoding_rs::UTF_8,
            Self::Latin1 => encoding_rs::WINDOWS_1252,
            Self::Latin2 => encoding_rs::ISO_8859_2,
            Self::Latin3 => encoding_rs::ISO_8859_3,
            Self::Latin4 => encoding_rs::ISO_8859_4,
            Self::Cyrillic => encoding_rs::ISO_8859_5,
            Self::Arabic => encoding_rs::ISO_8859_6,
            Self::Greek => encoding_rs::ISO_8859_7,
            Self::Hebrew => encoding_rs::ISO_8859_8,
            Self::Latin5 => encoding_rs::WINDOWS_1254,
            Self::Latin6 => encoding_rs::ISO_8859_10,
            Self::Thai => encoding_rs::WINDOWS_874,
            Self::Latin7 => encoding_rs::ISO_8859_13,
            Self::Latin8 => encoding_rs::ISO_8859_14,
            Self::Latin9 => encoding_rs::ISO_8859_15,
            Self::Latin10 => encoding_rs::ISO_8859_16,
            Self::Windows1250 => encoding_rs::WINDOWS_1250,
            Self::Windows1251 => encoding_rs::WINDOWS_1251,
            Self::Windows1253 => encoding_rs::WINDOWS_1253,
            Self::Windows1255 => encoding_rs::WINDOWS_1255,
            Self::Windows1256 => encoding_rs::WINDOWS_1256,
            Self::Windows1257 => encoding_rs::WINDOWS_1257,
            Self::Windows1258 => encoding_rs::WINDOWS_1258,
            Self::Koi8R => encoding_rs::KOI8_R,
            // Half-width katakana in the upper half are the same bytes in both; two-byte text is handled apart.
            Self::Jis | Self::ShiftJis => encoding_rs::SHIFT_JIS,
            Self::EucJp => encoding_rs::EUC_JP,
            Self::Gb18030 => encoding_rs::GB18030,
            Self::Big5 => encoding_rs::BIG5,
            Self::EucKr => encoding_rs::EUC_KR,
        }
    }

    pub(crate) const fn stride(self) -> Stride {
        match self {
            Self::Jis => Stride::Escaped,
            Self::ShiftJis => Stride::ShiftJis,
            Self::Gb18030 | Self::Big5 => Stride::Double,
            _ => Stride::Byte,
        }
    }

    const fn is_single_byte(self) -> bool {
        !matches!(
            self,
            Self::Utf8 | Self::Jis | Self::ShiftJis | Self::EucJp | Self::Gb18030 | Self::Big5 | Self::EucKr
        )
    }

    /// Reads a name of HL7 table 0211, of DICOM (`ISO_IR 100`) or of common usage (`UTF-8`, `windows-1252`),
    /// whatever its case and punctuation.
    pub fn from_label(label: &str) -> Option<Self> {
        let key: String = label
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let key = key.strip_prefix("ISOIR").map(|number| format!("IR{number}")).unwrap_or(key);
        let key = key.strip_prefix("ISO").filter(|rest| rest.starts_with("8859")).unwrap_or(&key);
        let key = key.strip_prefix("WINDOWS").map_or_else(|| key.to_owned(), |page| format!("CP{page}"));
        Some(match key.as_str() {
            "ASCII" | "USASCII" | "IR6" | "ISO646" => Self::Ascii,
            "UTF8" | "UNICODEUTF8" | "UNICODE" | "IR192" => Self::Utf8,
            "88591" | "IR100" | "LATIN1" | "CP1252" => Self::Latin1,
            "88592" | "IR101" => Self::Latin2,
            "88593" | "IR109" => Self::Latin3,
            "88594" | "IR110" => Self::Latin4,
            "88595" | "IR144" => Self::Cyrillic,
            "88596" | "IR127" => Self::Arabic,
            "88597" | "IR126" => Self::Greek,
            "88598" | "IR138" => Self::Hebrew,
            "88599" | "IR148" | "CP1254" => Self::Latin5,
            "885910" => Self::Latin6,
            "885911" | "IR166" | "CP874" => Self::Thai,
            "885913" => Self::Latin7,
            "885914" => Self::Latin8,
            "885915" | "IR203" => Self::Latin9,
            "885916" => Self::Latin10,
            "CP1250" => Self::Windows1250,
            "CP1251" => Self::Windows1251,
            "CP1253" => Self::Windows1253,
            "CP1255" => Self::Windows1255,
            "CP1256" => Self::Windows1256,
            "CP1257" => Self::Windows1257,
            "CP1258" => Self::Windows1258,
            "KOI8R" => Self::Koi8R,
            "IR13" | "IR14" | "IR87" | "IR159" | "ISO2022JP" => Self::Jis,
            "SHIFTJIS" | "SJIS" | "CP932" | "CP31J" => Self::ShiftJis,
            "EUCJP" => Self::EucJp,
            "GB180302000" | "GB18030" | "GBK" | "GB2312" | "CP936" => Self::Gb18030,
            "BIG5" | "CNS116431992" | "CP950" => Self::Big5,
            "KSX1001" | "EUCKR" | "IR149" | "CP949" => Self::EucKr,
            _ => return None,
        })
    }

    /// Converts bytes without escape sequences of HL7. What is not in the set reads as Windows-1252, because an
    /// unreadable name is worse than an oddly spelled one.
    pub(crate) fn to_text(self, bytes: &[u8]) -> Cow<'_, str> {
        if matches!(self, Self::Ascii | Self::Utf8) || (self != Self::Jis && bytes.is_ascii()) {
            return match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
            };
        }
        if memchr::memchr(0x1B, bytes).is_some() {
            return Cow::Owned(self.switched_text(bytes));
        }
        self.encoding()
            .decode_without_bom_handling_and_without_replacement(bytes)
            .unwrap_or_else(|| encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0)
    }

    /// ISO 2022 text: `ESC $ B`, `ESC $ @` and `ESC $ ( D` switch to two bytes a character, `ESC ( B`, `ESC ( J` and
    /// `ESC ( I` back to one. EUC-JP is the same code tables with the upper bit set.
    pub(crate) fn switched_text(self, bytes: &[u8]) -> String {
        enum Set {
            Single,
            Katakana,
            Double,
            Supplement,
        }
        let mut text = String::with_capacity(bytes.len());
        let mut set = Set::Single;
        let mut rest = bytes;
        while !rest.is_empty() {
            (set, rest) = match rest {
                [0x1B, b'$', b'(', b'D', tail @ ..] => (Set::Supplement, tail),
                [0x1B, b'$', b'B' | b'@', tail @ ..] => (Set::Double, tail),
                [0x1B, b'(', b'B' | b'J', tail @ ..] => (Set::Single, tail),
                [0x1B, b'(', b'I', tail @ ..] => (Set::Katakana, tail),
                _ => (set, rest),
            };
            let switch = rest.iter().skip(1).position(|byte| *byte == 0x1B).map_or(rest.len(), |at| at + 1);
            let run_length = if rest.first() == Some(&0x1B) && is_switch(rest) { 0 } else { switch };
            let (run, tail) = rest.split_at(run_length.min(rest.len()));
            let upper = |prefix: Option<u8>, width: usize| {
                let mut shifted = Vec::with_capacity(run.len() * 2);
                for character in run.chunks(width) {
                    if character.iter().all(|byte| (0x21..=0x7E).contains(byte)) {
                        shifted.extend(prefix);
                        shifted.extend(character.iter().map(|byte| byte | 0x80));
                    } else {
                        shifted.extend_from_slice(character);
                    }
                }
                encoding_rs::EUC_JP.decode_without_bom_handling(&shifted).0.into_owned()
            };
            match set {
                Set::Single => text.push_str(&self.encoding().decode_without_bom_handling(run).0),
                Set::Katakana => text.push_str(&upper(Some(0x8E), 1)),
                Set::Double => text.push_str(&upper(None, 2)),
                Set::Supplement => text.push_str(&upper(Some(0x8F), 2)),
            }
            rest = tail;
        }
        text
    }

    /// Text in this character set; `?` for what it does not have.
    pub(crate) fn bytes_of(self, text: &str) -> Vec<u8> {
        if text.is_ascii() || self == Self::Utf8 {
            return text.as_bytes().to_vec();
        }
        text.chars()
            .flat_map(|letter| {
                let mut buffer = [0; 4];
                let letter: &str = letter.encode_utf8(&mut buffer);
                if letter.is_ascii() {
                    return letter.as_bytes().to_vec();
                }
                // Two-byte text in ISO 2022 would need switches; acknowledgements do without.
                match self.encoding().encode(letter) {
                    (bytes, _, false) if !matches!(self, Self::Ascii | Self::Jis) => bytes.into_owned(),
                    _ => vec![b'?'],
                }
            })
            .collect()
    }

    fn reads(self, bytes: &[u8]) -> bool {
        match self {
            Self::Ascii => bytes.is_ascii(),
            Self::Utf8 => std::str::from_utf8(bytes).is_ok(),
            // Upper half: half-width katakana only.
            Self::Jis => bytes.iter().all(|byte| byte.is_ascii() || (0xA1..=0xDF).contains(byte)),
            _ => self.encoding().decode_without_bom_handling_and_without_replacement(bytes).is_some(),
        }
    }
}

fn is_switch(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x1B, b'$', b'(', b'D', ..] | [0x1B, b'$', b'B' | b'@', ..] | [0x1B, b'(', b'B' | b'J' | b'I', ..]
    )
}

impl fmt::Display for Charset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ascii => "ASCII",
            Self::Jis => "ISO-2022-JP",
            other => other.encoding().name(),
        })
    }
}

/// What MSH-18 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declaration {
    Empty,
    Known(Charset),
    /// UTF-16 or UTF-32: cannot be, as the bytes were readable so far.
    Wide,
    Unknown,
}

impl Declaration {
    /// The first repetition is the default set, the others are switched to by escape sequences; only the Japanese
    /// ones among them change how bytes are read.
    pub(crate) fn of(field: Field<'_>) -> Self {
        if field.raw().is_empty() {
            return Self::Empty;
        }
        let mut first = Self::Empty;
        for repetition in field.repetitions() {
            let Some(label) = repetition.value().trimmed() else { continue };
            let declared = match Charset::from_label(&label) {
                Some(Charset::Jis) => return Self::Known(Charset::Jis),
                Some(charset) => Self::Known(charset),
                None if label.contains("UTF-16") || label.contains("UTF-32") => Self::Wide,
                None => Self::Unknown,
            };
            if first == Self::Empty {
                first = declared;
            }
        }
        first
    }
}

/// Character set to read a message in: the declared one if the bytes fit, else UTF-8 if they are that, else
/// Latin-1.
///
/// Any byte fits an 8-bit set, so "fits" is not enough there: text that is valid UTF-8 with characters outside
/// ASCII is UTF-8 whatever 8-bit set is declared. The reverse accident would need every accented letter to be
/// followed by a suitable symbol.
pub(crate) fn choose(declaration: Declaration, bytes: &[u8]) -> (Charset, Option<Finding>) {
    if bytes.is_ascii() {
        return of_seven_bits(declaration, bytes);
    }
    let detected = if Charset::Utf8.reads(bytes) { Charset::Utf8 } else { Charset::Latin1 };
    match declaration {
        Declaration::Empty if detected == Charset::Utf8 => (detected, None),
        Declaration::Empty => (detected, Some(Finding::CharsetUndeclared { used: detected })),
        Declaration::Unknown => (detected, Some(Finding::CharsetUnknown { used: detected })),
        Declaration::Wide => (detected, Some(Finding::CharsetMismatch { declared: None, used: detected })),
        Declaration::Known(declared) => {
            let lies = declared != Charset::Utf8
                && detected == Charset::Utf8
                && (declared.is_single_byte() || declared == Charset::Jis);
            if !lies && declared.reads(bytes) {
                (declared, None)
            } else {
                (detected, Some(Finding::CharsetMismatch { declared: Some(declared), used: detected }))
            }
        }
    }
}

fn of_seven_bits(declaration: Declaration, bytes: &[u8]) -> (Charset, Option<Finding>) {
    let used = Charset::Ascii;
    match declaration {
        Declaration::Known(Charset::Jis) => (Charset::Jis, None),
        // Two-byte Japanese hides in seven bits, and its bytes may be separators.
        Declaration::Empty | Declaration::Unknown
            if memchr::memmem::find(bytes, b"\x1B$B").is_some()
                || memchr::memmem::find(bytes, b"\x1B$@").is_some() =>
        {
            (Charset::Jis, Some(Finding::CharsetUndeclared { used: Charset::Jis }))
        }
        Declaration::Empty | Declaration::Known(_) => (used, None),
        Declaration::Unknown => (used, Some(Finding::CharsetUnknown { used })),
        Declaration::Wide => (used, Some(Finding::CharsetMismatch { declared: None, used })),
    }
}
