//! What may be decided about a track: the forms, and the decisions that they mean.

use countersign_contracts::api::escalation::{GrantView, InboxItem, PacketView, TrackAct};
use countersign_kernel::Role;

use super::{LEADERSHIP, matter_words};
use crate::{
    pages::form::{Entered, Field, Form, Kind},
    visitor::Visitor,
};

const EXTEND: &[Role] = &[Role::HimManager, Role::ChiefMedicalOfficer];
const NOTE: &[Role] =
    &[Role::HimManager, Role::MedicalStaffOffice, Role::ChiefMedicalOfficer, Role::DepartmentChair];
/// The guard that looks whether anybody is left.
const COVERAGE: &str = "coverage";

/// Whether the roles that a matter is for, or those that its acts need, are among the visitor's.
fn may(visitor: &Visitor, item: &InboxItem, roles: &[Role]) -> bool {
    let named = item.for_roles.iter().filter_map(|role| Role::from_name(role)).collect::<Vec<_>>();
    if named.is_empty() { visitor.has_any(roles) } else { visitor.has_any(&named) }
}

/// Everything that this visitor may decide about a track, beside what waits in the inbox.
pub(super) fn grants(granted: Option<&GrantView>, visitor: &Visitor, entered: &Entered) -> Vec<Form> {
    let mut forms = Vec::new();
    if visitor.has_any(EXTEND) {
        forms.push(Form::new(
            "extend",
            "Allow more time",
            "No step is taken before the end of that day.",
            "Extend",
            vec![Field::new("until", "Last day", Kind::Day), Field::why()],
        ));
    }
    if visitor.has_any(LEADERSHIP) {
        let until = Field::new("until", "Last day", Kind::Day)
            .optional()
            .hint("Left empty: until the exemption is taken back");
        forms.push(Form::new(
            "exempt",
            "Exempt from escalation",
            "No steps at all. What is owed stays owed, and the regulatory clock goes on.",
            "Exempt",
            vec![until, Field::why(), Field::confirm("No step is taken while the exemption lasts")],
        ));
    }
    if let Some(granted) = granted {
        let roles = if granted.kind == "extended" { EXTEND } else { LEADERSHIP };
        if visitor.has_any(roles) {
            forms.push(Form::new(
                "end_grant",
                "End the extension or exemption",
                "Steps are taken again from now on, never several at once.",
                "End it",
                vec![Field::why()],
            ));
        }
    }
    if visitor.has_any(NOTE) {
        forms.push(Form::new(
            "note",
            "Leave a note",
            "For those who come after. It changes nothing.",
            "Note",
            vec![Field::why()],
        ));
        forms.push(Form::new(
            "acknowledge",
            "Acknowledge",
            "You have seen it. It stops nothing.",
            "Acknowledge",
            vec![Field::why()],
        ));
    }
    forms.into_iter().map(|form| form.filled(entered)).collect()
}

/// What this visitor may decide about something that waits.
pub(super) fn about(item: &InboxItem, visitor: &Visitor, entered: &Entered) -> Vec<Form> {
    let mut forms = Vec::new();
    match (item.kind.as_str(), &item.packet) {
        ("suspension", Some(packet)) if may(visitor, item, LEADERSHIP) => {
            forms.extend(proposal(packet, visitor));
        }
        ("reinstatement", _) if may(visitor, item, LEADERSHIP) => {
            forms.push(reinstatement("Confirm the reinstatement"));
        }
        ("npdb_question", _) if may(visitor, item, NOTE) => {
            let answer =
                Field::new("why", "The answer", Kind::Text).hint("It goes on record. No patient data");
            forms.push(Form::new(
                "acknowledge_matter",
                "Answer the question",
                "Whether the suspension must be reported to the data bank is for counsel and medical staff services \
                 to say. The answer stands in the register.",
                "Record the answer",
                vec![answer],
            ));
        }
        ("correction", _) if may(visitor, item, NOTE) && item.cycle.is_some() => {
            forms.push(Form::new(
                "correction_done",
                "The correction is done",
                "Those who were told something that turned out to be wrong have been told so.",
                "Mark as done",
                vec![Field::why()],
            ));
        }
        // About no step, but about a suspension: whether it stays in force.
        ("correction", _) if item.proposal.is_some() => {
            if may(visitor, item, LEADERSHIP) {
                forms.push(reinstatement("End the suspension"));
            }
            if may(visitor, item, NOTE) {
                forms.push(Form::new(
                    "acknowledge_matter",
                    "The suspension stays in force",
                    "You have looked at it, and say why.",
                    "It stays in force",
                    vec![Field::why()],
                ));
            }
        }
        ("suspension" | "reinstatement" | "held_run" | "clock_doubted" | "regulatory_limit", _) => {}
        (_, _) if may(visitor, item, NOTE) => {
            forms.push(Form::new(
                "acknowledge_matter",
                format!("Acknowledge: {}", matter_words(&item.kind).to_lowercase()),
                "You have seen it. It stops nothing.",
                "Acknowledge",
                vec![Field::why()],
            ));
        }
        _ => {}
    }
    forms.into_iter().map(|form| form.filled(entered)).collect()
}

