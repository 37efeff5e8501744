//! A simulated hospital: the HL7 messages it sends and the truth about who owes what.
//!
//! The simulator is an *independent witness*. It knows nothing of the product: it invents stays, operations
//! and documents (`story`), writes the HL7 v2.5.1 messages a real hospital would send about them
//! (`messages`), spoils some of them the way real interfaces do (`dirt`), and says from its own knowledge of
//! the story which deficiencies must exist in the end (`truth`). Whoever reads the messages and arrives at
//! another list of debts has a bug, or has found one here.
//!
//! Every encounter is a pure function of the settings and its number, drawn from its own `ChaCha` stream.
//! So the same seed gives the same bytes, and neither the stream of messages nor the truth has to be held in
//! memory.
//!
//! ```
//! use countersign_hospital::{Dirt, Hospital, Settings};
//!
//! let hospital = Hospital::new(Settings { discharges_per_month: 50, months: 1, dirt: Dirt::none(), ..Settings::default() })?;
//! let first = hospital.messages().next().expect("a month has messages");
//! assert!(first.bytes.starts_with(b"MSH|^~\\&|SIMEHR|SIMHOSP1|"));
//! assert!(hospital.truth().rows.iter().any(|row| row.rule == "R13"));
//! # Ok::<(), countersign_hospital::SettingsError>(())
//! ```

mod arrivals;
mod besides;
mod calendar;
mod dice;
mod dirt;
mod folder;
mod hospital;
mod messages;
mod settings;
mod staff;
mod staff_file;
mod story;
mod stream;
mod truth;

pub use dirt::Dirt;
pub use folder::{FolderError, FolderReport, write_folder};
pub use hospital::Hospital;
pub use settings::{Settings, SettingsError, TimeStyle};
pub use stream::{Messages, TimedMessage};
pub use truth::{MessageCount, Row, RunFacts, Status, Truth};
