//! `countersign templates`

use std::path::Path;

use anyhow::{Context, bail};
use countersign_contracts::api::notification::{TemplateDifference, TemplatePreview, TemplateView};
use countersign_notification::{outbound::Wording, templates::TemplateSet};

use crate::{
    cli::{Asking, Templates, TemplatesAction},
    commands::api::Part,
    print,
};

const PATH: &str = "/api/v1/notification/templates";
const COMMAND: &str = "countersign templates";

pub async fn run(args: Templates) -> anyhow::Result<()> {
    match args.action {
        TemplatesAction::List { asking } => list(&asking).await,
        TemplatesAction::Preview { kind, version, html, asking } => {
            preview(&kind, version, html, &asking).await
        }
        TemplatesAction::Diff { kind, old, new, asking } => diff(&kind, old, new, &asking).await,
        TemplatesAction::Lint { folder, json } => lint(folder.as_deref(), json),
    }
}

async fn list(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Settings, COMMAND).await?;
    let templates: Vec<TemplateView> = api.get(PATH, &()).await?;
    if asking.json {
        return print::json(&templates);
    }
    let rows: Vec<Vec<String>> = templates
        .iter()
        .map(|template| {
            vec![template.kind.clone(), template.versions.join(", "), template.channels.join(", ")]
        })
        .collect();
    print::table(&["KIND", "VERSIONS", "CHANNELS"], &rows)?;
    print::line(&format!("\n{} kinds. What does one say? {COMMAND} preview KIND", templates.len()))
}

async fn preview(kind: &str, version: Option<u32>, html: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Settings, COMMAND).await?;
    let query: Vec<(&str, u32)> = version.iter().map(|version| ("version", *version)).collect();
    let preview: TemplatePreview = api.get(&format!("{PATH}/{kind}"), &query).await?;
    if asking.json {
        return print::json(&preview);
    }
    if html {
        return print::line(preview.html.trim_end());
    }
    print::line(&format!("{}, with invented data\n", preview.template))?;
    print::line(&format!("Subject: {}\n", preview.subject))?;
    print::line(preview.text.trim_end())?;
    print::line("\nAs a letter:\n")?;
    print::line(&preview.letter.join("\n\n"))
}

async fn diff(kind: &str, old: u32, new: u32, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Settings, COMMAND).await?;
    let query = [("old", old), ("new", new)];
    let difference: TemplateDifference = api.get(&format!("{PATH}/{kind}/difference"), &query).await?;
    if asking.json {
        return print::json(&difference);
    }
    if difference.text.is_empty() {
        return print::line(&format!("{} and {} say the same", difference.old, difference.new));
    }
    print::line(difference.text.trim_end())
}

fn lint(folder: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let set = match folder {
        Some(folder) => TemplateSet::with_folder(folder)
            .with_context(|| format!("the templates in {} cannot be used", folder.display()))?,
        None => TemplateSet::built_in()?,
    };
    let findings = set.lint(&Wording::default());
    if json {
        print::json(&findings)?;
    } else if findings.is_empty() {
        print::line(&format!("{} versions of templates, no faults", set.versions().len()))?;
    } else {
        let rows: Vec<Vec<String>> =
            findings.iter().map(|finding| vec![finding.template.clone(), finding.problem.clone()]).collect();
        print::table(&["TEMPLATE", "FAULT"], &rows)?;
    }
    if !findings.is_empty() {
        bail!(
            "{} faults: mend them before the folder is named in notification.templates_dir",
            findings.len()
        );
    }
    Ok(())
}
