//! What the commands about governed texts (rule sets, escalation policies) say alike.

use std::{io::Read, path::Path};

use anyhow::Context;
use countersign_contracts::api::governed::{
    FieldDiff, PartDiff, StepAct, StepView, VersionView, VersionsView,
};

use crate::print;

/// How a kind of governed text is called.
pub struct Words {
    /// The command about it.
    pub command: &'static str,
    /// One version, e.g. `rule set`.
    pub noun: &'static str,
    /// The file, e.g. `rule file`.
    pub file: &'static str,
}

impl Words {
    /// A file; `-` is standard input.
    pub fn read(&self, file: &Path) -> anyhow::Result<String> {
        if file.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
            return Ok(text);
        }
        std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the {} {}", self.file, file.display()))
    }

    /// Tells of a step that was taken, and what comes next.
    pub fn told(&self, step: &StepView, json: bool) -> anyhow::Result<()> {
        if json {
            return print::json(step);
        }
        let Self { command, noun, .. } = self;
        let StepView { version, step: done, by, .. } = step;
        let next = match (done.as_str(), step.effective_from) {
            ("drafted", _) => format!(
                "see `{command} diff {version}`; then somebody else runs `{command} check {version}` and `{command} \
                 publish {version}`"
            ),
            ("checked", _) => format!("`{command} publish {version}` puts it in force"),
            (_, Some(from)) => format!("in force from {from}"),
            _ => format!("`{command} list` shows what is in force now"),
        };
        print::line(&format!("{noun} {version} is {done} by {by}: {next}"))
    }

    /// Prints one version's life.
    pub fn life(&self, set: &VersionView, problem: Option<&str>) -> anyhow::Result<()> {
        let mut noun = self.noun.to_owned();
        noun[..1].make_ascii_uppercase();
        print::line(&format!("{noun} {} · {} · {}", set.version, set.title, print::words(&set.status)))?;
        let acts = [
            ("drafted", Some(&set.drafted)),
            ("checked", set.checked.as_ref()),
            ("published", set.published.as_ref()),
            ("withdrawn", set.withdrawn.as_ref()),
        ];
        for (done, act) in acts {
            if let Some(StepAct { by, at, why }) = act {
                print::line(&format!("  {done} by {by} at {at}: {why}"))?;
            }
        }
        if let Some(from) = set.effective_from {
            print::line(&format!("  effective from {from}"))?;
        }
        if let Some(problem) = problem {
            print::line(&format!("  this program cannot read it: {problem}"))?;
        }
        print::line("")
    }

    /// Prints what differs.
    pub fn difference(
        &self,
        (version, against): (u32, u32),
        settings: &[FieldDiff],
        parts: &[PartDiff],
    ) -> anyhow::Result<()> {
        let mut noun = self.noun.to_owned();
        noun[..1].make_ascii_uppercase();
        print::line(&format!("{noun} {version} beside {} {against}:", self.noun))?;
        if settings.is_empty() && parts.is_empty() {
            return print::line("  nothing differs");
        }
        for field in settings {
            print::line(&format!("  {}", field.words))?;
        }
        for part in parts {
            let title = if part.title.is_empty() { String::new() } else { format!(": {}", part.title) };
            print::line(&format!("\n{} {} {}{title}", part.kind, part.id, part.change))?;
            for field in &part.fields {
                print::line(&format!("  {}", field.words))?;
            }
        }
        Ok(())
    }
}

/// Prints all versions, and which is in force when.
pub fn versions(view: &VersionsView) -> anyhow::Result<()> {
    let act = |act: &Option<StepAct>| act.as_ref().map(|act| act.by.clone()).unwrap_or_default();
    let rows: Vec<Vec<String>> = view
        .items
        .iter()
        .map(|set| {
            vec![
                set.version.to_string(),
                print::words(&set.status),
                set.title.clone(),
                set.effective_from.map(|from| from.to_string()).unwrap_or_default(),
                set.drafted.by.clone(),
                act(&set.checked),
                act(&set.published),
                act(&set.withdrawn),
            ]
        })
        .collect();
    print::table(
        &[
            "VERSION",
            "STATUS",
            "TITLE",
            "EFFECTIVE FROM",
            "DRAFTED BY",
            "CHECKED BY",
            "PUBLISHED BY",
            "WITHDRAWN BY",
        ],
        &rows,
    )?;
    print::line("")?;
    let rows: Vec<Vec<String>> = view
        .windows
        .iter()
        .map(|window| {
            let until = window.until.map_or_else(|| "further notice".to_owned(), |until| until.to_string());
            vec![window.version.to_string(), window.from.to_string(), until]
        })
        .collect();
    print::table(&["VERSION", "IN FORCE FROM", "UNTIL"], &rows)
}
