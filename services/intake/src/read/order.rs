//! ORM, OML, RDE: orders, as far as somebody must authenticate or answer them.
//!
//! Most orders are entered by the provider and ask nothing of the chart; they are skipped, so that a hospital's order
//! traffic does not become chart events. What is read: orders that were spoken, consultations, and later messages about
//! an order whose mode is not repeated (a signature, a cancellation), because they may be about a spoken one.

use countersign_contracts::chart::{OrderAction, OrderFact, OrderMode, Signature, VisitSnapshot, What};
use countersign_hl7::{Composite, Cwe, DayEdge, Ei, Field as Hl7Field, Segment};
use countersign_kernel::{Person, derive_uuid};

use super::{Reader, Said, time::EventTime};
use crate::{
    domain::{FindingCode, Reason},
    profile::FieldPath,
};

/// One ORC with the segments below it, up to the next ORC.
struct Group<'a> {
    orc: Segment<'a>,
    below: Vec<Segment<'a>>,
}

impl<'a> Group<'a> {
    fn field(&self, segment: &str, number: usize) -> Option<Hl7Field<'a>> {
        if segment == "ORC" {
            return Some(self.orc.field(number));
        }
        self.below.iter().find(|below| below.name() == segment).map(|below| below.field(number))
    }

    fn text(&self, segment: &str, number: usize) -> Option<String> {
        self.field(segment, number)?.value().to_owned_text()
    }
}

/// What a message does to an order, by ORC-1 (table 0119) and ORC-5 (table 0038).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    /// An order that nothing was said of before.
    New,
    /// An order that stands; something is said about it.
    Standing,
    /// Taken back before it was carried out.
    Cancelled,
    /// Carried out.
    Completed,
    /// Signed, as the profile says of this feed's codes.
    Signed,
    /// Nothing happened to any order.
    Nothing,
}

fn control(code: &str, status: &str) -> Control {
    match (code, status) {
        // DE data errors, UA not accepted by the receiver, NA and RR only answer a request, ER in ORC-5: no such order.
        ("DE" | "NA" | "RR" | "RQ", _) | (_, "ER") => Control::Nothing,
        // A discontinued order (DC, OD, DR) was in force for a while: what was spoken must still be signed. Only one of
        // which nothing was done is taken back, and that is what ORC-5 CA says of it.
        ("CA" | "OC" | "CR" | "UA", _) | (_, "CA") => Control::Cancelled,
        (_, "CM") => Control::Completed,
        ("NW" | "RO" | "CH", _) => Control::New,
        _ => Control::Standing,
    }
}

