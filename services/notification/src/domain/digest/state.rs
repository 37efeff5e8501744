//! The digests of one provider: when the next one is due, what the last one told.

use countersign_contracts::notice::{Channel, NoticeClass, NoticeRequested, PolicyReference, Recipient};
use countersign_eventsourcing::timer::{TimerEvent, Timers};
use countersign_kernel::{NoticeId, ProviderId, TimerId, Timestamp, TrackId};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{
    Composed,
    compose::Last,
    events::{DigestEvent, DigestReleased, DigestSkipped},
};

/// Purpose of the timer.
pub const DUE: &str = "digest";
/// From one digest to the next at least, whoever asks for it.
pub const CAP: SignedDuration = SignedDuration::from_hours(12);

/// The digests of one provider as their stream tells them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// How many went out.
    pub number: u32,
    /// What the last one told.
    pub last: Last,
    timers: Timers,
}

/// A digest that somebody asks for is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing to say.
    #[error("nothing is open and nothing was done since the last digest: there is nothing to say")]
    Nothing,
    /// The provider is away, or no longer active: the list waits behind sign-in.
    #[error("the provider is away or not active now: no digest goes out")]
    Away,
    /// Another one went out just now.
    #[error("a digest went out less than 12 hours ago: the list behind sign-in is always up to date")]
    TooSoon,
}

impl Refusal {
    /// The rule's name, the same each time.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Nothing => "digest/nothing",
            Self::Away => "digest/away",
            Self::TooSoon => "digest/too-soon",
        }
    }
}

/// Whose digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Key of the record.
    pub key: Uuid,
    /// Main identifier.
    pub id: ProviderId,
}

impl Book {
    /// The timer of a provider's next digest.
    pub fn timer(provider: Uuid) -> TimerId {
        TimerId::derive(&["digest", &provider.to_string()])
    }

    /// When the next one is due.
    pub fn next_due(&self, provider: Uuid) -> Option<Timestamp> {
        self.timers.get(Self::timer(provider)).map(|armed| armed.due_at)
    }

    /// Takes note of what happened.
    pub fn evolve(&mut self, event: &DigestEvent) {
        match event {
            DigestEvent::Released(event) => {
                self.number = event.request.number;
                self.last = Last { standings: event.standings.clone(), at: Some(event.at) };
            }
            DigestEvent::Skipped(_) => {}
            DigestEvent::Timer(event) => self.timers.evolve(event),
        }
    }

    /// Lets the next digest be due then; nothing: none is.
    pub fn schedule(&self, provider: Uuid, due_at: Option<Timestamp>) -> Vec<DigestEvent> {
        let timer = Self::timer(provider);
        let event = match due_at {
            Some(due_at) => self.timers.arm(timer, due_at, DUE, "digest cadence of the contact"),
            None => self.timers.cancel(timer, "no digest is wanted, or nothing is owed"),
        };
        event.map(DigestEvent::Timer).into_iter().collect()
    }

    /// The timer is due: a digest goes out, or the reason why none does is on record. `next`: when the next one is due.
    /// Nothing: it is not this timer's turn any more.
    pub fn fire(
        &self,
        owner: &Owner,
        (arming, epoch): (u32, u64),
        composed: Result<&Composed, Refusal>,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<DigestEvent> {
        let timer = Self::timer(owner.key);
        let Some(fired) = self.timers.fire(timer, arming, now, epoch) else { return Vec::new() };
        let mut events = vec![DigestEvent::Timer(fired)];
        events.push(match self.release(owner, composed, now) {
            Ok(released) => released,
            Err(refusal) => DigestEvent::Skipped(DigestSkipped { because: refusal.to_string(), at: now }),
        });
        let mut after = self.clone();
        for event in &events {
            after.evolve(event);
        }
        events.extend(after.schedule(owner.key, next));
        events
    }

    /// Somebody wants it now.
    ///
    /// # Errors
    /// There is nothing to say, or another one went out just now.
    pub fn run_now(
        &self,
        owner: &Owner,
        composed: Result<&Composed, Refusal>,
        now: Timestamp,
    ) -> Result<Vec<DigestEvent>, Refusal> {
        self.release(owner, composed, now).map(|event| vec![event])
    }

    fn release(
        &self,
        owner: &Owner,
        composed: Result<&Composed, Refusal>,
        now: Timestamp,
    ) -> Result<DigestEvent, Refusal> {
        let composed = composed?;
        if self.last.at.is_some_and(|at| now.duration_since(at) < CAP) {
            return Err(Refusal::TooSoon);
        }
        let number = self.number + 1;
        let (key, counted) = (owner.key.to_string(), number.to_string());
        let request = NoticeRequested {
            notice: NoticeId::derive(&["digest", &key, &counted]),
            track: TrackId::derive(&["digest", &key]),
            kind: "digest".to_owned(),
            class: NoticeClass::Reminder,
            number,
            facility: composed.facility.clone(),
            about: Some(owner.id.clone()),
            recipient: Recipient::Provider { id: owner.id.clone(), role: "provider".to_owned() },
            channels: vec![Channel::Inbox, Channel::Email],
            on_all: true,
            at_any_hour: false,
            in_list: false,
            items: composed.items.clone(),
            names_date: None,
            suspension: None,
            policy: PolicyReference { version: 0, title: String::new(), sha256: String::new() },
            requested_at: now,
        };
        Ok(DigestEvent::Released(Box::new(DigestReleased {
            request,
            facts: composed.facts.clone(),
            standings: composed.standings.clone(),
            at: now,
        })))
    }

    /// Its timers.
    pub const fn timers(&self) -> &Timers {
        &self.timers
    }
}

/// The event that a timer fired, when there is one: it has an id of its own.
pub fn fired_in(event: &DigestEvent) -> Option<(TimerId, u32)> {
    match event {
        DigestEvent::Timer(TimerEvent::Fired(fired)) => Some((fired.timer, fired.arming)),
        _ => None,
    }
}
