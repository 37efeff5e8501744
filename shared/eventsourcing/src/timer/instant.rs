//! Instants in whole milliseconds since 1970. When something is due is rounded up, the present is rounded down: whole
//! milliseconds that compare as due are due by the exact instants too.

use countersign_kernel::Timestamp;

/// Whole milliseconds since 1970.
pub(super) type Millis = i64;

const NANOS: i128 = 1_000_000;

/// The last whole millisecond that is not after the instant.
pub(super) fn rounded_down(at: Timestamp) -> Millis {
    whole(at.as_nanosecond().div_euclid(NANOS))
}

/// The first whole millisecond that is not before the instant.
pub(super) fn rounded_up(at: Timestamp) -> Millis {
    whole(-(-at.as_nanosecond()).div_euclid(NANOS))
}

/// The instants that can be told are a few hundred trillion milliseconds at most.
fn whole(millis: i128) -> Millis {
    Millis::try_from(millis).unwrap_or(if millis < 0 { Millis::MIN } else { Millis::MAX })
}

/// The instant; the first or the last one where there is none.
pub(super) fn shown(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_within_a_millisecond_is_due_with_the_next_one() {
        // given instants within a millisecond, after 1970 and before
        for base in [5_000_i128, -5_000] {
            for nanos in [1, 500_000, 999_999] {
                let at = Timestamp::from_nanosecond(base * NANOS + nanos).expect("an instant");
                // then up and down are its neighbours
                assert_eq!((i128::from(rounded_down(at)), i128::from(rounded_up(at))), (base, base + 1));
            }
            // and a whole one is itself
            let at = Timestamp::from_nanosecond(base * NANOS).expect("an instant");
            assert_eq!((i128::from(rounded_down(at)), i128::from(rounded_up(at))), (base, base));
        }
    }

    #[test]
    fn the_ends_of_time_have_their_millisecond() {
        assert!(shown(rounded_down(Timestamp::MAX)) <= Timestamp::MAX);
        assert_eq!(shown(rounded_up(Timestamp::MAX)), Timestamp::MAX);
        assert_eq!(shown(rounded_down(Timestamp::MIN)), Timestamp::MIN);
    }
}
