//! The public sample corpus (798 files of other projects, kept outside of the repository): everything is read or
//! refused with a reason, and what is read agrees with two parsers of other authors.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use countersign_hl7::batch::{self, Piece};
use countersign_hl7::{Component, Composite, Cx, Ei, Header, HlTime, Message, Ppn, ReadError, Value, Xcn};

struct Sample {
    name: String,
    class: String,
    bytes: Vec<u8>,
}

/// All samples by the manifest (columns: file, origin, licence, class, type, version, notes); none when the corpus is
/// not there.
fn samples() -> Vec<Sample> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/hl7"));
    let Ok(manifest) = fs::read_to_string(folder.join("manifest.tsv")) else {
        eprintln!("SKIPPED: the sample corpus is not at ../shared/data/hl7 relative to the project");
        return Vec::new();
    };
    manifest
        .lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next().expect("file").to_owned();
            let class = columns.nth(2).expect("class").to_owned();
            let bytes = fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            Sample { name, class, bytes }
        })
        .collect()
}

#[test]
fn every_sample_is_read_or_refused_with_a_reason() {
    // given
    let samples = samples();
    if samples.is_empty() {
        return;
    }
    assert_eq!(samples.len(), 798);

    // when
    let mut refused = BTreeMap::new();
    let mut messages = 0;
    for sample in &samples {
        let mut found = 0;
        let mut lost = sample.bytes.clone();
        for piece in batch::split(&sample.bytes) {
            match piece {
                Piece::Message { bytes, offset } => {
                    found += 1;
                    lost[offset..offset + bytes.len()].fill(b' ');
                    match Message::parse(bytes) {
                        Ok(message) => read_everything(&message),
                        Err(error) => {
                            refused.insert(sample.name.as_str(), error);
                        }
                    }
                }
                Piece::Envelope { bytes, offset, .. } | Piece::Junk { bytes, offset, .. } => {
                    lost[offset..offset + bytes.len()].fill(b' ');
                }
                Piece::Finding(_) => {}
            }
        }
        assert!(found > 0, "{}: no message found", sample.name);
        let framing = |byte: &u8| b"\r\n\t \x0B\x1C\xEF\xBB\xBF".contains(byte);
        assert!(lost.iter().all(framing), "{}: bytes are in no piece", sample.name);
        messages += found;
    }

    // then
    assert_eq!(
        refused.into_iter().collect::<Vec<_>>(),
        [("CDCgov__prime-reportstream/UniversalPipelineTestUtils-004.hl7", ReadError::EncodingCharacters)]
    );
    assert_eq!(messages, 867);
}

/// Asks for everything there is, so that no view can panic on real data, and checks that the two quotes never come
/// out as text.
fn read_everything(message: &Message<'_>) {
    let _ = Header::of(message);
    for segment in message.iter() {
        assert_eq!(segment.fields().count(), segment.field_count());
        for (number, field) in segment.fields() {
            assert_eq!(field.raw(), segment.field(number).raw());
            for repetition in field.repetitions() {
                let _ = (
                    Xcn::read(repetition),
                    Ppn::read(repetition),
                    Cx::read(repetition),
                    Ei::read(repetition),
                );
                for subcomponent in repetition.components().flat_map(Component::subcomponents) {
                    if let Some(text) = subcomponent.value().text() {
                        assert_ne!(text.trim(), "\"\"");
                        let _ = HlTime::parse(&text);
                    }
                }
            }
        }
    }
}

/// Segment, field, component.
const FIELDS: [(&str, usize, usize); 10] = [
    ("MSH", 9, 1),
    ("MSH", 9, 2),
    ("MSH", 10, 1),
    ("PID", 3, 1),
    ("PV1", 2, 1),
    ("PV1", 19, 1),
    ("PV1", 44, 1),
    ("PV1", 45, 1),
    ("TXA", 12, 1),
    ("TXA", 17, 1),
];

#[test]
fn nine_fields_agree_with_two_other_parsers_on_clean_samples() {
    // given
    let clean = samples().into_iter().filter(|sample| sample.class == "clean").collect::<Vec<_>>();

    // when
    let mut differences = Vec::new();
    let mut filled = BTreeMap::<_, usize>::new();
    for Sample { name, bytes, .. } in &clean {
        let message = Message::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let first = hl7kit::Message::parse(text).unwrap_or_else(|error| panic!("{name}: hl7kit: {error}"));
        let second = er7::parse(text).unwrap_or_else(|error| panic!("{name}: er7: {error}"));
        for (segment, field, component) in FIELDS {
            let path = format!("{segment}-{field}.{component}");
            let ours = spelled(message.field(segment, field).component(component).value());
            let hl7kit = first.get_decoded(&path).unwrap_or_default();
            let raw = second.query_path_raw(&path.parse().expect("path"));
            let er7 =
                raw.first().map(|raw| er7::escape::unescape(raw, &second.separators)).unwrap_or_default();
            if !ours.is_empty() {
                *filled.entry(path.clone()).or_default() += 1;
            }
            if (hl7kit.trim(), er7.trim()) != (&ours, &ours) {
                differences.push((name, path, ours, hl7kit.into_owned(), er7.into_owned()));
            }
        }
    }

    // then: no exception is needed on this selection
    assert_eq!(differences, []);
    assert!(clean.is_empty() || filled.len() == FIELDS.len(), "fields that no sample fills: {filled:?}");
    eprintln!("values compared: {filled:?}");
}

fn spelled(value: Value<'_>) -> String {
    match value {
        Value::Absent => String::new(),
        Value::Null => "\"\"".to_owned(),
        Value::Text(_) => value.to_owned_text().unwrap_or_default(),
    }
}
