//! `/feeds`: what each sender sends, and what becomes of it.

use askama::Template;
use axum::{extract::State, response::Response};
use countersign_kernel::Timestamp;

use super::Portal;
use crate::{
    ask::{self, intake::FeedView},
    failure::Failure,
    show::{Layout, Moment, Section, html, number, sentence},
};

/// Senders are in several zones: their last messages are told in UTC.
const ZONE: &str = "UTC";
/// Findings shown of each sender, the most frequent first.
const MOST_FINDINGS: usize = 12;

struct FindingRow {
    text: String,
    detail: Option<String>,
    messages: String,
}

struct FeedRow {
    profile: String,
    application: String,
    facility: String,
    received: String,
    accepted: String,
    duplicate: String,
    quarantined: String,
    any_quarantined: bool,
    not_used: String,
    /// The four parts are the whole.
    adds_up: bool,
    last: Option<Moment>,
    findings: Vec<FindingRow>,
    more_findings: usize,
}

impl FeedRow {
    fn new(view: FeedView, now: Timestamp) -> Self {
        let parts = view.accepted + view.duplicate + view.quarantined + view.not_used;
        Self {
            received: number(view.received),
            accepted: number(view.accepted),
            duplicate: number(view.duplicate),
            quarantined: number(view.quarantined),
            any_quarantined: view.quarantined > 0,
            not_used: number(view.not_used),
            adds_up: parts == view.received,
            last: view.last_message_at.map(|at| Moment::new(at, now, ZONE)),
            more_findings: view.findings.len().saturating_sub(MOST_FINDINGS),
            findings: view
                .findings
                .into_iter()
                .take(MOST_FINDINGS)
                .map(|finding| FindingRow {
                    text: sentence(&finding.text),
                    detail: finding.detail,
                    messages: number(finding.messages),
                })
                .collect(),
            profile: view.profile,
            application: view.application,
            facility: view.facility,
        }
    }
}

#[derive(Template)]
#[template(path = "feeds.html")]
struct FeedsPage {
    layout: Layout,
    rows: Vec<FeedRow>,
    /// Received, accepted, duplicate, quarantined, not used: of all feeds.
    totals: [String; 5],
}

pub(super) async fn handle(State(portal): State<Portal>) -> Result<Response, Failure> {
    let now = portal.clock.now();
    let feeds = ask::feeds(portal.api.as_ref()).await?.items;
    let sum = |part: fn(&FeedView) -> u64| number(feeds.iter().map(part).sum());
    let totals = [
        sum(|feed| feed.received),
        sum(|feed| feed.accepted),
        sum(|feed| feed.duplicate),
        sum(|feed| feed.quarantined),
        sum(|feed| feed.not_used),
    ];
    html(&FeedsPage {
        layout: Layout::within("Feeds", Section::Feeds, "/feeds"),
        rows: feeds.into_iter().map(|feed| FeedRow::new(feed, now)).collect(),
        totals,
    })
}
