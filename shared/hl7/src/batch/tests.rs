use proptest::prelude::*;

use super::*;

/// The pieces in short: messages as they are, the rest by what it is.
fn pieces(file: &[u8]) -> Vec<String> {
    split(file)
        .map(|piece| match piece {
            Piece::Message { bytes, offset } => {
                assert_eq!(&file[offset..offset + bytes.len()], bytes);
                String::from_utf8_lossy(bytes).into_owned()
            }
            Piece::Envelope { kind, bytes, .. } => {
                assert!(bytes.starts_with(kind.name().as_bytes()));
                kind.name().to_owned()
            }
            Piece::Junk { bytes, reason, .. } => format!("{reason}: {}", String::from_utf8_lossy(bytes)),
            Piece::Finding(finding) => finding.to_string(),
        })
        .collect()
}

#[test]
fn one_message_is_one_piece_without_the_line_ends_behind_it() {
    assert_eq!(pieces(b"MSH|^~\\&|A\rPID|1\r\r\n"), ["MSH|^~\\&|A\rPID|1"]);
}

#[test]
fn messages_in_a_row_whatever_ends_their_lines() {
    for end in ["\r", "\n", "\r\n", "\n\n", "\r\n \t"] {
        let file = ["MSH|^~\\&|A", "PID|1", "MSH|^~\\&|B", "PID|2", ""].join(end);
        let messages = [format!("MSH|^~\\&|A{end}PID|1"), format!("MSH|^~\\&|B{end}PID|2")];
        assert_eq!(pieces(file.as_bytes()), messages);
    }
}

#[test]
fn framing_bytes_and_byte_order_marks_are_no_part_of_messages() {
    assert_eq!(
        pieces(
            b"\xEF\xBB\xBF\x0BMSH|^~\\&|A\r\x1C\r\x0BMSH|^~\\&|B\x1C\x0BMSH|^~\\&|C\x0BMSH|^~\\&|D\r\x1C\r\n"
        ),
        ["MSH|^~\\&|A", "MSH|^~\\&|B", "MSH|^~\\&|C", "MSH|^~\\&|D"]
    );
    assert_eq!(pieces(b"MSH|^~\\&|A\r\n\xEF\xBB\xBFMSH|^~\\&|B\r\n"), ["MSH|^~\\&|A", "MSH|^~\\&|B"]);
}

