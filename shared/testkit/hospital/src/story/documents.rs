//! Documents: who writes them, in which steps.

use jiff::Timestamp;

use super::{
    Act, Class, Completion, Signatures, What,
    amendments::{self, Amendment},
    lags::{self, Course, Habits},
    stay::{Kind, Stay},
    telling::Telling,
};
use crate::{
    calendar::{DAY, HOUR, MINUTE, between, plus},
    staff::ProviderIndex,
};

/// What a document is, TXA-2 (table 0270).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentKind {
    HistoryAndPhysical,
    OperativeReport,
    DischargeSummary,
    /// No rule asks for it.
    ProgressNote,
    /// No rule asks for it.
    Consultation,
}

impl DocumentKind {
    /// Code and name.
    pub(crate) fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::HistoryAndPhysical => ("HP", "History and Physical"),
            Self::OperativeReport => ("OP", "Operative Report"),
            Self::DischargeSummary => ("DS", "Discharge Summary"),
            Self::ProgressNote => ("PN", "Progress Note"),
            Self::Consultation => ("CN", "Consultation"),
        }
    }
}

/// One document of a chart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document {
    pub(crate) kind: DocumentKind,
    /// TXA-9.
    pub(crate) author: Option<ProviderIndex>,
    /// TXA-10.
    pub(crate) authenticator: Option<ProviderIndex>,
    /// TXA-4: the admission, the start of the operation, the discharge.
    pub(crate) activity: Timestamp,
    /// TXA-6.
    pub(crate) begun: Timestamp,
    /// Operation reported on: its number is in TXA-14.
    pub(crate) procedure: Option<usize>,
    /// TXA-13.
    pub(crate) parent: Option<usize>,
    /// Adds to its parent; never stands for a document that is asked for.
    pub(crate) addendum: bool,
    /// TXA-2 is written with name and coding system, not as a bare code.
    pub(crate) type_named: bool,
}

/// How a document comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// DI, then PA or DO when transcribed, then AU.
    Dictated,
    /// DO, then AU.
    Typed,
    /// AU at once.
    SignedAtOnce,
    /// IP or IN, then DO, then AU.
    Drafted,
    /// TXA-17 empty, then AU.
    Unstated,
}

/// How often each way is taken.
const WAYS: [(Way, f64); 5] = [
    (Way::Dictated, 0.42),
    (Way::Typed, 0.26),
    (Way::SignedAtOnce, 0.18),
    (Way::Drafted, 0.12),
    (Way::Unstated, 0.02),
];

/// Author and authenticator of a document, and who really signs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hands {
    pub(super) author: Option<ProviderIndex>,
    pub(super) authenticator: Option<ProviderIndex>,
    pub(super) signer: ProviderIndex,
    pub(super) cosigner: Option<ProviderIndex>,
}

