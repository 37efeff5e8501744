//! What is stored of timers, in the streams of their owners.

use countersign_kernel::{EventId, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

/// A timer was armed, or moved to another instant. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerArmed {
    /// Which: derived from what it is for.
    pub timer: TimerId,
    /// How often it had been armed before.
    pub arming: u32,
    /// Never fires before.
    pub due_at: Timestamp,
    /// What for, e.g. `ladder`, `retry`: for the owner and for people.
    pub purpose: String,
    /// How the instant came about, in words.
    pub rule: String,
}

/// A timer is no longer wanted. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerCancelled {
    /// Which.
    pub timer: TimerId,
    /// Which arming.
    pub arming: u32,
    /// Why, in words.
    pub because: String,
}

/// A timer fired. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerFired {
    /// Which.
    pub timer: TimerId,
    /// Which arming.
    pub arming: u32,
    /// When it was to.
    pub due_at: Timestamp,
    /// When it did, by the recorded clock: never before.
    pub fired_at: Timestamp,
    /// Which reign of the firing loop.
    pub epoch: u64,
}

impl TimerFired {
    /// The id of the one event that can ever tell of this firing.
    pub fn event_id(timer: TimerId, arming: u32) -> EventId {
        EventId::derive(&["timer-fired", &timer.to_string(), &arming.to_string()])
    }
}

/// What happens to a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerEvent {
    /// Armed or moved.
    Armed(TimerArmed),
    /// No longer wanted.
    Cancelled(TimerCancelled),
    /// Fired.
    Fired(TimerFired),
}

impl TimerEvent {
    /// Stored type names.
    pub const KINDS: [&'static str; 3] = ["timer-armed", "timer-cancelled", "timer-fired"];

    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Armed(_) => Self::KINDS[0],
            Self::Cancelled(_) => Self::KINDS[1],
            Self::Fired(_) => Self::KINDS[2],
        }
    }

    /// The timer.
    pub const fn timer(&self) -> TimerId {
        match self {
            Self::Armed(event) => event.timer,
            Self::Cancelled(event) => event.timer,
            Self::Fired(event) => event.timer,
        }
    }

    /// Decodes by the stored type name; `None` for events that are none of timers.
    pub fn decode(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        Some(match kind {
            "timer-armed" => serde_json::from_slice(data).map(Self::Armed),
            "timer-cancelled" => serde_json::from_slice(data).map(Self::Cancelled),
            "timer-fired" => serde_json::from_slice(data).map(Self::Fired),
            _ => return None,
        })
    }
}

impl Serialize for TimerEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Armed(event) => event.serialize(serializer),
            Self::Cancelled(event) => event.serialize(serializer),
            Self::Fired(event) => event.serialize(serializer),
        }
    }
}
