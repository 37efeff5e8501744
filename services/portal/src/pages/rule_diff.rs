//! `/rules/{version}/changes`: what differs between two rule sets, in words.

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::rules::{FieldDiff, RuleDiff};
use serde::Deserialize;

use super::{Portal, form::Offer, rules::version};
use crate::{
    ask,
    failure::Failure,
    show::{Chip, Layout, Section, html, sentence, words},
};

/// What to compare with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Against {
    against: Option<String>,
}

/// A part of a text that differs, in words.
pub(super) struct Part {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) change: Chip,
    pub(super) fields: Vec<String>,
}

impl Part {
    pub(super) fn new(part: RuleDiff) -> Self {
        let class = match part.change.as_str() {
            "added" => "satisfied",
            "removed" => "overdue",
            _ => "open",
        };
        Self {
            id: part.id,
            title: part.title,
            kind: words(&part.kind),
            change: Chip { class, label: words(&part.change) },
            fields: told(&part.fields),
        }
    }
}

/// Fields that differ, in words.
pub(super) fn told(fields: &[FieldDiff]) -> Vec<String> {
    fields.iter().map(|field| sentence(&field.words)).collect()
}

#[derive(Template)]
#[template(path = "rule_diff.html")]
struct RuleDiffPage {
    layout: Layout,
    version: u32,
    against: u32,
    versions: Vec<Offer>,
    settings: Vec<String>,
    parts: Vec<Part>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(number): Path<String>,
    query: Result<Query<Against>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Against { against }) = query.map_err(|_| Failure::Invalid(None))?;
    let number = version(&number)?;
    let against = against.filter(|text| !text.is_empty());
    let against = against.map(|text| text.parse()).transpose().map_err(|_| Failure::Invalid(None))?;
    let api = portal.api.as_ref();
    let (diff, sets) = tokio::try_join!(ask::rules::diff(api, number, against), ask::rules::list(api))?;
    let versions = sets.items.into_iter().map(|set| Offer {
        value: set.version.to_string(),
        label: format!("{} {}", set.version, set.title),
        chosen: set.version == diff.against,
    });
    html(&RuleDiffPage {
        layout: Layout::new(
            format!("Rules, version {} against {}", diff.version, diff.against),
            Section::Rules,
        ),
        version: diff.version,
        against: diff.against,
        versions: versions.collect(),
        settings: told(&diff.settings),
        parts: diff.rules.into_iter().map(Part::new).collect(),
    })
}
