//! What became of a version, and when it is in force.

use countersign_contracts::api::governed::{StepAct, VersionView, WindowView};
use countersign_kernel::Timestamp;

use crate::{
    pages::{sheet::Line, site::Site},
    show::{Chip, Moment, words},
};

/// A step in the life of a version.
struct Step {
    what: &'static str,
    by: String,
    at: Moment,
    why: String,
}

/// A version, as a row of a table and as the head of its own page.
pub(super) struct VersionRow {
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) status: Chip,
    pub(super) effective: Option<Moment>,
    /// The version that it was based on, when that is another one.
    pub(super) based_on: Option<u32>,
    pub(super) sha256: String,
    steps: Vec<Step>,
}

impl VersionRow {
    pub(super) fn new(view: VersionView, site: &Site) -> Self {
        let moment = |at: Timestamp| site.moment_anywhere(at);
        let step = |what: &'static str, act: Option<StepAct>| {
            act.map(|act| Step { what, by: act.by, at: moment(act.at), why: act.why })
        };
        Self {
            version: view.version,
            title: view.title,
            status: status_chip(&view.status),
            effective: view.effective_from.map(moment),
            based_on: view.based_on.filter(|based_on| *based_on != view.version),
            sha256: view.sha256,
            steps: [
                step("Drafted", Some(view.drafted)),
                step("Checked", view.checked),
                step("Published", view.published),
                step("Withdrawn", view.withdrawn),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// Who did what, a line each.
    pub(super) fn life(&self) -> Vec<Line> {
        let line = |step: &Step| {
            let line = Line::new().text(format!("{} by {},", step.what, step.by)).at(step.at.clone());
            if step.why.is_empty() { line } else { line.quiet(step.why.clone()) }
        };
        self.steps.iter().map(line).collect()
    }

    /// The same in a cell of a table.
    pub(super) fn told(&self) -> Line {
        self.steps.iter().fold(Line::new(), |told, step| {
            let why = if step.why.is_empty() { String::new() } else { format!(": {}", step.why) };
            told.below(format!("{} by {}, {} {}{why}", step.what, step.by, step.at.text, step.at.zone))
        })
    }
}

fn status_chip(status: &str) -> Chip {
    let class = match status {
        "in_force" => "satisfied",
        "draft" | "checked" => "doubt",
        "scheduled" => "open",
        _ => "closed",
    };
    Chip { class, label: words(status) }
}

/// A stretch of time in which one version is in force.
pub(super) struct Window {
    pub(super) version: u32,
    /// `None`: since the beginning.
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) now: bool,
}

impl Window {
    pub(super) fn new(window: &WindowView, site: &Site) -> Self {
        let (now, moment) = (site.now(), |at: Timestamp| site.moment_anywhere(at));
        Self {
            version: window.version,
            // the first one is in force for everything before, too
            from: Some(window.from).filter(|from| *from > Timestamp::UNIX_EPOCH).map(moment),
            until: window.until.map(moment),
            now: window.from <= now && window.until.is_none_or(|until| now < until),
        }
    }
}
