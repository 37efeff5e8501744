//! A visit told in words, as the HL7 messages that a hospital sends about it. Times are local, written
//! `2025-05-04 08:30`, or as HL7 writes them. A message is its own name: the same words give the same control id.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::sample::segment;

/// Attending of record where nothing else is said.
pub const ADAMS: &str = "7001^ADAMS^RUTH^^^DR^^^MERCY";
/// Another physician.
pub const BAKER: &str = "7002^BAKER^JOHN^^^DR^^^MERCY";
/// A resident, who writes for an attending.
pub const OKAFOR: &str = "7100^OKAFOR^NIA^^^DR^^^MERCY";
/// A surgeon.
pub const SATO: &str = "7200^SATO^KEN^^^DR^^^MERCY";

/// One visit, as its messages describe it.
#[derive(Debug, Clone)]
pub struct Stay {
    facility: String,
    visit: String,
    patient: String,
    name: String,
    account: String,
    class: String,
    service: String,
    attending: String,
    operations: Vec<String>,
}

/// What is said of a document.
#[derive(Debug, Clone)]
pub struct Document {
    kind: String,
    number: String,
    status: String,
    author: String,
    cosigner: String,
    parent: String,
    about: String,
    signatures: Vec<String>,
}

impl Stay {
    /// An inpatient of the medical service of MERCY, under ADAMS.
    pub fn new(visit: &str) -> Self {
        Self {
            facility: "MERCY".to_owned(),
            visit: visit.to_owned(),
            patient: format!("9{visit}"),
            name: "LUMEN^ADA".to_owned(),
            account: String::new(),
            class: "I".to_owned(),
            service: "MED".to_owned(),
            attending: ADAMS.to_owned(),
            operations: Vec::new(),
        }
    }

    /// In another facility.
    #[must_use]
    pub fn at(&self, facility: &str) -> Self {
        Self { facility: facility.to_owned(), ..self.clone() }
    }

    /// In another class (PV1-2).
    #[must_use]
    pub fn class(&self, class: &str) -> Self {
        Self { class: class.to_owned(), ..self.clone() }
    }

    /// On another service (PV1-10).
    #[must_use]
    pub fn service(&self, service: &str) -> Self {
        Self { service: service.to_owned(), ..self.clone() }
    }

    /// Under somebody else (PV1-7); an empty text for nobody.
    #[must_use]
    pub fn under(&self, attending: &str) -> Self {
        Self { attending: attending.to_owned(), ..self.clone() }
    }

    /// Of this patient (PID-3 and PID-5).
    #[must_use]
    pub fn of_patient(&self, id: &str, name: &str) -> Self {
        Self { patient: id.to_owned(), name: name.to_owned(), ..self.clone() }
    }

    /// On this account (PID-18).
    #[must_use]
    pub fn on_account(&self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self.clone() }
    }

    /// With one more operation: its number, when it began, how many minutes it took. By SATO.
    #[must_use]
    pub fn operated(&self, number: &str, began: &str, minutes: &str) -> Self {
        let fields =
            [(3, "OP100^Synthetic operation"), (5, &*stamp(began)), (7, minutes), (11, SATO), (19, number)];
        let mut operated = self.clone();
        operated.operations.push(segment("PR1", &fields));
        operated
    }

    /// A01.
    pub fn admitted(&self, at: &str) -> String {
        self.told("A01", at, &[(44, &stamp(at))])
    }

    /// A03 with PV1-45.
    pub fn discharged(&self, at: &str) -> String {
        self.told("A03", at, &[(45, &stamp(at))])
    }

    /// A03 with a disposition (PV1-36).
    pub fn left(&self, at: &str, disposition: &str) -> String {
        self.told("A03", at, &[(36, disposition), (45, &stamp(at))])
    }

    /// Any other event of the visit, by its trigger.
    pub fn event(&self, trigger: &str, at: &str) -> String {
        self.told(trigger, at, &[])
    }

    /// An event that names the number under which the visit ran before, and its patient then (MRG).
    pub fn moved(&self, trigger: &str, at: &str, from_visit: &str, from_patient: &str) -> String {
        let before = segment(
            "MRG",
            &[(1, &*format!("{from_patient}^^^MERCY^MR")), (5, &*format!("{from_visit}^^^MERCY"))],
        );
        self.message(&format!("ADT^{trigger}"), at, &[self.pid(), before, self.pv1(&[])])
    }

    /// A document notification (MDM).
    pub fn document(&self, trigger: &str, at: &str, document: &Document) -> String {
        let segments = [self.pid(), self.pv1(&[]), document.txa(&stamp(at))];
        self.message(&format!("MDM^{trigger}"), at, &segments)
    }

    /// A charge (DFT^P03), in dollars.
    pub fn charged(&self, at: &str, transaction: &str, dollars: &str) -> String {
        let fields = [(2, transaction), (4, &*stamp(at)), (6, "CG"), (11, dollars)];
        self.message("DFT^P03", at, &[self.pid(), self.pv1(&[]), segment("FT1", &fields)])
    }

    fn told(&self, trigger: &str, at: &str, more: &[(usize, &str)]) -> String {
        let mut segments = vec![self.pid(), self.pv1(more)];
        segments.extend(self.operations.clone());
        self.message(&format!("ADT^{trigger}"), at, &segments)
    }

    fn message(&self, kind: &str, at: &str, segments: &[String]) -> String {
        message(&self.facility, kind, at, segments)
    }

    fn pid(&self) -> String {
        let patient = format!("{}^^^MERCY^MR", self.patient);
        segment("PID", &[(1, "1"), (3, &patient), (5, &self.name), (7, "19510709"), (18, &self.account)])
    }

    fn pv1(&self, more: &[(usize, &str)]) -> String {
        let visit = format!("{}^^^{}", self.visit, self.facility);
        let fields = [
            (1, "1"),
            (2, &*self.class),
            (3, "4W^1^A"),
            (7, &*self.attending),
            (10, &*self.service),
            (19, &*visit),
        ];
        segment("PV1", &[&fields[..], more].concat())
    }
}

