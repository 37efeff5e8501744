//! HL7 v2.5.1 as a hospital writes it (chapters 2, 3, 6 and 9).

use jiff::Timestamp;

use crate::{
    besides::Beside,
    calendar::write_digits,
    dirt::{Content, Delivery, Undecodable, Unmapped},
    hospital::World,
    staff::ProviderIndex,
    story::{Act, Completion, Event, Scene, Signatures, Story, Trigger, Visit, What},
};

/// Writes the messages of one encounter.
pub(crate) struct Writer<'a> {
    world: &'a World,
    story: &'a Story,
    facility: &'a str,
}

/// A segment under construction: fields are written in ascending order, gaps stay empty.
struct Segment<'a> {
    out: &'a mut Vec<u8>,
    at: usize,
}

impl<'a> Segment<'a> {
    fn new(out: &'a mut Vec<u8>, name: &str) -> Self {
        out.extend_from_slice(name.as_bytes());
        Self { out, at: 0 }
    }

    fn field(&mut self, number: usize) -> &mut Vec<u8> {
        while self.at < number {
            self.out.push(b'|');
            self.at += 1;
        }
        self.out
    }

    fn text(&mut self, number: usize, text: &str) -> &mut Self {
        self.field(number).extend_from_slice(text.as_bytes());
        self
    }

    fn end(self) {
        self.out.push(b'\r');
    }
}

impl<'a> Writer<'a> {
    pub(crate) fn new(world: &'a World, story: &'a Story) -> Self {
        Self { world, story, facility: &world.facilities[story.facility].name }
    }

    pub(crate) fn write(&self, delivery: &Delivery) -> Vec<u8> {
        let mut out = Vec::with_capacity(640);
        match delivery.content {
            Content::Event { index, without_discharge_time } => {
                let event = &self.story.events[index];
                match event.what {
                    What::Visit(visit) => self.adt(delivery, event, visit, without_discharge_time, &mut out),
                    What::Document { document, act, content, completion, signatures } => {
                        let document = Telling { document, act, content, completion, signatures };
                        self.mdm(delivery, event, &document, &mut out);
                    }
                }
            }
            Content::Beside(beside) => self.beside(delivery, beside, &mut out),
            Content::Unmapped(Unmapped::LaboratoryResult) => self.oru(delivery, &mut out),
            Content::Unmapped(Unmapped::Appointment) => self.siu(delivery, &mut out),
            Content::Undecodable(kind) => self.undecodable(delivery, kind, &mut out),
        }
        out
    }

    fn adt(
        &self,
        delivery: &Delivery,
        event: &Event,
        visit: Visit,
        without_discharge_time: bool,
        out: &mut Vec<u8>,
    ) {
        let (kind, structure) = names(visit.trigger);
        self.msh(delivery, &format!("ADT^{kind}^{structure}"), out);
        self.evn(event, kind, without_discharge_time, out);
        let retired = visit.trigger == Trigger::A40;
        self.pid(event.scene.merged || !self.story.temporary_record, true, out);
        if retired {
            let mut mrg = Segment::new(out, "MRG");
            self.record_number(false, mrg.field(1));
            mrg.end();
            return;
        }
        self.pv1(event, Some(visit), without_discharge_time, out);
        if visit.procedures {
            self.pr1(event.occurred, out);
        }
    }

    fn mdm(&self, delivery: &Delivery, event: &Event, told: &Telling, out: &mut Vec<u8>) {
        let (kind, structure) = trigger_of(told.act, told.content);
        self.msh(delivery, &format!("MDM^{kind}^{structure}"), out);
        self.evn(event, kind, false, out);
        self.pid(event.scene.merged || !self.story.temporary_record, true, out);
        self.pv1(event, None, false, out);
        self.txa(event, told, out);
        if told.content {
            let (code, name) = self.story.documents[told.document].kind.code();
            let mut obx = Segment::new(out, "OBX");
            obx.text(1, "1").text(2, "TX").text(3, &format!("{code}^{name}"));
            obx.text(5, "Synthetic text of a simulated document.").text(11, "F");
            obx.end();
        }
    }

