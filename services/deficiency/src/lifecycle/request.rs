//! A caller's request, as a wish of the domain.

use countersign_contracts::api::acts::{Allowance, ChartAct, ItemAct, ProviderRef};
use countersign_kernel::{Actor, DeficiencyId, Person, Timestamp};

use super::{LifecycleError, person};
use crate::domain::{
    acts::{
        Act, Deed, DisputeOutcome, DisputeReason, Item,
        command::{Refusal, Request, Wish},
    },
    events::PauseCause,
    reference::Reference,
    rules::Limit,
    state::ChartState,
};

pub(super) fn about_item(
    id: DeficiencyId,
    act: &ItemAct,
    actor: &Actor,
    reference: &Reference,
    now: Timestamp,
) -> Result<Wish, LifecycleError> {
    let to = |to: &Option<ProviderRef>| to.as_ref().map(|to| named(to, reference, now));
    Ok(match act {
        ItemAct::Dispute { reason } => Wish::Dispute { id, reason: dispute_reason(reason)? },
        ItemAct::RejectDispute => Wish::DecideDispute { id, outcome: DisputeOutcome::Rejected },
        ItemAct::UpholdDisputeReassign { to: whom } => {
            Wish::DecideDispute { id, outcome: DisputeOutcome::UpheldReassigned { to: to(whom) } }
        }
        ItemAct::UpholdDisputeVoid => Wish::DecideDispute { id, outcome: DisputeOutcome::UpheldVoided },
        ItemAct::Reassign { to: whom } => Wish::Reassign { id, to: to(whom) },
        ItemAct::Hold { cause, from, until, approved_by } => Wish::Hold {
            id: Some(id),
            cause: pause_cause(cause)?,
            from: *from,
            until: *until,
            approved_by: approved_by.clone(),
        },
        ItemAct::Extend { until } => Wish::Extend { id, until: *until },
        ItemAct::Void => Wish::Void { id },
        ItemAct::Waive { authority } => Wish::Waive { id, authority: authority.clone() },
        ItemAct::AnswerElsewhere { reference, done_at } => {
            Wish::AnswerElsewhere { id, reference: reference.clone(), done_at: *done_at }
        }
        ItemAct::AnswerQuery { answered_by, done_at } => {
            let own = actor.provider.as_ref().map(person);
            let answered_by = to(answered_by).or(own).ok_or(Refusal::Missing {
                field: "answered_by",
                remedy: "say which provider gave the answer: you are none yourself",
            })?;
            Wish::AnswerQuery { id, answered_by, done_at: *done_at }
        }
    })
}

pub(super) fn about_chart(
    act: &ChartAct,
    reference: &Reference,
    now: Timestamp,
) -> Result<Wish, LifecycleError> {
    Ok(match act {
        ChartAct::Raise { title, document_type, to, due, holds_bill } => Wish::Raise {
            query: false,
            title: title.clone(),
            document_type: document_type.clone(),
            to: to.as_ref().map(|to| named(to, reference, now)),
            due: due.map(limit),
            holds_bill: *holds_bill,
        },
        ChartAct::AskQuery { title, document_type, to, due, holds_bill } => Wish::Raise {
            query: true,
            title: title.clone(),
            document_type: document_type.clone(),
            to: Some(named(to, reference, now)),
            due: due.map(limit),
            holds_bill: *holds_bill,
        },
        ChartAct::Hold { cause, from, until, approved_by } => Wish::Hold {
            id: None,
            cause: pause_cause(cause)?,
            from: *from,
            until: *until,
            approved_by: approved_by.clone(),
        },
        ChartAct::ApproveHold { hold } => Wish::ApproveHold { hold: *hold },
        ChartAct::Release { hold, until } => Wish::Release { hold: *hold, until: *until },
        ChartAct::ApplyRules { version } => Wish::ApplyRules { version: *version },
        ChartAct::TakeBack { earlier } => Wish::TakeBack { act: *earlier },
    })
}

fn limit(allowance: Allowance) -> Limit {
    match allowance {
        Allowance::Hours(hours) => Limit::Hours(hours),
        Allowance::Days(days) => Limit::Days(days),
        Allowance::BusinessDays(days) => Limit::BusinessDays(days),
    }
}

