//! Which document is about which procedure or consultation.

use countersign_contracts::chart::{DocumentType, Procedure};
use countersign_kernel::{Person, Timestamp};

use super::required::documents;
use crate::domain::{
    chart::{Chart, Known},
    document::Document,
    order::Order,
    people::Directory,
    reference::same_person,
};

/// The procedures that the rule is concerned with, in order of time, each with the report about it.
pub(super) fn reports_by_procedure<'a>(
    chart: &'a Chart,
    kinds: &[DocumentType],
    concerned: &dyn Fn(&Procedure) -> bool,
    directory: &Directory,
) -> Vec<(&'a Known<Procedure>, Option<&'a Document>)> {
    let mut answered: Vec<(&Known<Procedure>, Option<&Document>)> = chart
        .procedures
        .values()
        .filter(|procedure| concerned(&procedure.value))
        .map(|procedure| (procedure, None))
        .collect();
    if answered.is_empty() {
        return answered;
    }
    answered.sort_by_key(|(procedure, _)| procedure.value.ended_at);
    let mut reports: Vec<&Document> =
        documents(chart, kinds).filter(|report| report.present.is_some()).collect();
    reports.sort_by_key(|report| report.activity_at.unwrap_or(report.originated_at));
    // First by what a report says it is about: its activity time (TXA-4) lies in one procedure, and then it is
    // about no other.
    reports.retain(|report| {
        let during = |procedure: &Procedure| {
            report.activity_at.is_some_and(|at| (procedure.started_at..=procedure.ended_at).contains(&at))
        };
        let about = answered.iter_mut().find(|(procedure, _)| during(&procedure.value));
        about.map(|(_, answer)| answer.get_or_insert(report)).is_none()
    });
    // Then a surgeon's report is about the surgeon's own earliest procedure without one; then whoever wrote it.
    let own = |report: &Document, procedure: &Procedure| {
        procedure.surgeon.as_ref().is_some_and(|surgeon| names(report, surgeon, directory))
    };
    let anyone = |_: &Document, _: &Procedure| true;
    for fits in [&own as &dyn Fn(&Document, &Procedure) -> bool, &anyone] {
        reports.retain(|report| {
            // What was written before a procedure began is not about it.
            let open = answered.iter_mut().find(|(procedure, answer)| {
                answer.is_none()
                    && report.originated_at >= procedure.value.started_at
                    && fits(report, &procedure.value)
            });
            open.map(|(_, answer)| *answer = Some(report)).is_none()
        });
    }
    answered
}

fn names(document: &Document, person: &Person, directory: &Directory) -> bool {
    document
        .originator
        .iter()
        .chain(&document.authenticators)
        .any(|named| same_person(directory, named, person))
}

/// The consultations that were held, in order of time, each with its report: the consultant's own first, then
/// the earliest that nobody else's consultation has taken.
pub(super) fn consultations<'a>(
    chart: &'a Chart,
    kinds: &[DocumentType],
    directory: &Directory,
) -> Vec<(&'a Order, &'a Known<Timestamp>, Option<&'a Document>)> {
    let mut held: Vec<_> = chart
        .orders
        .values()
        .filter(|order| order.consultation && !order.cancelled)
        .filter_map(|order| Some((order, order.completed.as_ref()?, None)))
        .collect();
    held.sort_by_key(|(_, completed, _)| completed.value);
    let mut reports: Vec<&Document> = documents(chart, kinds).collect();
    reports.sort_by_key(|report| report.originated_at);
    for own_only in [true, false] {
        for (order, _, answer) in held.iter_mut().filter(|(_, _, answer)| answer.is_none()) {
            let consultant = order.consultant.as_ref();
            let fits = |report: &&Document| {
                report.originated_at >= order.placed.value
                    && (!own_only || consultant.is_some_and(|person| names(report, person, directory)))
            };
            *answer = reports.iter().position(fits).map(|found| reports.remove(found));
        }
    }
    held
}
