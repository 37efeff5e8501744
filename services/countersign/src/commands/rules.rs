//! `countersign rules`

use std::{path::Path, sync::Arc};

use anyhow::bail;
use countersign_contracts::api::rules::{
    DraftRequest, LintReport, PublishRequest, ReasonRequest, ReevaluationReport, ReevaluationRequest,
    RuleSetDetail, RuleSetDiff, RuleSetsView, RulesStep,
};
use countersign_deficiency::{domain::rules::RuleSet, governance::Governance, lifecycle::Order};
use countersign_governance::{Command as Step, api::Offered};
use serde::Serialize;

use super::governed::{self, Words};
use crate::{
    cli::{Acting, Rules, RulesAction, Source},
    compose::Ground,
    print,
};

const PATH: &str = "/api/v1/rule-sets";
const COMMAND: &str = "countersign rules";
const WORDS: Words = Words { command: COMMAND, noun: "rule set", file: "rule file" };

pub async fn run(args: Rules) -> anyhow::Result<()> {
    match args.action {
        RulesAction::List { source, json } => list(&source, json).await,
        RulesAction::Show { version, text, source, json } => show(version, text, &source, json).await,
        RulesAction::Diff { version, against, source, json } => diff(version, against, &source, json).await,
        RulesAction::Lint { file, json } => lint(&file, json),
        RulesAction::Draft { file, shipped: _, title, why, acting, source, json } => {
            // Without a file the rules of the program were asked for: the command line sees to it.
            let text = match &file {
                Some(file) => WORDS.read(file)?,
                None => RuleSet::DEFAULT_FILE.to_owned(),
            };
            let request = DraftRequest { title, text, why };
            let step =
                take(&source, &acting, PATH.to_owned(), request, |DraftRequest { title, text, why }| {
                    Step::Draft { title, text, why }
                });
            WORDS.told(&step.await?, json)
        }
        RulesAction::Check { version, why, acting, source, json } => {
            let path = format!("{PATH}/{version}/check");
            let step = take(&source, &acting, path, ReasonRequest { why }, |ReasonRequest { why }| {
                Step::Check { version, why }
            });
            WORDS.told(&step.await?, json)
        }
        RulesAction::Publish { version, effective_from, why, acting, source, json } => {
            let path = format!("{PATH}/{version}/publish");
            let request = PublishRequest { effective_from, why };
            let step = take(&source, &acting, path, request, |PublishRequest { effective_from, why }| {
                Step::Publish { version, effective_from, why }
            });
            WORDS.told(&step.await?, json)
        }
        RulesAction::Withdraw { version, why, acting, source, json } => {
            let path = format!("{PATH}/{version}/withdraw");
            let step = take(&source, &acting, path, ReasonRequest { why }, |ReasonRequest { why }| {
                Step::Withdraw { version, why }
            });
            WORDS.told(&step.await?, json)
        }
        RulesAction::Apply { version, facility, preview, why, acting, source, json } => {
            let request = ReevaluationRequest { facility, preview, why };
            apply(version, request, &acting, &source, json).await
        }
        RulesAction::Schema => print::json(&countersign_deficiency::domain::rules::schema()),
    }
}

