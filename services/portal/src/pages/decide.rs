//! What may be decided about an item: the forms on its page, and the decisions that they mean.

use countersign_contracts::api::{
    DeficiencyView,
    acts::{ChartAct, DecisionView, ItemAct, ProviderRef},
};
use countersign_kernel::{EventId, Role, Timestamp};

use super::form::{Entered, Field, Form, Kind, Offer};
use crate::{
    ask::acts::Decision,
    show::{Moment, is_disputed, is_owed, may_dispute, words},
    visitor::Visitor,
};

/// Rule of queries to providers.
const QUERY: &str = "R19";
const HIM: &[Role] = &[Role::HimAnalyst, Role::HimManager];
/// Between an identifier and its authority, in the field for a provider.
const OF: &str = " of ";

/// The standard reasons of a dispute: name in the API, in words.
const REASONS: [(&str, &str); 6] = [
    ("not_mine", "Not mine: somebody else owes it"),
    ("not_required", "Not required"),
    ("already_done", "Already done"),
    ("wrong_patient", "Wrong patient"),
    ("chart_unavailable", "The chart is not available to me"),
    ("other", "Another reason"),
];

/// Why a clock may be made to stand.
const CAUSES: [(&str, &str); 6] = [
    ("physician_leave", "The provider is on leave"),
    ("chart_unavailable", "The chart is not available"),
    ("pending_transcription", "The transcription is pending"),
    ("other_signer", "Another person signs first"),
    ("visit_hold", "The visit is on hold"),
    ("legal_hold", "Legal hold"),
];

/// The one thing that most physicians come for.
pub(super) fn dispute(view: &DeficiencyView, visitor: &Visitor, entered: &Entered) -> Option<Form> {
    may_dispute(view, visitor).then(|| {
        let mut reasons = Offer::each(&REASONS, None);
        reasons[0].chosen = true;
        Form::new(
            "dispute",
            "Not yours?",
            "The clock stands while HIM looks at it.",
            "Dispute it",
            vec![
                Field::new("reason", "Reason", Kind::Choice(reasons)),
                Field::new("why", "What HIM should know", Kind::Text).optional(),
                Field::new("whole", "Everything of mine in this chart", Kind::Tick),
            ],
        )
        .filled(entered)
    })
}

/// Everything else that this visitor may decide about this item. The API has the last word.
pub(super) fn forms(
    view: &DeficiencyView,
    acts: &[DecisionView],
    visitor: &Visitor,
    entered: &Entered,
    now: Timestamp,
) -> Vec<Form> {
    let (him, mine) = (visitor.has_any(HIM), visitor.looks_after(view.responsible.as_deref()));
    let owed = is_owed(view);
    let mut forms = Vec::new();
    if him && is_disputed(view) {
        forms.extend(decide_dispute());
    }
    if owed && view.rule == QUERY && (him || mine) {
        forms.push(answer_query(him));
    }
    if owed && him {
        forms.push(Form::new(
            "reassign",
            "Give it to somebody else",
            "Its age stays as it is.",
            "Reassign",
            vec![provider("Left empty: HIM’s queue “unassigned”").optional(), why()],
        ));
    }
    if owed && (him || mine) {
        forms.push(hold(him));
    }
    if him {
        forms.extend(holds(view, acts, now));
    }
    if owed && visitor.has_any(&[Role::HimAnalyst, Role::HimManager, Role::ChiefMedicalOfficer]) {
        let until = Field::new("until", "Last day", Kind::Day);
        forms.push(Form::new(
            "extend",
            "Allow more time",
            "As far as policy goes.",
            "Extend",
            vec![until, why()],
        ));
    }
    if owed && him {
        forms.push(answered_elsewhere());
        forms.push(Form::new(
            "void",
            "It never was required",
            "It closes as voided, stays listed, and counts for nobody.",
            "Void",
            vec![why(), confirm("It never was a requirement, and it may leave the list")],
        ));
    }
    if owed && visitor.has_any(&[Role::HimManager, Role::ChiefMedicalOfficer]) {
        forms.push(waive());
    }
    if him || mine {
        forms.extend(take_back(view, acts, him, now));
    }
    forms.into_iter().map(|form| form.filled(entered)).collect()
}

