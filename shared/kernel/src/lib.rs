//! The vocabulary that every crate shares: typed ids, instants, the clock port, calendar arithmetic and
//! values that hold patient data. No I/O, no asynchronous code, no randomness.

mod actor;
mod calendar;
mod clock;
mod due;
mod ids;
mod money;
mod phi;
mod provider;
mod standstill;

pub use actor::{Actor, Role};
pub use calendar::BusinessCalendar;
pub use clock::{AcceleratedClock, Clock, FixedClock};
pub use due::{DayCount, end_of_local_day, end_of_local_day_after};
pub use ids::{DeficiencyId, EncounterId, EventId, MessageId, NoticeId, TimerId, TrackId, derive_uuid};
pub use jiff::Timestamp;
pub use money::Cents;
pub use phi::Phi;
pub use provider::{Person, ProviderId};
pub use standstill::{CountedDays, Days, Reach, Standstill, reach};
