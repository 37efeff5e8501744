//! What acts do to what the facts alone make owed.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::{chart::EncounterKey, deficiency::DeficiencyStatus};
use countersign_kernel::{BusinessCalendar, DayCount, DeficiencyId, EventId, Person, Timestamp};
use jiff::tz::TimeZone;

use super::{Act, Deed, DisputeOutcome, Item};
use crate::domain::{
    events::{Deficiency, Dispute, DisputeDecision, Pause, PauseCause},
    ledger::RulesApplied,
    rules::Policy,
};

/// The acts that stand, in the order in which they were decided: without those that were taken back.
pub fn standing<'a>(acts: impl IntoIterator<Item = &'a Act>) -> Vec<&'a Act> {
    let mut acts: Vec<&Act> = acts.into_iter().collect();
    acts.sort_by_key(|act| (act.at, rank(&act.deed), act.id));
    let mut taken_back: Vec<EventId> = Vec::new();
    for act in acts.iter().rev() {
        if let Deed::TakenBack { act: other } = &act.deed
            && !taken_back.contains(&act.id)
        {
            taken_back.push(*other);
        }
    }
    acts.retain(|act| !taken_back.contains(&act.id));
    acts
}

/// Which of two acts of the same instant comes first: nothing is answered before it was asked.
fn rank(deed: &Deed) -> u8 {
    match deed {
        Deed::RulesApplied { .. } => 0,
        Deed::Raised { .. } => 1,
        Deed::Held { .. } | Deed::Disputed { .. } => 2,
        Deed::HoldApproved { .. } | Deed::DisputeDecided { .. } | Deed::Released { .. } => 3,
        Deed::Reassigned { .. } | Deed::Extended { .. } => 4,
        Deed::Voided { .. }
        | Deed::Waived { .. }
        | Deed::AnsweredElsewhere { .. }
        | Deed::QueryAnswered { .. } => 5,
        Deed::TakenBack { .. } => 6,
    }
}

/// The versions of the rules that were applied by decision.
pub fn rules_applied(standing: &[&Act]) -> Vec<RulesApplied> {
    let applied = |act: &&Act| match act.deed {
        Deed::RulesApplied { version } => Some(RulesApplied { at: act.at, version }),
        _ => None,
    };
    standing.iter().filter_map(applied).collect()
}

/// Who was given which item by decision.
pub fn assigned<'a>(standing: &[&'a Act]) -> Vec<(&'a Item, &'a Person)> {
    let given = |act: &&'a Act| match &act.deed {
        Deed::Reassigned { item, to }
        | Deed::DisputeDecided { item, outcome: DisputeOutcome::UpheldReassigned { to }, .. } => {
            Some((item, to.as_ref()?))
        }
        _ => None,
    };
    standing.iter().filter_map(given).collect()
}

/// Where the acts apply.
pub struct Ground<'a> {
    /// The chart.
    pub encounter: &'a EncounterKey,
    /// The facility's zone.
    pub zone: &'a TimeZone,
    /// Its days of business.
    pub calendar: &'a BusinessCalendar,
    /// What people may decide.
    pub policy: &'a Policy,
    /// Version of the rules in force now, for what is raised by hand.
    pub version: u32,
}

/// Applies acts to what the facts make owed, and judges the chart as a whole again.
pub fn apply(owed: &mut BTreeMap<DeficiencyId, Deficiency>, standing: &[&Act], ground: &Ground<'_>) {
    if standing.is_empty() {
        return;
    }
    let approved: BTreeSet<EventId> = standing
        .iter()
        .filter_map(|act| match act.deed {
            Deed::HoldApproved { hold } => Some(hold),
            _ => None,
        })
        .collect();
    for act in standing {
        apply_one(owed, act, &approved, ground);
    }
    judge_chart_again(owed);
}

