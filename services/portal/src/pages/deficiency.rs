//! `/deficiencies/{id}`: why a deficiency exists, and what would close it.

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::{DisputeView, RuleView, TimelineEntry, acts::DecisionView};
use countersign_kernel::{DeficiencyId, Timestamp};
use serde::Deserialize;

use super::{
    Portal, decide,
    form::{Entered, Form, Kind, Offer},
    sign_in,
};
use crate::{
    ask,
    failure::Failure,
    show::{
        Chip, Clock, DeficiencyRow, LENGTH, Layout, Moment, Regulatory, Responsible, Section, html,
        localized, sentence, words,
    },
    visitor,
};

/// More providers than this are not offered in a list: their identifier is typed in.
const MOST_PROVIDERS: usize = 500;

/// What was sent to the page, and what became of it.
pub(super) struct Sent<'a> {
    /// What was filled in.
    pub(super) entered: &'a Entered,
    /// Why it was refused.
    pub(super) refusal: Option<String>,
    /// What was done before.
    pub(super) done: Option<&'static str>,
    /// Journal position that the page must include.
    pub(super) position: Option<u64>,
}

/// What has just been done, in the address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    pub(super) done: Option<String>,
    pub(super) position: Option<u64>,
}

/// One step of the timeline.
struct Step {
    /// `Fact`, `Act` or `Decision`.
    kind: &'static str,
    class: &'static str,
    /// A message said so.
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
        let (kind, class) = match entry.kind.as_str() {
            "fact" => ("Fact", "fact"),
            "act" => ("Act", "act"),
            _ => ("Decision", "decision"),
        };
        Self {
            kind,
            class,
            fact: class == "fact",
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

/// A dispute about the item.
struct Dispute {
    open: bool,
    reason: String,
    text: Option<String>,
    by: String,
    at: Moment,
    answer_due: Moment,
    state: String,
    answer: Option<String>,
}

impl Dispute {
    fn new(view: &DisputeView, now: Timestamp, zone: &str) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, zone);
        Self {
            open: view.state == "open",
            reason: words(&view.reason),
            text: Some(view.text.clone()).filter(|text| !text.is_empty()),
            by: view.by.clone(),
            at: moment(view.at),
            answer_due: moment(view.answer_due_at),
            state: words(&view.state),
            answer: view.answer.clone(),
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
    clock: Clock,
    regulatory: Option<Regulatory>,
    contested: Option<Dispute>,
    rule: RuleView,
    confidence: Chip,
    close: Option<String>,
    steps: Vec<Step>,
    /// Why the last form was refused.
    refusal: Option<String>,
    /// What the last form did.
    done: Option<&'static str>,
    /// Revision of the chart that the reader sees.
    seen: String,
    disputing: Option<Form>,
    forms: Vec<Form>,
    /// Whom an item may be given to.
    providers: Vec<Offer>,
    /// Where to sign in, for those who have not.
    sign_in: Option<String>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let id: DeficiencyId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let Query(Done { done, position }) = query.map_err(|_| Failure::Invalid(None))?;
    let entered = Entered::default();
    let done = done.as_deref().map(decide::done);
    page(&portal, id, Sent { entered: &entered, refusal: None, done, position }).await
}

/// The page, with what became of a form that was sent to it.
pub(super) async fn page(portal: &Portal, id: DeficiencyId, sent: Sent<'_>) -> Result<Response, Failure> {
    let (api, now, visitor) = (portal.api.as_ref(), portal.clock.now(), visitor::present());
    let explained = ask::explanation(api, id, sent.position).await?;
    let view = &explained.deficiency;
    let zone = view.time_zone.as_str();
    let moment = |at: Timestamp| Moment::new(at, now, zone);
    // guests have no forms: what they would show need not be asked for
    let acts: Vec<DecisionView> = match &visitor.who {
        Some(_) => ask::acts::list(api, view.chart).await?,
        None => Vec::new(),
    };
    let forms = decide::forms(view, &acts, &visitor, sent.entered, now);
    html(&DeficiencyPage {
        layout: Layout::new(format!("{} ({})", view.title, view.rule), Section::Worklist),
        row: DeficiencyRow::new(view, now),
        chart: view.chart.to_string(),
        summary: localized(&explained.summary, now, zone),
        because: sentence(&view.responsible_because),
        anchor: view.anchor_at.map(moment),
        target: view.target_at.map(moment),
        opened: moment(view.opened_at),
        clock: Clock::new(view, now),
        regulatory: Regulatory::new(view, now),
        contested: view.dispute.as_ref().map(|dispute| Dispute::new(dispute, now, zone)),
        confidence: confidence(&explained.rule.confidence),
        close: explained.what_would_close_it.filter(|text| !text.is_empty()).map(|text| sentence(&text)),
        steps: explained.timeline.into_iter().map(|entry| Step::new(entry, now, zone)).collect(),
        rule: explained.rule,
        refusal: sent.refusal,
        done: sent.done,
        seen: explained.revision.to_string(),
        disputing: decide::dispute(view, &visitor, sent.entered),
        providers: providers(portal, &forms).await,
        forms,
        sign_in: visitor.who.is_none().then(|| sign_in::and_back_to(&format!("/deficiencies/{id}"))),
    })
}

/// Whom an item may be given to, where a form asks for that. It only saves typing: without the directory the
/// page is as good.
async fn providers(portal: &Portal, forms: &[Form]) -> Vec<Offer> {
    let asks = |form: &Form| form.fields.iter().any(|field| matches!(field.kind, Kind::Provider));
    if !forms.iter().any(asks) {
        return Vec::new();
    }
    let wanted = ask::people::Wanted { active: Some(true), limit: MOST_PROVIDERS, ..Default::default() };
    let Ok(page) = ask::people::list(portal.api.as_ref(), wanted).await else { return Vec::new() };
    let offer = |person: countersign_contracts::api::people::PersonView| Offer {
        value: decide::identifier(&person.id, &person.authority),
        label: person.name,
        chosen: false,
    };
    page.items.into_iter().map(offer).collect()
}

/// How sure the citation is, in words that nobody can take for more.
pub(super) fn confidence(stored: &str) -> Chip {
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
