use super::*;

fn parse(bytes: &[u8]) -> Message<'_> {
    Message::parse(bytes).expect("message")
}

fn text(field: Field<'_>) -> String {
    field.value().text().unwrap_or_default().into_owned()
}

const HEADER: &str = "MSH|^~\\&|APP|FAC|||20260301||ADT^A01|42|P|2.5\r";

fn with_segments(segments: &str) -> Vec<u8> {
    format!("{HEADER}{segments}").into_bytes()
}

#[test]
fn segment_ends_may_be_cr_lf_both_and_mixed() {
    for bytes in [
        "MSH|^~\\&|APP\rPID|1\rPV1|1\r",
        "MSH|^~\\&|APP\nPID|1\nPV1|1\n",
        "MSH|^~\\&|APP\r\nPID|1\r\nPV1|1\r\n",
        "MSH|^~\\&|APP\r\n\rPID|1\n\nPV1|1",
    ] {
        let message = parse(bytes.as_bytes());

        let names = message.iter().map(Segment::name).collect::<Vec<_>>();
        assert_eq!(names, ["MSH", "PID", "PV1"], "{bytes:?}");
        assert_eq!(text(message.field("MSH", 3)), "APP");
        assert_eq!(message.findings(), []);
    }
}

#[test]
fn byte_order_mark_framing_and_blank_lines_around_are_tolerated() {
    for bytes in [
        &b"\xEF\xBB\xBFMSH|^~\\&|APP\rPID|1\r"[..],
        b"\x0BMSH|^~\\&|APP\rPID|1\r\x1C\r",
        b"\x0B\xEF\xBB\xBF\r\n MSH|^~\\&|APP\rPID|1\x1C",
        b"\n\nMSH|^~\\&|APP\rPID|1\n\n\0",
    ] {
        let message = parse(bytes);

        assert_eq!(text(message.field("PID", 1)), "1");
        assert_eq!(message.segment_count(), 2);
        assert_eq!(message.findings(), []);
    }
}

#[test]
fn header_fields_are_numbered_by_the_standard() {
    let bytes = with_segments("");
    let message = parse(&bytes);

    assert_eq!(text(message.field("MSH", 1)), "|");
    assert_eq!(text(message.field("MSH", 2)), "^~\\&");
    assert_eq!(text(message.field("MSH", 3)), "APP");
    assert_eq!(text(message.field("MSH", 10)), "42");
    assert_eq!(message.field("MSH", 9).component(2).value().text().as_deref(), Some("A01"));
    let numbers = message.segment("MSH").expect("MSH").fields().map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}

/// The first silent error of another parser: the fifth character became MSH-3 and moved everything by one.
#[test]
fn five_encoding_characters_do_not_move_the_fields() {
    let message = parse(b"MSH|^~\\&#|APP|FAC|||20260301||ORU^R01^ORU_R01|42|P|2.7\r");

    assert_eq!(text(message.field("MSH", 2)), "^~\\&#");
    assert_eq!(text(message.field("MSH", 3)), "APP");
    assert_eq!(text(message.field("MSH", 9)), "ORU");
    assert_eq!(text(message.field("MSH", 10)), "42");
}

/// The second silent error of another parser: everything after the odd line was gone.
#[test]
fn a_line_that_is_no_segment_continues_the_last_field_and_is_a_finding() {
    let bytes = with_segments("OBX|1|TX|||first line\rsecond line\r\nthird|F\rOBX|2|TX|||next\r");
    let message = parse(&bytes);

    let observations = message.segments("OBX").collect::<Vec<_>>();
    assert_eq!(observations.len(), 2);
    assert_eq!(text(observations[0].field(5)), "first line\nsecond line\nthird");
    assert_eq!(text(observations[0].field(6)), "F");
    assert_eq!(text(observations[1].field(5)), "next");
    assert_eq!(message.findings(), [Finding::Continuation { segment: 2, lines: 2 }]);
}

#[test]
fn segment_ids_are_a_letter_and_two_letters_or_digits() {
    let bytes = with_segments("PIDX|1\rPV|2\rpid|3\r1AB|4\rZ01|5\rNTE\rPID 1\r");
    let message = parse(&bytes);

    let names = message.iter().map(Segment::name).collect::<Vec<_>>();
    assert_eq!(names, ["MSH", "Z01", "NTE"]);
    assert_eq!(
        message.findings(),
        [Finding::Continuation { segment: 1, lines: 4 }, Finding::Continuation { segment: 3, lines: 1 }]
    );
}

#[test]
fn an_indented_segment_is_a_segment() {
    let bytes = with_segments("   PID|1\r\tPV1|1|I\r  just text\r");
    let message = parse(&bytes);

    assert_eq!(text(message.field("PV1", 2)), "I\n  just text");
    assert_eq!(
        message.findings(),
        [
            Finding::Indented { segment: 2 },
            Finding::Indented { segment: 3 },
            Finding::Continuation { segment: 3, lines: 1 }
        ]
    );
}

#[test]
fn a_second_header_is_a_finding() {
    let bytes = with_segments(HEADER);

    assert_eq!(parse(&bytes).findings(), [Finding::SecondHeader { segment: 2 }]);
}

