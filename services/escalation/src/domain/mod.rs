//! The pure core: from stored events and what is owed to decisions. No I/O, no clock, no randomness.
//!
//! Read in this order: [`policy`] (what a hospital wants) → [`standing`] (what one provider owes at an instant, and what
//! of it counts) → [`events`] (what is stored of a track) → [`track`] (its state) → [`step`] (what happens at an instant)
//! → [`acts`] (what people decide) → [`explain`] (why, in words). [`limit`] watches the federal limit of charts, [`coverage`] the services that must not lose their last provider.

pub mod acts;
pub mod coverage;
pub mod events;
pub mod explain;
pub mod limit;
pub mod policy;
pub mod standing;
pub mod step;
pub mod track;
