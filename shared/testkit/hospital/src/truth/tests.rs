//! Hand-made stories, and what they come to.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Row, Status, chart::Chart, rules};
use crate::{
    Dirt, Hospital, Settings,
    calendar::{DAY, HOUR, MINUTE, plus},
    hospital::World,
    staff::ProviderIndex,
    story::{
        Act, Class, Completion, Document, DocumentKind, Event, Procedure, Scene, Signatures, Story, Trigger,
        Visit, What,
    },
};

const ADMITTING: ProviderIndex = 0;
const ATTENDING: ProviderIndex = 1;
const RESIDENT: ProviderIndex = 2;
const SURGEON: ProviderIndex = 3;

/// An hour counted from the start of the run, in UTC. The first patient comes at hour 8.
fn hour(hours: i64) -> Timestamp {
    plus(Settings::default().start, hours * HOUR)
}

/// A story told event by event.
struct Tale {
    world: Arc<World>,
    story: Story,
    scene: Scene,
}

impl Tale {
    fn admitted(class: Class) -> Self {
        let settings = Settings { months: 3, dirt: Dirt::none(), ..Settings::default() };
        let world = Hospital::new(settings).expect("valid").world;
        let scene =
            Scene { class, attending: ATTENDING, moves: 0, discharged: None, died: false, merged: false };
        let story = Story {
            number: 1,
            facility: 0,
            patient: 1,
            admitted: hour(8),
            admitting: ADMITTING,
            temporary_record: false,
            procedures: Vec::new(),
            documents: Vec::new(),
            events: Vec::new(),
            tags: Vec::new(),
        };
        let admission =
            Visit { class: Some(class), attending: Some(ATTENDING), ..Visit::plain(Trigger::A01) };
        Self { world, story, scene }.visit(8, admission)
    }

    fn tell(&mut self, hours: i64, what: What) {
        let at = hour(hours);
        let event = Event { occurred: at, recorded: at, occurred_told: false, what, scene: self.scene };
        self.story.events.push(event);
    }

    fn visit(mut self, hours: i64, visit: Visit) -> Self {
        self.scene.class = visit.class.unwrap_or(self.scene.class);
        self.tell(hours, What::Visit(visit));
        self
    }

    fn told(self, hours: i64, trigger: Trigger) -> Self {
        self.visit(hours, Visit::plain(trigger))
    }

    fn becomes(self, hours: i64, trigger: Trigger, class: Class) -> Self {
        self.visit(hours, Visit { class: Some(class), ..Visit::plain(trigger) })
    }

    fn operated(mut self, hours: i64) -> Self {
        self.story.procedures.push(Procedure {
            start: hour(hours - 1),
            minutes: 60,
            surgeon: SURGEON,
            code: 1,
        });
        self.visit(hours, Visit { procedures: true, ..Visit::plain(Trigger::A08) })
    }

    /// The next document, by the attending alone or by a resident under the attending.
    fn document(self, kind: DocumentKind, author: ProviderIndex) -> Self {
        self.successor(kind, author, None, false)
    }

    fn successor(
        mut self,
        kind: DocumentKind,
        author: ProviderIndex,
        parent: Option<usize>,
        addendum: bool,
    ) -> Self {
        let authenticator = if author == RESIDENT { ATTENDING } else { author };
        self.story.documents.push(Document {
            kind,
            author: Some(author),
            authenticator: Some(authenticator),
            activity: hour(8),
            begun: hour(8),
            procedure: (kind == DocumentKind::OperativeReport).then_some(0),
            parent,
            addendum,
            type_named: false,
        });
        self
    }

    /// A step of the document made last.
    fn step(self, hours: i64, act: Act, completion: Completion) -> Self {
        let last = self.story.documents.len() - 1;
        self.step_of(last, hours, act, completion, Signatures::default())
    }

    fn step_of(
        mut self,
        document: usize,
        hours: i64,
        act: Act,
        completion: Completion,
        signatures: Signatures,
    ) -> Self {
        self.tell(hours, What::Document { document, act, content: true, completion, signatures });
        self
    }

