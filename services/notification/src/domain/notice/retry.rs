//! When a failed attempt is made again. A pure function of notice, leg and attempt: replay and simulation come to the
//! same instant, and a thousand notices that failed together do not come back together.

use countersign_kernel::{NoticeId, derive_uuid};
use jiff::SignedDuration;

/// Attempts after the first one.
const RETRIES: u32 = 7;
/// Waits after the first, second, … failed attempt: the schedule that webhook senders have in common.
const WAITS: [SignedDuration; RETRIES as usize] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(10),
];
/// The jitter: a wait is longer or shorter by at most this share, in per mille.
const JITTER: i64 = 200;
/// A receiver that asks for patience gets at most this, or twice the wait of the schedule if that is more.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Attempts of one leg at the most, those before a human's requeue not counted.
pub const ATTEMPTS: u32 = RETRIES + 1;

/// How long to wait after this failed attempt (from 1) of a leg; nothing: it is given up. `asked` is what the receiver
/// asked for (`Retry-After`): honoured, but neither less than the schedule's wait nor for ever.
pub fn wait(
    notice: NoticeId,
    leg: u32,
    attempt: u32,
    asked: Option<SignedDuration>,
) -> Option<SignedDuration> {
    let base = *WAITS.get(usize::try_from(attempt.checked_sub(1)?).ok()?)?;
    let jittered = base
        + SignedDuration::from_millis(
            i64::try_from(base.as_millis()).ok()? * jitter(notice, leg, attempt) / 1000,
        );
    let longest = (base * 2).max(PATIENCE);
    Some(asked.map_or(jittered, |asked| asked.clamp(jittered, longest.max(jittered))))
}

/// How long to wait after an attempt that ended with the process that made it; nothing: it is given up. The receiver is
/// not to blame, so it is the shortest wait of the schedule, however many attempts there were.
pub fn wait_after_end(notice: NoticeId, leg: u32, attempt: u32) -> Option<SignedDuration> {
    wait(notice, leg, attempt, None).and(wait(notice, leg, 1, None))
}

/// From -[`JITTER`] to [`JITTER`], in per mille.
fn jitter(notice: NoticeId, leg: u32, attempt: u32) -> i64 {
    let dice = derive_uuid("retry", &[&notice.to_string(), &leg.to_string(), &attempt.to_string()]);
    let [first, second, ..] = *dice.as_bytes();
    i64::from(u16::from_be_bytes([first, second])) % (2 * JITTER + 1) - JITTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> NoticeId {
        NoticeId::derive(&["test"])
    }

    #[test]
    fn waits_follow_the_schedule_within_a_fifth_and_come_to_an_end() {
        for (attempt, base) in (1..).zip(WAITS) {
            let waited = wait(notice(), 1, attempt, None).expect("another attempt");
            assert!((waited - base).abs() * 5 <= base, "{attempt}: {waited}");
            assert_eq!(wait(notice(), 1, attempt, None), Some(waited), "the same each time");
        }
        assert_eq!(wait(notice(), 1, ATTEMPTS, None), None);
        assert_eq!(wait(notice(), 1, 0, None), None);
    }

    #[test]
    fn an_attempt_that_ended_with_its_process_is_made_again_within_seconds_and_not_for_ever() {
        for attempt in 1..ATTEMPTS {
            let waited = wait_after_end(notice(), 1, attempt).expect("another attempt");
            assert!(waited <= SignedDuration::from_secs(6), "{attempt}: {waited}");
        }
        assert_eq!(wait_after_end(notice(), 1, ATTEMPTS), None);
    }

    #[test]
    fn notices_that_failed_together_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<_> = (0..100)
            .map(|n| wait(NoticeId::derive(&["n", &n.to_string()]), 1, 3, None).expect("another attempt"))
            .collect();
        assert!(waits.len() > 50, "{} different waits", waits.len());
    }

    #[test]
    fn a_receiver_that_asks_for_patience_gets_it_within_bounds() {
        let plain = wait(notice(), 1, 2, None).expect("another attempt");
        let asked = |minutes| wait(notice(), 1, 2, Some(SignedDuration::from_mins(minutes)));
        assert_eq!(asked(0), Some(plain));
        assert_eq!(asked(20), Some(SignedDuration::from_mins(20)));
        assert_eq!(asked(60 * 24 * 365), Some(PATIENCE));
    }
}
