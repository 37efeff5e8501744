//! The rules by which a wall clock is doubted: pure, fed with readings.

use countersign_kernel::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// By how much a wall clock may be off before it is doubted. A clock that runs many times as fast as the machine's, for
/// a demonstration, multiplies the small steps of a time service too: it needs limits so many times as wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Forward, beyond what ran.
    pub forward: SignedDuration,
    /// Behind the latest instant that was seen.
    pub behind: SignedDuration,
}

impl Default for Limits {
    /// Ten minutes forward: a notice's window is counted in days, and no time server steps by minutes unless something
    /// is wrong. Two seconds behind: a leap second is one, and the usual time services step back by less than half a
    /// second and slew the rest (128 ms: ntpd; 400 ms: systemd-timesyncd; chrony steps only right after its start).
    fn default() -> Self {
        Self { forward: SignedDuration::from_mins(10), behind: SignedDuration::from_secs(2) }
    }
}

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub now: Timestamp,
    /// The clock that nobody can set.
    pub ran: SignedDuration,
}

/// Why a clock is doubted. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It went forward by more than ran.
    Forward,
    /// It shows an instant before one that it has shown.
    Behind,
}

impl Why {
    /// In words, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Forward => "the clock went forward by more than the time that passed",
            Self::Behind => "the clock went back behind an instant that was recorded",
        }
    }
}

/// A clock that is doubted. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The last instant that was believed.
    pub from: Timestamp,
    /// What the clock showed then: when it is doubted since, by the doubted clock.
    pub to: Timestamp,
    /// Milliseconds that really passed in between, where this process ran through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_ms: Option<i64>,
    /// Why.
    pub why: Why,
}

/// What is known of a wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockWatch {
    limits: Limits,
    /// The latest instant that was seen and believed.
    mark: Option<Timestamp>,
    doubt: Option<Doubt>,
    /// The last reading that was believed.
    last: Option<Reading>,
    /// The least that the wall clock was ahead of the other one, in this process and since it was last confirmed:
    /// several small jumps add up.
    least_ahead: Option<SignedDuration>,
}

fn ahead(reading: Reading) -> SignedDuration {
    reading.now.duration_since(Timestamp::UNIX_EPOCH).saturating_sub(reading.ran)
}

impl ClockWatch {
    /// A watch that begins with what was kept.
    pub const fn new(limits: Limits, mark: Option<Timestamp>, doubt: Option<Doubt>) -> Self {
        Self { limits, mark, doubt, last: None, least_ahead: None }
    }

    /// The latest instant that was seen and believed.
    pub const fn mark(&self) -> Option<Timestamp> {
        self.mark
    }

    /// Why the clock is doubted, if it is.
    pub const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Takes a reading. A doubted clock stays doubted whatever it shows: that it shows something plausible again does
    /// not say what it showed meanwhile.
    pub fn observe(&mut self, reading: Reading) {
        if self.doubt.is_some() {
            return;
        }
        let ahead = ahead(reading);
        let least = self.least_ahead.map_or(ahead, |least| least.min(ahead));
        let behind = self.mark.filter(|mark| mark.duration_since(reading.now) > self.limits.behind);
        let why = if behind.is_some() {
            Why::Behind
        } else if ahead.saturating_sub(least) > self.limits.forward {
            Why::Forward
        } else {
            self.least_ahead = Some(least);
            self.mark = Some(self.mark.map_or(reading.now, |mark| mark.max(reading.now)));
            self.last = Some(reading);
            return;
        };
        let ran = self.last.map(|last| reading.ran.saturating_sub(last.ran));
        self.doubt = Some(Doubt {
            from: behind.or(self.last.map(|last| last.now)).unwrap_or(reading.now),
            to: reading.now,
            ran_ms: ran.map(|ran| i64::try_from(ran.as_millis()).unwrap_or(i64::MAX)),
            why,
        });
    }

    /// Somebody confirmed that the clock is right as it is now: everything is counted from here.
    pub fn trust(&mut self, reading: Reading) {
        self.doubt = None;
        self.mark = Some(reading.now);
        self.last = Some(reading);
        self.least_ahead = Some(ahead(reading));
    }
}
