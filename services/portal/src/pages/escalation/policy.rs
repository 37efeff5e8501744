//! `/policies/{version}`: one escalation policy; `/policies/{version}/changes`: what differs from another.

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{policies, simulation};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Offer},
        rule_diff,
        rules::{SetRow, version},
        sheet::{Block, Filter, FilterField, Line, Part, Row, Sent, Sheet, Table},
    },
    show::{Section, words},
    visitor,
};

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    page(&portal, version(&number)?, &Entered::default(), None).await
}

/// The page, with what became of the question that was asked on it.
pub(super) async fn page(
    portal: &Portal,
    number: u32,
    entered: &Entered,
    refused: Option<(StatusCode, String)>,
) -> Result<Response, Failure> {
    let found = ask::escalation::policy(portal.api.as_ref(), number).await?;
    let set = SetRow::new(found.set, portal.clock.now());
    let mut life = Part::card("life", "Its life").block(Block::List(policies::life(&set)));
    let mut pairs = Vec::new();
    if let Some(moment) = set.effective.clone() {
        pairs.push(("In force from", Line::new().at(moment)));
    }
    pairs.push(("Fingerprint", Line::new().mono(set.sha256.clone())));
    life = life.pairs(pairs).line(Line::new().button(
        format!("/policies/{number}/changes"),
        "What differs from other versions",
        "",
    ));
    let steps = found.steps.into_iter().map(|step| {
        Row::new([
            Line::new().strong(words(&step.name.replace('-', "_"))),
            Line::from(step.after),
            Line::from(step.does),
            Line::from(step.to.iter().map(|to| words(to)).collect::<Vec<_>>().join(", ")),
        ])
    });
    let ladder = Table::new("Its ladder", &["Step", "After", "Does", "Tells"]).rows(steps);
    let settings = found
        .settings
        .into_iter()
        .map(|setting| Row::new([Line::new().mono(setting.name), Line::from(setting.value)]));
    let settings = Table::new("Its settings", &["Setting", "Is"]).rows(settings);
    let mut sheet = Sheet::new(format!("Policy, version {number}"), Section::Escalation, "/policies")
        .crumb("/policies", "Escalation policies")
        .under(Line::new().a_chip(set.status.clone()).text(set.title.clone()))
        .sent(Sent { done: None, refused });
    if let Some(problem) = found.problem {
        let told = Line::new().strong("This program cannot read it:").text(problem);
        sheet = sheet.part(Part::card("problem", "A problem").block(Block::Notice("bad", told)));
    }
    sheet = sheet
        .part(life)
        .part(Part::new("ladder", "Its ladder").table_or(ladder, "None."))
        .part(Part::new("settings", "Its settings").table_or(settings, "None."))
        .part(Part::new("text", "The file").block(Block::Raw {
            summary: "Show the policy file as it was drafted".to_owned(),
            name: "Policy file".to_owned(),
            text: found.text,
        }));
    if let Some(form) = simulation::form(number, &visitor::present(), entered) {
        let part = Part::new("simulate", "What would it have done?").hint(
            "On recorded history: who would have been notified, warned and suspended when. Nothing is sent.",
        );
        sheet = sheet.part(part.block(Block::Forms(vec![form])));
    }
    sheet.part(policies::how()).answer()
}

/// `/policies/{version}/changes`: what differs, in words.
pub(super) async fn changes(
    State(portal): State<Portal>,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let number = version(&number)?;
    let choice = Choice::read(query.as_deref(), &["against"]);
    let against = choice.get("against").map(str::parse).transpose().map_err(|_| Failure::Invalid(None))?;
    let api = portal.api.as_ref();
    let (diff, policies) =
        tokio::try_join!(ask::escalation::policy_diff(api, number, against), ask::escalation::policies(api))?;
    let offers = policies.items.into_iter().map(|set| Offer {
        value: set.version.to_string(),
        label: format!("{} {}", set.version, set.title),
        chosen: set.version == diff.against,
    });
    let field = FilterField {
        name: "against",
        label: "Compare with",
        value: String::new(),
        offers: offers.collect(),
    };
    let mut differs = Part::new("differs", format!("Against version {}", diff.against));
    let lines = |told: Vec<String>| Block::List(told.into_iter().map(Line::from).collect());
    if diff.settings.is_empty() && diff.steps.is_empty() {
        differs = differs.block(Block::Empty("Nothing differs.".into()));
    }
    if !diff.settings.is_empty() {
        differs = differs
            .line(Line::new().strong("The policy as a whole"))
            .block(lines(rule_diff::told(&diff.settings)));
    }
    for part in diff.steps.into_iter().map(rule_diff::Part::new) {
        let head =
            Line::new().strong(part.title).quiet(part.id).quiet(part.kind.to_lowercase()).a_chip(part.change);
        differs = differs.line(head).block(lines(part.fields));
    }
    Sheet::new(format!("What differs in version {number}"), Section::Escalation, "/policies")
        .crumb("/policies", "Escalation policies")
        .crumb(format!("/policies/{number}"), format!("Version {number}"))
        .filter(Filter { path: "", fields: vec![field], filtered: false })
        .part(differs)
        .answer()
}