fn decide_dispute() -> [Form; 3] {
    [
        Form::new(
            "uphold_reassign",
            "Uphold the dispute: somebody else owes it",
            "The item moves, with its age.",
            "Uphold and reassign",
            vec![provider("Left empty: HIM’s queue “unassigned”").optional(), why()],
        ),
        Form::new(
            "uphold_void",
            "Uphold the dispute: it never was required",
            "It closes as voided.",
            "Uphold and void",
            vec![why(), confirm("It never was a requirement, and it may leave the list")],
        ),
        Form::new(
            "reject_dispute",
            "Reject the dispute",
            "The item stays as it was, and its clock goes on.",
            "Reject",
            vec![why()],
        ),
    ]
}

fn answer_query(him: bool) -> Form {
    let mut fields = Vec::new();
    if him {
        fields.push(Field::new("to", "Answered by", Kind::Provider).hint("Identifier of the provider"));
    }
    fields.push(Field::new("done_at", "When", Kind::Instant).optional().hint("Left empty: now"));
    fields.push(Field::new("why", "The answer, or where it stands", Kind::Text));
    Form::new(
        "answer_query",
        "The query was answered",
        "Queries close when they are answered.",
        "Record the answer",
        fields,
    )
}

fn hold(him: bool) -> Form {
    let (title, hint, button) = if him {
        ("Put it on hold", "The accountability clock stands; the regulatory one never does.", "Hold")
    } else {
        ("Ask for a hold", "HIM approves it; then the accountability clock stands.", "Ask for a hold")
    };
    let mut fields = vec![
        Field::new("cause", "Cause", Kind::Choice(Offer::each(&CAUSES, None))),
        Field::new("from", "From", Kind::Instant).optional().hint("Left empty: now"),
        Field::new("until", "Until", Kind::Instant).optional().hint("Left empty: until it is released"),
    ];
    if him {
        fields.push(
            Field::new("approved_by", "Approved by", Kind::Line)
                .optional()
                .hint("Where policy asks for a second person"),
        );
    }
    fields.push(why());
    Form::new("hold", title, hint, button, fields)
}

/// Forms about the holds that stand.
fn holds(view: &DeficiencyView, acts: &[DecisionView], now: Timestamp) -> Vec<Form> {
    let held: Vec<&DecisionView> = about(view, acts).filter(|act| act.deed == "held").collect();
    let asked: Vec<&DecisionView> =
        held.iter().copied().filter(|act| !act.roles.iter().any(|role| HIM.contains(role))).collect();
    let mut forms = Vec::new();
    if !asked.is_empty() {
        let which = Field::new("earlier", "Which", Kind::Choice(decisions(&asked, view, now)));
        forms.push(Form::new(
            "approve_hold",
            "Approve a hold that was asked for",
            "",
            "Approve",
            vec![which, why()],
        ));
    }
    if !held.is_empty() {
        let which = Field::new("earlier", "Which", Kind::Choice(decisions(&held, view, now)));
        let until = Field::new("until", "It ended", Kind::Instant).optional().hint("Left empty: now");
        forms.push(Form::new(
            "release",
            "Release a hold",
            "The clock goes on.",
            "Release",
            vec![which, until, why()],
        ));
    }
    forms
}

fn answered_elsewhere() -> Form {
    Form::new(
        "answer_elsewhere",
        "It was done elsewhere",
        "In a place that no message tells of.",
        "Mark as answered elsewhere",
        vec![
            Field::new("reference", "Where it can be seen", Kind::Line),
            Field::new("done_at", "When it was done", Kind::Instant),
            why(),
        ],
    )
}

fn waive() -> Form {
    Form::new(
        "waive",
        "It will not be done",
        "Closed by authority; it never counts as done.",
        "Waive",
        vec![
            Field::new("authority", "By whose authority", Kind::Line)
                .hint("e.g. the committee and the date of its decision"),
            why(),
            confirm("It closes without being done"),
        ],
    )
}

