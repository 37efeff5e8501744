//! What a message says: HL7 in, chart facts out. Pure: the same message, profile and context give the same reading.
//!
//! One file per family of messages. Oddities never stop a reading that can be made; they become findings.

mod account;
mod charge;
mod charge_row;
mod document;
mod key;
mod merge;
mod order;
mod patient;
mod people;
mod procedure;
mod staff;
mod time;
mod visit;

#[cfg(test)]
mod tests;

pub(crate) use charge_row::{
    COLUMNS as CHARGE_COLUMNS, REQUIRED as CHARGE_COLUMNS_REQUIRED, read_row as read_charge_row,
    said as charge_row_said,
};
use countersign_contracts::{
    chart::{ChartFact, ChartFactsReported, EncounterKey, VisitSnapshot, What},
    patient::PatientMerged,
    staff::StaffReported,
};
use countersign_hl7::{Header, Message};
use countersign_kernel::{MessageId, Timestamp};

use crate::{
    domain::{Finding, FindingCode, Outcome, Reason},
    profile::Profile,
};

/// What is known about a message beside its text.
#[derive(Debug, Clone, Copy)]
pub struct FeedContext {
    /// Its id.
    pub message: MessageId,
    /// How often it was read before.
    pub reading: u32,
    /// When it was received here.
    pub received_at: Timestamp,
}

/// What a message says, by one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What becomes of the message.
    pub outcome: Outcome,
    /// What it says about charts, each chart once.
    pub facts: Vec<ChartFactsReported>,
    /// What it says about patients.
    pub merges: Vec<PatientMerged>,
    /// What it says about providers.
    pub staff: Vec<StaffReported>,
    /// What was assumed or odd.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// A message that cannot be read at all.
    pub const fn rejected(reason: Reason) -> Self {
        Self {
            outcome: Outcome::Rejected(reason),
            facts: Vec::new(),
            merges: Vec::new(),
            staff: Vec::new(),
            findings: Vec::new(),
        }
    }
}

/// Reads a message by a profile.
pub fn read_message(
    message: &Message<'_>,
    header: &Header,
    profile: &Profile,
    context: &FeedContext,
) -> Reading {
    let mut reader = Reader { message, header, profile, context, findings: Vec::new() };
    let said = reader.read();
    let mut findings: Vec<Finding> = message.findings().iter().map(Finding::from).collect();
    findings.dedup();
    if header.control_id.is_none() {
        findings.push(Finding::new(FindingCode::NoControlId));
    }
    if header.sending_facility.is_none() {
        findings.push(Finding::new(FindingCode::NoSender));
    }
    let texts: Vec<String> = reader.findings.iter().map(Finding::text).collect();
    findings.append(&mut reader.findings);

    let mut reading = Reading {
        outcome: Outcome::Used,
        facts: Vec::new(),
        merges: Vec::new(),
        staff: Vec::new(),
        findings,
    };
    match said {
        Ok(Said::Nothing) => reading.outcome = Outcome::NotUsed,
        Ok(Said::Charts(charts)) => {
            reading.facts = charts
                .into_iter()
                .map(|(encounter, mut facts)| {
                    for fact in &mut facts {
                        fact.findings.clone_from(&texts);
                    }
                    ChartFactsReported {
                        encounter,
                        message: context.message,
                        reading: context.reading,
                        time_zone: profile.time_zone.clone(),
                        received_at: context.received_at,
                        facts,
                    }
                })
                .collect();
        }
        Ok(Said::Merges(merges)) => reading.merges = merges,
        Ok(Said::Staff(staff)) => reading.staff = staff,
        Err(reason) => reading.outcome = Outcome::Quarantined(reason),
    }
    reading
}

/// What the family readers hand back.
enum Said {
    Nothing,
    Charts(Vec<(EncounterKey, Vec<ChartFact>)>),
    Merges(Vec<PatientMerged>),
    Staff(Vec<StaffReported>),
}

