//! `countersign escalation policies`

use std::path::Path;

use anyhow::bail;
use countersign_contracts::api::{
    escalation::{PolicyDetail, PolicyDiff, PolicyLint, PolicyStep},
    governed::{DraftRequest, PublishRequest, ReasonRequest, StepView, VersionsView},
};
use countersign_escalation::domain::policy::PolicySet;
use countersign_governance::api::Offered;
use serde::Serialize;

use crate::{
    cli::{Asking, Changing, Deciding, PoliciesAction},
    commands::{
        api::Part,
        governed::{self, Words},
    },
    print,
};

const PATH: &str = "/api/v1/escalation/policies";
const COMMAND: &str = "countersign escalation policies";
pub const WORDS: Words = Words { command: COMMAND, noun: "escalation policy", file: "policy file" };

pub async fn run(action: PoliciesAction) -> anyhow::Result<()> {
    match action {
        PoliciesAction::List { asking } => list(&asking).await,
        PoliciesAction::Show { version, text, asking } => show(version, text, &asking).await,
        PoliciesAction::Diff { version, against, asking } => diff(version, against, &asking).await,
        PoliciesAction::Lint { file, json } => lint(&file, json),
        PoliciesAction::Schema => print::json(&PolicySet::schema()),
        PoliciesAction::Draft { file, shipped: _, title, deciding } => {
            let Deciding { why, changing } = deciding;
            // Without a file the policy of the program was asked for: the command line sees to it.
            let text = match &file {
                Some(file) => WORDS.read(file)?,
                None => PolicySet::DEFAULT_FILE.to_owned(),
            };
            take(&changing, PATH.to_owned(), &DraftRequest { title, text, why }).await
        }
        PoliciesAction::Check { version, deciding: Deciding { why, changing } } => {
            take(&changing, format!("{PATH}/{version}/check"), &ReasonRequest { why }).await
        }
        PoliciesAction::Publish { version, effective_from, deciding: Deciding { why, changing } } => {
            let request = PublishRequest { effective_from, why };
            take(&changing, format!("{PATH}/{version}/publish"), &request).await
        }
        PoliciesAction::Withdraw { version, deciding: Deciding { why, changing } } => {
            take(&changing, format!("{PATH}/{version}/withdraw"), &ReasonRequest { why }).await
        }
    }
}

async fn take(changing: &Changing, path: String, request: &impl Serialize) -> anyhow::Result<()> {
    let api = changing.api(Part::Policies, COMMAND).await?;
    let step: StepView = api.change(&path, &changing.acting.key(), request).await?;
    WORDS.told(&step, changing.json)
}

async fn list(asking: &Asking) -> anyhow::Result<()> {
    let view: VersionsView = asking.api(Part::Policies, COMMAND).await?.get(PATH, &()).await?;
    if asking.json { print::json(&view) } else { governed::versions(&view) }
}

async fn show(version: u32, text: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Policies, COMMAND).await?;
    let detail: PolicyDetail = api.get(&format!("{PATH}/{version}"), &()).await?;
    if asking.json {
        return print::json(&detail);
    }
    if text {
        return print::line(detail.text.trim_end());
    }
    WORDS.life(&detail.set, detail.problem.as_deref())?;
    ladder(&detail.steps)?;
    print::line("")?;
    let rows: Vec<Vec<String>> =
        detail.settings.iter().map(|setting| vec![setting.name.clone(), setting.value.clone()]).collect();
    print::table(&["SETTING", "VALUE"], &rows)
}

fn ladder(steps: &[PolicyStep]) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| vec![step.name.clone(), step.after.clone(), step.does.clone(), step.to.join(", ")])
        .collect();
    print::table(&["STEP", "AFTER", "DOES", "TOLD"], &rows)
}

async fn diff(version: u32, against: Option<u32>, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Policies, COMMAND).await?;
    let query: Vec<(&str, u32)> = against.iter().map(|against| ("against", *against)).collect();
    let difference: PolicyDiff = api.get(&format!("{PATH}/{version}/diff"), &query).await?;
    if asking.json {
        return print::json(&difference);
    }
    WORDS.difference((version, difference.against), &difference.settings, &difference.steps)
}

fn lint(file: &Path, json: bool) -> anyhow::Result<()> {
    let report: PolicyLint = PolicySet::lint(&WORDS.read(file)?);
    if json {
        print::json(&report)?;
    } else if report.valid {
        print::line(&format!("{}: {} steps, no faults", file.display(), report.steps.len()))?;
        for remark in &report.remarks {
            print::line(&format!("  remark: {remark}"))?;
        }
        print::line("")?;
        ladder(&report.steps)?;
    }
    refuse(&report, file)
}

/// Refuses a file that cannot be used, with what is wrong in which line.
pub fn refuse(report: &PolicyLint, file: &Path) -> anyhow::Result<()> {
    if report.valid {
        return Ok(());
    }
    bail!(
        "{} cannot be used: {} (docs/escalation-policy.md tells the format)",
        file.display(),
        report.problems.join("\n")
    )
}