fn take_back(view: &DeficiencyView, acts: &[DecisionView], him: bool, now: Timestamp) -> Option<Form> {
    let own = |act: &&DecisionView| act.deed != "taken_back" && (him || act.deed == "disputed");
    let standing: Vec<&DecisionView> = about(view, acts).filter(own).collect();
    (!standing.is_empty()).then(|| {
        Form::new(
            "take_back",
            "Take a decision back",
            "As if it had not been made; both stay on record.",
            "Take back",
            vec![
                Field::new("earlier", "Which", Kind::Choice(decisions(&standing, view, now))),
                why(),
                confirm("What followed from the decision is undone"),
            ],
        )
    })
}

/// Decisions that stand, about the item or the whole chart.
fn about<'a>(view: &DeficiencyView, acts: &'a [DecisionView]) -> impl Iterator<Item = &'a DecisionView> {
    let id = view.id;
    acts.iter().filter(move |act| act.stands && act.deficiency.is_none_or(|about| about == id))
}

fn decisions(acts: &[&DecisionView], view: &DeficiencyView, now: Timestamp) -> Vec<Offer> {
    let label = |act: &DecisionView| {
        let at = Moment::new(act.at, now, &view.time_zone);
        let whole = if act.deficiency.is_none() { " (whole chart)" } else { "" };
        format!("{}{whole} by {}, {}: {}", words(&act.deed), act.by, at.text, act.why)
    };
    acts.iter()
        .rev()
        .map(|act| Offer { value: act.id.to_string(), label: label(act), chosen: false })
        .collect()
}

fn why() -> Field {
    Field::why()
}

fn confirm(label: &'static str) -> Field {
    Field::confirm(label)
}

fn provider(hint: &'static str) -> Field {
    Field::new("to", "To whom", Kind::Provider).hint(hint)
}

/// An entry of the list of providers, with the authority where there is one.
pub(super) fn identifier(id: &str, authority: &str) -> String {
    if authority.is_empty() { id.to_owned() } else { format!("{id}{OF}{authority}") }
}

/// The decision that a form means, and its reason; or what must be filled in first. Times are those of the
/// facility.
pub(super) fn decision(entered: &Entered, zone: &str) -> Result<(Decision, String), String> {
    let to = || {
        entered.get("to").map(|text| {
            // as the page offers it, or as the command line takes it
            let (id, authority) =
                text.rsplit_once(OF).or_else(|| text.rsplit_once('^')).unwrap_or((text, ""));
            ProviderRef { id: id.trim().to_owned(), authority: authority.trim().to_owned() }
        })
    };
    let confirmed = || match entered.get("confirmed") {
        Some(_) => Ok(()),
        None => Err("Tick the box first: this cannot be seen from the list afterwards".to_owned()),
    };
    let earlier = || -> Result<EventId, String> {
        let text = entered.must("earlier", "Which")?;
        text.parse().map_err(|_| "“Which” names no decision".to_owned())
    };
    let text = |name, label| entered.must(name, label).map(str::to_owned);
    let item = Decision::Item;
    let decision = match entered.must("act", "What")? {
        "dispute" => {
            let dispute = ItemAct::Dispute { reason: text("reason", "Reason")? };
            if entered.get("whole").is_some() { Decision::Mine(dispute) } else { item(dispute) }
        }
        "reject_dispute" => item(ItemAct::RejectDispute),
        "uphold_reassign" => item(ItemAct::UpholdDisputeReassign { to: to() }),
        "uphold_void" => {
            confirmed()?;
            item(ItemAct::UpholdDisputeVoid)
        }
        "reassign" => item(ItemAct::Reassign { to: to() }),
        "hold" => item(ItemAct::Hold {
            cause: text("cause", "Cause")?,
            from: entered.instant("from", "From", zone)?,
            until: entered.instant("until", "Until", zone)?,
            approved_by: entered.get("approved_by").map(str::to_owned),
        }),
        "approve_hold" => Decision::Chart(ChartAct::ApproveHold { hold: earlier()? }),
        "release" => Decision::Chart(ChartAct::Release {
            hold: earlier()?,
            until: entered.instant("until", "It ended", zone)?,
        }),
        "extend" => item(ItemAct::Extend { until: entered.end_of_day("until", "Last day", zone)? }),
        "void" => {
            confirmed()?;
            item(ItemAct::Void)
        }
        "waive" => {
            confirmed()?;
            item(ItemAct::Waive { authority: text("authority", "By whose authority")? })
        }
        "answer_elsewhere" => item(ItemAct::AnswerElsewhere {
            reference: text("reference", "Where it can be seen")?,
            done_at: entered
                .instant("done_at", "When it was done", zone)?
                .ok_or("“When it was done” is empty: fill it in")?,
        }),
        "answer_query" => item(ItemAct::AnswerQuery {
            answered_by: to(),
            done_at: entered.instant("done_at", "When", zone)?,
        }),
        "take_back" => {
            confirmed()?;
            Decision::Chart(ChartAct::TakeBack { earlier: earlier()? })
        }
        other => return Err(format!("“{}” is nothing that can be decided here", words(other))),
    };
    let why = match (&decision, entered.get("why")) {
        (_, Some(why)) => why.to_owned(),
        // one click is enough: the standard reason says why
        (Decision::Item(ItemAct::Dispute { reason }) | Decision::Mine(ItemAct::Dispute { reason }), None) => {
            let known = REASONS.iter().find(|(name, _)| name == reason);
            known.map_or_else(|| words(reason), |(_, label)| (*label).to_owned())
        }
        (_, None) => return Err("“Why” is empty: the reason goes on record".to_owned()),
    };
    Ok((decision, why))
}

