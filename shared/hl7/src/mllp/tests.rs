use proptest::prelude::*;

use super::*;

fn decode(limits: FrameLimits, pieces: &[&[u8]]) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new(limits);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(frame) = decoder.next() {
            frames.push(frame);
        }
    }
    decoder.finish();
    while let Some(frame) = decoder.next() {
        frames.push(frame);
    }
    frames
}

fn frames(stream: &[u8]) -> Vec<Result<Frame, FrameError>> {
    decode(FrameLimits::default(), &[stream])
}

#[expect(clippy::unnecessary_wraps, reason = "stands next to what the decoder yields")]
fn message(bytes: &[u8]) -> Result<Frame, FrameError> {
    Ok(Frame::Message { bytes: Bytes::copy_from_slice(bytes), framed: true })
}

#[expect(clippy::unnecessary_wraps, reason = "stands next to what the decoder yields")]
fn junk(bytes: &[u8], reason: JunkReason) -> Result<Frame, FrameError> {
    Ok(Frame::Junk { sample: Bytes::copy_from_slice(bytes), length: bytes.len(), reason })
}

#[test]
fn many_frames_in_one_piece() {
    assert_eq!(frames(b"\x0BMSH|a\x1C\r\x0BMSH|b\x1C\r"), [message(b"MSH|a"), message(b"MSH|b")]);
}

#[test]
fn what_is_encoded_is_decoded() {
    assert_eq!(frames(&encode(b"MSH|a\rPID|1\r")), [message(b"MSH|a\rPID|1\r")]);
}

#[test]
fn the_cr_behind_a_frame_may_be_missing_and_blanks_between_frames_say_nothing() {
    assert_eq!(
        frames(b"\r\n \x0BMSH|a\x1C\x0BMSH|b\x1C\n\n\x0BMSH|c\x1C\r\n"),
        [message(b"MSH|a"), message(b"MSH|b"), message(b"MSH|c")]
    );
}

#[test]
fn junk_before_a_frame_is_reported_and_the_frame_is_delivered() {
    assert_eq!(frames(b"hello\x0BMSH|a\x1C\r"), [junk(b"hello", JunkReason::Unframed), message(b"MSH|a")]);
    let long = [b'x'; 1000];
    assert_eq!(
        frames(&long),
        [Ok(Frame::Junk {
            sample: Bytes::copy_from_slice(&long[..256]),
            length: 1000,
            reason: JunkReason::Unframed
        })]
    );
}

#[test]
fn a_message_without_vt_is_recognised_by_its_header() {
    assert_eq!(
        frames(b"MSH|a\x1C\r\x0BMSH|b\x1C\r"),
        [Ok(Frame::Message { bytes: Bytes::from_static(b"MSH|a"), framed: false }), message(b"MSH|b")]
    );
}

#[test]
fn a_sender_that_begins_anew_interrupts_its_message() {
    assert_eq!(
        frames(b"\x0BMSH|half\x0BMSH|whole\x1C\r"),
        [junk(b"MSH|half", JunkReason::Interrupted), message(b"MSH|whole")]
    );
    assert_eq!(frames(b"\x0B\x0B\rMSH|a\x1C\r"), [message(b"\rMSH|a")]);
}

#[test]
fn a_vt_in_the_text_of_a_message_is_data() {
    assert_eq!(frames(b"\x0BMSH|a\x0Bb\x0BMS\x0BM\x0B\x1C\r"), [message(b"MSH|a\x0Bb\x0BMS\x0BM\x0B")]);
}

#[test]
fn what_the_end_of_the_stream_cuts_off_is_junk_and_no_message() {
    assert_eq!(frames(b"\x0BMSH|a\rPID|1"), [junk(b"MSH|a\rPID|1", JunkReason::Unfinished)]);
    assert_eq!(frames(b"\x0BMSH|a\x0BMS"), [junk(b"MSH|a\x0BMS", JunkReason::Unfinished)]);
    assert_eq!(frames(b"MSH|a"), [junk(b"MSH|a", JunkReason::Unfinished)]);
    assert_eq!(frames(b"MS"), [junk(b"MS", JunkReason::Unframed)]);
    assert_eq!(frames(b"\r\n"), []);
}

