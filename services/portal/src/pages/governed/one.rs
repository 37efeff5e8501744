//! `/rules/{version}`, `/policies/{version}`: one version with everything in it, and what can be done with it.

use axum::{extract::Path, response::Response};
use countersign_contracts::api::{
    RuleView,
    escalation::{PolicySetting, PolicyStep},
};

use super::{VersionRow, Words, steps, version};
use crate::{
    ask::{
        self,
        governed::{Content, Texts},
    },
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        deficiency::confidence,
        escalation::simulation,
        form::Entered,
        sheet::{Block, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    show::words,
    visitor,
};

pub(super) async fn handle(
    portal: Portal,
    texts: Texts,
    Path(number): Path<String>,
    query: Option<String>,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, done);
    page(&portal, texts, version(&number)?, &Entered::default(), sent).await
}

/// What was done, for the page after it.
fn done(step: &str) -> &'static str {
    match step {
        "draft" => "The draft is on record. Somebody else checks it next.",
        "check" => "The version is checked.",
        "publish" => "The version is published: what begins from then on goes by it.",
        _ => "The version is withdrawn.",
    }
}

/// The page, with what became of the form that was sent from it.
pub(in crate::pages) async fn page(
    portal: &Portal,
    texts: Texts,
    number: u32,
    entered: &Entered,
    sent: Sent,
) -> Result<Response, Failure> {
    let (api, call, visitor) = (portal.api.as_ref(), Words::of(texts), visitor::present());
    let site = Site::ask(api, portal.clock.now()).await;
    let (found, versions) =
        tokio::try_join!(ask::governed::one(api, texts, number), ask::governed::list(api, texts))?;
    let forms = steps::forms(texts, (&found.set, &versions), &visitor, &site, entered);
    let set = VersionRow::new(found.set, &site);
    let mut pairs = Vec::new();
    if let Some(moment) = set.effective.clone() {
        pairs.push(("In force from", Line::new().at(moment)));
    }
    pairs.push(("Fingerprint", Line::new().mono(set.sha256.clone())));
    let mut ways = Line::new();
    if let Some(in_force) = versions.in_force.filter(|in_force| *in_force != number) {
        let href = format!("{}/{number}/changes?against={in_force}", call.path);
        ways = ways.button(href, "What differs from the version in force", "");
    }
    ways = ways.button(format!("{}/{number}/changes", call.path), "What differs from its base", "");
    if call.may_draft(&visitor) {
        ways = ways.button(format!("{}/draft?from={number}", call.path), "Draft another from it", "");
    }
    let life = Part::card("life", "Its life").block(Block::List(set.life())).pairs(pairs).line(ways);
    let mut sheet = Sheet::new(format!("{}, version {number}", call.noun_first()), call.section, call.path)
        .crumb(call.path, call.title)
        .under(Line::new().a_chip(set.status).text(set.title))
        .sent(sent);
    if let Some(problem) = found.problem {
        let told = Line::new().strong("This program cannot read it:").text(problem);
        sheet = sheet.part(Part::card("problem", "A problem").block(Block::Notice("bad", told)));
    }
    sheet = sheet.part(life);
    sheet = match found.content {
        Content::Rules(rules) => {
            sheet.part(Part::new("rules", "Its rules").table_or(rules_table(rules), "None."))
        }
        Content::Policy(steps, settings) => sheet
            .part(Part::new("ladder", "Its ladder").table_or(ladder(steps), "None."))
            .part(Part::new("settings", "Its settings").table_or(settings_table(settings), "None.")),
    };
    sheet = sheet.part(Part::new("text", "The file").block(Block::Raw {
        summary: format!("Show the {} as it was drafted", call.file),
        name: call.file.to_owned(),
        text: found.text,
    }));
    if texts == Texts::Policies
        && let Some(form) = simulation::form(number, &visitor, entered)
    {
        let part = Part::new("simulate", "What would it have done?").hint(
            "On recorded history: who would have been notified, warned and suspended when. Nothing is sent.",
        );
        sheet = sheet.part(part.block(Block::Forms(vec![form])));
    }
    if !forms.is_empty() {
        sheet = sheet.part(Part::new("decide", "What you can decide").block(Block::Forms(forms)));
    }
    sheet.part(call.how()).answer()
}

fn rules_table(rules: Vec<RuleView>) -> Table {
    let row = |rule: RuleView| {
        let name = Line::new().mono(rule.id).strong(rule.title);
        Row::new([
            if rule.note.is_empty() { name } else { name.below(rule.note) },
            Line::from(rule.due).quiet(format!("after {}", rule.anchor)),
            Line::from(rule.closed_by),
            Line::from(rule.citation).a_chip(confidence(&rule.confidence)),
        ])
    };
    Table::new("Its rules", &["Rule", "Due", "Closed by", "Comes from"]).rows(rules.into_iter().map(row))
}

fn ladder(steps: Vec<PolicyStep>) -> Table {
    let row = |step: PolicyStep| {
        Row::new([
            Line::new().strong(words(&step.name.replace('-', "_"))),
            Line::from(step.after),
            Line::from(step.does),
            Line::from(step.to.iter().map(|to| words(to)).collect::<Vec<_>>().join(", ")),
        ])
    };
    Table::new("Its ladder", &["Step", "After", "Does", "Tells"]).rows(steps.into_iter().map(row))
}

fn settings_table(settings: Vec<PolicySetting>) -> Table {
    let row = |setting: PolicySetting| Row::new([Line::new().mono(setting.name), Line::from(setting.value)]);
    Table::new("Its settings", &["Setting", "Is"]).rows(settings.into_iter().map(row))
}