/// What was done, for the page after it.
pub(super) fn done(deed: &str) -> &'static str {
    match deed {
        "disputed" => "Your dispute is on record. The clock stands until HIM has answered.",
        "dispute_decided" => "The dispute is decided.",
        "reassigned" => "The item has been reassigned.",
        "held" => "The hold is on record.",
        "hold_approved" => "The hold is approved.",
        "released" => "The hold is released.",
        "extended" => "The item has more time.",
        "voided" => "The item is voided.",
        "waived" => "The item is waived.",
        "answered_elsewhere" => "The item is marked as answered elsewhere.",
        "query_answered" => "The answer is on record.",
        "taken_back" => "The decision is taken back.",
        _ => "It is on record.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(form: &str) -> Result<(Decision, String), String> {
        decision(&Entered::read(form.as_bytes()), "America/Chicago")
    }

    #[test]
    fn one_click_disputes_with_the_standard_reason() {
        let (decision, why) = decided("act=dispute&reason=not_mine&why=").expect("a decision");
        assert_eq!(decision, Decision::Item(ItemAct::Dispute { reason: "not_mine".to_owned() }));
        assert_eq!(why, "Not mine: somebody else owes it");
    }

    #[test]
    fn everything_else_needs_a_reason_and_what_hurts_a_tick() {
        for act in ["reject_dispute", "reassign", "hold&cause=visit_hold", "extend&until=2026-03-05"] {
            let refusal = decided(&format!("act={act}")).expect_err(act);
            assert!(refusal.contains("“Why”"), "{act}: {refusal}");
        }
        for act in ["void", "uphold_void", "waive&authority=MEC", "take_back&earlier=x"] {
            assert!(decided(&format!("act={act}&why=x")).expect_err(act).contains("Tick the box"), "{act}");
        }
        assert!(decided("act=waive&why=x&confirmed=yes").expect_err("whose").contains("authority"));
    }

    #[test]
    fn a_provider_is_named_with_the_authority_where_there_is_one() {
        let to = |form: &str| match decided(form).expect("a decision").0 {
            Decision::Item(ItemAct::Reassign { to }) => to,
            other => panic!("{other:?}"),
        };
        let of =
            |id: &str, authority: &str| ProviderRef { id: id.to_owned(), authority: authority.to_owned() };
        assert_eq!(to("act=reassign&why=x&to=1002+of+SIMEHR"), Some(of("1002", "SIMEHR")));
        assert_eq!(to("act=reassign&why=x&to=1002%5ESIMEHR"), Some(of("1002", "SIMEHR")));
        assert_eq!(to("act=reassign&why=x&to=1002"), Some(of("1002", "")));
        assert_eq!(to("act=reassign&why=x&to="), None);
        assert_eq!(identifier("1002", "SIMEHR"), "1002 of SIMEHR");
    }
}
