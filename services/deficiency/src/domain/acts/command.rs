//! Whether a decision may be recorded.

use countersign_contracts::deficiency::DeficiencyStatus;
use countersign_kernel::{Actor, DeficiencyId, EventId, Person, Timestamp};
use jiff::SignedDuration;

use super::{Act, BY_HAND, Deed, DisputeOutcome, DisputeReason, Item, QUERY};
use crate::domain::{
    acts::effect::standing,
    events::{Deficiency, PauseCause},
    reference::Reference,
    rules::{Limit, Policy},
    state::ChartState,
};

/// What somebody wants to decide about a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Derived from the caller's idempotency key.
    pub id: EventId,
    /// Who.
    pub by: Actor,
    /// The reason.
    pub why: String,
    /// What.
    pub wish: Wish,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Something is missing or inadequate that no rule sees; or a query to a provider (`query`).
    Raise {
        /// A query to a provider, which stands under rule R19.
        query: bool,
        /// What is asked for.
        title: String,
        /// The type of document.
        document_type: String,
        /// Who owes it.
        to: Option<Person>,
        /// How long it may take; the rule's limit for a query when nothing is said.
        due: Option<Limit>,
        /// Whether the bill waits for it; as the rule says when nothing is said.
        holds_bill: Option<bool>,
    },
    /// The responsible provider says that it is not owed.
    Dispute {
        /// Which item.
        id: DeficiencyId,
        /// The standard reason.
        reason: DisputeReason,
    },
    /// HIM answers the open dispute.
    DecideDispute {
        /// Which item.
        id: DeficiencyId,
        /// The answer.
        outcome: DisputeOutcome,
    },
    /// Somebody else owes it.
    Reassign {
        /// Which item.
        id: DeficiencyId,
        /// To whom; nobody = HIM's queue.
        to: Option<Person>,
    },
    /// The accountability clock stands.
    Hold {
        /// Which item; nothing = the whole visit.
        id: Option<DeficiencyId>,
        /// Why.
        cause: PauseCause,
        /// From when; now when nothing is said.
        from: Option<Timestamp>,
        /// Until when, if that is known.
        until: Option<Timestamp>,
        /// Who approved it.
        approved_by: Option<String>,
    },
    /// A hold that needed approval gets it.
    ApproveHold {
        /// The act that asked for it.
        hold: EventId,
    },
    /// A hold ends.
    Release {
        /// The act that began it.
        hold: EventId,
        /// When; now when nothing is said.
        until: Option<Timestamp>,
    },
    /// More time.
    Extend {
        /// Which item.
        id: DeficiencyId,
        /// The new limit.
        until: Timestamp,
    },
    /// It never was a requirement.
    Void {
        /// Which item.
        id: DeficiencyId,
    },
    /// Closed by authority without being done.
    Waive {
        /// Which item.
        id: DeficiencyId,
        /// By whose authority.
        authority: String,
    },
    /// It was done in a place that no message tells of.
    AnswerElsewhere {
        /// Which item.
        id: DeficiencyId,
        /// Where it can be seen.
        reference: String,
        /// When it was done.
        done_at: Timestamp,
    },
    /// A query was answered.
    AnswerQuery {
        /// Which item.
        id: DeficiencyId,
        /// By whom.
        answered_by: Person,
        /// When; now when nothing is said.
        done_at: Option<Timestamp>,
    },
    /// The chart is judged by another version of the rules from now on.
    ApplyRules {
        /// The version.
        version: u32,
    },
    /// An earlier decision is taken back.
    TakeBack {
        /// The decision.
        act: EventId,
    },
}

