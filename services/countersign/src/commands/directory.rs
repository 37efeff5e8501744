//! What the commands about people and about facilities do alike: change, import, and say what became of it.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::Context;
use countersign_contracts::api::people::{DirectoryStep, ImportReport, ImportRequest};
use countersign_deficiency::service::Deficiency;
use serde::Serialize;

use super::api::Part;
use crate::{
    cli::{Change, Source},
    compose::Ground,
    print,
};

impl Change {
    /// Makes a change and prints what became of it.
    pub async fn tell(&self, command: &str, path: &str, request: &impl Serialize) -> anyhow::Result<()> {
        let api = self.changing.api(Part::Charts, command).await?;
        let step: DirectoryStep = api.change(path, &self.changing.acting.key(), request).await?;
        if self.changing.json {
            return print::json(&step);
        }
        match (step.changed, step.id) {
            (true, Some(id)) => print::line(&format!("on record: {id}")),
            (true, None) => print::line("on record"),
            (false, _) => print::line("nothing to change: it is so already"),
        }
    }

    /// Imports a file and prints what became of its lines. Lines that are refused make the command fail.
    pub async fn import(
        self,
        command: &str,
        path: &str,
        file: &Path,
        dry_run: bool,
    ) -> anyhow::Result<ExitCode> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {} as UTF-8 text", file.display()))?;
        let Self { why, changing } = self;
        let api = changing.api(Part::Charts, command).await?;
        let request = ImportRequest { text, dry_run, why };
        let report: ImportReport = api.change(path, &changing.acting.key(), &request).await?;
        let code = if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        if changing.json {
            print::json(&report)?;
            return Ok(code);
        }
        imported(&report)?;
        Ok(code)
    }
}

fn imported(report: &ImportReport) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = report
        .lines
        .iter()
        .map(|line| {
            vec![
                line.line.to_string(),
                line.outcome.clone(),
                line.about.clone(),
                line.column.clone().unwrap_or_default(),
                line.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["LINE", "OUTCOME", "ABOUT", "COLUMN", "REASON"], &rows)?;
    let would = if report.dry_run { " (dry run: nothing was changed)" } else { "" };
    let ImportReport { created, changed, unchanged, refused, .. } = report;
    print::line(&format!(
        "{created} created, {changed} changed, {unchanged} unchanged, {refused} refused{would}"
    ))
}

/// The service over a data folder, with everything folded that is in the journal.
pub async fn open(source: &Source, command: &str) -> anyhow::Result<(Ground, Arc<Deficiency>)> {
    let ground = source.open(command).await?;
    let service = ground.deficiency().await?;
    service.catch_up().await?;
    Ok((ground, service))
}
