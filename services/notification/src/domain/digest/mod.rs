//! What somebody owes, once a week: new, due soon, overdue, done since the last time, and what changed.
//!
//! One digest a provider, over all facilities. It is composed at the instant at which it is released, from what is owed
//! then; whatever is done between release and rendering still falls out of it (`notice-items-dropped`).

pub mod compose;
pub mod events;
pub mod state;

pub use compose::{Composed, Line, Standing, compose};
pub use events::{DIGEST, DigestEvent};
pub use state::{Book, Refusal};