    fn rows(&self) -> Vec<Row> {
        rules::rows(&self.world, &Chart::read(&self.world, &self.story))
    }

    /// The only row of a rule.
    fn row(&self, rule: &str) -> Row {
        let mut rows: Vec<Row> = self.rows().into_iter().filter(|row| row.rule == rule).collect();
        assert_eq!(rows.len(), 1, "{rule}: {rows:?}");
        rows.remove(0)
    }

    fn owes(&self, rule: &str) -> bool {
        self.rows().iter().any(|row| row.rule == rule)
    }

    fn id(&self, provider: ProviderIndex) -> String {
        self.world.facilities[0].staff.get(provider).id.clone()
    }
}

fn state(row: &Row) -> (Status, Option<Timestamp>) {
    (row.status, row.closed_at)
}

use Act::{AddendumMade, Cancelled, Edited, Originated, Replaced, StatusChanged};
use Completion::{Authenticated, Dictated, Documented, InProgress, LegallyAuthenticated};
use DocumentKind::{DischargeSummary, HistoryAndPhysical, OperativeReport};

#[test]
fn an_inpatient_owes_a_signed_history_within_24_hours() {
    // given an admission at eight without any document
    let tale = Tale::admitted(Class::Inpatient);
    let row = tale.row("R01");
    // then the attending owes it for 24 hours from the admission
    assert_eq!((row.anchor_at, row.due_at), (hour(8), hour(32)));
    assert_eq!((row.status, row.responsible.clone()), (Status::Open, Some(tale.id(ATTENDING))));
    // when a resident has written it, then the resident owes the signature
    let tale = tale.document(HistoryAndPhysical, RESIDENT).step(10, Originated, Documented);
    assert_eq!(tale.row("R01").responsible, Some(tale.id(RESIDENT)));
    // when the resident signs, then it is done, and the attending owes the cosignature by the seventh day
    let tale = tale.step(12, StatusChanged, Authenticated);
    assert_eq!(state(&tale.row("R01")), (Status::Satisfied, Some(hour(12))));
    let cosign = tale.row("R15");
    assert_eq!((cosign.anchor_at, cosign.responsible.clone()), (hour(12), Some(tale.id(ATTENDING))));
    assert_eq!(cosign.due_at, plus(hour(8 * 24), -1));
    // when the attending signs as well, then nothing is owed
    let tale = tale.step(20, StatusChanged, LegallyAuthenticated);
    assert_eq!(state(&tale.row("R15")), (Status::Satisfied, Some(hour(20))));
}

#[test]
fn a_cosigner_named_in_txa_22_has_cosigned() {
    let tale = Tale::admitted(Class::Inpatient).document(HistoryAndPhysical, RESIDENT).step(
        12,
        Originated,
        Authenticated,
    );
    let both = Signatures {
        author: Some((RESIDENT, hour(12))),
        cosigner: Some((ATTENDING, plus(hour(15), -MINUTE))),
    };
    let tale = tale.step_of(0, 15, StatusChanged, Authenticated, both);
    assert_eq!(state(&tale.row("R15")), (Status::Satisfied, Some(plus(hour(15), -MINUTE))));
}

#[test]
fn observation_owes_a_history_only_after_a_day() {
    // given observation, when it ends on the same day, then nothing is owed
    let short = Tale::admitted(Class::Observation).told(20, Trigger::A03);
    assert!(!short.owes("R01"));
    // when it lasts longer, then it is owed from the 24th hour, though counted from the first
    let long = Tale::admitted(Class::Observation).told(50, Trigger::A03);
    let row = long.row("R01");
    assert_eq!((row.anchor_at, row.opened_at, row.due_at), (hour(8), hour(32), hour(32)));
    // when it had been signed before, then it was never owed
    let signed = long.document(HistoryAndPhysical, ATTENDING).step(12, Originated, Authenticated);
    assert_eq!(state(&signed.row("R01")), (Status::Satisfied, Some(hour(32))));
}

