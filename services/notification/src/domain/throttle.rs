//! How much goes out at once: limits per channel, peer and address, and circuit breakers. Pure functions of recent
//! attempts, so that a restart knows what the process before it did.

use std::collections::VecDeque;

use countersign_contracts::notice::Channel;
use countersign_kernel::Timestamp;
use jiff::SignedDuration;

use crate::domain::{contact::Destination, notice::events::Ending};

/// At most so many attempts in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub at_most: u32,
    /// In so much time.
    pub per: SignedDuration,
}

const fn limit(at_most: u32, per: SignedDuration) -> Limit {
    Limit { at_most, per }
}

/// The limits. The defaults are those of paging systems, where people have told what is too much: 5 in 5 seconds over a
/// channel, one a minute and 11 an hour to one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Over a whole channel that leaves the installation.
    pub channel: Vec<Limit>,
    /// To one mail domain or endpoint.
    pub peer: Vec<Limit>,
    /// To one mailbox.
    pub mailbox: Vec<Limit>,
    /// So many failures of a peer in a row open its circuit.
    pub failures: u32,
    /// For how long at first; twice as long after each further failure, up to [`Limits::longest_pause`].
    pub pause: SignedDuration,
    /// The longest pause.
    pub longest_pause: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channel: vec![limit(25, SignedDuration::from_secs(5))],
            peer: vec![limit(5, SignedDuration::from_secs(5))],
            mailbox: vec![
                limit(1, SignedDuration::from_mins(1)),
                limit(11, SignedDuration::from_hours(1)),
                limit(21, SignedDuration::from_hours(3)),
            ],
            failures: 5,
            pause: SignedDuration::from_secs(30),
            longest_pause: SignedDuration::from_mins(30),
        }
    }
}

/// One attempt that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Where to.
    pub to: Destination,
    /// When.
    pub at: Timestamp,
    /// How it ended; nothing while nobody knows.
    pub ending: Option<Ending>,
}

/// Recent attempts, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent(VecDeque<Attempt>);

/// Attempts that are remembered at the most.
const MOST: usize = 100_000;

impl Recent {
    /// From what is on record.
    pub fn of(mut attempts: Vec<Attempt>) -> Self {
        attempts.sort_by_key(|attempt| attempt.at);
        Self(attempts.into())
    }

    /// Takes note of an attempt that begins.
    pub fn begin(&mut self, to: Destination, at: Timestamp, keep: SignedDuration) {
        while self.0.front().is_some_and(|first| at.duration_since(first.at) > keep) || self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Attempt { to, at, ending: None });
    }

    /// Takes note of how the last attempt to an address ended.
    pub fn end(&mut self, to: &Destination, ending: Ending) {
        if let Some(last) =
            self.0.iter_mut().rev().find(|attempt| attempt.to == *to && attempt.ending.is_none())
        {
            last.ending = Some(ending);
        }
    }

    /// Whether an attempt may begin now.
    pub fn allow(&self, to: &Destination, limits: &Limits, now: Timestamp) -> bool {
        if matches!(to.channel(), Channel::Inbox | Channel::Letter) {
            return true;
        }
        let within = |limits: &[Limit], counts: &dyn Fn(&Destination) -> bool| {
            limits.iter().all(|limit| {
                let recent = self
                    .0
                    .iter()
                    .rev()
                    .take_while(|attempt| now.duration_since(attempt.at) < limit.per)
                    .filter(|attempt| counts(&attempt.to))
                    .take(limit.at_most as usize)
                    .count();
                recent < limit.at_most as usize
            })
        };
        let channel = to.channel();
        let is_peer = |other: &Destination| other.channel() == channel && other.peer() == to.peer();
        within(&limits.channel, &|other| other.channel() == channel)
            && within(&limits.peer, &is_peer)
            && (channel != Channel::Email || within(&limits.mailbox, &|other| other == to))
            && self.circuit_is_closed(to, limits, now)
    }

    /// Whether the peer is trusted to take something now. An open circuit lets one attempt through after each pause.
    fn circuit_is_closed(&self, to: &Destination, limits: &Limits, now: Timestamp) -> bool {
        let of_peer = self
            .0
            .iter()
            .rev()
            .filter(|attempt| attempt.to.channel() == to.channel() && attempt.to.peer() == to.peer());
        let mut failures = 0_u32;
        let mut last = None;
        for attempt in of_peer {
            match attempt.ending {
                Some(Ending::Later | Ending::Unknown) => {
                    failures += 1;
                    last = last.or(Some(attempt.at));
                }
                // The one attempt that tries whether it is well again.
                None if failures == 0 && last.is_none() => last = Some(attempt.at),
                None => {}
                Some(Ending::Accepted | Ending::Refused) => break,
            }
        }
        let Some(beyond) = failures.checked_sub(limits.failures) else { return true };
        let pause = limits
            .pause
            .checked_mul(2_i32.saturating_pow(beyond.min(16)))
            .unwrap_or(limits.longest_pause)
            .min(limits.longest_pause);
        last.is_none_or(|last| now.duration_since(last) >= pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    fn mailbox(name: &str) -> Destination {
        Destination::Email { address: format!("{name}@example.org") }
    }

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn one_mailbox_gets_one_a_minute_and_one_domain_five_in_five_seconds() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        recent.begin(mailbox("a"), at(0), DAY);
        assert!(!recent.allow(&mailbox("a"), &limits, at(59)));
        assert!(recent.allow(&mailbox("a"), &limits, at(60)));
        for name in ["b", "c", "d", "e"] {
            assert!(recent.allow(&mailbox(name), &limits, at(1)));
            recent.begin(mailbox(name), at(1), DAY);
        }
        assert!(!recent.allow(&mailbox("f"), &limits, at(2)));
        assert!(recent.allow(&mailbox("f"), &limits, at(6)));
        // what stays here is not throttled
        let inbox = Destination::Inbox { owner: "provider".to_owned() };
        assert!(recent.allow(&inbox, &limits, at(2)));
    }

    #[test]
    fn a_peer_that_fails_again_and_again_gets_a_rest_and_then_one_attempt() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        for n in 0..5 {
            let to = mailbox(&n.to_string());
            recent.begin(to.clone(), at(n * 10), DAY);
            recent.end(&to, Ending::Later);
        }
        assert!(!recent.allow(&mailbox("x"), &limits, at(69)));
        assert!(recent.allow(&mailbox("x"), &limits, at(70)));
        recent.begin(mailbox("x"), at(70), DAY);
        assert!(!recent.allow(&mailbox("y"), &limits, at(80)), "one at a time");
        recent.end(&mailbox("x"), Ending::Unknown);
        assert!(!recent.allow(&mailbox("y"), &limits, at(129)), "twice as long");
        assert!(recent.allow(&mailbox("y"), &limits, at(130)));
        recent.begin(mailbox("y"), at(130), DAY);
        recent.end(&mailbox("y"), Ending::Accepted);
        assert!(recent.allow(&mailbox("z"), &limits, at(131)), "well again");
    }

    #[test]
    fn a_restart_knows_what_was_sent_before_it() {
        let on_record = vec![Attempt { to: mailbox("a"), at: at(0), ending: Some(Ending::Accepted) }];
        assert!(!Recent::of(on_record).allow(&mailbox("a"), &Limits::default(), at(30)));
    }
}