    fn msh(&self, delivery: &Delivery, kind: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"MSH|^~\\&");
        // The separator itself is MSH-1.
        let mut msh = Segment { out, at: 2 };
        msh.text(3, "SIMEHR").text(4, self.facility).text(5, "COUNTERSIGN").text(6, "HIM");
        self.world.calendar.write(delivery.written_at, msh.field(7));
        msh.text(9, kind);
        let control = msh.field(10);
        control.push(b'S');
        write_digits(u32::try_from(self.story.number).unwrap_or(u32::MAX), 8, control);
        write_digits(u32::from(delivery.control), 4, control);
        msh.text(11, "P").text(12, "2.5.1");
        msh.end();
    }

    fn evn(&self, event: &Event, kind: &str, must_tell: bool, out: &mut Vec<u8>) {
        let mut evn = Segment::new(out, "EVN");
        evn.text(1, kind);
        self.world.calendar.write(event.recorded, evn.field(2));
        if must_tell || event.occurred_told || event.recorded != event.occurred {
            self.world.calendar.write(event.occurred, evn.field(6));
        }
        evn.end();
    }

    /// `M` and the patient's number, or `T` and the encounter's while the record is a temporary one.
    fn record_number(&self, permanent: bool, out: &mut Vec<u8>) {
        let number = if permanent { self.story.patient } else { self.story.number };
        out.push(if permanent { b'M' } else { b'T' });
        write_digits(u32::try_from(number).unwrap_or(u32::MAX), 8, out);
        out.extend_from_slice(b"^^^");
        out.extend_from_slice(self.facility.as_bytes());
        out.extend_from_slice(b"^MR");
    }

    fn pid(&self, permanent: bool, account: bool, out: &mut Vec<u8>) {
        let mut pid = Segment::new(out, "PID");
        pid.text(1, "1");
        self.record_number(permanent, pid.field(3));
        let patient = self.story.patient;
        pid.text(5, &format!("SIM{patient:08}^PATIENT"));
        pid.text(7, &format!("{}{:02}{:02}", 1930 + patient % 80, 1 + patient % 12, 1 + patient % 28));
        pid.text(8, if patient.is_multiple_of(2) { "F" } else { "M" });
        if account {
            // An account is not a visit: it has its own number.
            let account = 900_000_000 + self.story.number * 3;
            pid.text(18, &format!("A{account}^^^{}", self.facility));
        }
        pid.end();
    }

    fn provider(&self, index: ProviderIndex, out: &mut Vec<u8>) {
        self.person(index, out);
        out.extend_from_slice(b"^^^DR^^^");
        out.extend_from_slice(self.facility.as_bytes());
    }

    /// Identifier, family and given name.
    fn person(&self, index: ProviderIndex, out: &mut Vec<u8>) {
        let staff = &self.world.facilities[self.story.facility].staff;
        out.extend_from_slice(staff.get(index).id.as_bytes());
        out.extend_from_slice(b"^SIMDOC");
        write_digits(u32::from(index) + 1, 4, out);
        out.extend_from_slice(if staff.is_resident(index) { b"^RESIDENT" } else { b"^PHYSICIAN" });
    }

    fn place(&self, scene: Scene, moves: u8, out: &mut Vec<u8>) {
        let number = self.story.number;
        let ward = 1 + (number + u64::from(moves)) % 9;
        let room = 1 + number % 40;
        out.extend_from_slice(format!("WARD{ward}^{room}^1^{}", self.facility).as_bytes());
        if scene.class == crate::story::Class::Emergency {
            out.extend_from_slice(b"^^ED");
        }
    }

    fn pv1(&self, event: &Event, visit: Option<Visit>, without_discharge_time: bool, out: &mut Vec<u8>) {
        let scene = event.scene;
        let mut pv1 = Segment::new(out, "PV1");
        pv1.text(1, "1").text(2, scene.class.code());
        self.place(scene, scene.moves, pv1.field(3));
        if visit.is_some_and(|visit| visit.trigger == Trigger::A02) {
            self.place(scene, scene.moves - 1, pv1.field(6));
        }
        self.provider(scene.attending, pv1.field(7));
        pv1.text(10, "MED");
        self.provider(self.story.admitting, pv1.field(17));
        pv1.text(19, &format!("{}^^^{}", self.story.visit_number(), self.facility));
        let booked_only = scene.class == crate::story::Class::Preadmit;
        // Only discharges and updates after them tell how the stay ended.
        let left = scene
            .discharged
            .filter(|_| visit.is_some_and(|visit| matches!(visit.trigger, Trigger::A03 | Trigger::A08)));
        if left.is_some() {
            pv1.text(36, if scene.died { "20" } else { "01" });
        }
        if !booked_only {
            self.world.calendar.write(self.story.admitted, pv1.field(44));
        }
        if let Some(left) = left.filter(|_| !without_discharge_time) {
            self.world.calendar.write(left, pv1.field(45));
        }
        pv1.end();
    }

    /// Every operation that has ended.
    fn pr1(&self, now: Timestamp, out: &mut Vec<u8>) {
        let done = self.story.procedures.iter().enumerate().filter(|(_, procedure)| procedure.end() <= now);
        for (index, procedure) in done {
            let mut pr1 = Segment::new(out, "PR1");
            pr1.text(1, &(index + 1).to_string());
            pr1.text(3, &format!("SIMOP{code:03}^Synthetic operation {code}^L", code = procedure.code));
            self.world.calendar.write(procedure.start, pr1.field(5));
            pr1.text(7, &procedure.minutes.to_string());
            self.provider(procedure.surgeon, pr1.field(11));
            pr1.text(19, &self.story.procedure_number(index));
            pr1.end();
        }
    }

    fn txa(&self, event: &Event, told: &Telling, out: &mut Vec<u8>) {
        let document = &self.story.documents[told.document];
        let calendar = &self.world.calendar;
        let mut txa = Segment::new(out, "TXA");
        let (code, name) = document.kind.code();
        txa.text(1, "1").text(2, code);
        if document.type_named {
            txa.text(2, &format!("^{name}^HL70270"));
        }
        txa.text(3, "TX");
        calendar.write(document.activity, txa.field(4));
        if let Some(procedure) = document.procedure {
            self.provider(self.story.procedures[procedure].surgeon, txa.field(5));
        }
        calendar.write(document.begun, txa.field(6));
        if matches!(told.completion, Completion::PreAuthenticated) {
            calendar.write(event.occurred, txa.field(7));
        }
        if told.act == Act::Edited {
            calendar.write(event.occurred, txa.field(8));
        }
        if let Some(author) = document.author {
            self.provider(author, txa.field(9));
        }
        if let Some(authenticator) = document.authenticator {
            self.provider(authenticator, txa.field(10));
        }
        txa.text(12, &self.story.document_number(told.document));
        if let Some(parent) = document.parent {
            txa.text(13, &self.story.document_number(parent));
        }
        if let Some(procedure) = document.procedure {
            txa.text(14, &self.story.procedure_number(procedure));
        }
        txa.text(17, told.completion.code());
        txa.text(19, if told.completion.signed() { "AV" } else { "UN" });
        let signers = [told.signatures.author, told.signatures.cosigner];
        for (count, (signer, at)) in signers.into_iter().flatten().enumerate() {
            let ppn = txa.field(22);
            if count > 0 {
                ppn.push(b'~');
            }
            self.person(signer, ppn);
            // The time is the fifteenth component of a PPN.
            ppn.extend_from_slice(b"^^^^^^^^^^^^");
            calendar.write(at, ppn);
        }
        txa.end();
    }

    fn beside(&self, delivery: &Delivery, beside: Beside, out: &mut Vec<u8>) {
        match beside {
            Beside::Charges { cents } => {
                self.msh(delivery, "DFT^P03^DFT_P03", out);
                self.billing_head("P03", delivery, "", out);
                for (number, (cents, kind)) in (1..).zip(cents.into_iter().zip(["CG", "CG", "CD"])) {
                    if cents > 0 {
                        self.ft1(delivery, number, cents, kind, out);
                    }
                }
            }
            Beside::Coded => {
                self.msh(delivery, "BAR^P05^BAR_P05", out);
                self.billing_head("P05", delivery, "", out);
                let mut dg1 = Segment::new(out, "DG1");
                dg1.text(1, "1").text(3, "SIM00.0^Synthetic diagnosis^I10").text(6, "F");
                dg1.end();
            }
            Beside::Billed => {
                self.msh(delivery, "BAR^P06^BAR_P06", out);
                self.billing_head("P06", delivery, "BILLED", out);
            }
            Beside::Spoken { number, by, telephone } => {
                self.order(delivery, number, by, Some(if telephone { "PH" } else { "VO" }), out);
            }
            Beside::Signed { number, by } => self.order(delivery, number, by, None, out),
        }
    }

    fn billing_head(&self, trigger: &str, delivery: &Delivery, status: &str, out: &mut Vec<u8>) {
        let mut evn = Segment::new(out, "EVN");
        evn.text(1, trigger);
        self.world.calendar.write(delivery.written_at, evn.field(2));
        evn.end();
        self.pid(true, true, out);
        self.visit_with_status(status, out);
    }

    fn ft1(&self, delivery: &Delivery, number: u32, cents: i64, kind: &str, out: &mut Vec<u8>) {
        let mut ft1 = Segment::new(out, "FT1");
        ft1.text(1, &number.to_string());
        ft1.text(2, &format!("F{:08}{number:02}", self.story.number));
        self.world.calendar.write(delivery.written_at, ft1.field(4));
        ft1.text(6, kind).text(7, &format!("SIMCHARGE{number}"));
        ft1.text(10, "1").text(11, &format!("{}.{:02}&USD", cents / 100, cents % 100));
        ft1.end();
    }

    /// An order; with how it was spoken, or signed by who gave it.
    fn order(
        &self,
        delivery: &Delivery,
        number: u8,
        by: ProviderIndex,
        mode: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        self.msh(delivery, "ORM^O01^ORM_O01", out);
        self.pid(true, true, out);
        self.visit_with_status("", out);
        let mut orc = Segment::new(out, "ORC");
        orc.text(1, if mode.is_some() { "NW" } else { "SC" });
        orc.text(2, &format!("O{:08}{number:02}", self.story.number));
        self.world.calendar.write(delivery.written_at, orc.field(9));
        if mode.is_none() {
            self.provider(by, orc.field(11));
        }
        self.provider(by, orc.field(12));
        if let Some(mode) = mode {
            orc.text(30, mode);
        }
        orc.end();
        let mut obr = Segment::new(out, "OBR");
        obr.text(1, "1").text(4, "SIMORDER^Synthetic order^L");
        obr.end();
    }

    /// PV1 with the visit number and the state of the account, and nothing that another system would only repeat.
    fn visit_with_status(&self, status: &str, out: &mut Vec<u8>) {
        let mut pv1 = Segment::new(out, "PV1");
        pv1.text(1, "1").text(19, &format!("{}^^^{}", self.story.visit_number(), self.facility));
        if !status.is_empty() {
            pv1.text(41, status);
        }
        pv1.end();
    }

    fn oru(&self, delivery: &Delivery, out: &mut Vec<u8>) {
        self.msh(delivery, "ORU^R01^ORU_R01", out);
        self.pid(true, true, out);
        self.visit_number_only(out);
        let mut obr = Segment::new(out, "OBR");
        obr.text(1, "1").text(4, "SIMLAB^Synthetic panel^L");
        self.world.calendar.write(delivery.written_at, obr.field(7));
        obr.text(25, "F");
        obr.end();
        let mut obx = Segment::new(out, "OBX");
        obx.text(1, "1").text(2, "NM").text(3, "SIMVALUE^Synthetic value^L").text(5, "4.2").text(11, "F");
        obx.end();
    }

    fn siu(&self, delivery: &Delivery, out: &mut Vec<u8>) {
        self.msh(delivery, "SIU^S12^SIU_S12", out);
        let mut sch = Segment::new(out, "SCH");
        sch.text(1, &format!("B{:08}", self.story.number)).text(6, "ROUTINE");
        sch.end();
        self.pid(true, true, out);
        self.visit_number_only(out);
    }

    fn visit_number_only(&self, out: &mut Vec<u8>) {
        let mut pv1 = Segment::new(out, "PV1");
        pv1.text(1, "1").text(2, "I").text(19, &format!("{}^^^{}", self.story.visit_number(), self.facility));
        pv1.end();
    }

    fn undecodable(&self, delivery: &Delivery, kind: Undecodable, out: &mut Vec<u8>) {
        match kind {
            Undecodable::CutShort => {
                out.extend_from_slice(b"MSH|^~\\&|SIMEHR|");
                out.extend_from_slice(self.facility.as_bytes());
                out.extend_from_slice(b"|COUNTERSIGN|HIM|");
                self.world.calendar.write(delivery.written_at, out);
                // No two are alike: a copy would be told as such.
                out.extend_from_slice(b"|BROKEN");
                write_digits(u32::try_from(self.story.number).unwrap_or(u32::MAX), 8, out);
                write_digits(u32::from(delivery.control), 4, out);
                out.push(b'\r');
            }
            Undecodable::WithoutType => {
                self.msh(delivery, "", out);
                self.pid(true, true, out);
                self.visit_number_only(out);
            }
            Undecodable::UpdateWithoutVisit => {
                self.msh(delivery, "ADT^A08^ADT_A01", out);
                let mut evn = Segment::new(out, "EVN");
                evn.text(1, "A08");
                self.world.calendar.write(delivery.written_at, evn.field(2));
                evn.end();
                self.pid(true, false, out);
                out.extend_from_slice(b"PV1|1|I\r");
            }
            Undecodable::DocumentWithoutVisit => {
                self.msh(delivery, "MDM^T02^MDM_T02", out);
                let mut evn = Segment::new(out, "EVN");
                evn.text(1, "T02");
                self.world.calendar.write(delivery.written_at, evn.field(2));
                evn.end();
                self.pid(true, false, out);
                out.extend_from_slice(b"PV1|1|I\r");
                let mut txa = Segment::new(out, "TXA");
                txa.text(1, "1").text(2, "DS").text(3, "TX");
                txa.text(12, &format!("X{:08}{:04}", self.story.number, delivery.control));
                txa.text(17, "DO").text(19, "UN");
                txa.end();
            }
        }
    }
}

