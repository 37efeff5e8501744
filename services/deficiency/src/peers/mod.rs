//! The arithmetic of other systems on the same charts, beside ours: why counts do not match between systems.
//!
//! - [`dates`]: a chart as those systems see it: dates, no instants.
//! - [`irt`]: `VistA` Incomplete Records Tracking. [`tiu`]: `VistA` Text Integration Utility. [`rpms`]: IHS RPMS
//!   "Incomplete Chart".
//! - [`ours`]: what our rules say of the same record.
//! - [`comparison`]: all of them together, with the meaning of every number.
//!
//! Pure: no clock, no files. The peers' faults are reproduced, and named where they are.

pub mod comparison;
pub mod csv;
pub mod dates;
pub mod irt;
pub mod ours;
pub mod rpms;
pub mod tiu;

use std::num::NonZeroUsize;

use countersign_kernel::Timestamp;
use serde::Serialize;

pub use self::comparison::Comparison;
use crate::{
    domain::reference::Reference,
    recorded::{HistoryError, Recorded, Watch},
    what_if::judge,
};

/// The numbers that a site sets in those systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Parameters {
    /// IRT: days for dictation.
    pub days_dictation: u16,
    /// IRT: days for signature.
    pub days_signature: u16,
    /// IRT: days for review; nothing = reports are not reviewed, and signed is done.
    pub days_review: Option<u16>,
    /// TIU: grace period for signature, days.
    pub grace: u16,
    /// RPMS: days to delinquency.
    pub delinquent_after: u16,
}

impl Default for Parameters {
    /// One number for each: a summary within 7 days of discharge, signed within 7 days of being there, the whole
    /// chart within 30. What a site really has set is for the site to say.
    fn default() -> Self {
        Self { days_dictation: 7, days_signature: 7, days_review: None, grace: 7, delinquent_after: 30 }
    }
}

/// Judges every recorded chart by every system, as it stood at an instant (when the last message was received,
/// if none is given). Blocks for as long as that takes: not for async workers.
pub fn compare(
    recorded: &Recorded,
    reference: &Reference,
    parameters: Parameters,
    as_of: Option<Timestamp>,
    threads: NonZeroUsize,
    watch: &Watch,
) -> Result<Comparison, HistoryError> {
    let now = as_of.or(recorded.last_received).ok_or(HistoryError::Empty)?;
    let charts = recorded.judge(threads, watch, |state, charts| {
        if let Some(outcome) = judge(state, reference, now) {
            charts.extend(dates::chart(state, &outcome, now));
        }
    })?;
    Ok(Comparison::of(charts, parameters, now, recorded.position))
}
