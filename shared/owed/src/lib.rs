//! What is owed by whom, folded from contract events: for services that act on it.
//!
//! - [`Owed`]: the fold in memory; [`tables`]: the same fold as tables inside a service's own read model.
//! - [`Directory`]: the people and places that items are about.
//! - [`clock`]: the accountability clock of an item, as a policy wants it counted.
//! - [`recheck`]: what the journal says at this instant, for whoever is about to act.

pub mod clock;
mod directory;
mod item;
mod ledger;
mod people;
mod places;
mod recheck;
pub mod tables;

pub use clock::{AgingBase, ClockRules, ItemClock, LeaveRules};
pub use directory::Directory;
pub use item::{CHART, OwedItem};
pub use ledger::{Owed, Party, Touched};
pub use people::People;
pub use places::Places;
pub use recheck::recheck;

use countersign_contracts::{deficiency, directory as people_and_places};

/// Categories of the contract events that are folded.
pub const CATEGORIES: [&str; 2] = [deficiency::CATEGORY, people_and_places::CATEGORY];