#[test]
fn a_change_to_inpatient_starts_the_history_unless_it_is_owed_already() {
    // given observation that becomes an admission after 12 hours, then the change is the anchor
    let early = Tale::admitted(Class::Observation).becomes(20, Trigger::A06, Class::Inpatient);
    assert_eq!((early.row("R01").anchor_at, early.row("R01").opened_at), (hour(20), hour(20)));
    // given observation that becomes an admission after 32 hours, then the old debt goes on
    let late = Tale::admitted(Class::Observation).becomes(40, Trigger::A06, Class::Inpatient);
    assert_eq!((late.row("R01").anchor_at, late.row("R01").opened_at), (hour(8), hour(32)));
}

#[test]
fn a_change_to_observation_ends_the_history_until_a_day_has_passed() {
    let downgraded = Tale::admitted(Class::Inpatient).becomes(20, Trigger::A07, Class::Observation);
    // given an A07 and a discharge within the day, then what was owed fell away with the A07
    let short = downgraded.told(30, Trigger::A03);
    assert_eq!(state(&short.row("R01")), (Status::Voided, Some(hour(20))));
    // given an observation that lasts, then it is owed again, counted from the A07
    let long =
        Tale::admitted(Class::Inpatient).becomes(20, Trigger::A07, Class::Observation).told(60, Trigger::A03);
    let row = long.row("R01");
    assert_eq!((row.status, row.anchor_at, row.opened_at), (Status::Open, hour(20), hour(44)));
    // given a signature before the A07, then that stays
    let done = Tale::admitted(Class::Inpatient)
        .document(HistoryAndPhysical, ATTENDING)
        .step(12, Originated, Authenticated)
        .becomes(20, Trigger::A07, Class::Observation);
    assert_eq!(state(&done.row("R01")), (Status::Satisfied, Some(hour(12))));
}

#[test]
fn each_operation_owes_a_report_and_each_report_a_signature() {
    // given an operation that ended at ten
    let tale = Tale::admitted(Class::DaySurgery).operated(10).told(16, Trigger::A03);
    let row = tale.row("R05");
    assert_eq!(
        (row.anchor_at, row.due_at, row.responsible.clone()),
        (hour(10), hour(34), Some(tale.id(SURGEON)))
    );
    assert_eq!(row.subject.as_deref(), Some("P0000000101"));
    // when a report is merely begun, then it is still owed and cannot be signed
    let tale = tale.document(OperativeReport, SURGEON).step(12, Originated, InProgress);
    assert_eq!(tale.row("R05").status, Status::Open);
    assert!(!tale.owes("R06"));
    // when it is dictated, then it is there, but cannot be signed
    let tale = tale.step(14, StatusChanged, Dictated);
    assert_eq!(state(&tale.row("R05")), (Status::Satisfied, Some(hour(14))));
    assert_eq!((tale.row("R06").status, tale.row("R06").waits), (Status::Dormant, true));
    // when it is transcribed, then the signature is owed to the end of the seventh day
    let tale = tale.step(20, StatusChanged, Documented);
    let row = tale.row("R06");
    assert_eq!((row.anchor_at, row.due_at), (hour(20), plus(hour(8 * 24), -1)));
    assert_eq!(tale.row("C0").status, Status::Open);
    // when it is signed, then the chart is complete
    let tale = tale.step(30, StatusChanged, Authenticated);
    assert_eq!(state(&tale.row("R06")), (Status::Satisfied, Some(hour(30))));
    assert_eq!(state(&tale.row("C0")), (Status::Satisfied, Some(hour(30))));
}

#[test]
fn only_long_stays_and_deaths_owe_a_summary() {
    let asked = |class, leaves, died| {
        Tale::admitted(class).visit(leaves, Visit { died, ..Visit::plain(Trigger::A03) }).owes("R13")
    };
    assert!(!asked(Class::Inpatient, 8 + 47, false));
    assert!(asked(Class::Inpatient, 8 + 48, false));
    assert!(asked(Class::Inpatient, 8 + 2, true));
    assert!(asked(Class::Observation, 8 + 2, true));
    assert!(!asked(Class::Observation, 8 + 60, false));
    assert!(!asked(Class::DaySurgery, 8 + 60, true));
}