/// Why a decision is not recorded, and what would be allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No message ever spoke of it.
    #[error("there is no such chart")]
    UnknownChart,
    /// The chart has no such item.
    #[error("the chart has no such item; list its items and use one of their ids")]
    UnknownItem,
    /// The item is closed.
    #[error(
        "the item is {status} already: only an open item can be {verb}. To undo a decision that closed it, take \
         that decision back"
    )]
    NotOpen {
        /// Where it stands.
        status: &'static str,
        /// What was wanted.
        verb: &'static str,
    },
    /// The limits of the chart as a whole are nobody's item.
    #[error("the limit of the chart as a whole follows from its items: decide about those")]
    ChartLimit,
    /// A reason is missing.
    #[error("say why: the reason goes on record")]
    NoReason,
    /// Something that must be named is empty.
    #[error("`{field}` is empty: {remedy}")]
    Missing {
        /// What.
        field: &'static str,
        /// What to write there.
        remedy: &'static str,
    },
    /// It is under dispute already.
    #[error("a dispute about this item is open since {since}: HIM decides it first")]
    DisputeOpen {
        /// When it was raised.
        since: Timestamp,
    },
    /// There is nothing to answer.
    #[error("no dispute about this item is open")]
    NoDispute,
    /// The item is no query.
    #[error("the item is no query: only queries are answered; a document closes when it is signed")]
    NotAQuery,
    /// Further than policy allows.
    #[error("policy allows at most {days} days in all: until {latest} at the latest")]
    BeyondPolicy {
        /// The most.
        days: u16,
        /// The latest instant allowed.
        latest: Timestamp,
    },
    /// The time given cannot be.
    #[error("`{field}` {problem}")]
    BadTime {
        /// Which.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// There is no such decision in this chart.
    #[error("the chart knows no such decision")]
    UnknownAct,
    /// The decision is no hold.
    #[error("that decision is no hold")]
    NotAHold,
    /// A hold is approved by somebody else.
    #[error("a hold is approved by somebody else than the person who asked for it")]
    OwnHold,
    /// No such version of the rules.
    #[error("there is no published version {version} of the rules")]
    UnknownVersion {
        /// The version asked for.
        version: u32,
    },
    /// The idempotency key was used for something else.
    #[error("this Idempotency-Key was used for another decision: use a new one")]
    KeyReused,
    /// Somebody else was quicker.
    #[error("the chart has changed since you saw it (revision {actual}, not {expected}): look again")]
    Changed {
        /// The revision the caller saw.
        expected: u64,
        /// The present one.
        actual: u64,
    },
    /// The caller may not.
    #[error("{0}")]
    NotPermitted(String),
}

/// The act to record; `None` when it is on record already.
pub(in crate::domain) fn check(
    state: &ChartState,
    request: &Request,
    now: Timestamp,
    reference: &Reference,
) -> Result<Option<Act>, Refusal> {
    if let Some(known) = state.acts.get(&request.id) {
        let same = known.by == request.by.name && known.deed.word() == request.wish.word();
        return if same { Ok(None) } else { Err(Refusal::KeyReused) };
    }
    if request.why.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    let rules = reference.in_force_at(now);
    let asked = Asked {
        state,
        now,
        reference,
        by: &request.by.name,
        policy: rules.map(|rules| rules.policy.clone()).unwrap_or_default(),
    };
    let deed = asked.deed(&request.wish)?;
    Ok(Some(Act {
        id: request.id,
        at: now,
        by: request.by.name.clone(),
        roles: request.by.roles.clone(),
        why: request.why.trim().to_owned(),
        deed,
    }))
}

impl Wish {
    /// The word of the deed that it leads to.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Raise { .. } => "raised",
            Self::Dispute { .. } => "disputed",
            Self::DecideDispute { .. } => "dispute_decided",
            Self::Reassign { .. } => "reassigned",
            Self::Hold { .. } => "held",
            Self::ApproveHold { .. } => "hold_approved",
            Self::Release { .. } => "released",
            Self::Extend { .. } => "extended",
            Self::Void { .. } => "voided",
            Self::Waive { .. } => "waived",
            Self::AnswerElsewhere { .. } => "answered_elsewhere",
            Self::AnswerQuery { .. } => "query_answered",
            Self::ApplyRules { .. } => "rules_applied",
            Self::TakeBack { .. } => "taken_back",
        }
    }

    /// The item that it is about, if it is about one.
    pub const fn item(&self) -> Option<DeficiencyId> {
        match self {
            Self::Dispute { id, .. }
            | Self::DecideDispute { id, .. }
            | Self::Reassign { id, .. }
            | Self::Extend { id, .. }
            | Self::Void { id }
            | Self::Waive { id, .. }
            | Self::AnswerElsewhere { id, .. }
            | Self::AnswerQuery { id, .. } => Some(*id),
            Self::Hold { id, .. } => *id,
            _ => None,
        }
    }
}