#[test]
fn a_batch_that_counts_right_has_no_finding() {
    assert_eq!(
        pieces(b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|2\rBHS|^~\\&|A\rMSH|^~\\&|C\rBTS|1|x\rFTS|2\r"),
        ["FHS", "BHS", "MSH|^~\\&|A", "MSH|^~\\&|B", "BTS", "BHS", "MSH|^~\\&|C", "BTS", "FTS"]
    );
    assert_eq!(
        pieces(b"BHS|^~\\&|A\rMSH|^~\\&|A\rBTS\r"),
        ["BHS", "MSH|^~\\&|A", "BTS"],
        "counts are optional"
    );
    assert_eq!(pieces(b"BHS#^~\\&#A\rMSH#^~\\&#A\rBTS#1#c\r"), ["BHS", "MSH#^~\\&#A", "BTS"]);
}

#[test]
fn counts_that_do_not_agree_are_findings_and_the_messages_are_delivered() {
    assert_eq!(
        pieces(b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBTS|99\rFTS|7\r"),
        [
            "FHS",
            "BHS",
            "MSH|^~\\&|A",
            "BTS",
            "BTS-1 says 99 messages, the batch has 1",
            "FTS",
            "FTS-1 says 7 batches, the file has 1"
        ]
    );
    assert_eq!(
        pieces(b"BHS|^~\\&\rMSH|^~\\&|A\rBTS|one\r").last().expect("finding"),
        "the count in BTS is no number"
    );
}

#[test]
fn missing_headers_and_trailers_are_findings() {
    assert_eq!(
        pieces(b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBHS|^~\\&\rMSH|^~\\&|B\r"),
        [
            "FHS",
            "BHS",
            "MSH|^~\\&|A",
            "BHS without its trailer",
            "BHS",
            "MSH|^~\\&|B",
            "BHS without its trailer",
            "FHS without its trailer"
        ]
    );
    assert_eq!(
        pieces(b"MSH|^~\\&|A\rBTS|1\rFTS|1\r"),
        ["MSH|^~\\&|A", "BTS", "BTS without its header", "FTS", "FTS without its header"]
    );
}

#[test]
fn text_around_messages_is_kept_as_junk() {
    assert_eq!(
        pieces(b"# sample\n\nMSH|^~\\&|A\rPID|1\x1C\rtail\x0BMSH|^~\\&|B"),
        [
            "text before the first message: # sample",
            "MSH|^~\\&|A\rPID|1",
            "text between messages: tail",
            "MSH|^~\\&|B"
        ]
    );
}

#[test]
fn a_line_inside_a_message_that_is_no_segment_stays_in_it() {
    assert_eq!(
        pieces(b"MSH|^~\\&|A\rOBX|1|TX|||wrapped\rMSH and more\rMSHX|\r"),
        ["MSH|^~\\&|A\rOBX|1|TX|||wrapped\rMSH and more\rMSHX|"]
    );
}

#[test]
fn a_header_with_a_separator_outside_ascii_is_a_message_to_refuse_and_no_junk() {
    let file = "MSH\u{a6}^~\\&\u{a6}A\r";

    assert_eq!(pieces(file.as_bytes()), [file.trim_end()]);
}

#[test]
fn a_file_that_is_not_hl7_is_one_piece_of_junk() {
    let reason = |file: &[u8]| match split(file).collect::<Vec<_>>()[..] {
        [Piece::Junk { bytes, offset: 0, reason }] if bytes == file => reason,
        ref other => panic!("{other:?}"),
    };

    assert_eq!(reason(b""), JunkReason::Empty);
    assert_eq!(reason(b"\xEF\xBB\xBF\r\n\x0B\x1C "), JunkReason::Empty);
    assert_eq!(reason(b"%PDF-1.7 MSH|inside a line\nand more"), JunkReason::NotHl7);
    assert_eq!(reason(b"\xFF\xFEM\0S\0H\0|\0"), JunkReason::Utf16);
}

proptest! {
    #[test]
    fn no_byte_that_says_anything_is_lost(
        parts in prop::collection::vec(
            prop_oneof![
                Just(&b"MSH|^~\\&|A"[..]), Just(&b"\r"[..]), Just(&b"\n"[..]), Just(&b"\x0B"[..]), Just(&b"\x1C"[..]),
                Just(&b" "[..]), Just(&b"FHS|^~\\&"[..]), Just(&b"BHS|^~\\&"[..]), Just(&b"BTS|1"[..]),
                Just(&b"FTS"[..]), Just(&b"text"[..]), Just(&b"\xEF\xBB\xBF"[..]), Just(&b"PID|1"[..]),
            ],
            0..24,
        ),
    ) {
        let file = parts.concat();
        let mut left = file.clone();
        let mut end = 0;
        for piece in split(&file) {
            if let Piece::Message { bytes, offset }
            | Piece::Envelope { bytes, offset, .. }
            | Piece::Junk { bytes, offset, .. } = piece
            {
                prop_assert!(offset >= end, "pieces overlap");
                prop_assert_eq!(&file[offset..offset + bytes.len()], bytes);
                end = offset + bytes.len();
                left[offset..end].fill(b' ');
            }
        }
        prop_assert!(left.iter().all(|byte| b"\r\n \x0B\x1C\xEF\xBB\xBF".contains(byte)));
    }

    #[test]
    fn any_bytes_are_split_without_panic(file in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(split(&file).count() >= 1);
    }
}