impl<'a> Reader<'_, 'a> {
    /// ORM^O01, OML^O21, RDE^O11 and O25: each order of the message for itself.
    pub(super) fn orders(&mut self, trigger: &str) -> Result<Said, Reason> {
        let time = self.event_time();
        let orders: Vec<OrderFact> =
            self.groups().iter().filter_map(|group| self.order(group, &time)).collect();
        let asked_for = orders.iter().any(|order| order.mode.spoken() || order.consultation);
        if orders.is_empty() {
            return Ok(Said::Nothing);
        }
        let encounter = match self.encounter() {
            Ok(encounter) => encounter,
            Err(reason) if asked_for => return Err(reason),
            // It might have been about a spoken order, and then again it mostly is not.
            Err(_) => return Ok(Said::Nothing),
        };
        let visit = self.snapshot();
        let mut facts = Vec::with_capacity(orders.len());
        let nothing = VisitSnapshot::default();
        for (index, order) in orders.into_iter().enumerate() {
            let visit = if index == 0 { &visit } else { &nothing };
            facts.extend(self.facts(trigger, &time, visit, vec![What::Order(order)]));
        }
        Ok(Said::Charts(vec![(encounter, facts)]))
    }

    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for segment in self.message.iter() {
            match groups.last_mut() {
                _ if segment.name() == "ORC" => groups.push(Group { orc: segment, below: Vec::new() }),
                Some(group) => group.below.push(segment),
                None => {}
            }
        }
        groups
    }

    /// One order; nothing when it asks nothing of anybody.
    fn order(&mut self, group: &Group<'a>, time: &EventTime) -> Option<OrderFact> {
        let upper = |number: usize| {
            group.text("ORC", number).map(|text| text.to_ascii_uppercase()).unwrap_or_default()
        };
        let (code, status) = (upper(1), upper(5));
        let signed = &self.profile.order_signed;
        let mut control = control(&code, &status);
        if [&code, &status].into_iter().any(|code| signed.holds(code)) {
            control = Control::Signed;
        }
        if control == Control::Nothing {
            return None;
        }
        let mode = self.order_mode(group);
        let consultation = self.is_consultation(group);
        let authenticated =
            if control == Control::Cancelled { None } else { self.order_signature(group, control, time) };
        let follows_up = control != Control::New
            && (authenticated.is_some() || matches!(control, Control::Cancelled | Control::Signed));
        let wanted = mode.spoken() || consultation || (mode == OrderMode::Unknown && follows_up);
        if !wanted {
            return None;
        }
        let placed = self.instant(group.orc.field(9), "ORC-9", DayEdge::Start);
        Some(OrderFact {
            action: match control {
                Control::Cancelled => OrderAction::Cancelled,
                Control::Completed => OrderAction::Completed,
                Control::Signed => OrderAction::Authenticated,
                Control::New | Control::Standing | Control::Nothing => OrderAction::Placed,
            },
            number: self.order_number(group),
            mode,
            consultation,
            placed_at: placed.map_or(time.occurred_at, |placed| placed.at),
            ordering: self.named(group, "ORC", 12).or_else(|| self.named(group, "OBR", 16)),
            consultant: consultation.then(|| self.consultant(group)).flatten(),
            authenticated,
        })
    }

    /// ORC-30 through the profile's table; the site's own field where ORC-30 is empty.
    fn order_mode(&mut self, group: &Group<'a>) -> OrderMode {
        let own = self.profile.order_mode_field.as_ref();
        // Z-segments stand below the order or, for all orders, at the end of the message: the last group has those.
        let sent = group.text("ORC", 30).or_else(|| {
            own.and_then(|FieldPath { segment, field }| {
                group
                    .text(segment, *field)
                    .or_else(|| self.message.field(segment, *field).value().to_owned_text())
            })
        });
        let Some(sent) = sent else { return OrderMode::Unknown };
        let Some(mode) = self.profile.order_modes.get(&sent) else {
            self.note_about(FindingCode::OrderModeUnmapped, &sent);
            return OrderMode::Unknown;
        };
        *mode
    }

    fn is_consultation(&self, group: &Group<'a>) -> bool {
        let known = &self.profile.consultations;
        [("OBR", 4), ("OBR", 24), ("ORC", 29)]
            .into_iter()
            .filter_map(|(segment, number)| Cwe::first(group.field(segment, number)?))
            .any(|sent| [sent.code, sent.alternate_code].into_iter().flatten().any(|code| known.holds(&code)))
    }

    fn consultant(&mut self, group: &Group<'a>) -> Option<Person> {
        let fields = &self.profile.consultant_fields;
        fields.iter().find_map(|FieldPath { segment, field }| {
            let sent = group.field(segment, *field).unwrap_or_else(|| self.message.field(segment, *field));
            self.one_person(sent).value().cloned()
        })
    }

    fn named(&mut self, group: &Group<'a>, segment: &str, number: usize) -> Option<Person> {
        self.one_person(group.field(segment, number)?).value().cloned()
    }

    /// ORC-11, where it names somebody who may sign: not who wrote the order down (ORC-10), nor a credential that
    /// verifies orders of others. In a later message about the order ORC-9 is the time of what happened to it; in
    /// that of a new order it is the time of the order, so that the event time stands in.
    fn order_signature(
        &mut self,
        group: &Group<'a>,
        control: Control,
        time: &EventTime,
    ) -> Option<Signature> {
        let by = self.named(group, "ORC", 11)?;
        let scribe = self.named(group, "ORC", 10).is_some_and(|entered| entered.same_id(&by));
        let verifies = by.credentials.iter().any(|one| self.profile.verifying_credentials.holds(one));
        if scribe || verifies {
            self.note(FindingCode::OrderVerifiedOnly);
            return None;
        }
        let sent = (control != Control::New)
            .then(|| self.instant(group.orc.field(9), "ORC-9", DayEdge::Start))
            .flatten()
            .filter(|sent| !sent.date_only);
        Some(Signature {
            by: Some(by),
            at: sent.map_or(time.occurred_at, |sent| sent.at),
            inferred: sent.is_none(),
        })
    }

    /// ORC-2 as a whole, else ORC-3, OBR-2, OBR-3; else one made up from what the order is, so that its next message
    /// finds it again.
    fn order_number(&mut self, group: &Group<'a>) -> String {
        let sent = [("ORC", 2), ("ORC", 3), ("OBR", 2), ("OBR", 3)];
        let number = sent.into_iter().find_map(|(segment, number)| {
            Ei::first(group.field(segment, number)?).map(|number| number.key()).filter(|key| !key.is_empty())
        });
        number.unwrap_or_else(|| {
            self.note(FindingCode::OrderNumberMissing);
            let patient = self.patient().map(|patient| patient.key().to_string()).unwrap_or_default();
            let text = |segment: &str, number: usize| group.text(segment, number).unwrap_or_default();
            let made_up = match text("ORC", 9) {
                when if when.is_empty() => derive_uuid("order", &[&self.context.message.to_string()]),
                when => derive_uuid(
                    "order",
                    &[&patient, &when, &text("ORC", 12), &text("OBR", 4), &text("RXE", 2)],
                ),
            };
            format!("unnumbered-{made_up}")
        })
    }
}