impl Document {
    /// A document of a type (TXA-2) under a number (TXA-12), written by ADAMS and to be signed by its author.
    pub fn new(kind: &str, number: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            number: number.to_owned(),
            status: "DO".to_owned(),
            author: ADAMS.to_owned(),
            cosigner: String::new(),
            parent: String::new(),
            about: String::new(),
            signatures: Vec::new(),
        }
    }

    /// Written by somebody else (TXA-9).
    #[must_use]
    pub fn by(&self, author: &str) -> Self {
        Self { author: author.to_owned(), ..self.clone() }
    }

    /// To be signed by this person (TXA-10).
    #[must_use]
    pub fn to_be_signed_by(&self, person: &str) -> Self {
        Self { cosigner: person.to_owned(), ..self.clone() }
    }

    /// In another place of the parent document (TXA-13).
    #[must_use]
    pub fn of_parent(&self, parent: &str) -> Self {
        Self { parent: parent.to_owned(), ..self.clone() }
    }

    /// About what was done at this time (TXA-4).
    #[must_use]
    pub fn about(&self, at: &str) -> Self {
        Self { about: stamp(at), ..self.clone() }
    }

    /// As another type.
    #[must_use]
    pub fn as_type(&self, kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..self.clone() }
    }

    /// In a completion status (TXA-17).
    #[must_use]
    pub fn status(&self, status: &str) -> Self {
        Self { status: status.to_owned(), ..self.clone() }
    }

    /// With one more signature (TXA-22).
    #[must_use]
    pub fn signed(&self, person: &str, at: &str) -> Self {
        let mut signed = self.status("AU");
        signed.signatures.push(format!("{person}^^^^^^{}", stamp(at)));
        signed
    }

    fn txa(&self, written: &str) -> String {
        let fields = [
            (1, "1"),
            (2, &*self.kind),
            (3, "TX"),
            (4, &*self.about),
            (6, written),
            (9, &*self.author),
            (10, &*self.cosigner),
            (12, &*self.number),
            (13, &*self.parent),
            (17, &*self.status),
            (19, "AV"),
            (22, &*self.signatures.join("~")),
        ];
        segment("TXA", &fields)
    }
}

/// Two patients who are one (ADT^A40): the identifier that remains, and the one that is no longer used.
pub fn merged(at: &str, survivor: &str, retired: &str) -> String {
    let pid = segment("PID", &[(3, &*format!("{survivor}^^^MERCY^MR")), (5, "LUMEN^ADA")]);
    let mrg = segment("MRG", &[(1, &*format!("{retired}^^^MERCY^MR"))]);
    message("MERCY", "ADT^A40", at, &[pid, mrg])
}

/// Somebody who is active no more (MFN^M02), from an instant on.
pub fn left_the_staff(at: &str, id: &str) -> String {
    let key = format!("{id}^^MERCY");
    let file = segment("MFI", &[(1, "PRA"), (3, "UPD"), (5, &*stamp(at))]);
    let entry = segment("MFE", &[(1, "MDC"), (3, &*stamp(at)), (4, &*key)]);
    let staff = segment("STF", &[(1, &*key), (7, "I")]);
    message("MERCY", "MFN^M02", at, &[file, entry, staff])
}

/// Somebody who works here (MFN^M02), from an instant on: identifier, family and given name, mailbox.
pub fn joined_the_staff(at: &str, id: &str, name: &str, mailbox: &str) -> String {
    let key = format!("{id}^^MERCY");
    let file = segment("MFI", &[(1, "PRA"), (3, "UPD"), (5, &*stamp(at))]);
    let entry = segment("MFE", &[(1, "MAD"), (3, &*stamp(at)), (4, &*key)]);
    let staff = segment("STF", &[(1, &*key), (3, name), (7, "A"), (15, mailbox)]);
    message("MERCY", "MFN^M02", at, &[file, entry, staff])
}

/// The same message under another control id, as an interface engine sends it again.
pub fn sent_anew(message: &str) -> String {
    let mut fields: Vec<&str> = message.split('|').collect();
    let control_id = format!("R{}", fields[9]);
    fields[9] = &control_id;
    fields.join("|")
}

fn message(facility: &str, kind: &str, at: &str, segments: &[String]) -> String {
    let written = stamp(at);
    let trigger = kind.split('^').nth(1).expect("a trigger");
    let body = format!("EVN|{trigger}|{written}\r{}", segments.join("\r"));
    let mut hasher = DefaultHasher::new();
    (facility, kind, &body).hash(&mut hasher);
    let control_id = hasher.finish();
    format!("MSH|^~\\&|EHR|{facility}|COUNTERSIGN|HIM|{written}||{kind}|{control_id:016X}|P|2.5.1\r{body}")
}

/// `2025-05-04 08:30` as HL7 writes it. What is written so already stays.
fn stamp(at: &str) -> String {
    if !at.contains(' ') {
        return at.to_owned();
    }
    let digits: String = at.chars().filter(char::is_ascii_digit).collect();
    format!("{digits:0<14}")
}