fn apply_one(
    owed: &mut BTreeMap<DeficiencyId, Deficiency>,
    act: &Act,
    approved: &BTreeSet<EventId>,
    ground: &Ground<'_>,
) {
    let mut on = |item: &Item, change: &mut dyn FnMut(&mut Deficiency)| {
        let about = |deficiency: &&mut Deficiency| {
            deficiency.rule == item.rule && deficiency.subject == item.subject && was_owed(deficiency, act.at)
        };
        if let Some(deficiency) = owed.values_mut().find(about) {
            change(deficiency);
        }
    };
    match &act.deed {
        Deed::Raised { rule, title, document_type, to, due, holds_bill } => {
            let subject = act.id.to_string();
            let id = DeficiencyId::derive(&[&ground.encounter.id().to_string(), rule, &subject]);
            let raised = Deficiency {
                id,
                rule: rule.clone(),
                rule_version: ground.version,
                subject: Some(subject),
                document_type: document_type.clone(),
                title: Some(title.clone()),
                responsible: to.clone(),
                responsible_because: format!("named by {}, who raised it", act.by),
                status: DeficiencyStatus::Open,
                anchor_at: Some(act.at),
                due_at: Some(due.after(act.at, ground.zone, ground.calendar)),
                target_at: None,
                delinquent_at: None,
                limit: Some(*due),
                dormant_since: None,
                waits_for: None,
                opened_at: act.at,
                closed_at: None,
                closed_because: None,
                holds_bill: *holds_bill,
                pauses: Vec::new(),
                dispute: None,
                open_before: Vec::new(),
                reopened_at: None,
                matched: Vec::new(),
            };
            owed.insert(id, raised);
        }
        Deed::Disputed { item, reason } => on(item, &mut |deficiency| {
            deficiency.pauses.push(pause(act, PauseCause::DisputeUnderReview, act.at, None));
            deficiency.dispute = Some(Dispute {
                act: act.id,
                reason: *reason,
                text: act.why.clone(),
                by: act.by.clone(),
                at: act.at,
                answer_due_at: ground.calendar.end_of_business_day_after(
                    act.at,
                    DayCount(ground.policy.dispute_answer_business_days),
                    ground.zone,
                ),
                decided: None,
            });
        }),
        Deed::DisputeDecided { item, dispute, outcome } => {
            on(item, &mut |deficiency| decide_dispute(deficiency, act, *dispute, outcome));
        }
        Deed::Reassigned { item, to } => on(item, &mut |deficiency| {
            deficiency.responsible.clone_from(to);
            deficiency.responsible_because = format!("reassigned by {}: {}", act.by, act.why);
        }),
        Deed::Held { item, cause, from, until, approved_by } => {
            let counts =
                !ground.policy.needs_approval(*cause) || approved_by.is_some() || approved.contains(&act.id);
            if counts {
                hold(owed, item.as_ref(), &pause(act, *cause, *from, *until));
            }
        }
        // Takes effect through the hold it approves.
        Deed::HoldApproved { .. } | Deed::RulesApplied { .. } | Deed::TakenBack { .. } => {}
        Deed::Released { hold, until } => {
            let held = owed.values_mut().flat_map(|deficiency| &mut deficiency.pauses);
            for pause in held.filter(|pause| pause.act == *hold) {
                pause.until = Some(pause.until.map_or(*until, |known| known.min(*until)).max(pause.from));
            }
        }
        Deed::Extended { item, until } => on(item, &mut |deficiency| {
            deficiency.due_at = Some(*until);
            let later = |at: Timestamp| at.max(*until);
            deficiency.delinquent_at = deficiency.delinquent_at.map(later);
        }),
        Deed::Voided { item } => {
            let because = format!("voided by {}: {}", act.by, act.why);
            on(item, &mut |deficiency| close(deficiency, DeficiencyStatus::Voided, act.at, &because));
        }
        Deed::Waived { item, authority } => {
            let because = format!("waived by {} on the authority of {authority}: {}", act.by, act.why);
            on(item, &mut |deficiency| close(deficiency, DeficiencyStatus::Waived, act.at, &because));
        }
        Deed::AnsweredElsewhere { item, reference, done_at } => {
            let because = format!("done elsewhere ({reference}), noted by {}: {}", act.by, act.why);
            on(item, &mut |deficiency| close(deficiency, DeficiencyStatus::Satisfied, *done_at, &because));
        }
        Deed::QueryAnswered { item, answered_by, done_at } => {
            let because = format!("answered by {}", answered_by.display_name());
            on(item, &mut |deficiency| close(deficiency, DeficiencyStatus::Satisfied, *done_at, &because));
        }
    }
}

