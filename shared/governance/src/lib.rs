//! Governed texts: drafted, checked by somebody else, published from a date, withdrawn.
//!
//! A text by which charts or people are judged (rules, an escalation policy) is changed by no single person
//! and at no past instant. What is common to such texts stands here once; a service says what is special of
//! its own with [`Governed`] (how the text is read, how it is called, in which stream it is on record) and
//! [`Guarded`] (who may take which step).
//!
//! - [`Book`]: every version that was ever drafted, and which was in force when. Pure.
//! - [`Event`], [`Command`], [`Refusal`]: what is on record, what may be asked for, why it is refused. Pure.
//! - [`diff`]: what differs between two texts. Pure.
//! - [`Governance`]: the book in the journal, and the one way to take steps in it.
//! - [`api`]: the endpoints, the same for all such texts; a service says with [`api::Offered`] where they stand
//!   and what its own texts tell.
//!
//! The answers of the API are [`countersign_contracts::api::governed`].

pub mod api;
mod book;
pub mod diff;
mod event;
mod governed;
mod office;
mod problem;
mod refusal;
mod show;

pub use book::{Book, BookError, Command, INSTALLATION, Status, Step, Version, Window, beginning, sha256};
pub use event::{Checked, Drafted, Event, Published, Withdrawn};
pub use governed::{Governed, Guarded, StepKind, Words};
pub use office::{Governance, GovernanceError};
pub use refusal::{Reason, Refusal};