impl Telling<'_> {
    /// Tells all documents of a stay.
    pub(super) fn document(&mut self, stay: &Stay) {
        self.history_and_physical(stay);
        for procedure in 0..self.story.procedures.len() {
            self.operative_report(procedure);
        }
        if stay.cancelled.is_none() {
            self.discharge_summary(stay);
        }
        self.other_notes(stay);
    }

    fn history_and_physical(&mut self, stay: &Stay) {
        let share = match stay.kind {
            Kind::Inpatient | Kind::Cancelled => 1.0,
            Kind::Observation => 0.9,
            Kind::DaySurgery => 0.4,
            Kind::Emergency => 0.1,
            Kind::Outpatient | Kind::NoShow => 0.0,
        };
        let became_inpatient = stay.class_change.is_some_and(|(_, class)| class == Class::Inpatient);
        let wanted = self.dice.chance(share) || became_inpatient;
        let hands = self.hands(stay.in_charge(stay.admitted), 0.35);
        let habits = self.habits(hands);
        let course = lags::history_and_physical(&mut self.dice, stay.admitted, habits);
        if let (true, Some(course)) = (wanted, course) {
            let document = self.draft(DocumentKind::HistoryAndPhysical, hands, stay.admitted, None, course);
            self.write(document, hands, course, Act::Originated, Amendment::Possible);
        }
    }

    fn operative_report(&mut self, procedure: usize) {
        let done = self.story.procedures[procedure];
        let surgeon = done.surgeon;
        let authenticator = self.dice.chance(0.6).then_some(surgeon);
        let author = (!self.dice.chance(0.01)).then_some(surgeon);
        let hands = Hands { author, authenticator, signer: surgeon, cosigner: None };
        let habits = self.habits(hands);
        if let Some(course) = lags::operative_report(&mut self.dice, done.end(), habits) {
            let kind = DocumentKind::OperativeReport;
            let document = self.draft(kind, hands, done.start, Some(procedure), course);
            self.write(document, hands, course, Act::Originated, Amendment::Possible);
        }
    }

    fn discharge_summary(&mut self, stay: &Stay) {
        let Some(left) = stay.left() else { return };
        let length = between(stay.admitted, left);
        let share = match stay.final_class() {
            Class::Inpatient if length >= 2 * DAY || stay.died => 1.0,
            Class::Observation if stay.died => 1.0,
            Class::Inpatient => 0.4,
            Class::Observation => 0.25,
            Class::DaySurgery => 0.08,
            Class::Emergency => 0.05,
            Class::Outpatient | Class::Preadmit => 0.0,
        };
        let wanted = self.dice.chance(share);
        let hands = self.hands(stay.in_charge(left), 0.35);
        let habits = self.habits(hands);
        // While a discharge is still to be cancelled nobody has begun the summary.
        let early = self.dice.chance(0.03) && stay.discharges.len() == 1 && length > 12 * HOUR;
        let course = lags::discharge_summary(&mut self.dice, left, habits, early);
        if let (true, Some(course)) = (wanted, course) {
            let document = self.draft(DocumentKind::DischargeSummary, hands, left, None, course);
            self.write(document, hands, course, Act::Originated, Amendment::Possible);
        }
    }

    /// Progress notes and consultations.
    fn other_notes(&mut self, stay: &Stay) {
        let until = stay.left().or(stay.cancelled).unwrap_or(stay.admitted);
        let length = between(stay.admitted, until);
        let most = match stay.first_class {
            Class::Inpatient => 3.min(1 + length / DAY),
            Class::Observation => 1,
            _ => i64::from(self.dice.chance(0.3)),
        };
        for _ in 0..most {
            let kind =
                if self.dice.chance(0.2) { DocumentKind::Consultation } else { DocumentKind::ProgressNote };
            let begun = self.later(stay.admitted, HOUR.min(length), length);
            let hands = self.hands(stay.in_charge(begun), 0.35);
            let available = self.expressible(plus(begun, 5 * MINUTE));
            let signed = lags::resigned(&mut self.dice, available, 0.0);
            let course = Course { begun, available, signed, cosigned: None };
            let document = self.draft(kind, hands, begun, None, course);
            self.write(document, hands, course, Act::Originated, Amendment::Never);
        }
    }

    /// A resident under the physician in charge, or that physician alone.
    fn hands(&mut self, in_charge: ProviderIndex, residents: f64) -> Hands {
        let resident = self.staff.any_resident(&mut self.dice);
        let taught = self.dice.chance(residents) && !self.staff.is_surgeon(in_charge);
        let named = self.dice.chance(0.6);
        let anonymous = self.dice.chance(0.01);
        if taught {
            let (author, cosigner) = (Some(resident), Some(in_charge));
            return Hands { author, authenticator: cosigner, signer: resident, cosigner };
        }
        let author = (!anonymous).then_some(in_charge);
        let authenticator = (named && !anonymous).then_some(in_charge);
        Hands { author, authenticator, signer: in_charge, cosigner: None }
    }

    pub(super) fn habits(&self, hands: Hands) -> Habits {
        let author = self.frailty(hands.signer);
        Habits { author, cosigner: hands.cosigner.map(|cosigner| self.frailty(cosigner)) }
    }

    fn draft(
        &mut self,
        kind: DocumentKind,
        hands: Hands,
        activity: Timestamp,
        procedure: Option<usize>,
        course: Course,
    ) -> usize {
        let document = Document {
            kind,
            author: hands.author,
            authenticator: hands.authenticator,
            activity,
            begun: self.expressible(course.begun),
            procedure,
            parent: None,
            addendum: false,
            type_named: self.dice.chance(0.4),
        };
        self.story.documents.push(document);
        self.story.documents.len() - 1
    }

    /// Tells the steps of a document, and what befalls it later.
    pub(super) fn write(
        &mut self,
        document: usize,
        hands: Hands,
        course: Course,
        first: Act,
        amendment: Amendment,
    ) {
        let course = self.expressible_course(course);
        let way = self.way(document, course, first);
        let amendment =
            amendments::choose(self, document, hands, course, way == Way::SignedAtOnce, amendment);
        let cut = amendment.cuts_off();
        let mut steps = Vec::with_capacity(4);
        match way {
            Way::Dictated => {
                steps.push((course.begun, Completion::Dictated));
                let transcribed =
                    if self.dice.chance(0.5) { Completion::PreAuthenticated } else { Completion::Documented };
                steps.push((course.available, transcribed));
            }
            Way::Typed => steps.push((course.begun, Completion::Documented)),
            Way::Unstated => steps.push((course.begun, Completion::Unstated)),
            Way::Drafted => {
                let unfinished =
                    if self.dice.chance(0.6) { Completion::InProgress } else { Completion::Incomplete };
                steps.push((course.begun, unfinished));
                steps.push((course.available, Completion::Documented));
            }
            Way::SignedAtOnce => {}
        }
        let mut act = first;
        for (at, completion) in steps {
            if cut.is_none_or(|cut| at < cut) {
                self.step(document, act, at, completion, Signatures::default());
            }
            act = Act::StatusChanged;
        }
        if let Some(at) = course.signed.filter(|at| cut.is_none_or(|cut| *at < cut)) {
            let signed_at = self.sign(document, act, at, hands, way == Way::SignedAtOnce);
            if let (Some(at), Some(cosigner)) = (course.cosigned, hands.cosigner) {
                self.cosign(document, at, hands.signer, cosigner, signed_at);
            }
        }
        amendments::tell(self, document, hands, amendment);
    }

    fn expressible_course(&self, course: Course) -> Course {
        let begun = self.expressible(course.begun);
        let available = self.expressible(course.available).max(plus(begun, 1));
        let signed = course.signed.map(|at| self.expressible(at).max(plus(available, 1)));
        let cosigned =
            signed.and_then(|signed| course.cosigned.map(|at| self.expressible(at).max(plus(signed, 1))));
        Course { begun, available, signed, cosigned }
    }

    fn way(&mut self, document: usize, course: Course, first: Act) -> Way {
        let kind = self.story.documents[document].kind;
        let (drawn, _) = WAYS[self.dice.weighted(&WAYS.map(|(_, share)| share))];
        match drawn {
            // A document that replaces another one is written out when it arrives.
            _ if first == Act::Replaced => Way::Typed,
            Way::SignedAtOnce if course.signed.is_none() => Way::Typed,
            // Nobody can tell whether an unfinished history and physical is "written": there is none.
            Way::Drafted if kind == DocumentKind::HistoryAndPhysical => Way::Typed,
            Way::Dictated | Way::Drafted
                if matches!(kind, DocumentKind::ProgressNote | DocumentKind::Consultation) =>
            {
                Way::Typed
            }
            way => way,
        }
    }

    /// One document event without delay, or entered up to half an hour later.
    pub(super) fn step(
        &mut self,
        document: usize,
        act: Act,
        at: Timestamp,
        completion: Completion,
        signatures: Signatures,
    ) {
        let content = !self.dice.chance(0.08) && act != Act::Cancelled;
        let late = self.dice.chance(0.1);
        let wait = self.dice.between(MINUTE, 30 * MINUTE);
        let recorded = if late { self.expressible(plus(at, wait)) } else { at };
        let told = self.dice.chance(0.2);
        let what = What::Document { document, act, content, completion, signatures };
        let event = self.event(at, recorded, told, what);
        self.story.events.push(event);
    }

    /// The author signs. Returns the instant of the message.
    pub(super) fn sign(
        &mut self,
        document: usize,
        act: Act,
        at: Timestamp,
        hands: Hands,
        at_once: bool,
    ) -> (Timestamp, Timestamp) {
        // Most systems report a signature within two minutes; one in a hundred comes days later.
        let backdated = self.dice.chance(0.01) && !at_once;
        let late = self.dice.between(DAY, 3 * DAY);
        let soon = self.dice.between(0, 2 * MINUTE);
        let told = match (at_once, backdated) {
            (true, _) => at,
            (false, true) => self.expressible(plus(at, late)),
            (false, false) => self.expressible(plus(at, soon)),
        };
        let legally = self.dice.chance(0.1) && hands.cosigner.is_none();
        let completion = if legally { Completion::LegallyAuthenticated } else { Completion::Authenticated };
        let anonymous = self.mistakes.chance(self.world.settings.dirt.signature_without_signer);
        let author = (!anonymous).then_some((hands.signer, at));
        self.step(document, act, told, completion, Signatures { author, cosigner: None });
        // The signature counts from the time beside the name, or from the message if no name is given.
        (if anonymous { told } else { at }, told)
    }

    /// The attending signs as well: LA, or AU again with both names.
    fn cosign(
        &mut self,
        document: usize,
        at: Timestamp,
        author: ProviderIndex,
        cosigner: ProviderIndex,
        (signed, told): (Timestamp, Timestamp),
    ) {
        let at = self.expressible(at.max(plus(told, 5 * MINUTE)));
        let legally = self.dice.chance(0.85);
        let completion = if legally { Completion::LegallyAuthenticated } else { Completion::Authenticated };
        let both = Signatures { author: Some((author, signed)), cosigner: Some((cosigner, at)) };
        self.step(document, Act::StatusChanged, at, completion, both);
    }
}