#[test]
fn an_empty_frame_is_junk() {
    assert_eq!(
        frames(b"\x0B\x1C\r\x0B \r\x1C\r"),
        [junk(b"", JunkReason::Empty), junk(b" \r", JunkReason::Empty)]
    );
}

#[test]
fn a_message_that_is_too_large_is_an_error_and_the_next_one_is_read() {
    let limits = FrameLimits { max_message: 8, max_junk: 4 };

    assert_eq!(
        decode(limits, &[b"\x0BMSH|1234\x1C\r\x0BMSH|12345", b"6789\x1C\r\x0BMSH|b\x1C\r"]),
        [message(b"MSH|1234"), Err(FrameError::MessageTooLarge { limit: 8 }), message(b"MSH|b")]
    );
    assert_eq!(
        decode(limits, &[b"\x0BMSH|123456789\x0BMSH|b\x1C\r"]),
        [Err(FrameError::MessageTooLarge { limit: 8 }), message(b"MSH|b")],
        "a new start ends the skipping"
    );
}

#[test]
fn too_much_junk_is_an_error_once() {
    let limits = FrameLimits { max_message: 8, max_junk: 4 };

    assert_eq!(
        decode(limits, &[b"hello", b"world", b"\x0BMSH|b\x1C\r"]),
        [Err(FrameError::TooMuchJunk { limit: 4 }), message(b"MSH|b")]
    );
}

#[test]
fn a_peer_that_never_ends_its_frame_does_not_fill_memory() {
    let mut decoder = Decoder::new(FrameLimits { max_message: 1024, max_junk: 1024 });

    decoder.push(b"\x0BMSH|");
    for _ in 0..10_000 {
        decoder.push(&[b'x'; 512]);
    }

    assert!(decoder.is_mid_frame());
    assert!(decoder.buffer.capacity() <= 4096, "{}", decoder.buffer.capacity());
    assert_eq!(decoder.ready.len(), 1);
}

/// Bytes that matter to the framing, in all orders.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just(&b"\x0B"[..]),
        Just(&b"\x1C"[..]),
        Just(&b"\x1C\r"[..]),
        Just(&b"\r"[..]),
        Just(&b" "[..]),
        Just(&b"MSH"[..]),
        Just(&b"MSH|^~\\&|"[..]),
        Just(&b"MS"[..]),
        Just(&b"BHS"[..]),
        Just(&b"x"[..]),
        Just(&b"some text\r"[..]),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_cut_of_the_stream_gives_the_same_frames(
        stream in streams(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        max_message in 4_usize..40,
        max_junk in 1_usize..20,
    ) {
        let limits = FrameLimits { max_message, max_junk };
        let mut cuts = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect::<Vec<_>>();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut start = 0;
        for cut in cuts {
            pieces.push(&stream[start..cut]);
            start = cut;
        }
        pieces.push(&stream[start..]);
        let single = stream.chunks(1).collect::<Vec<_>>();

        let whole = decode(limits, &[&stream]);
        prop_assert_eq!(&decode(limits, &pieces), &whole);
        prop_assert_eq!(&decode(limits, &single), &whole);
    }

    #[test]
    fn any_messages_survive_framing(
        messages in prop::collection::vec("MSH[ -~\r]{0,40}", 0..6),
        piece in 1_usize..9,
    ) {
        let stream = messages.iter().flat_map(|message| encode(message.as_bytes())).collect::<Vec<_>>();
        let pieces = stream.chunks(piece).collect::<Vec<_>>();

        let expected = messages.iter().map(|one| message(one.as_bytes())).collect::<Vec<_>>();
        prop_assert_eq!(decode(FrameLimits::default(), &pieces), expected);
    }
}
