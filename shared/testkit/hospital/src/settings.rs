//! What can be chosen about a simulated hospital.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::dirt::Dirt;

/// What kind of hospital to simulate, and for how long. The same settings always give the same bytes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Discharges a month of the classes that carry rules (inpatient, observation, day surgery), over all
    /// facilities. Emergency and outpatient visits come on top.
    pub discharges_per_month: u32,
    /// Length of the run in calendar months of `time_zone`.
    pub months: u32,
    /// Seed of all randomness.
    pub seed: u64,
    /// Number of facilities, named `SIMHOSP1`, `SIMHOSP2` and so on; at most 99.
    pub facilities: u16,
    /// First instant of the run. The hospital is empty then.
    pub start: Timestamp,
    /// How badly the interfaces behave.
    pub dirt: Dirt,
    /// The zone every facility lives in: local times in messages and calendar days of due dates.
    pub time_zone: TimeZone,
    /// How instants are written in messages.
    pub times: TimeStyle,
    /// Whether `R15` asks for the cosignature of a resident's history and physical too, or only of discharge
    /// summaries. Attendings cosign both either way: this changes the truth, not a message.
    pub histories_cosigned: bool,
    /// Charges (DFT) at discharge, coding and billing (BAR) after it. They change no truth about documents.
    pub charges: bool,
    /// Orders that were spoken (ORM), most of them signed later. The truth says nothing of them.
    pub orders: bool,
}

/// How instants are written in HL7 messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeStyle {
    /// `20260102030405`: local wall time, the reader has to know the zone. By far the commonest.
    Local,
    /// `20260102030405+0100`.
    WithOffset,
}

impl Default for Settings {
    /// One facility in UTC with 200 discharges a month, for three months from the first of January 2026.
    fn default() -> Self {
        Self {
            discharges_per_month: 200,
            months: 3,
            seed: 1,
            facilities: 1,
            start: Timestamp::constant(1_767_225_600, 0),
            dirt: Dirt::default(),
            time_zone: TimeZone::UTC,
            times: TimeStyle::Local,
            histories_cosigned: true,
            charges: false,
            orders: false,
        }
    }
}

impl Settings {
    /// Checks that the settings describe a hospital that can be simulated.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.discharges_per_month == 0 || self.discharges_per_month > 1_000_000 {
            return Err(SettingsError::Discharges(self.discharges_per_month));
        }
        if self.months == 0 || self.months > 240 {
            return Err(SettingsError::Months(self.months));
        }
        if self.facilities == 0 || self.facilities > 99 {
            return Err(SettingsError::Facilities(self.facilities));
        }
        match self.dirt.first_bad_rate() {
            Some((name, rate)) => Err(SettingsError::Rate { name, rate }),
            None => Ok(()),
        }
    }
}

/// Settings that describe no hospital.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// `discharges_per_month` is out of range.
    #[error("discharges_per_month must be 1 to 1,000,000, not {0}")]
    Discharges(u32),
    /// `months` is out of range.
    #[error("months must be 1 to 240, not {0}")]
    Months(u32),
    /// `facilities` is out of range.
    #[error("facilities must be 1 to 99, not {0}")]
    Facilities(u16),
    /// A rate of the dirt is no probability.
    #[error("rate {name} must be between 0 and 1, not {rate}")]
    Rate {
        /// Field of [`Dirt`].
        name: &'static str,
        /// Its value.
        rate: f64,
    },
    /// The run would end outside the range of representable instants.
    #[error("the run would end beyond the calendar")]
    Calendar,
}
