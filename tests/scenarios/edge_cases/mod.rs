//! The catalogue of edge cases, each by its number: HL7 messages in, decisions by command, answers out.
//! `docs/edge-cases.md` lists them.
//!
//! Not here, because they are about escalation, notices, suspension or scorecards, which Countersign does not
//! have yet:
//!
//! - 12: a backdated signature that arrives after a suspension was proposed. That a signature counts from its own
//!   time, whenever it arrives, is tested with case 13.
//! - 20: a leave that overlaps a suspension.
//! - 37: a scorecard run again after late events.
//! - 39: a suspension of somebody on emergency coverage only.
//! - 40: a period without discharges, of which no rate can be told.
//! - Of 1 and 22: what becomes of notices that were sent. Of 38: the suspension at one facility.

mod clocks;
mod discharge;
mod disputes;
mod documents;
mod identity;
mod money;
mod people;
mod rules;
mod ward;
