//! `/rules/{version}`: one rule set with its rules.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::RuleView;

use super::{
    Portal,
    deficiency::confidence,
    rules::{SetRow, version},
};
use crate::{
    ask,
    failure::Failure,
    show::{Chip, Layout, Section, html},
};

struct RuleRow {
    rule: RuleView,
    confidence: Chip,
}

#[derive(Template)]
#[template(path = "rule_set.html")]
struct RuleSetPage {
    layout: Layout,
    set: SetRow,
    rules: Vec<RuleRow>,
    problem: Option<String>,
    text: String,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(number): Path<String>,
) -> Result<Response, Failure> {
    let found = ask::rules::one(portal.api.as_ref(), version(&number)?).await?;
    html(&RuleSetPage {
        layout: Layout::new(format!("Rules, version {}", found.set.version), Section::Rules),
        set: SetRow::new(found.set, portal.clock.now()),
        rules: found
            .rules
            .into_iter()
            .map(|rule| RuleRow { confidence: confidence(&rule.confidence), rule })
            .collect(),
        problem: found.problem,
        text: found.text,
    })
}
