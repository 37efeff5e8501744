//! The timers of one owner, folded from its stream.

use std::collections::BTreeMap;

use countersign_kernel::{TimerId, Timestamp};

use super::events::{TimerArmed, TimerCancelled, TimerEvent, TimerFired};

/// A timer that is armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// Which arming.
    pub arming: u32,
    /// Never fires before.
    pub due_at: Timestamp,
    /// What for.
    pub purpose: String,
    /// How the instant came about.
    pub rule: String,
}

/// The timers of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timers {
    armed: BTreeMap<TimerId, Armed>,
    armings: BTreeMap<TimerId, u32>,
}

impl Timers {
    /// Those that are armed.
    pub fn armed(&self) -> impl Iterator<Item = (TimerId, &Armed)> {
        self.armed.iter().map(|(timer, armed)| (*timer, armed))
    }

    /// One of them.
    pub fn get(&self, timer: TimerId) -> Option<&Armed> {
        self.armed.get(&timer)
    }

    /// Whether this arming may fire at this instant.
    pub fn may_fire(&self, timer: TimerId, arming: u32, now: Timestamp) -> bool {
        self.get(timer).is_some_and(|armed| armed.arming == arming && armed.due_at <= now)
    }

    /// The event that arms a timer for an instant, or moves it there; nothing when it is armed for it already.
    pub fn arm(&self, timer: TimerId, due_at: Timestamp, purpose: &str, rule: &str) -> Option<TimerEvent> {
        if self.get(timer).is_some_and(|armed| armed.due_at == due_at && armed.purpose == purpose) {
            return None;
        }
        let arming = self.armings.get(&timer).map_or(0, |last| last + 1);
        Some(TimerEvent::Armed(TimerArmed {
            timer,
            arming,
            due_at,
            purpose: purpose.to_owned(),
            rule: rule.to_owned(),
        }))
    }

    /// The event that cancels a timer; nothing when it is not armed.
    pub fn cancel(&self, timer: TimerId, because: &str) -> Option<TimerEvent> {
        let arming = self.get(timer)?.arming;
        Some(TimerEvent::Cancelled(TimerCancelled { timer, arming, because: because.to_owned() }))
    }

    /// The event that tells that a timer fires now; nothing when it may not.
    pub fn fire(&self, timer: TimerId, arming: u32, now: Timestamp, epoch: u64) -> Option<TimerEvent> {
        let armed = self.get(timer).filter(|_| self.may_fire(timer, arming, now))?;
        Some(TimerEvent::Fired(TimerFired { timer, arming, due_at: armed.due_at, fired_at: now, epoch }))
    }

    /// Takes note of what happened to a timer.
    pub fn evolve(&mut self, event: &TimerEvent) {
        match event {
            TimerEvent::Armed(event) => {
                self.armings.insert(event.timer, event.arming);
                let armed = Armed {
                    arming: event.arming,
                    due_at: event.due_at,
                    purpose: event.purpose.clone(),
                    rule: event.rule.clone(),
                };
                self.armed.insert(event.timer, armed);
            }
            TimerEvent::Cancelled(TimerCancelled { timer, arming, .. })
            | TimerEvent::Fired(TimerFired { timer, arming, .. }) => {
                if self.armed.get(timer).is_some_and(|armed| armed.arming == *arming) {
                    self.armed.remove(timer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    #[test]
    fn an_arming_fires_once_and_never_early_and_an_older_one_not_at_all() {
        // given a timer that was armed and then moved
        let (timer, mut timers) = (TimerId::derive(&["ladder"]), Timers::default());
        for due in [10, 20] {
            let event = timers.arm(timer, at(due), "ladder", "test").expect("an event");
            timers.evolve(&event);
        }
        // then neither the first arming nor an early firing does anything
        assert_eq!(timers.fire(timer, 0, at(30), 1), None);
        assert_eq!(timers.fire(timer, 1, at(19), 1), None);
        // when it fires
        let fired = timers.fire(timer, 1, at(20), 1).expect("it is due");
        timers.evolve(&fired);
        // then it does not again
        assert_eq!(timers.fire(timer, 1, at(21), 1), None);
        // and the next arming is another one
        let TimerEvent::Armed(again) = timers.arm(timer, at(40), "ladder", "test").expect("an event") else {
            panic!("not armed")
        };
        assert_eq!(again.arming, 2);
    }
}
