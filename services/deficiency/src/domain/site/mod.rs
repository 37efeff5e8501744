//! Facilities and departments: calendars, jurisdictions, downtimes, chairs. Data, not code.
//!
//! Read in this order: [`events`] (what is stored) → [`state`] (what the events make, and the questions that rules
//! and clocks ask) → [`decide`] (commands and refusals).

pub mod decide;
mod described;
pub mod events;
pub mod refusal;
pub mod state;
mod weekdays;

pub use events::Holiday;
pub use refusal::Refusal;
pub use state::{Department, Downtime, DowntimeId, Facility, Site};
pub use weekdays::name as weekday_name;
