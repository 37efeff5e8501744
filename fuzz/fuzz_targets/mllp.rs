//! Any stream, cut anywhere, gives the same frames and stays within its limits.

#![no_main]

use countersign_hl7::mllp::{Decoder, Frame, FrameError, FrameLimits, JUNK_SAMPLE};
use libfuzzer_sys::fuzz_target;

const LIMITS: FrameLimits = FrameLimits { max_message: 64, max_junk: 32 };

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new(LIMITS);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        frames.extend(std::iter::from_fn(|| decoder.next()));
    }
    decoder.finish();
    assert!(!decoder.is_mid_frame());
    frames.extend(std::iter::from_fn(|| decoder.next()));
    frames
}

fuzz_target!(|bytes: &[u8]| {
    let Some((size, stream)) = bytes.split_first() else { return };
    let whole = decode(std::iter::once(stream));
    let pieces = decode(stream.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, pieces);
    let mut delivered = 0;
    for frame in whole.into_iter().flatten() {
        match frame {
            Frame::Message { bytes, .. } => {
                assert!(bytes.len() <= LIMITS.max_message);
                delivered += bytes.len();
            }
            Frame::Junk { sample, length, .. } => {
                assert!(sample.len() <= length.min(JUNK_SAMPLE));
                delivered += length;
            }
        }
    }
    assert!(delivered <= stream.len());
});