/// One reading on its way: the message, how to read it, and what was noticed so far.
struct Reader<'r, 'a> {
    message: &'r Message<'a>,
    header: &'r Header,
    profile: &'r Profile,
    context: &'r FeedContext,
    findings: Vec<Finding>,
}

impl Reader<'_, '_> {
    fn read(&mut self) -> Result<Said, Reason> {
        let Some(code) = self.header.message_code.as_deref().map(str::to_ascii_uppercase) else {
            return Err(Reason::NoMessageType);
        };
        if !matches!(code.as_str(), "ADT" | "MDM" | "ORM" | "OML" | "RDE" | "DFT" | "BAR" | "MFN") {
            return Ok(Said::Nothing);
        }
        let trigger = match self.trigger() {
            // Of these types most messages say nothing that is asked for: one that does not even say what it is about
            // is no loss.
            Err(Reason::NoTrigger) if code != "ADT" && code != "MDM" => return Ok(Said::Nothing),
            trigger => trigger?,
        };
        match (code.as_str(), trigger.as_str()) {
            ("ADT", "A18" | "A34" | "A36" | "A40") => self.merges().map(Said::Merges),
            ("ADT", "A45" | "A50") => self.moved(&trigger).map(Said::Charts),
            ("ADT", "A31") => Ok(self.person_update(&trigger)),
            (
                "ADT",
                "A01" | "A02" | "A03" | "A04" | "A05" | "A06" | "A07" | "A08" | "A11" | "A12" | "A13",
            ) => self.visit(&trigger).map(Said::Charts),
            (
                "MDM",
                "T01" | "T02" | "T03" | "T04" | "T05" | "T06" | "T07" | "T08" | "T09" | "T10" | "T11",
            ) => self.document(&trigger).map(Said::Charts),
            ("ORM", "O01") | ("OML", "O21") | ("RDE", "O11" | "O25") => self.orders(&trigger),
            ("DFT", "P03" | "P11") => self.charges(&trigger),
            ("BAR", "P01" | "P05" | "P06" | "P12") => self.account_status(&trigger),
            ("MFN", "M02") => self.staff().map(Said::Staff),
            _ => Ok(Said::Nothing),
        }
    }

    /// MSH-9.2 counts; EVN-1 is believed only where MSH-9 is silent.
    fn trigger(&mut self) -> Result<String, Reason> {
        let event =
            self.message.field("EVN", 1).value().to_owned_text().map(|text| text.to_ascii_uppercase());
        match (self.header.trigger.as_deref().map(str::to_ascii_uppercase), event) {
            (Some(trigger), event) => {
                if event.is_some_and(|event| event != trigger) {
                    self.note(FindingCode::TriggersDiffer);
                }
                Ok(trigger)
            }
            (None, Some(event)) => {
                self.note(FindingCode::TriggerFromEvn);
                Ok(event)
            }
            (None, None) => Err(Reason::NoTrigger),
        }
    }

    fn note(&mut self, code: FindingCode) {
        self.add(Finding::new(code));
    }

    fn note_about(&mut self, code: FindingCode, detail: &str) {
        self.add(Finding::about(code, detail));
    }

    fn add(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Facts about one chart; their findings are filled in when the reading is complete.
    fn facts(
        &self,
        trigger: &str,
        time: &time::EventTime,
        visit: &VisitSnapshot,
        what: Vec<What>,
    ) -> Vec<ChartFact> {
        let code = self.header.message_code.as_deref().unwrap_or_default().to_ascii_uppercase();
        what.into_iter()
            .map(|what| ChartFact {
                trigger: format!("{code}^{trigger}"),
                occurred_at: time.occurred_at,
                occurred_from: time.occurred_from.to_owned(),
                recorded_at: time.recorded_at,
                what,
                visit: visit.clone(),
                findings: Vec::new(),
            })
            .collect()
    }
}
