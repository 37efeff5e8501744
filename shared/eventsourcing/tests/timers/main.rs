//! Timers on the real journal: the loop, the reign and the clock's watch.

mod firing;
mod reign;
mod trust;
mod world;
