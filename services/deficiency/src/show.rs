//! A deficiency as the API shows it: with both clocks.

use countersign_contracts::api::{
    AccountabilityView, DeficiencyView, DisputeView, RegulatoryView, SegmentView,
};
use countersign_kernel::{EncounterId, Person, Phi, Timestamp};
use jiff::SignedDuration;

use crate::domain::{
    clock::{Accountability, Days, accountability},
    decide::zone_of,
    events::{Deficiency, Dispute, Pause},
    reference::Reference,
};

/// What is known beside the deficiency itself.
pub(crate) struct Seen {
    /// Facility code.
    pub(crate) facility: String,
    /// Visit number as the feed sent it.
    pub(crate) encounter: String,
    /// Id of the chart.
    pub(crate) chart: EncounterId,
    /// Patient identifier.
    pub(crate) patient: Option<Phi<String>>,
    /// Patient name.
    pub(crate) patient_name: Option<Phi<String>>,
    /// IANA time zone of the facility.
    pub(crate) time_zone: String,
    /// Discharge.
    pub(crate) discharged_at: Option<Timestamp>,
    /// The regulatory limit of the chart.
    pub(crate) regulatory_due_at: Option<Timestamp>,
    /// Leave and downtimes.
    pub(crate) elsewhere: Vec<Pause>,
}

/// The view of a deficiency at `now`.
pub(crate) fn deficiency(
    deficiency: &Deficiency,
    seen: Seen,
    reference: &Reference,
    now: Timestamp,
) -> DeficiencyView {
    let zone = zone_of(&seen.time_zone);
    let days = Days { zone: &zone, calendar: reference.site.calendar(&seen.facility) };
    let clock = accountability(deficiency, &seen.elsewhere, days, now);
    let title = deficiency.title.clone().or_else(|| {
        reference.rule(&deficiency.rule, deficiency.rule_version).map(|(_, rule)| rule.title.clone())
    });
    let status = deficiency.status.name().to_owned();
    DeficiencyView {
        id: deficiency.id,
        facility: seen.facility,
        encounter: seen.encounter,
        chart: seen.chart,
        rule: deficiency.rule.clone(),
        rule_version: deficiency.rule_version,
        title: title.unwrap_or_else(|| deficiency.rule.clone()),
        document_type: deficiency.document_type.clone(),
        subject: deficiency.subject.clone(),
        responsible: deficiency.responsible.as_ref().and_then(|person| person.id.clone()),
        responsible_name: deficiency.responsible.as_ref().map(Person::display_name),
        responsible_because: deficiency.responsible_because.clone(),
        overdue: status == "open" && clock.due_at.is_some_and(|due| now > due),
        status,
        anchor_at: deficiency.anchor_at,
        due_at: clock.due_at,
        due_without_pauses_at: deficiency.due_at,
        delinquent_at: clock.delinquent_at,
        target_at: deficiency.target_at,
        opened_at: deficiency.opened_at,
        closed_at: deficiency.closed_at,
        closed_because: deficiency.closed_because.clone(),
        holds_bill: deficiency.holds_bill,
        accountability: accountability_view(clock),
        regulatory: seen.discharged_at.map(|from| RegulatoryView {
            from,
            due_at: seen.regulatory_due_at,
            days: now.duration_since(from).max(SignedDuration::ZERO).as_hours() / 24,
        }),
        dispute: deficiency.dispute.as_ref().map(dispute_view),
        patient: seen.patient,
        patient_name: seen.patient_name,
        time_zone: seen.time_zone,
    }
}

fn accountability_view(clock: Accountability) -> AccountabilityView {
    AccountabilityView {
        state: clock.state().name().to_owned(),
        ran_seconds: clock.ran.as_secs(),
        stood_seconds: clock.stood.as_secs(),
        segments: clock
            .segments
            .into_iter()
            .map(|segment| SegmentView {
                from: segment.from,
                until: segment.until,
                cause: segment.state.name().to_owned(),
                by: segment.by,
                why: segment.why,
            })
            .collect(),
    }
}

fn dispute_view(dispute: &Dispute) -> DisputeView {
    DisputeView {
        reason: dispute.reason.name().to_owned(),
        text: dispute.text.clone(),
        by: dispute.by.clone(),
        at: dispute.at,
        answer_due_at: dispute.answer_due_at,
        state: match &dispute.decided {
            None => "open",
            Some(decision) if decision.upheld => "upheld",
            Some(_) => "rejected",
        }
        .to_owned(),
        answer: dispute.decided.as_ref().map(|decision| decision.why.clone()),
    }
}
