//! The truth: who owes what, from when to when, as the story has it at the end of the run.
//!
//! Nothing here reads a message. The chart of an encounter (`chart`) is what the hospital has told about it
//! by the end of the run; `rules` says what that chart owes; `counts` says what was sent.

mod chart;
mod counts;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    arrivals::Arrivals,
    dirt::{self, Dirt},
    hospital::World,
    settings::TimeStyle,
    story::Story,
};

/// Whether a deficiency is still owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Known, and waiting for the typist or the author.
    Dormant,
    /// Owed.
    Open,
    /// Done.
    Satisfied,
    /// No longer asked for.
    Voided,
}

/// One deficiency that has to exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// MSH-4, for example `SIMHOSP1`.
    pub facility: String,
    /// Visit number, the identifier in PV1-19.
    pub encounter: String,
    /// `R01`, `R05`, `R06`, `R13`, `R14`, `R15`, `C0` or `C1`.
    pub rule: String,
    /// `history_and_physical`, `operative_report`, `discharge_summary` or `chart`.
    pub document_type: String,
    /// Identifier (XCN-1) of who owes it; for a closed row, of who owed it last. None for `C0` and `C1`.
    pub responsible: Option<String>,
    /// Whether it is still owed.
    pub status: Status,
    /// From when the time runs.
    pub anchor_at: Timestamp,
    /// From when it is overdue.
    pub due_at: Timestamp,
    /// From when it exists; after the anchor only for observation stays of more than 24 hours.
    pub opened_at: Timestamp,
    /// When it was satisfied or voided; none while it is open. Equal to `opened_at` if it was never owed
    /// because the work was done before.
    pub closed_at: Option<Timestamp>,
    /// Document number (TXA-12) for `R06`, `R14` and `R15`, procedure identifier (PR1-19) for `R05`.
    pub subject: Option<String>,
    /// No clock ever ran: `anchor_at` and `due_at` say only since when it was known.
    #[serde(default)]
    pub waits: bool,
    /// What was unusual in this stay, to explain differences: not part of the truth.
    pub tags: Vec<String>,
}

/// How many messages of one sort were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageCount {
    /// All of them, copies included.
    pub sent: u64,
    /// Sent before with the same bytes.
    pub duplicates: u64,
    /// Of no use for a chart (ORU, SIU).
    pub unmapped: u64,
    /// No reader can place them: they must end in quarantine.
    pub quarantined: u64,
    /// Delivered long after they were written.
    pub late: u64,
    /// With the MSH-10 of an earlier message and other content.
    pub reused_control_ids: u64,
}

/// The settings that a truth belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// See [`crate::Settings::seed`].
    pub seed: u64,
    /// See [`crate::Settings::discharges_per_month`].
    pub discharges_per_month: u32,
    /// See [`crate::Settings::months`].
    pub months: u32,
    /// Names as in MSH-4.
    pub facilities: Vec<String>,
    /// First instant.
    pub start: Timestamp,
    /// First instant after the run.
    pub end: Timestamp,
    /// IANA name, or the offset of a fixed zone.
    pub time_zone: String,
    /// See [`crate::Settings::times`].
    pub times: TimeStyle,
    /// See [`crate::Settings::histories_cosigned`].
    pub histories_cosigned: bool,
    /// See [`crate::Settings::dirt`].
    pub dirt: Dirt,
    /// Encounters of any class that began.
    pub encounters: u64,
    /// Charts of a class with rules that stand discharged at the end.
    pub discharged_charts: u64,
}

/// Who owes what at the end of a run, and what was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What was simulated.
    pub run: RunFacts,
    /// Over all sorts of messages.
    pub total: MessageCount,
    /// By message type, for example `ADT^A03`. Messages without one are `none`.
    pub messages: BTreeMap<String, MessageCount>,
    /// By encounter, then rule, then subject.
    pub rows: Vec<Row>,
}

/// The rows of one encounter.
pub(crate) fn rows(world: &World, number: u64, begins: Timestamp) -> Vec<Row> {
    rules::rows(world, &chart::Chart::read(world, &Story::tell(world, number, begins)))
}

/// The truth of a whole run.
pub(crate) fn of(world: &std::sync::Arc<World>) -> Truth {
    let mut rows = Vec::new();
    let mut tally = counts::Tally::default();
    let mut encounters = 0;
    for (number, begins) in Arrivals::new(std::sync::Arc::clone(world)) {
        let story = Story::tell(world, number, begins);
        rows.extend(rules::rows(world, &chart::Chart::read(world, &story)));
        for delivery in dirt::deliveries(world, &story) {
            tally.count(&story, &delivery);
        }
        encounters += 1;
    }
    let discharged = rows.iter().filter(|row| row.rule == "C0" && row.status != Status::Voided).count();
    let settings = &world.settings;
    let zone = &settings.time_zone;
    let run = RunFacts {
        seed: settings.seed,
        discharges_per_month: settings.discharges_per_month,
        months: settings.months,
        facilities: world.facilities.iter().map(|facility| facility.name.clone()).collect(),
        start: settings.start,
        end: world.end,
        time_zone: zone.iana_name().map_or_else(
            || zone.to_fixed_offset().map_or_else(|_| "unnamed".to_owned(), |offset| offset.to_string()),
            str::to_owned,
        ),
        times: settings.times,
        histories_cosigned: settings.histories_cosigned,
        dirt: settings.dirt.clone(),
        encounters,
        discharged_charts: u64::try_from(discharged).expect("a count"),
    };
    Truth { run, total: tally.total, messages: tally.by_type, rows }
}