#[test]
fn emergency_and_outpatient_visits_owe_nothing() {
    for class in [Class::Emergency, Class::Outpatient, Class::Preadmit] {
        let tale = Tale::admitted(class)
            .operated(10)
            .told(12, Trigger::A03)
            .document(DischargeSummary, RESIDENT)
            .step(14, Originated, Documented);
        assert_eq!(tale.rows(), Vec::new());
    }
}

#[test]
fn a_summary_is_owed_by_the_attending_as_corrected() {
    let corrected = Visit { attending: Some(SURGEON), ..Visit::plain(Trigger::A08) };
    let tale = Tale::admitted(Class::Inpatient).told(100, Trigger::A03);
    assert_eq!(tale.row("R13").responsible, Some(tale.id(ATTENDING)));
    let tale = tale.visit(110, corrected);
    assert_eq!(tale.row("R13").responsible, Some(tale.id(SURGEON)));
    // when somebody has begun it, then it is theirs to finish
    let tale = tale.document(DischargeSummary, RESIDENT).step(120, Originated, InProgress);
    assert_eq!(tale.row("R13").responsible, Some(tale.id(RESIDENT)));
    let row = tale.row("R13");
    assert_eq!((row.anchor_at, row.due_at), (hour(100), plus(hour(12 * 24), -1)));
    // and it was theirs when it was finished
    let tale = tale.step(130, StatusChanged, Documented);
    let row = tale.row("R13");
    assert_eq!(state(&row), (Status::Satisfied, Some(hour(130))));
    assert_eq!(row.responsible, Some(tale.id(RESIDENT)));
}

#[test]
fn a_cancelled_discharge_takes_its_debts_back_until_the_next_one() {
    // given a discharge that is taken back
    let tale = Tale::admitted(Class::Inpatient).told(100, Trigger::A03).told(110, Trigger::A13);
    for rule in ["R13", "C0", "C1"] {
        assert_eq!(state(&tale.row(rule)), (Status::Voided, Some(hour(110))));
    }
    // when the patient leaves in the end, then the same debts run from then
    let tale = tale.told(150, Trigger::A03);
    for rule in ["R13", "C0", "C1"] {
        let row = tale.row(rule);
        assert_eq!((row.status, row.anchor_at, row.opened_at), (Status::Open, hour(150), hour(150)));
    }
}

#[test]
fn a_cancelled_admission_voids_what_is_open_and_leaves_what_is_done() {
    let open = Tale::admitted(Class::Inpatient).told(14, Trigger::A11);
    assert_eq!(state(&open.row("R01")), (Status::Voided, Some(hour(14))));
    let done = Tale::admitted(Class::Inpatient)
        .document(HistoryAndPhysical, RESIDENT)
        .step(10, Originated, Authenticated)
        .told(14, Trigger::A11);
    assert_eq!(state(&done.row("R01")), (Status::Satisfied, Some(hour(10))));
    assert_eq!(state(&done.row("R15")), (Status::Voided, Some(hour(14))));
    assert!(!done.owes("C0"));
}

/// An inpatient with a signed history who left at hour 100.
fn left() -> Tale {
    Tale::admitted(Class::Inpatient)
        .document(HistoryAndPhysical, ATTENDING)
        .step(9, Originated, Authenticated)
        .told(100, Trigger::A03)
}

#[test]
fn a_withdrawn_summary_is_owed_again() {
    // given a summary that was written and withdrawn unsigned
    let tale = left().document(DischargeSummary, ATTENDING).step(120, Originated, Documented);
    assert_eq!(state(&tale.row("R13")), (Status::Satisfied, Some(hour(120))));
    let tale = tale.step(130, Cancelled, Documented);
    // then its signature falls away, and the summary is owed as before
    assert_eq!(state(&tale.row("R14")), (Status::Voided, Some(hour(130))));
    assert_eq!(state(&tale.row("R13")), (Status::Open, None));
    // when another one is dictated, then that counts
    let tale = tale.document(DischargeSummary, ATTENDING).step(140, Originated, Dictated);
    assert_eq!(state(&tale.row("R13")), (Status::Satisfied, Some(hour(140))));
}

