use proptest::prelude::*;

use super::*;
use crate::reader::{Message, Presence, Subcomponent};

#[test]
fn text_without_anything_special_is_borrowed() {
    assert!(matches!(escape("plain", Delimiters::default()), Cow::Borrowed("plain")));
}

#[test]
fn separators_line_breaks_and_control_characters_are_escaped() {
    assert_eq!(escape("a|b^c~d\\e&f", Delimiters::default()), r"a\F\b\S\c\R\d\E\e\T\f");
    assert_eq!(escape("a\r\nb\nc\rd\u{b}\u{1c}", Delimiters::default()), r"a\.br\b\.br\c\X0D\d\X0B\\X1C\");
}

#[test]
fn places_are_written_in_order_with_the_separators_between() {
    let mut builder = MessageBuilder::with_delimiters(Delimiters::default());
    builder.header().set(3, "A");
    builder.segment("PID").place(3, 2, 4, 2, "d").place(3, 1, 1, 1, "a").place(3, 2, 1, 1, "c").null(8);

    assert_eq!(String::from_utf8(builder.build()).expect("text"), "MSH|^~\\&|A\rPID|||a~c^^^&d|||||\"\"\r");
}

#[test]
fn fields_1_and_2_of_the_header_are_the_separators_whatever_is_set() {
    let mut builder = MessageBuilder::with_delimiters(Delimiters::new(b'#', b"!@%*").expect("separators"));
    builder.header().set(1, "x").set(2, "y").set(3, "A#B");

    assert_eq!(builder.build(), b"MSH#!@%*#A%F%B\r");
}

fn delimiters() -> impl Strategy<Value = Delimiters> {
    Just(b"|^~\\&#!@%*$+;:/".to_vec()).prop_shuffle().prop_flat_map(|characters| {
        (4_usize..=5).prop_map(move |length| {
            Delimiters::new(characters[0], &characters[1..=length]).expect("separators")
        })
    })
}

/// Text that a reader can tell from nothing and from null.
fn text() -> impl Strategy<Value = String> {
    "[ -~é山\\n]{0,12}[a-z|^~\\\\&#é山][ -~]{0,4}".prop_filter("null", |text| text.trim() != "\"\"")
}

proptest! {
    #[test]
    fn what_is_built_is_read(
        delimiters in delimiters(),
        values in prop::collection::btree_map((1_usize..30, 1_usize..4, 1_usize..8, 1_usize..4), text(), 0..20),
    ) {
        let mut builder = MessageBuilder::with_delimiters(delimiters);
        builder.header().set(18, "UNICODE UTF-8");
        let segment = builder.segment("ZZZ");
        for ((field, repetition, component, subcomponent), text) in &values {
            segment.place(*field, *repetition, *component, *subcomponent, text);
        }
        let bytes = builder.build();

        let message = Message::parse(&bytes).expect("message");
        prop_assert_eq!(message.findings(), []);
        prop_assert_eq!(message.delimiters(), delimiters);
        let mut found = 0;
        for (number, field) in message.segment("ZZZ").expect("segment").fields() {
            for (r, repetition) in field.repetitions().enumerate() {
                for (c, component) in repetition.components().enumerate() {
                    for (s, subcomponent) in component.subcomponents().enumerate() {
                        let expected = values.get(&(number, r + 1, c + 1, s + 1)).map(String::as_str);
                        let read = subcomponent.value().text();
                        prop_assert_eq!(read.as_deref(), expected);
                        found += usize::from(expected.is_some());
                    }
                }
            }
        }
        prop_assert_eq!(found, values.len());
    }

    #[test]
    fn any_bytes_behind_a_header_are_read_without_panic(
        start in prop_oneof![Just(&b"MSH|^~\\&|"[..]), Just(&b"MSH"[..]), Just(&b"\xEF\xBB\xBFMSH#"[..]), Just(&b""[..])],
        charset in prop_oneof![Just(""), Just("||||||||||||||| ~ISO IR87"), Just("|||||||||||||||GB 18030-2000"), Just("|||||||||||||||8859/1")],
        body in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(&b"|^~\\&\r\nPIDXCM.\x1B$(B\"0A"[..])],
            0..120,
        ),
    ) {
        let bytes = [start, charset.as_bytes(), b"\rPID|", &body].concat();
        if let Ok(message) = Message::parse(&bytes) {
            let _ = crate::Header::of(&message);
            for field in message.iter().flat_map(|segment| segment.fields().map(|(_, field)| field).collect::<Vec<_>>()) {
                let presence = field.presence();
                let mut present = false;
                for value in field.repetitions().flat_map(|repetition| {
                    repetition.components().flat_map(|component| component.subcomponents().map(Subcomponent::value))
                }) {
                    present |= value.text().is_some();
                }
                prop_assert_eq!(presence == Presence::Present, present);
                let _ = field.whole().text();
            }
            let answer = crate::ack::Answer::new(crate::ack::AckCode::ApplicationAccept, "1", "2026");
            let ack = crate::ack::build(&message, &answer);
            prop_assert!(crate::ack::read(&ack).is_ok());
        }
        let _ = crate::ack::refuse(&bytes, &crate::ack::Answer::new(crate::ack::AckCode::ApplicationReject, "1", "2026"));
    }

    #[test]
    fn any_text_is_a_time_or_an_error(text in "[0-9]{0,20}[.+\\-Z 0-9a]{0,8}") {
        if let Ok(time) = crate::HlTime::parse(&text) {
            let zone = jiff::tz::TimeZone::get("America/New_York").expect("zone");
            let start = time.to_instant(&zone, crate::DayEdge::Start);
            prop_assert!(start <= time.to_instant(&zone, crate::DayEdge::End));
        }
    }
}
