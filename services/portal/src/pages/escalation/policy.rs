//! `/policies/{version}`: one escalation policy; `/policies/{version}/changes`: what differs from another.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::governed::{PublishRequest, ReasonRequest};
use countersign_kernel::Role;

use super::{policies, simulation};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        rule_diff,
        rules::{SetRow, ZONE, version},
        sheet::{Block, Filter, FilterField, Line, Part, Row, Sent, Sheet, Table},
    },
    same_origin,
    show::{Section, sentence, words},
    visitor::{self, Visitor},
};

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent { done: choice.done.as_deref().map(done), refused: None };
    page(&portal, version(&number)?, &Entered::default(), sent).await
}

/// What was done, for the page after it.
fn done(step: &str) -> &'static str {
    match step {
        "check" => "The version is checked.",
        "publish" => "The version is published: cycles that begin from then on go by it.",
        _ => "The version is withdrawn.",
    }
}

/// The page, with what became of the question that was asked on it.
pub(super) async fn page(
    portal: &Portal,
    number: u32,
    entered: &Entered,
    sent: Sent,
) -> Result<Response, Failure> {
    let found = ask::escalation::policy(portal.api.as_ref(), number).await?;
    let (visitor, status) = (visitor::present(), found.set.status.clone());
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
        .sent(sent);
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
    if let Some(form) = simulation::form(number, &visitor, entered) {
        let part = Part::new("simulate", "What would it have done?").hint(
            "On recorded history: who would have been notified, warned and suspended when. Nothing is sent.",
        );
        sheet = sheet.part(part.block(Block::Forms(vec![form])));
    }
    let forms = steps_of(number, &status, &visitor, entered);
    if !forms.is_empty() {
        sheet = sheet.part(Part::new("decide", "What you can decide").block(Block::Forms(forms)));
    }
    sheet.part(policies::how()).answer()
}

/// The next steps in the life of a version, for those who may take them.
fn steps_of(number: u32, status: &str, visitor: &Visitor, entered: &Entered) -> Vec<Form> {
    let approver = visitor.has_any(&[Role::RulesApprover]);
    let mut forms = Vec::new();
    if approver && status == "draft" {
        let right = Field::confirm("I have read it, and it is right");
        forms.push(Form::new(
            "check",
            "Check it",
            "Its author cannot check it.",
            "It is right",
            vec![Field::why(), right],
        ));
    }
    if approver && status == "checked" {
        let from = Field::new("effective_from", "In force from, in UTC", Kind::Instant)
            .optional()
            .hint("Left empty: from now on");
        let acts = Field::confirm("From then on people are told, and suspensions proposed, by it");
        forms.push(Form::new("publish", "Publish it", "", "Publish", vec![from, Field::why(), acts]));
    }
    if visitor.has_any(&[Role::RulesApprover, Role::HimManager])
        && matches!(status, "draft" | "checked" | "scheduled")
    {
        let back = Field::confirm("It never comes into force");
        forms.push(Form::new("withdraw", "Withdraw it", "", "Withdraw", vec![Field::why(), back]));
    }
    let sent =
        |form: Form| form.sent_to(format!("/policies/{number}")).carries("seen", status).filled(entered);
    forms.into_iter().map(sent).collect()
}

/// `POST /policies/{version}`: a step in the life of a version.
pub(super) async fn decide(
    State(portal): State<Portal>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let number = version(&number)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let seen = entered.get("seen").unwrap_or_default();
    let refused = |status, said: String| Sent { done: None, refused: Some((status, said)) };
    let (act, why) = match (entered.get("act"), entered.get("why"), entered.get("confirmed")) {
        (Some(act @ ("check" | "publish" | "withdraw")), Some(why), Some(_)) => (act, why.to_owned()),
        (_, None, _) => {
            let said = "“Why” is empty: the reason goes on record".to_owned();
            return page(&portal, number, &entered, refused(StatusCode::UNPROCESSABLE_ENTITY, said)).await;
        }
        _ => {
            let said = "Tick the box first: people are told by it".to_owned();
            return page(&portal, number, &entered, refused(StatusCode::UNPROCESSABLE_ENTITY, said)).await;
        }
    };
    let taken = if act == "publish" {
        match entered.instant("effective_from", "In force from", ZONE) {
            Ok(effective_from) => {
                let request = PublishRequest { effective_from, why };
                ask::escalation::policy_step(api, number, act, &request, seen).await
            }
            Err(said) => {
                return page(&portal, number, &entered, refused(StatusCode::UNPROCESSABLE_ENTITY, said))
                    .await;
            }
        }
    } else {
        ask::escalation::policy_step(api, number, act, &ReasonRequest { why }, seen).await
    };
    match taken {
        Ok(_) => Ok(Redirect::to(&format!("/policies/{number}?done={act}")).into_response()),
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            page(&portal, number, &entered, refused(status, sentence(&said))).await
        }
        Err(failure) => Err(failure),
    }
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