#[test]
fn absent_null_and_text_are_three_things() {
    let bytes = with_segments("PV1||  |\"\"|a^\"\"^&\"\"|^^^|\"\"^\"\"| \"\" |x\"\"\r");
    let message = parse(&bytes);
    let field = |number| message.field("PV1", number);

    assert!(field(1).value().is_absent());
    assert!(field(2).value().is_absent(), "blanks say nothing");
    assert!(field(3).value().is_null() && field(3).is_null());
    assert_eq!(field(3).value().text(), None);
    assert_eq!(field(3).value().raw(), None);
    assert_eq!(field(4).presence(), Presence::Present);
    assert!(field(4).component(2).value().is_null());
    assert!(field(4).component(3).value().is_absent());
    assert!(field(4).component(3).subcomponent(2).value().is_null());
    assert_eq!(field(4).component(3).presence(), Presence::Null);
    assert!(field(5).is_absent(), "separators alone say nothing");
    assert!(field(6).is_null());
    assert!(field(7).is_null());
    assert_eq!(text(field(8)), "x\"\"");
    assert!(field(45).is_absent());
    assert!(message.field("TXA", 17).is_absent());
}

#[test]
fn repetitions_components_and_subcomponents() {
    let bytes = with_segments("PID|||1^^^A&1.2&ISO~~2^^^B|\r");
    let message = parse(&bytes);
    let field = message.field("PID", 3);

    let ids = field
        .repetitions()
        .map(|one| one.value().text().unwrap_or_default().into_owned())
        .collect::<Vec<_>>();
    assert_eq!(ids, ["1", "", "2"]);
    let authority = field.repetition(1).component(4);
    let parts = authority.subcomponents().filter_map(|part| part.value().text()).collect::<Vec<_>>();
    assert_eq!(parts, ["A", "1.2", "ISO"]);
    assert_eq!(authority.whole().text().as_deref(), Some("A&1.2&ISO"));
    assert_eq!(field.repetition(3).components().count(), 4);
    assert_eq!(field.repetition(4).raw(), b"");
    assert_eq!(field.repetition(0).component(0).subcomponent(0).raw(), b"");
    assert_eq!(message.field("PID", 4).repetitions().count(), 0);
}