/// What one MDM message says about a document.
#[derive(Clone, Copy)]
struct Telling {
    document: usize,
    act: Act,
    content: bool,
    completion: Completion,
    signatures: Signatures,
}

/// Trigger and message structure of MSH-9 (table 0354).
pub(crate) fn names(trigger: Trigger) -> (&'static str, &'static str) {
    match trigger {
        Trigger::A01 => ("A01", "ADT_A01"),
        Trigger::A02 => ("A02", "ADT_A02"),
        Trigger::A03 => ("A03", "ADT_A03"),
        Trigger::A04 => ("A04", "ADT_A01"),
        Trigger::A05 => ("A05", "ADT_A05"),
        Trigger::A06 => ("A06", "ADT_A06"),
        Trigger::A07 => ("A07", "ADT_A06"),
        Trigger::A08 => ("A08", "ADT_A01"),
        Trigger::A11 => ("A11", "ADT_A09"),
        Trigger::A12 => ("A12", "ADT_A12"),
        Trigger::A13 => ("A13", "ADT_A01"),
        Trigger::A40 => ("A40", "ADT_A39"),
    }
}

/// Trigger and message structure of an MDM message with or without content.
pub(crate) fn trigger_of(act: Act, content: bool) -> (&'static str, &'static str) {
    match (act, content) {
        (Act::Originated, true) => ("T02", "MDM_T02"),
        (Act::Originated, false) => ("T01", "MDM_T01"),
        (Act::StatusChanged, true) => ("T04", "MDM_T02"),
        (Act::StatusChanged, false) => ("T03", "MDM_T01"),
        (Act::AddendumMade, true) => ("T06", "MDM_T02"),
        (Act::AddendumMade, false) => ("T05", "MDM_T01"),
        (Act::Edited, true) => ("T08", "MDM_T02"),
        (Act::Edited, false) => ("T07", "MDM_T01"),
        (Act::Replaced, true) => ("T10", "MDM_T02"),
        (Act::Replaced, false) => ("T09", "MDM_T01"),
        (Act::Cancelled, _) => ("T11", "MDM_T01"),
    }
}
