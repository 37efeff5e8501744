//! Who owes it, and which step decided.

use std::borrow::Cow;

use countersign_contracts::chart::Procedure;
use countersign_kernel::{Person, Timestamp};

use super::Context;
use crate::domain::{
    chart::Chart,
    document::Document,
    order::Order,
    people::Standing,
    reference::same_person,
    rules::{Requirement, ResponsibleStep, Rule},
};

/// What the requirement is about.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) document: Option<&'a Document>,
    pub(super) procedure: Option<&'a Procedure>,
    pub(super) order: Option<&'a Order>,
}

/// The first step that names somebody with an identifier decides. If the directory says that this person is
/// not there any more, or is unknown, HIM must assign: the duty never passes to the next one in silence.
pub(super) fn responsible<'a>(
    chart: &'a Chart,
    rule: &Rule,
    context: &Context<'_>,
    about: About<'a>,
    arose_at: Timestamp,
    now: Timestamp,
) -> (Option<Cow<'a, Person>>, Cow<'static, str>) {
    let author = about.document.and_then(|document| document.originator.as_ref());
    let cosigning = matches!(rule.requires, Requirement::DocumentCosigned(_));
    let may = |person: &Person| {
        // Nobody cosigns what is their own.
        person.id.is_some()
            && !(cosigning && author.is_some_and(|author| same_person(context.directory, author, person)))
    };
    let found = rule
        .responsible
        .iter()
        .filter_map(|step| step_names(*step, rule, chart, context, about, arose_at, now))
        .find(|(person, _)| may(person));
    let Some((person, because)) = found else {
        return (None, Cow::Borrowed("no message names anybody with an identifier: unassigned"));
    };
    let who = || format!("{because}: {}", person.display_name());
    let strict = context.site.strict_directory(&context.encounter.facility);
    match context.directory.standing(&person, now, strict) {
        Standing::Active => (Some(person), Cow::Borrowed(because)),
        Standing::Inactive { since: Some(since) } => {
            let day = since.to_zoned(context.zone.clone()).date();
            (None, Cow::Owned(format!("{}, not active since {day}: HIM assigns", who())))
        }
        Standing::Inactive { since: None } => {
            (None, Cow::Owned(format!("{}, not active: HIM assigns", who())))
        }
        Standing::Unknown => (None, Cow::Owned(format!("{}, not in the directory: HIM assigns", who()))),
    }
}

fn step_names<'a>(
    step: ResponsibleStep,
    rule: &Rule,
    chart: &'a Chart,
    context: &Context<'_>,
    about: About<'a>,
    arose_at: Timestamp,
    now: Timestamp,
) -> Option<(Cow<'a, Person>, &'static str)> {
    let About { document, procedure, order } = about;
    let (person, because) = match step {
        ResponsibleStep::AuthorOrAuthenticator => {
            let (author, authenticator) = (document?.originator.as_ref(), document?.authenticators.first());
            if document?.assigned_cosigner().is_some() {
                (author?, "author of the document (TXA-9); TXA-10 is to cosign")
            } else {
                match authenticator.filter(|person| person.id.is_some()) {
                    Some(person) => (person, "assigned authenticator of the document (TXA-10)"),
                    None => (author?, "originator of the document (TXA-9)"),
                }
            }
        }
        ResponsibleStep::AuthorOfUnfinished => {
            let begun = document.filter(|document| document.unfinished())?;
            (begun.originator.as_ref()?, "originator of the document that was begun (TXA-9)")
        }
        ResponsibleStep::Cosigner => {
            (document?.assigned_cosigner()?, "assigned authenticator who is not the author (TXA-10)")
        }
        ResponsibleStep::Surgeon => (procedure?.surgeon.as_ref()?, "surgeon of record (PR1-11)"),
        ResponsibleStep::Anesthesiologist => {
            (procedure?.anesthesiologist.as_ref()?, "anesthesiologist of record (PR1-8)")
        }
        ResponsibleStep::OrderingProvider => (order?.ordering.as_ref()?, "ordering provider (ORC-12)"),
        ResponsibleStep::Consultant => (order?.consultant.as_ref()?, "consultant named in the order"),
        ResponsibleStep::AttendingThen if matches!(rule.requires, Requirement::DocumentPerTransfer(_)) => {
            (chart.attending_before(arose_at)?, "attending of record before the transfer (PV1-7)")
        }
        ResponsibleStep::AttendingThen => {
            (chart.attending_at(arose_at)?, "attending of record at that time (PV1-7)")
        }
        ResponsibleStep::Attending => (chart.attending.as_ref()?, "attending of record (PV1-7)"),
        ResponsibleStep::Admitting => (chart.admitting.as_ref()?, "admitting provider (PV1-17)"),
        ResponsibleStep::Supervisor => {
            let author = document?.originator.as_ref()?;
            let supervisor = context.directory.supervisor_of(author, now)?;
            return Some((Cow::Owned(supervisor), "supervisor of the author, by the directory"));
        }
    };
    Some((Cow::Borrowed(person), because))
}