impl Policy {
    /// Whether a hold for this cause counts only once somebody else has approved it.
    pub fn needs_approval(&self, cause: PauseCause) -> bool {
        self.holds_needing_approval.iter().any(|name| name == cause.name())
    }
}

fn pause(act: &Act, cause: PauseCause, from: Timestamp, until: Option<Timestamp>) -> Pause {
    Pause { act: act.id, cause, from, until, by: act.by.clone(), why: act.why.clone() }
}

fn hold(owed: &mut BTreeMap<DeficiencyId, Deficiency>, item: Option<&Item>, pause: &Pause) {
    for deficiency in owed.values_mut() {
        let concerned = match item {
            Some(item) => deficiency.rule == item.rule && deficiency.subject == item.subject,
            // The limits of the chart as a whole never stand.
            None => deficiency.document_type != "chart",
        };
        // What is closed keeps its clock as far as the hold came later.
        let outlives = deficiency.closed_at.is_none_or(|closed| pause.from < closed);
        if concerned && outlives {
            deficiency.pauses.push(pause.clone());
        }
    }
}

/// Whether it was owed when the act was decided: a requirement that arose later, or anew, is another matter.
fn was_owed(deficiency: &Deficiency, at: Timestamp) -> bool {
    deficiency.opened_at <= at && deficiency.closed_at.is_none_or(|closed| closed > at)
}

fn close(deficiency: &mut Deficiency, status: DeficiencyStatus, at: Timestamp, because: &str) {
    deficiency.status = status;
    deficiency.closed_at = Some(at.max(deficiency.opened_at));
    deficiency.closed_because = Some(because.to_owned());
}

fn decide_dispute(deficiency: &mut Deficiency, act: &Act, dispute: EventId, outcome: &DisputeOutcome) {
    let Some(open) =
        deficiency.dispute.as_mut().filter(|known| known.act == dispute && known.decided.is_none())
    else {
        return;
    };
    open.decided = Some(DisputeDecision {
        at: act.at,
        by: act.by.clone(),
        upheld: *outcome != DisputeOutcome::Rejected,
        why: act.why.clone(),
    });
    for pause in deficiency.pauses.iter_mut().filter(|pause| pause.act == dispute) {
        pause.until = Some(act.at);
    }
    match outcome {
        DisputeOutcome::Rejected => {}
        DisputeOutcome::UpheldReassigned { to } => {
            deficiency.responsible.clone_from(to);
            deficiency.responsible_because =
                format!("reassigned by {}, who upheld a dispute: {}", act.by, act.why);
        }
        DisputeOutcome::UpheldVoided => {
            let because = format!("voided by {}, who upheld a dispute: {}", act.by, act.why);
            close(deficiency, DeficiencyStatus::Voided, act.at, &because);
        }
    }
}

/// The chart is complete when everything else is closed, by whatever means.
fn judge_chart_again(owed: &mut BTreeMap<DeficiencyId, Deficiency>) {
    let items = || owed.values().filter(|item| item.document_type != "chart");
    let open = items().any(|item| matches!(item.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant));
    let last = items()
        .filter_map(|item| Some((item.closed_at?, item.rule.clone())))
        .max_by(|one, other| one.0.cmp(&other.0));
    for chart in owed.values_mut().filter(|item| item.document_type == "chart") {
        if !matches!(chart.status, DeficiencyStatus::Open | DeficiencyStatus::Satisfied) {
            continue;
        }
        if open {
            chart.status = DeficiencyStatus::Open;
            chart.closed_at = None;
            chart.closed_because = None;
            continue;
        }
        chart.status = DeficiencyStatus::Satisfied;
        match &last {
            Some((at, rule)) if *at > chart.opened_at => {
                if chart.closed_at != Some(*at) {
                    chart.closed_at = Some(*at);
                    chart.closed_because = Some(format!("last required item closed ({rule})"));
                }
            }
            _ => {
                chart.closed_at = Some(chart.opened_at);
                chart.closed_because = Some("nothing was open at discharge".to_owned());
            }
        }
    }
}
