//! The acknowledgement of a message.

use countersign_hl7::{
    Header, Message,
    ack::{self, AckCode, Answer, Location, Problem, Severity},
};
use countersign_kernel::{MessageId, Timestamp};
use jiff::tz::TimeZone;

use crate::{domain::Reason, receive::Disposition};

/// Builds acknowledgements for one message.
pub(crate) struct Acknowledgement<'a> {
    pub(crate) message: MessageId,
    pub(crate) disposition: Disposition,
    pub(crate) at: Timestamp,
    /// The message, if it could be read.
    pub(crate) read: Option<(&'a Message<'a>, &'a Header)>,
    /// What was received.
    pub(crate) bytes: &'a [u8],
}

impl Acknowledgement<'_> {
    /// The answer, or nothing when the sender wants none (MSH-15, MSH-16).
    pub(crate) fn build(&self) -> Option<Vec<u8>> {
        let reason = self.disposition.reason();
        let time = self.at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S+0000").to_string();
        let control_id = control_id(self.message);
        let problem = self.problem(reason);
        let problems = problem.as_slice();
        let text = self.text(reason);
        let answer = |code: AckCode| Answer { code, control_id: &control_id, time: &time, text, problems };
        let Some((message, header)) = self.read else {
            let code = match self.disposition {
                Disposition::NotStored => AckCode::ApplicationError,
                _ => AckCode::ApplicationReject,
            };
            return Some(ack::refuse(self.bytes, &answer(code)));
        };
        let outcome = match (self.disposition, reason) {
            (Disposition::NotStored, _) => ack::Outcome::Retry,
            (_, None) => ack::Outcome::Accepted,
            (_, Some(_)) if self.disposition.is_rejected() => ack::Outcome::Rejected,
            (_, Some(_)) => ack::Outcome::Kept,
        };
        // One answer on the connection. An application acknowledgement says all that an accept acknowledgement
        // does (the message is durable), so it goes first where both are wanted.
        let wanted = ack::wanted(header, outcome);
        let code = wanted.application.or(wanted.accept)?;
        Some(ack::build(message, &answer(code)))
    }

    /// MSA-3.
    fn text(&self, reason: Option<Reason>) -> Option<&'static str> {
        match (self.disposition, reason) {
            (Disposition::NotStored, _) => Some("not stored, send again"),
            (_, Some(reason)) => Some(reason.text()),
            (Disposition::Duplicate(_), None) => Some("duplicate"),
            (disposition, None) if disposition.is_not_used() => Some("not used"),
            _ => None,
        }
    }

    /// ERR.
    fn problem(&self, reason: Option<Reason>) -> Option<Problem<'static>> {
        let place = |segment, field| Some(Location { segment, sequence: 1, field });
        // Codes of HL7 table 0357.
        let (location, condition, condition_text) = match (self.disposition, reason?) {
            (Disposition::NotStored, _) => return None,
            (_, Reason::NoMessageType | Reason::NoTrigger) => {
                (place("MSH", Some(9)), "101", "Required field missing")
            }
            (_, Reason::NoVisitNumber) => (place("PV1", Some(19)), "101", "Required field missing"),
            (_, Reason::NoMergePair) => (place("MRG", Some(1)), "101", "Required field missing"),
            (_, Reason::NoStaffRecord) => (place("MFE", Some(4)), "101", "Required field missing"),
            (_, Reason::NoDocument) => (place("TXA", None), "100", "Segment sequence error"),
            (_, Reason::NonAsciiDelimiter | Reason::BadDelimiters) => {
                (place("MSH", Some(2)), "102", "Data type error")
            }
            (_, _) => (None, "102", "Data type error"),
        };
        Some(Problem { location, condition, condition_text, severity: Severity::Error, message: None })
    }
}

/// MSH-10 of the answer: from the message's id, within the 20 characters that versions before 2.7 allow.
fn control_id(message: MessageId) -> String {
    let digits = message.0.simple().to_string();
    format!("CS{}", &digits[..18])
}