struct Asked<'a> {
    state: &'a ChartState,
    now: Timestamp,
    reference: &'a Reference,
    by: &'a str,
    policy: Policy,
}

impl Asked<'_> {
    fn deed(&self, wish: &Wish) -> Result<Deed, Refusal> {
        match wish {
            Wish::Raise { query, title, document_type, to, due, holds_bill } => {
                self.raise(*query, title, document_type, to.as_ref(), *due, *holds_bill)
            }
            Wish::Dispute { id, reason } => {
                let known = self.owed(*id, "disputed")?;
                if let Some(open) = known.dispute.as_ref().filter(|dispute| dispute.decided.is_none()) {
                    return Err(Refusal::DisputeOpen { since: open.at });
                }
                Ok(Deed::Disputed { item: item(known), reason: *reason })
            }
            Wish::DecideDispute { id, outcome } => {
                let known = self.item(*id)?;
                let open = known.dispute.as_ref().filter(|dispute| dispute.decided.is_none());
                let dispute = open.ok_or(Refusal::NoDispute)?.act;
                Ok(Deed::DisputeDecided { item: item(known), dispute, outcome: outcome.clone() })
            }
            Wish::Reassign { id, to } => {
                Ok(Deed::Reassigned { item: item(self.owed(*id, "reassigned")?), to: to.clone() })
            }
            Wish::Hold { id, cause, from, until, approved_by } => {
                let item = id.map(|id| self.owed(id, "put on hold").map(item)).transpose()?;
                let from = from.unwrap_or(self.now);
                if until.is_some_and(|until| until <= from) {
                    return Err(Refusal::BadTime { field: "until", problem: "must be later than `from`" });
                }
                if approved_by.as_deref().is_some_and(|by| by == self.by) {
                    return Err(Refusal::OwnHold);
                }
                Ok(Deed::Held { item, cause: *cause, from, until: *until, approved_by: approved_by.clone() })
            }
            Wish::ApproveHold { hold } => {
                self.hold(*hold)?;
                if self.state.acts.get(hold).is_some_and(|act| act.by == self.by) {
                    return Err(Refusal::OwnHold);
                }
                Ok(Deed::HoldApproved { hold: *hold })
            }
            Wish::Release { hold, until } => {
                let from = self.hold(*hold)?;
                let until = until.unwrap_or(self.now);
                if until < from {
                    return Err(Refusal::BadTime { field: "until", problem: "lies before the hold began" });
                }
                Ok(Deed::Released { hold: *hold, until })
            }
            Wish::Extend { id, until } => self.extend(*id, *until),
            Wish::Void { id } => Ok(Deed::Voided { item: item(self.owed(*id, "voided")?) }),
            Wish::Waive { id, authority } => {
                let item = item(self.owed(*id, "waived")?);
                let authority = named(
                    authority,
                    "authority",
                    "name who has decided that it will never be completed, e.g. the committee and the date",
                )?;
                Ok(Deed::Waived { item, authority })
            }
            Wish::AnswerElsewhere { id, reference, done_at } => {
                let item = item(self.owed(*id, "answered elsewhere")?);
                let reference = named(reference, "reference", "say where it can be seen")?;
                Ok(Deed::AnsweredElsewhere { item, reference, done_at: self.past(*done_at)? })
            }
            Wish::AnswerQuery { id, answered_by, done_at } => {
                let known = self.owed(*id, "answered")?;
                if known.rule != QUERY {
                    return Err(Refusal::NotAQuery);
                }
                let done_at = self.past(done_at.unwrap_or(self.now))?;
                Ok(Deed::QueryAnswered { item: item(known), answered_by: answered_by.clone(), done_at })
            }
            Wish::ApplyRules { version } => {
                if !self.reference.versions.contains_key(version) {
                    return Err(Refusal::UnknownVersion { version: *version });
                }
                Ok(Deed::RulesApplied { version: *version })
            }
            Wish::TakeBack { act } => {
                let known = standing(self.state.acts.values()).into_iter().any(|known| known.id == *act);
                if known { Ok(Deed::TakenBack { act: *act }) } else { Err(Refusal::UnknownAct) }
            }
        }
    }

    fn raise(
        &self,
        query: bool,
        title: &str,
        document_type: &str,
        to: Option<&Person>,
        due: Option<Limit>,
        holds_bill: Option<bool>,
    ) -> Result<Deed, Refusal> {
        let title = named(title, "title", "say what is asked for, without patient data")?;
        let rule = if query { QUERY } else { BY_HAND };
        let by_rule = self.reference.in_force_at(self.now).and_then(|rules| rules.rule(rule));
        let due = due.or(by_rule.map(|rule| rule.due)).unwrap_or(Limit::Days(7));
        let holds_bill = holds_bill.or(by_rule.map(|rule| rule.holds_bill)).unwrap_or(false);
        let document_type = match (document_type.trim(), query) {
            ("", true) => "coding_query",
            ("", false) => "qualitative",
            (named, _) => named,
        };
        if document_type == "chart" {
            return Err(Refusal::ChartLimit);
        }
        Ok(Deed::Raised {
            rule: rule.to_owned(),
            title,
            document_type: document_type.to_owned(),
            to: to.cloned(),
            due,
            holds_bill,
        })
    }

    fn extend(&self, id: DeficiencyId, until: Timestamp) -> Result<Deed, Refusal> {
        let known = self.owed(id, "extended")?;
        let item = item(known);
        // All extensions together count from the limit that the rule gave.
        let by_rule = known.anchor_at.zip(known.limit).map(|(anchor, limit)| {
            let zone = super::super::decide::zone_of(&self.state.time_zone);
            let facility = self.state.encounter.as_ref().map_or("", |key| key.facility.as_str());
            limit.after(anchor, &zone, self.reference.site.calendar(facility))
        });
        let Some(by_rule) = by_rule else {
            return Err(Refusal::BadTime { field: "until", problem: "cannot be set while no clock runs" });
        };
        let days = self.policy.extension_days_at_most;
        let latest =
            by_rule.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
        if until > latest {
            return Err(Refusal::BeyondPolicy { days, latest });
        }
        if known.due_at.is_some_and(|due| until <= due) {
            return Err(Refusal::BadTime { field: "until", problem: "must be later than the present limit" });
        }
        Ok(Deed::Extended { item, until })
    }

    fn item(&self, id: DeficiencyId) -> Result<&Deficiency, Refusal> {
        self.state.deficiencies.get(&id).ok_or(Refusal::UnknownItem)
    }

    /// The item, if it is owed and somebody's.
    fn owed(&self, id: DeficiencyId, verb: &'static str) -> Result<&Deficiency, Refusal> {
        let known = self.item(id)?;
        if known.document_type == "chart" {
            return Err(Refusal::ChartLimit);
        }
        match known.status {
            DeficiencyStatus::Open | DeficiencyStatus::Dormant => Ok(known),
            status => Err(Refusal::NotOpen { status: status.name(), verb }),
        }
    }

    /// When the hold began.
    fn hold(&self, id: EventId) -> Result<Timestamp, Refusal> {
        let acts = standing(self.state.acts.values());
        let act = acts.into_iter().find(|act| act.id == id).ok_or(Refusal::UnknownAct)?;
        match act.deed {
            Deed::Held { from, .. } => Ok(from),
            _ => Err(Refusal::NotAHold),
        }
    }

    fn past(&self, at: Timestamp) -> Result<Timestamp, Refusal> {
        if at > self.now {
            return Err(Refusal::BadTime { field: "done_at", problem: "lies in the future" });
        }
        Ok(at)
    }
}

fn item(known: &Deficiency) -> Item {
    Item { rule: known.rule.clone(), subject: known.subject.clone() }
}

fn named(text: &str, field: &'static str, remedy: &'static str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() { Err(Refusal::Missing { field, remedy }) } else { Ok(text.to_owned()) }
}