#[test]
fn a_withdrawn_signed_summary_stays_signed_but_is_owed_again() {
    let tale = left().document(DischargeSummary, ATTENDING).step(120, Originated, Authenticated);
    assert_eq!(state(&tale.row("C0")), (Status::Satisfied, Some(hour(120))));
    let tale = tale.step(130, Cancelled, Authenticated);
    assert_eq!(state(&tale.row("R14")), (Status::Satisfied, Some(hour(120))));
    assert_eq!(state(&tale.row("R13")), (Status::Open, None));
    assert_eq!(tale.row("C0").status, Status::Open);
}

#[test]
fn a_replacement_needs_its_own_signature() {
    // given a summary that is replaced before it was signed
    let tale = left().document(DischargeSummary, RESIDENT).step(120, Originated, Documented);
    let tale = tale.successor(DischargeSummary, RESIDENT, Some(1), false).step(130, Replaced, Documented);
    // then the summary is there as before, the old signature is no longer owed, the new one is
    assert_eq!(state(&tale.row("R13")), (Status::Satisfied, Some(hour(120))));
    let signatures: Vec<_> = tale.rows().into_iter().filter(|row| row.rule == "R14").collect();
    assert_eq!(state(&signatures[0]), (Status::Voided, Some(hour(130))));
    assert_eq!((signatures[1].status, signatures[1].anchor_at), (Status::Open, hour(130)));
    assert_eq!(signatures[1].subject.as_deref(), Some("D0000000103"));
    // when the new one is signed, then its cosignature is owed and nothing of the old one
    let tale = tale.step(140, StatusChanged, Authenticated);
    assert_eq!(tale.row("R15").subject.as_deref(), Some("D0000000103"));
}

#[test]
fn an_edit_takes_the_signature_away() {
    let tale = left()
        .document(DischargeSummary, ATTENDING)
        .step(120, Originated, Documented)
        .step(130, StatusChanged, Authenticated)
        .step(140, Edited, Documented);
    let row = tale.row("R14");
    assert_eq!((row.status, row.anchor_at, row.opened_at), (Status::Open, hour(120), hour(120)));
    assert_eq!(tale.row("C0").status, Status::Open);
    let tale = tale.step(150, StatusChanged, Authenticated);
    assert_eq!(state(&tale.row("R14")), (Status::Satisfied, Some(hour(150))));
    assert_eq!(state(&tale.row("C0")), (Status::Satisfied, Some(hour(150))));
}

#[test]
fn an_addendum_satisfies_nothing_and_opens_nothing() {
    let tale =
        left().successor(DischargeSummary, ATTENDING, Some(0), true).step(120, AddendumMade, Authenticated);
    assert_eq!(state(&tale.row("R13")), (Status::Open, None));
    assert!(!tale.owes("R14"));
}

#[test]
fn a_signature_counts_from_the_time_beside_the_name() {
    // given a message of hour 150 that says who signed at hour 125, and one that names nobody
    let named = Signatures { author: Some((ATTENDING, hour(125))), cosigner: None };
    let tale = left().document(DischargeSummary, ATTENDING).step(120, Originated, Documented);
    let tale = tale.step_of(1, 150, StatusChanged, Authenticated, named);
    assert_eq!(state(&tale.row("R14")), (Status::Satisfied, Some(hour(125))));
    let tale = left().document(DischargeSummary, ATTENDING).step(120, Originated, Documented);
    let tale = tale.step(150, StatusChanged, Authenticated);
    assert_eq!(state(&tale.row("R14")), (Status::Satisfied, Some(hour(150))));
}

#[test]
fn what_is_entered_after_the_end_of_the_run_is_not_known() {
    // given a summary on the last day whose entry is made the day after
    let mut tale = left().document(DischargeSummary, ATTENDING).step(120, Originated, Documented);
    let last = tale.story.events.last_mut().expect("told");
    last.recorded = plus(tale.world.end, DAY);
    assert_eq!(state(&tale.row("R13")), (Status::Open, None));
}