async fn apply(
    version: u32,
    request: ReevaluationRequest,
    acting: &Acting,
    source: &Source,
    json: bool,
) -> anyhow::Result<()> {
    let key = acting.key();
    let report: ReevaluationReport = if let Some(client) = acting.client(source)? {
        client.change(&format!("{PATH}/{version}/apply"), &key, &request).await?
    } else {
        let ground = source.open(COMMAND).await?;
        let actor = acting.actor(&ground.config)?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        let order = Order { actor: &actor, key: &key, why: &request.why, seen: None };
        let report = service.reevaluate(&order, version, &request).await?;
        service.catch_up().await?;
        report
    };
    if json {
        return print::json(&report);
    }
    let verb = if report.preview { "would be" } else { "were" };
    print::line(&format!(
        "{} charts {verb} judged by version {version}: {} items opened, {} fell away, {} changed, {} stay as they are",
        report.charts, report.opened, report.fell_away, report.changed, report.carried_over
    ))?;
    let rows: Vec<Vec<String>> = report
        .items
        .iter()
        .map(|item| {
            let due = item.due_at.map(|due| due.to_string()).unwrap_or_default();
            vec![item.rule.clone(), item.change.clone(), due, item.chart.to_string()]
        })
        .collect();
    print::table(&["RULE", "CHANGE", "DUE", "CHART"], &rows)?;
    if report.more > 0 {
        print::line(&format!("and {} more", report.more))?;
    }
    Ok(())
}

/// Takes a step: on a running Countersign, or in a data folder.
async fn take<T: Serialize>(
    source: &Source,
    acting: &Acting,
    path: String,
    request: T,
    command: impl FnOnce(T) -> Step,
) -> anyhow::Result<RulesStep> {
    let key = acting.key();
    if let Some(client) = acting.client(source)? {
        return client.change(&path, &key, &request).await;
    }
    let (ground, governance) = open(source).await?;
    let actor = acting.actor(&ground.config)?;
    Ok(governance.execute(&actor, &key, command(request)).await?)
}

async fn open(source: &Source) -> anyhow::Result<(Ground, Arc<Governance>)> {
    let ground = source.open(COMMAND).await?;
    let governance = ground.governance().await?;
    Ok((ground, governance))
}

async fn list(source: &Source, json: bool) -> anyhow::Result<()> {
    let sets: RuleSetsView = match source.client() {
        Some(client) => client.get(PATH, &()).await?,
        None => open(source).await?.1.list().await?,
    };
    if json {
        return print::json(&sets);
    }
    governed::versions(&sets)
}

async fn show(version: u32, text: bool, source: &Source, json: bool) -> anyhow::Result<()> {
    let detail: RuleSetDetail = match source.client() {
        Some(client) => client.get(&format!("{PATH}/{version}"), &()).await?,
        None => open(source).await?.1.detail(version).await?,
    };
    if json {
        return print::json(&detail);
    }
    if text {
        return print::line(detail.text.trim_end());
    }
    let RuleSetDetail { set, rules, problem, .. } = &detail;
    WORDS.life(set, problem.as_deref())?;
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let target = rule.target.clone().unwrap_or_default();
            vec![
                rule.id.clone(),
                rule.title.clone(),
                rule.anchor.clone(),
                target,
                rule.due.clone(),
                rule.citation.clone(),
            ]
        })
        .collect();
    print::table(&["RULE", "TITLE", "FROM", "TARGET", "DUE", "CITATION"], &rows)
}

async fn diff(version: u32, against: Option<u32>, source: &Source, json: bool) -> anyhow::Result<()> {
    let difference: RuleSetDiff = match source.client() {
        Some(client) => {
            let query: Vec<(&str, u32)> = against.iter().map(|against| ("against", *against)).collect();
            client.get(&format!("{PATH}/{version}/diff"), &query).await?
        }
        None => open(source).await?.1.comparison(version, against).await?,
    };
    if json {
        return print::json(&difference);
    }
    let RuleSetDiff { against, settings, rules, .. } = &difference;
    WORDS.difference((version, *against), settings, rules)
}

fn lint(file: &Path, json: bool) -> anyhow::Result<()> {
    let report: LintReport = RuleSet::lint(&WORDS.read(file)?);
    if json {
        print::json(&report)?;
    } else if report.valid {
        let title = report.title.as_deref().unwrap_or_default();
        print::line(&format!("{}: `{title}`, {} rules, no faults", file.display(), report.rules.len()))?;
    }
    if !report.valid {
        bail!("{} cannot be used: {}", file.display(), report.faults.join("\n"));
    }
    Ok(())
}
