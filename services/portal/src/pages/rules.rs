//! `/rules`: which rules are, were and will be in force, and who decided that.

use askama::Template;
use axum::{extract::State, response::Response};
use countersign_contracts::api::rules::{RuleSetAct, RuleSetView, RuleWindow};
use countersign_kernel::Timestamp;

use super::Portal;
use crate::{
    ask,
    failure::Failure,
    show::{Chip, Layout, Moment, Section, html, words},
};

/// Rules hold for all facilities, which are in several zones: their instants are told in UTC.
pub(super) const ZONE: &str = "UTC";

/// A step in the life of a rule set.
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) by: String,
    pub(super) at: Moment,
    pub(super) why: String,
}

/// A rule set, as a row of a table and as the head of its own page.
pub(super) struct SetRow {
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) status: Chip,
    pub(super) effective: Option<Moment>,
    /// The version that it was based on, when that is another one.
    pub(super) based_on: Option<u32>,
    pub(super) steps: Vec<Step>,
    pub(super) sha256: String,
}

impl SetRow {
    pub(super) fn new(view: RuleSetView, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, ZONE);
        let step = |what: &'static str, act: Option<RuleSetAct>| {
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
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) now: bool,
}

impl Window {
    pub(super) fn new(window: &RuleWindow, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, ZONE);
        Self {
            version: window.version,
            // the first set is in force for everything before, too
            from: Some(window.from).filter(|from| *from > Timestamp::UNIX_EPOCH).map(moment),
            until: window.until.map(moment),
            now: window.from <= now && window.until.is_none_or(|until| now < until),
        }
    }
}

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    layout: Layout,
    windows: Vec<Window>,
    rows: Vec<SetRow>,
}

pub(super) async fn handle(State(portal): State<Portal>) -> Result<Response, Failure> {
    let now = portal.clock.now();
    let sets = ask::rules::list(portal.api.as_ref()).await?;
    html(&RulesPage {
        layout: Layout::new("Rules", Section::Rules),
        windows: sets.windows.iter().map(|window| Window::new(window, now)).collect(),
        // the newest first
        rows: sets.items.into_iter().rev().map(|set| SetRow::new(set, now)).collect(),
    })
}

/// The version in an address.
pub(super) fn version(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::NotFound(None))
}
