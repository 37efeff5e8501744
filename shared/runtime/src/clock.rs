//! The machine's clock behind the kernel's port.

use std::{sync::LazyLock, time::Instant};

use countersign_kernel::{Clock, Timestamp};
use jiff::SignedDuration;

/// From when [`Clock::ran`] counts in this process.
static FIRST_ASKED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock (UTC). Handed to services where they ask for a [`Clock`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's real side")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn ran(&self) -> SignedDuration {
        SignedDuration::try_from(FIRST_ASKED.elapsed()).unwrap_or(SignedDuration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_the_time_of_this_machine() {
        // given an independent reading of the machine's clock, before and after
        let seconds = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64()
        };
        #[expect(clippy::disallowed_methods, reason = "the independent witness")]
        let before = seconds(std::time::SystemTime::now());
        // when
        let shown = SystemClock.now();
        #[expect(clippy::disallowed_methods, reason = "the independent witness")]
        let after = seconds(std::time::SystemTime::now());
        // then
        let shown = shown.as_duration().as_secs_f64();
        assert!(before - 0.001 <= shown && shown <= after + 0.001, "{before} {shown} {after}");
    }
}