/// A provider as the directory names them; as the caller does where it does not know them.
fn named(to: &ProviderRef, reference: &Reference, now: Timestamp) -> Person {
    let bare = Person { id: Some(to.id.clone()), authority: to.authority.clone(), ..Person::default() };
    reference.directory.resolve(&bare).map_or(bare, |provider| provider.person(now))
}

fn dispute_reason(name: &str) -> Result<DisputeReason, LifecycleError> {
    DisputeReason::from_name(name).ok_or_else(|| LifecycleError::Word {
        field: "reason",
        found: name.to_owned(),
        allowed: DisputeReason::ALL.map(DisputeReason::name).join(", "),
    })
}

fn pause_cause(name: &str) -> Result<PauseCause, LifecycleError> {
    let found = PauseCause::ALL.into_iter().find(|cause| cause.name() == name);
    found.ok_or_else(|| LifecycleError::Word {
        field: "cause",
        found: name.to_owned(),
        allowed: PauseCause::ALL.map(PauseCause::name).join(", "),
    })
}

/// Whether a recorded decision is what the request asks for: tells a repetition from another request under
/// the same key. What the request leaves to the present instant or to a rule is taken as it was recorded.
pub(super) fn asked_for(request: &Request, act: &Act, state: &ChartState) -> bool {
    if act.by != request.by.name || act.why != request.why.trim() {
        return false;
    }
    let is = |id: &DeficiencyId, item: &Item| {
        state
            .deficiencies
            .get(id)
            .is_some_and(|known| known.rule == item.rule && known.subject == item.subject)
    };
    let same_text = |asked: &str, recorded: &str| asked.trim() == recorded;
    match (&request.wish, &act.deed) {
        (
            Wish::Raise { query, title, document_type, to, due, holds_bill },
            Deed::Raised { rule, title: t, document_type: d, to: whom, due: limit, holds_bill: holds },
        ) => {
            *query == (rule == crate::domain::acts::QUERY)
                && same_text(title, t)
                && (document_type.trim().is_empty() || same_text(document_type, d))
                && to == whom
                && due.is_none_or(|due| due == *limit)
                && holds_bill.is_none_or(|asked| asked == *holds)
        }
        (Wish::Dispute { id, reason }, Deed::Disputed { item, reason: r }) => is(id, item) && reason == r,
        (Wish::DecideDispute { id, outcome }, Deed::DisputeDecided { item, outcome: o, .. }) => {
            is(id, item) && outcome == o
        }
        (Wish::Reassign { id, to }, Deed::Reassigned { item, to: whom }) => is(id, item) && to == whom,
        (
            Wish::Hold { id, cause, from, until, approved_by },
            Deed::Held { item, cause: c, from: f, until: u, approved_by: a },
        ) => {
            let about = match (id, item) {
                (Some(id), Some(item)) => is(id, item),
                (None, None) => true,
                _ => false,
            };
            about && cause == c && from.is_none_or(|from| from == *f) && until == u && approved_by == a
        }
        (Wish::ApproveHold { hold }, Deed::HoldApproved { hold: h }) => hold == h,
        (Wish::Release { hold, until }, Deed::Released { hold: h, until: u }) => {
            hold == h && until.is_none_or(|until| until == *u)
        }
        (Wish::Extend { id, until }, Deed::Extended { item, until: u }) => is(id, item) && until == u,
        (Wish::Void { id }, Deed::Voided { item }) => is(id, item),
        (Wish::Waive { id, authority }, Deed::Waived { item, authority: a }) => {
            is(id, item) && same_text(authority, a)
        }
        (
            Wish::AnswerElsewhere { id, reference, done_at },
            Deed::AnsweredElsewhere { item, reference: r, done_at: d },
        ) => is(id, item) && same_text(reference, r) && done_at == d,
        (
            Wish::AnswerQuery { id, answered_by, done_at },
            Deed::QueryAnswered { item, answered_by: by, done_at: d },
        ) => is(id, item) && answered_by == by && done_at.is_none_or(|at| at == *d),
        (Wish::ApplyRules { version }, Deed::RulesApplied { version: v }) => version == v,
        (Wish::TakeBack { act }, Deed::TakenBack { act: a }) => act == a,
        _ => false,
    }
}
