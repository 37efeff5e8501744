//! Which instant a message means. Nothing is refused for a bad time: the next best field is taken and the choice
//! recorded.

use countersign_contracts::Field;
use countersign_hl7::{DayEdge, Field as Hl7Field, HlTime, Precision};
use countersign_kernel::Timestamp;

use super::Reader;
use crate::domain::FindingCode;

/// When the event of a message happened and when it was recorded.
pub(super) struct EventTime {
    pub(super) occurred_at: Timestamp,
    /// The field that gave it: `EVN-6`, `EVN-2`, `MSH-7`, or `received`.
    pub(super) occurred_from: &'static str,
    /// EVN-2, else MSH-7, else the time of receipt.
    pub(super) recorded_at: Timestamp,
}

/// A discharge instant and how it was found.
pub(super) struct Discharge {
    pub(super) at: Timestamp,
    pub(super) from: &'static str,
    pub(super) date_only: bool,
}

/// An instant together with how exactly it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    pub(super) at: Timestamp,
    pub(super) date_only: bool,
}

impl Reader<'_, '_> {
    /// EVN-6, else EVN-2, else MSH-7, else the time of receipt.
    pub(super) fn event_time(&mut self) -> EventTime {
        let occurred = self.event_field("EVN-6", DayEdge::Start);
        let recorded = self.event_field("EVN-2", DayEdge::Start);
        let header = self.event_field("MSH-7", DayEdge::Start);
        let best = [("EVN-6", occurred), ("EVN-2", recorded), ("MSH-7", header)]
            .into_iter()
            .find_map(|(name, instant)| instant.map(|instant| (name, instant)));
        let recorded_at = recorded.or(header).map_or(self.context.received_at, |instant| instant.at);
        let Some((occurred_from, instant)) = best else {
            self.note(FindingCode::TimeOfReceipt);
            return EventTime {
                occurred_at: self.context.received_at,
                occurred_from: "received",
                recorded_at,
            };
        };
        if instant.date_only {
            self.note_about(FindingCode::DateOnly, occurred_from);
        }
        EventTime { occurred_at: instant.at, occurred_from, recorded_at }
    }

    /// PV1-45, else EVN-6, ZBE-2 (IHE, France, Germany), EVN-2, MSH-7, the time of receipt. A date without a time
    /// means the last second of that local day, because due dates count from the end of the day.
    pub(super) fn discharge(&mut self) -> Discharge {
        let sent = self.message.field("PV1", 45);
        if let Some(instant) = self.instant(sent, "PV1-45", DayEdge::End) {
            if instant.date_only {
                self.note(FindingCode::DischargeDateOnly);
            }
            return Discharge { at: instant.at, from: "PV1-45", date_only: instant.date_only };
        }
        let found = ["EVN-6", "ZBE-2", "EVN-2", "MSH-7"]
            .into_iter()
            .find_map(|name| self.event_field(name, DayEdge::End).map(|instant| (name, instant)));
        let (from, instant) =
            found.unwrap_or(("received", Instant { at: self.context.received_at, date_only: false }));
        let code = if sent.is_null() {
            FindingCode::DischargeTimeDeleted
        } else {
            FindingCode::DischargeTimeInferred
        };
        self.note_about(code, from);
        if instant.date_only {
            self.note(FindingCode::DischargeDateOnly);
        }
        Discharge { at: instant.at, from, date_only: instant.date_only }
    }

    /// A time field in its three states; junk is absent and noted.
    pub(super) fn time_field(
        &mut self,
        field: Hl7Field<'_>,
        name: &'static str,
        edge: DayEdge,
    ) -> Field<Instant> {
        if field.is_null() {
            return Field::Null;
        }
        self.instant(field, name, edge).into()
    }

    /// A time; nothing when there is none that can be used.
    pub(super) fn instant(
        &mut self,
        field: Hl7Field<'_>,
        name: &'static str,
        edge: DayEdge,
    ) -> Option<Instant> {
        let literal = field.value().trimmed()?.into_owned();
        self.instant_of(&literal, name, edge)
    }

    /// The same for a literal.
    pub(super) fn instant_of(&mut self, literal: &str, name: &'static str, edge: DayEdge) -> Option<Instant> {
        let Ok(time) = HlTime::parse(literal) else {
            self.note_about(FindingCode::TimeUnreadable, name);
            return None;
        };
        if time.precision() < Precision::Day {
            self.note_about(FindingCode::TimeTooCoarse, name);
            return None;
        }
        // Years that stand for "never" or "unknown" are no instants of a hospital stay.
        if !(1900..2200).contains(&time.local().year()) {
            self.note_about(FindingCode::TimeUnreadable, name);
            return None;
        }
        Some(Instant { at: time.to_instant(&self.profile.zone, edge), date_only: time.is_date_only() })
    }

    fn event_field(&mut self, name: &'static str, edge: DayEdge) -> Option<Instant> {
        let (segment, number) = match name {
            "EVN-6" => ("EVN", 6),
            "ZBE-2" => ("ZBE", 2),
            "EVN-2" => ("EVN", 2),
            _ => ("MSH", 7),
        };
        self.instant(self.message.field(segment, number), name, edge)
    }
}
