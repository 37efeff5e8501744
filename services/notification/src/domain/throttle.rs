//! How much goes out at once: limits per channel, peer and address, and circuit breakers. Pure functions of recent
//! attempts, so that a restart knows what the process before it did.
//!
//! A channel and a peer are spared attempts: each costs them something. A person is spared messages: what a mailbox may
//! get in an hour counts what may have arrived there, and never the message itself that is tried again. Reminders do not
//! use up what is kept for formal notices.

use std::collections::VecDeque;

use countersign_contracts::notice::Channel;
use countersign_kernel::{NoticeId, Timestamp};
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
    /// To one mailbox: messages, not attempts; of a formal notice among formal ones only.
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

/// A message, however often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Its notice.
    pub notice: NoticeId,
    /// The leg of it.
    pub leg: u32,
    /// It is a formal notice.
    pub formal: bool,
}

/// One attempt that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which message.
    pub of: Message,
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
    pub fn begin(&mut self, of: Message, to: Destination, at: Timestamp, keep: SignedDuration) {
        while self.0.front().is_some_and(|first| at.duration_since(first.at) > keep) || self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Attempt { of, to, at, ending: None });
    }

    /// Takes note of how the last attempt of a message ended.
    pub fn end(&mut self, of: Message, ending: Ending) {
        if let Some(last) =
            self.0.iter_mut().rev().find(|attempt| attempt.of == of && attempt.ending.is_none())
        {
            last.ending = Some(ending);
        }
    }

    /// The last attempt of a message was not made after all: nobody is to be spared because of it.
    pub fn forget(&mut self, of: Message) {
        if let Some(last) = self.0.iter().rposition(|attempt| attempt.of == of && attempt.ending.is_none()) {
            self.0.remove(last);
        }
    }

    /// Whether an attempt may begin now.
    pub fn allow(&self, of: Message, to: &Destination, limits: &Limits, now: Timestamp) -> bool {
        if matches!(to.channel(), Channel::Inbox | Channel::Letter) {
            return true;
        }
        let within = |limits: &[Limit], counts: &dyn Fn(&Attempt) -> bool| {
            limits.iter().all(|limit| {
                let recent = self
                    .0
                    .iter()
                    .rev()
                    .take_while(|attempt| now.duration_since(attempt.at) < limit.per)
                    .filter(|attempt| counts(attempt))
                    .take(limit.at_most as usize)
                    .count();
                recent < limit.at_most as usize
            })
        };
        let channel = to.channel();
        let is_peer = |other: &Attempt| other.to.channel() == channel && other.to.peer() == to.peer();
        // What was refused or put off reached nobody.
        let disturbed = |other: &Attempt| {
            let reached = !matches!(other.ending, Some(Ending::Refused | Ending::Later));
            reached && other.to == *to && other.of != of && (other.of.formal || !of.formal)
        };
        within(&limits.channel, &|other| other.to.channel() == channel)
            && within(&limits.peer, &is_peer)
            && (channel != Channel::Email || within(&limits.mailbox, &disturbed))
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

    /// A message of its own.
    fn message(name: &str, formal: bool) -> Message {
        Message { notice: NoticeId::derive(&[name]), leg: 1, formal }
    }

    fn reminder(name: &str) -> Message {
        message(name, false)
    }

    #[test]
    fn one_mailbox_gets_one_a_minute_and_one_domain_five_in_five_seconds() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        recent.begin(reminder("1"), mailbox("a"), at(0), DAY);
        assert!(!recent.allow(reminder("2"), &mailbox("a"), &limits, at(59)));
        assert!(recent.allow(reminder("2"), &mailbox("a"), &limits, at(60)));
        for name in ["b", "c", "d", "e"] {
            assert!(recent.allow(reminder(name), &mailbox(name), &limits, at(1)));
            recent.begin(reminder(name), mailbox(name), at(1), DAY);
        }
        assert!(!recent.allow(reminder("f"), &mailbox("f"), &limits, at(2)));
        assert!(recent.allow(reminder("f"), &mailbox("f"), &limits, at(6)));
        // what stays here is not throttled
        let inbox = Destination::Inbox { owner: "provider".to_owned() };
        assert!(recent.allow(reminder("g"), &inbox, &limits, at(2)));
    }

    #[test]
    fn a_message_that_is_tried_again_is_not_held_back_by_itself_nor_by_what_never_arrived() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        recent.begin(reminder("1"), mailbox("a"), at(0), DAY);
        recent.end(reminder("1"), Ending::Unknown);
        assert!(recent.allow(reminder("1"), &mailbox("a"), &limits, at(5)), "the same one again");
        assert!(
            !recent.allow(reminder("2"), &mailbox("a"), &limits, at(5)),
            "another one: that may be there"
        );
        let mut recent = Recent::default();
        recent.begin(reminder("1"), mailbox("a"), at(0), DAY);
        recent.end(reminder("1"), Ending::Later);
        assert!(recent.allow(reminder("2"), &mailbox("a"), &limits, at(5)), "nobody was disturbed");
    }

    #[test]
    fn an_attempt_that_was_not_made_holds_nobody_back() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        // given one that was made, and another that could not be
        recent.begin(reminder("1"), mailbox("a"), at(0), DAY);
        recent.end(reminder("1"), Ending::Accepted);
        recent.begin(reminder("2"), mailbox("a"), at(90), DAY);
        assert!(!recent.allow(reminder("3"), &mailbox("a"), &limits, at(100)));
        // when that is known, then a third may go, and what was made still counts
        recent.forget(reminder("2"));
        assert!(recent.allow(reminder("3"), &mailbox("a"), &limits, at(100)));
        recent.forget(reminder("1"));
        assert!(!recent.allow(reminder("3"), &mailbox("a"), &limits, at(59)));
    }

    #[test]
    fn a_formal_notice_does_not_wait_behind_reminders() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        for n in 0..20 {
            recent.begin(reminder(&n.to_string()), mailbox("a"), at(n * 60), DAY);
            recent.end(reminder(&n.to_string()), Ending::Accepted);
        }
        let now = at(19 * 60 + 5);
        assert!(!recent.allow(reminder("next"), &mailbox("a"), &limits, now));
        assert!(recent.allow(message("formal", true), &mailbox("a"), &limits, now));
        // but formal ones keep their distance, and a reminder after them too
        recent.begin(message("formal", true), mailbox("a"), now, DAY);
        assert!(!recent.allow(message("another", true), &mailbox("a"), &limits, now));
    }

    #[test]
    fn a_peer_that_fails_again_and_again_gets_a_rest_and_then_one_attempt() {
        let (mut recent, limits) = (Recent::default(), Limits::default());
        for n in 0..5 {
            let of = reminder(&n.to_string());
            recent.begin(of, mailbox(&n.to_string()), at(n * 10), DAY);
            recent.end(of, Ending::Later);
        }
        let allowed = |recent: &Recent, name: &str, now| {
            recent.allow(reminder(name), &mailbox(name), &Limits::default(), now)
        };
        assert!(!recent.allow(reminder("x"), &mailbox("x"), &limits, at(69)));
        assert!(allowed(&recent, "x", at(70)));
        recent.begin(reminder("x"), mailbox("x"), at(70), DAY);
        assert!(!allowed(&recent, "y", at(80)), "one at a time");
        recent.end(reminder("x"), Ending::Unknown);
        assert!(!allowed(&recent, "y", at(129)), "twice as long");
        assert!(allowed(&recent, "y", at(130)));
        recent.begin(reminder("y"), mailbox("y"), at(130), DAY);
        recent.end(reminder("y"), Ending::Accepted);
        assert!(allowed(&recent, "z", at(131)), "well again");
    }

    #[test]
    fn a_restart_knows_what_was_sent_before_it() {
        let on_record =
            vec![Attempt { of: reminder("1"), to: mailbox("a"), at: at(0), ending: Some(Ending::Accepted) }];
        let recent = Recent::of(on_record);
        assert!(!recent.allow(reminder("2"), &mailbox("a"), &Limits::default(), at(30)));
    }
}
