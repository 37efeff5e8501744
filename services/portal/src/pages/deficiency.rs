//! `/deficiencies/{id}`: why a deficiency exists, and what would close it.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::{DeficiencyView, RuleView, TimelineEntry};
use countersign_kernel::{DeficiencyId, Timestamp};

use super::Portal;
use crate::{
    ask,
    failure::Failure,
    show::{
        Chip, DeficiencyRow, Layout, Moment, Responsible, Section, html, localized, percent_between,
        sentence, words,
    },
};

/// The clock as a bar, in percent of its length.
struct Bar {
    /// Until the due instant, or until now when that is sooner.
    used: u8,
    /// From the due instant on.
    late: u8,
    /// Where the late part begins.
    limit: u8,
}

impl Bar {
    fn new(view: &DeficiencyView, now: Timestamp) -> Self {
        let end = view.closed_at.unwrap_or(now);
        let (Some(anchor), Some(due)) = (view.anchor_at, view.due_at) else {
            return Self { used: 0, late: 0, limit: 100 };
        };
        if end > due {
            let limit = percent_between(anchor, due, end);
            Self { used: limit, late: 100 - limit, limit }
        } else {
            Self { used: percent_between(anchor, end, due), late: 0, limit: 100 }
        }
    }
}

/// One step of the timeline.
struct Step {
    fact: bool,
    /// The deficiency rests on it.
    matched: bool,
    text: String,
    trigger: Option<String>,
    occurred: Moment,
    recorded: Option<Moment>,
    received: Option<Moment>,
    message: Option<String>,
    findings: Vec<String>,
}

impl Step {
    fn new(entry: TimelineEntry, now: Timestamp, zone: &str) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, zone);
        Self {
            fact: entry.kind == "fact",
            matched: entry.matched,
            text: sentence(&localized(&entry.text, now, zone)),
            trigger: entry.trigger,
            occurred: moment(entry.occurred_at),
            recorded: entry.recorded_at.map(moment),
            received: entry.received_at.map(moment),
            message: entry.message.map(|id| id.to_string()),
            findings: entry.findings,
        }
    }
}

#[derive(Template)]
#[template(path = "deficiency.html")]
struct DeficiencyPage {
    layout: Layout,
    row: DeficiencyRow,
    chart: String,
    summary: String,
    because: String,
    anchor: Option<Moment>,
    target: Option<Moment>,
    opened: Moment,
    bar: Bar,
    rule: RuleView,
    confidence: Chip,
    close: Option<String>,
    steps: Vec<Step>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: DeficiencyId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let now = portal.clock.now();
    let explained = ask::explanation(portal.api.as_ref(), id).await?;
    let view = &explained.deficiency;
    let zone = view.time_zone.as_str();
    let moment = |at: Timestamp| Moment::new(at, now, zone);
    html(&DeficiencyPage {
        layout: Layout::new(format!("{} ({})", view.title, view.rule), Section::Worklist),
        row: DeficiencyRow::new(view, now),
        chart: view.chart.to_string(),
        summary: localized(&explained.summary, now, zone),
        because: sentence(&view.responsible_because),
        anchor: view.anchor_at.map(moment),
        target: view.target_at.map(moment),
        opened: moment(view.opened_at),
        bar: Bar::new(view, now),
        confidence: confidence(&explained.rule.confidence),
        close: explained.what_would_close_it.filter(|text| !text.is_empty()).map(|text| sentence(&text)),
        steps: explained.timeline.into_iter().map(|entry| Step::new(entry, now, zone)).collect(),
        rule: explained.rule,
    })
}

/// How sure the citation is, in words that nobody can take for more.
fn confidence(stored: &str) -> Chip {
    let (class, label) = match stored {
        "source" => ("satisfied", "seen in the source"),
        "secondary" => ("open", "quoted by another source"),
        "policy" => ("open", "hospital policy"),
        "unverified" => ("doubt", "unverified"),
        other => return Chip { class: "doubt", label: words(other) },
    };
    Chip { class, label: label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_that_nobody_checked_says_so() {
        assert_eq!(confidence("unverified").label, "unverified");
        assert_eq!(confidence("hearsay"), Chip { class: "doubt", label: "Hearsay".to_owned() });
    }
}
