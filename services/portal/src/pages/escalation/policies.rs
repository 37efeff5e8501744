//! `/policies`: which escalation policies are, were and will be in force, and who decided that.

use axum::{extract::State, response::Response};

use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        rules::{SetRow, Window},
        sheet::{Line, Part, Row, Sheet, Table},
    },
    show::Section,
};

/// Who did what in the life of a version, a line each.
pub(super) fn life(set: &SetRow) -> Vec<Line> {
    set.steps
        .iter()
        .map(|step| {
            let line = Line::new().text(format!("{} by {},", step.what, step.by)).at(step.at.clone());
            if step.why.is_empty() { line } else { line.quiet(step.why.clone()) }
        })
        .collect()
}

/// How policies come about.
pub(super) fn how() -> Part {
    Part::card("how", "To change a policy").line(
        "A policy is drafted on the command line (countersign escalation --help) or over the API. A second person \
         checks it and publishes it, there or on its page. Simulate a draft on the record first.",
    )
}

pub(super) async fn handle(State(portal): State<Portal>) -> Result<Response, Failure> {
    let now = portal.clock.now();
    let policies = ask::escalation::policies(portal.api.as_ref()).await?;
    let windows = policies.windows.iter().map(|window| {
        let window = Window::new(window, now);
        let version = format!("Version {}", window.version);
        let which = Line::new().link(format!("/policies/{}", window.version), version);
        Row::new([
            if window.now { which.chip("satisfied", "Now") } else { which },
            window.from.map_or_else(|| Line::from("the beginning"), |from| Line::new().at(from)),
            window.until.map_or_else(|| Line::new().quiet("no end is set"), |until| Line::new().at(until)),
        ])
    });
    let in_force = Table::new("In force", &["Version", "From", "Until"]).rows(windows);
    let versions = policies.items.into_iter().rev().map(|set| {
        let set = SetRow::new(set, now);
        let mut told = Line::new();
        for step in &set.steps {
            let why = if step.why.is_empty() { String::new() } else { format!(": {}", step.why) };
            told =
                told.below(format!("{} by {}, {} {}{why}", step.what, step.by, step.at.text, step.at.zone));
        }
        let changes = match set.based_on {
            Some(based_on) => Line::new().button(
                format!("/policies/{}/changes", set.version),
                "Changes",
                format!("of version {} against {based_on}", set.version),
            ),
            None => Line::new(),
        };
        Row::new([
            Line::new()
                .link(format!("/policies/{}", set.version), format!("Version {}", set.version))
                .below(set.title.clone()),
            Line::new().a_chip(set.status),
            told,
            changes,
        ])
    });
    let versions =
        Table::new("Versions", &["Version", "State", "Who, when and why", "!Changes"]).rows(versions);
    Sheet::new("Escalation policies", Section::Escalation, "/policies")
        .intro(
            "Which steps follow when something stays undone, and who is told. A cycle that began under a version \
             goes on under it. Who proposed, checked and published it, and why, stays on record.",
        )
        .part(Part::new("windows", "In force").table_or(in_force, "No policy is in force."))
        .part(Part::new("versions", "Versions").table_or(versions, "None was drafted."))
        .part(how())
        .answer()
}