fn reinstatement(title: &'static str) -> Form {
    let ends = Field::confirm("The suspension ends, and everybody who was told of it is told of its end");
    Form::new("confirm_reinstatement", title, "", "Reinstate", vec![Field::why(), ends])
}

fn proposal(packet: &PacketView, visitor: &Visitor) -> Vec<Form> {
    let mut fields = vec![
        Field::new("exempt", "Exempt on top of the policy", Kind::Text)
            .optional()
            .hint("One a line, e.g. patients in house; the policy’s exemptions hold in any case"),
    ];
    if !packet.uncovered.is_empty() && visitor.has_any(&[Role::ChiefMedicalOfficer]) {
        fields.push(Field::new(
            "overrides",
            "Against the coverage guard: a service would have nobody left; the reason says why it must be",
            Kind::Tick,
        ));
    }
    fields.push(Field::why());
    fields.push(Field::confirm("I have read the evidence above, and this suspension is my decision"));
    vec![
        Form::new(
            "confirm_suspension",
            "Confirm the suspension",
            "It comes into force, with the second of two people where the policy asks for that.",
            "Confirm the suspension",
            fields,
        ),
        Form::new(
            "reject_suspension",
            "Reject the suspension",
            "It does not come into force.",
            "Reject",
            vec![
                Field::new("until", "None is proposed again up to", Kind::Day)
                    .optional()
                    .hint("Left empty: not again in this cycle"),
                Field::why(),
            ],
        ),
    ]
}

/// The decision that a form means, and its reason; or what must be filled in first. Days are those of the
/// facility. `item` is what waits, where the form is about that.
pub(super) fn decision(
    entered: &Entered,
    item: Option<&InboxItem>,
    zone: &str,
) -> Result<(TrackAct, String), String> {
    let confirmed = || match entered.get("confirmed") {
        Some(_) => Ok(()),
        None => Err("Tick the box first: this acts on somebody’s privileges".to_owned()),
    };
    let gone = || "What this was about does not wait any more".to_owned();
    let proposal = || item.and_then(|item| item.proposal).ok_or_else(gone);
    let seen = || -> Result<String, String> { entered.must("packet", "Evidence").map(str::to_owned) };
    let day = |name| match entered.get(name) {
        Some(_) => entered.end_of_day(name, "Last day", zone).map(Some),
        None => Ok(None),
    };
    let act = match entered.must("act", "What")? {
        "confirm_suspension" => {
            confirmed()?;
            let lines = entered.get("exempt").unwrap_or_default().lines();
            TrackAct::ConfirmSuspension {
                proposal: proposal()?,
                packet_sha256: seen()?,
                exempt: lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
                overrides: entered.get("overrides").map(|_| COVERAGE.to_owned()),
            }
        }
        "reject_suspension" => {
            TrackAct::RejectSuspension { proposal: proposal()?, packet_sha256: seen()?, until: day("until")? }
        }
        "confirm_reinstatement" => {
            confirmed()?;
            TrackAct::ConfirmReinstatement { proposal: proposal()? }
        }
        "extend" => TrackAct::Extend { until: entered.end_of_day("until", "Last day", zone)? },
        "exempt" => {
            confirmed()?;
            TrackAct::Exempt { until: day("until")? }
        }
        "end_grant" => TrackAct::EndGrant,
        "note" => TrackAct::Note,
        "acknowledge" => TrackAct::Acknowledge { matter: None },
        "acknowledge_matter" => TrackAct::Acknowledge { matter: Some(item.ok_or_else(gone)?.kind.clone()) },
        "correction_done" => {
            let item = item.ok_or_else(gone)?;
            TrackAct::CorrectionDone {
                rung: item.rung.ok_or_else(gone)?,
                cycle: item.cycle.ok_or_else(gone)?,
            }
        }
        other => return Err(format!("“{other}” is nothing that can be decided here")),
    };
    let why = entered.get("why").ok_or("“Why” is empty: the reason goes on record")?;
    Ok((act, why.to_owned()))
}

/// What was done, for the page after it.
pub(super) fn done(deed: &str) -> &'static str {
    match deed {
        "confirm_suspension" => {
            "Your confirmation is on record. Where the policy asks for two people, the suspension comes into force \
             with the second."
        }
        "reject_suspension" => "The suspension is rejected.",
        "confirm_reinstatement" => "The reinstatement is confirmed; everybody who was told is told of it.",
        "extend" => "There is more time.",
        "exempt" => "The exemption is on record.",
        "end_grant" => "The extension or exemption has ended.",
        "note" => "The note is on record.",
        "acknowledge" | "acknowledge_matter" => "It is acknowledged.",
        "correction_done" => "The correction is marked as done.",
        "released" => "The run is released.",
        "trusted" => "The clock is confirmed.",
        _ => "The decision is on record.",
    }
}