#[test]
fn segments_come_in_the_order_sent() {
    let bytes = with_segments("PID|1\rMRG|a\rPID|2\rMRG|b\rZXY|z\r");
    let message = parse(&bytes);

    let order =
        message.iter().skip(1).map(|segment| (segment.name(), text(segment.field(1)))).collect::<Vec<_>>();
    let expected = [("PID", "1"), ("MRG", "a"), ("PID", "2"), ("MRG", "b"), ("ZXY", "z")];
    assert_eq!(order, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn separators_come_from_the_message() {
    let message = parse(b"MSH#!@%*#SENDER#FAC#RECV#FAC#2026##ADT!A01#7#P#2.5\rPID#1##1!!!M*O@2##a%F%b\r");

    assert_eq!(text(message.field("MSH", 9)), "ADT");
    assert_eq!(message.field("PID", 3).component(4).subcomponent(2).value().text().as_deref(), Some("O"));
    assert_eq!(message.field("PID", 3).repetition(2).value().text().as_deref(), Some("2"));
    assert_eq!(text(message.field("PID", 5)), "a#b");

    let caret = parse(b"MSH^!@%*^SENDER\rPID^1\r");
    assert_eq!(text(caret.field("MSH", 3)), "SENDER");
    assert_eq!(text(caret.field("PID", 1)), "1");
}

#[test]
fn what_is_no_message_says_why() {
    let refused = |bytes: &[u8]| Message::parse(bytes).expect_err("refused");

    assert_eq!(refused(b""), ReadError::Empty);
    assert_eq!(refused(b"\x0B\x1C\r"), ReadError::Empty);
    assert_eq!(refused(b"GET / HTTP/1.1\r\n"), ReadError::NotHl7);
    assert_eq!(refused(b"msh|^~\\&|"), ReadError::NotHl7);
    assert_eq!(refused(b"MSH"), ReadError::NotHl7);
    assert_eq!(refused(b"FHS|^~\\&|\rBHS|^~\\&|\r"), ReadError::Batch);
    assert_eq!(refused("MSH|^\u{2dc}\\&|A".as_bytes()), ReadError::NonAsciiDelimiter { field: 2 });
    assert_eq!(refused(b"MSH|\x81\x8F\\&|A"), ReadError::NonAsciiDelimiter { field: 2 });
    let wide = "MSH|".encode_utf16();
    assert_eq!(refused(&wide.clone().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), ReadError::Utf16);
    assert_eq!(refused(&wide.flat_map(u16::to_be_bytes).collect::<Vec<_>>()), ReadError::Utf16);
    assert_eq!(refused(b"\xFF\xFEM\0S\0H\0"), ReadError::Utf16);
}

#[test]
fn limits_are_errors() {
    let limits = Limits { max_bytes: 200, max_segments: 3, max_fields: 12 };
    let refused = |segments: &str| Message::parse_within(&with_segments(segments), &limits).err();

    assert_eq!(refused("PID|1\rPV1|1\r"), None);
    assert_eq!(refused("PID|1\rPV1|1\rNTE|1\r"), Some(ReadError::TooManySegments { limit: 3 }));
    assert_eq!(
        refused("PID|1|2|3|4|5|6|7|8|9|10|11|12|13\r"),
        Some(ReadError::TooManyFields { segment: 2, limit: 12 })
    );
    assert_eq!(refused("PID|1|2|3|4|5|6|7|8|9|10|11|12\r"), None);
    assert_eq!(
        refused(&"x".repeat(200)),
        Some(ReadError::TooLarge { bytes: 200 + HEADER.len(), limit: 200 })
    );
}

fn in_charset(declared: &str, name: &[u8]) -> (String, Charset, Vec<Finding>) {
    let mut bytes = format!("MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||{declared}\rPID|||||").into_bytes();
    bytes.extend_from_slice(name);
    let message = parse(&bytes);
    (text(message.field("PID", 5)), message.charset(), message.findings().to_vec())
}

#[test]
fn the_declared_character_set_is_used_when_the_bytes_fit() {
    assert_eq!(in_charset("8859/1", b"M\xFCller").0, "Müller");
    assert_eq!(in_charset("8859/15", b"\xA4").0, "€");
    assert_eq!(in_charset("UNICODE UTF-8", "Müller".as_bytes()).0, "Müller");
    assert_eq!(in_charset("WINDOWS-1251", b"\xC8\xE2\xE0\xED").0, "Иван");
    assert_eq!(in_charset("GB 18030-2000", b"\xCD\xF5").0, "王");
    assert_eq!(in_charset("KS X 1001", b"\xB1\xE8").0, "김");
    for declared in ["8859/1", "UNICODE UTF-8", "ASCII", "", "BIG-5"] {
        assert_eq!(in_charset(declared, b"Miller").2, [], "{declared}");
    }
}

#[test]
fn a_missing_declaration_means_utf_8_and_else_latin_1() {
    assert_eq!(in_charset("", "Müller".as_bytes()), ("Müller".to_owned(), Charset::Utf8, vec![]));
    assert_eq!(
        in_charset("", b"M\xFCller"),
        ("Müller".to_owned(), Charset::Latin1, vec![Finding::CharsetUndeclared { used: Charset::Latin1 }])
    );
}

#[test]
fn a_declaration_that_lies_is_a_finding() {
    for (declared, charset) in
        [("8859/1", Charset::Latin1), ("ASCII", Charset::Ascii), ("8859/5", Charset::Cyrillic)]
    {
        let finding = Finding::CharsetMismatch { declared: Some(charset), used: Charset::Utf8 };
        assert_eq!(
            in_charset(declared, "Müller".as_bytes()),
            ("Müller".to_owned(), Charset::Utf8, vec![finding]),
            "{declared}"
        );
    }
    assert_eq!(
        in_charset("UNICODE UTF-8", b"M\xFCller"),
        (
            "Müller".to_owned(),
            Charset::Latin1,
            vec![Finding::CharsetMismatch { declared: Some(Charset::Utf8), used: Charset::Latin1 }]
        )
    );
    assert_eq!(in_charset("KLINGON", b"x").2, [Finding::CharsetUnknown { used: Charset::Ascii }]);
    assert_eq!(
        in_charset("UNICODE UTF-16", b"x").2,
        [Finding::CharsetMismatch { declared: None, used: Charset::Ascii }]
    );
}

#[test]
fn separators_inside_two_byte_characters_do_not_separate() {
    // ソ is 0x83 0x5C in Shift-JIS: its second byte is the escape character; ａ in GB 18030 has no such byte, but
    // 閨 (0xE9 0x7C) has the field separator.
    let (name, charset, findings) = in_charset("SHIFT_JIS", b"\x83\x5C^\xE9\x7C");
    assert_eq!((name.as_str(), charset), ("ソ", Charset::ShiftJis));
    assert_eq!(findings, []);

    // 0x7C 0x5E are bytes of one character in JIS X 0208 as well.
    let message = parse(
        b"MSH|^~\\&|||||||ADT^A01|1|P|2.5||||||~ISO IR87\rPID|||||Yamada^\x1B$B;3\x25\x5E\x1B(B^x|end\r",
    );
    assert_eq!(message.charset(), Charset::Jis);
    assert_eq!(message.field("PID", 5).component(2).value().text().as_deref(), Some("山マ"));
    assert_eq!(message.field("PID", 5).component(3).value().text().as_deref(), Some("x"));
    assert_eq!(text(message.field("PID", 6)), "end");
}

#[test]
fn findings_and_errors_can_be_read_by_people_and_hold_no_text_of_the_message() {
    let finding = Finding::CharsetMismatch { declared: Some(Charset::Latin1), used: Charset::Utf8 };

    assert_eq!(finding.to_string(), "MSH-18 says windows-1252, but the text is UTF-8");
    assert_eq!(
        Finding::Continuation { segment: 4, lines: 2 }.to_string(),
        "2 line(s) without a segment id were joined to segment 4"
    );
}
