//! Claim holds end to end: facts in, API out. The rules are the shipped ones, the minimum is three bill-hold days.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use countersign_contracts::{
    Envelope,
    api::{ClaimDetail, ClaimSummary, ClaimView, Page},
    chart::{CATEGORY, ChartFactsReported},
};
use countersign_deficiency::{
    api::routes,
    domain::rules::RuleSet,
    governance::Governance,
    service::{Deficiency, Ports},
};
use countersign_eventsourcing::{
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::{Journal, Position},
};
use countersign_kernel::{EventId, FixedClock};
use countersign_runtime::{access::Access, http::with_access};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use futures::{StreamExt, stream::BoxStream};
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::given::{Dice, Message, Story, at, chart, history, key, summary};

/// A feed that delivers these messages and no more.
struct Told(Vec<Envelope>);

impl Feed for Told {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let seen = subscription.after.map_or(0, |after| after.sequence);
        let events: Vec<Delivery> = (1..)
            .zip(&self.0)
            .filter(|(sequence, _)| *sequence > seen)
            .map(|(sequence, event)| Delivery {
                cursor: Cursor { epoch: 1, sequence, position: Position(sequence) },
                event: event.clone(),
            })
            .collect();
        let upto = Position(self.0.len() as u64);
        futures::stream::iter([Ok(Deliveries { events, upto, caught_up: true })])
            .chain(futures::stream::pending())
            .boxed()
    }
}

fn envelope(number: usize, message: &Message) -> Envelope {
    let reported = &message.reported;
    let id = EventId::derive(&[&number.to_string()]);
    Envelope {
        id,
        source: "intake".to_owned(),
        kind: ChartFactsReported::TYPE.to_owned(),
        category: CATEGORY.to_owned(),
        key: reported.encounter.id().0,
        time: reported.received_at,
        position: number as u64 + 1,
        correlation: id.0,
        traceparent: None,
        data: to_raw_value(reported).expect("JSON"),
    }
}

struct Hospital {
    service: Arc<Deficiency>,
    folder: TempDir,
}

impl Hospital {
    /// The service, after it was told everything, at this instant.
    async fn told(messages: &[Message], now: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("ours");
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).expect("a journal");
        let feed = Told(messages.iter().enumerate().map(|(number, told)| envelope(number, told)).collect());
        let clock = Arc::new(FixedClock::at(at(now)));
        let governance = Governance::open(Arc::clone(&journal), clock.clone(), RuleSet::DEFAULT_FILE).await;
        let service = Deficiency::open(Ports {
            journal,
            feed: Arc::new(feed),
            clock,
            state: folder.path().join("state"),
            governance: Arc::new(governance.expect("rules")),
        });
        let service = Arc::new(service.expect("a service"));
        service.catch_up().await.expect("caught up");
        Self { service, folder }
    }

    async fn ask(&self, path: &str) -> (u16, Vec<u8>) {
        let request = axum::http::Request::get(path).body(Body::empty()).expect("a request");
        let access = Arc::new(Access::new(self.folder.path().join("access.toml")));
        let routes = with_access(routes(Arc::clone(&self.service)), access);
        let answer = routes.oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, to_bytes(answer.into_body(), usize::MAX).await.expect("a body").to_vec())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let (status, body) = self.ask(path).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("what the API promises")
    }

    async fn claim(&self, visit: &str) -> ClaimDetail {
        self.get(&format!("/api/v1/claims/{}", key(visit).id())).await
    }
}

fn messages(stories: impl IntoIterator<Item = Story>) -> Vec<Message> {
    stories.into_iter().flat_map(|story| story.into_messages().0).collect()
}

/// An inpatient with a history in time, discharged on Monday 5 January at 15:00; the summary is missing.
fn without_summary(visit: &str) -> Story {
    chart()
        .numbered(visit)
        .admitted("01-01 10:00")
        .attending("A1")
        .patient("MRN-1")
        .signed("01-01 12:00", "A1", history(&format!("{visit}-H")).by("A1"))
        .discharged("01-05 15:00")
}

#[tokio::test]
async fn a_missing_summary_holds_the_bill_after_three_days_and_releases_it_when_it_is_signed() {
    let charged =
        || without_summary("V1").charged("01-05 16:00", "T1", 150_000).charged("01-06 16:00", "T2", 50_000);
    // given charges of 2,000.00, when it is asked on the third day, then nothing is held yet
    let pending = Hospital::told(&messages([charged()]), "01-08 23:59:59").await;
    assert_eq!(pending.get::<Page<ClaimView>>("/api/v1/claims").await.total, 0);
    let page: Page<ClaimView> = pending.get("/api/v1/claims?state=pending").await;
    assert_eq!(page.items[0].from, Some(at("01-09 00:00")));
    // when five nights have passed since, then everything waits for the summary alone
    let held = Hospital::told(&messages([charged()]), "01-14 10:00").await;
    let page: Page<ClaimView> = held.get("/api/v1/claims").await;
    let claim = &page.items[0];
    assert_eq!((claim.state.as_str(), claim.days_held), ("held", 5));
    assert_eq!((claim.charges_cents, claim.dollars_held_cents), (Some(200_000), Some(200_000)));
    assert_eq!(claim.dollar_days_cents, Some(1_000_000));
    let blocker = claim.sole_blocker.as_ref().expect("a sole blocker");
    assert_eq!((blocker.rule.as_str(), blocker.responsible.as_deref()), ("R13", Some("A1")));
    // when the author has written and signed it, then it is released, and charged to what closed last
    let signed = charged().wrote("01-12 09:00", summary("D1").by("A1")).signed(
        "01-13 09:00",
        "A1",
        summary("D1").by("A1"),
    );
    let released = Hospital::told(&messages([signed]), "01-14 10:00").await;
    let detail = released.claim("V1").await;
    assert_eq!(detail.claim.released_at, Some(at("01-13 09:00")));
    assert_eq!(detail.claim.seconds_to_release, Some((4 * 24 + 9) * 3600));
    assert_eq!((detail.claim.days_held, detail.claim.dollars_held_cents), (4, Some(0)));
    let last = detail.claim.attributed_to.expect("an item");
    assert_eq!((last.document_type.as_str(), last.closed_at), ("discharge_summary", Some(at("01-13 09:00"))));
    assert_eq!((detail.periods.len(), detail.periods[0].ended_by.as_deref()), (1, Some("documented")));
    assert_eq!(released.get::<Page<ClaimView>>("/api/v1/claims?state=released").await.total, 1);
}

#[tokio::test]
async fn an_account_without_charges_is_held_with_unknown_dollars_not_with_none() {
    let hospital = Hospital::told(&messages([without_summary("V1")]), "01-14 10:00").await;
    let page: Page<ClaimView> = hospital.get("/api/v1/claims").await;
    let claim = &page.items[0];
    assert_eq!((claim.state.as_str(), claim.days_held), ("held", 5));
    assert_eq!((claim.charges_cents, claim.dollars_held_cents, claim.dollar_days_cents), (None, None, None));
    let sums: ClaimSummary = hospital.get("/api/v1/claims/summary").await;
    assert_eq!((sums.total.held_accounts, sums.total.charges_unknown), (1, 1));
    assert_eq!(sums.total.dollars_held_cents, 0);
}

#[tokio::test]
async fn a_charge_counts_once_and_a_credit_is_taken_off_whatever_the_order_of_arrival() {
    // given a charge that is sent twice, one that is corrected, and a credit
    let story = without_summary("V1")
        .charged("01-05 16:00", "T1", 100_000)
        .charged("01-05 16:00", "T1", 100_000)
        .charged("01-05 17:00", "T2", 90_000)
        .charged("01-06 17:00", "T2", 80_000)
        .charged("01-07 17:00", "credit T2", -30_000);
    let (told, _) = story.into_messages();
    for seed in 0..4 {
        let order = Dice::new(seed).order_with_repetitions(told.len());
        let shuffled: Vec<Message> = order.iter().map(|index| told[*index].clone()).collect();
        let hospital = Hospital::told(&shuffled, "01-14 10:00").await;
        assert_eq!(hospital.claim("V1").await.claim.charges_cents, Some(150_000), "{order:?}");
    }
}

#[tokio::test]
async fn a_document_that_is_taken_back_and_a_discharge_that_is_taken_back_make_periods() {
    let wrote = |story: Story| {
        story.wrote("01-09 08:00", summary("D1").by("A1")).signed("01-10 12:00", "A1", summary("D1").by("A1"))
    };
    // given a summary signed on the 10th and withdrawn on the 12th
    let story = wrote(without_summary("V1")).withdrew("01-12 12:00", summary("D1").by("A1"));
    let (told, _) = story.into_messages();
    for seed in 0..4 {
        let order = Dice::new(seed).order_with_repetitions(told.len());
        let shuffled: Vec<Message> = order.iter().map(|index| told[*index].clone()).collect();
        let hospital = Hospital::told(&shuffled, "01-14 10:00").await;
        let detail = hospital.claim("V1").await;
        let periods: Vec<_> = detail.periods.iter().map(|period| (period.from, period.until)).collect();
        assert_eq!(
            periods,
            [(at("01-09 00:00"), Some(at("01-10 12:00"))), (at("01-12 12:00"), None)],
            "{order:?}"
        );
        // the nights of 9 January, then of 12 and 13 January
        assert_eq!(detail.claim.days_held, 3);
    }
    // given a discharge that was taken back, and another later
    let story = without_summary("V2").discharge_cancelled("01-10 12:00").discharged("01-20 15:00");
    let hospital = Hospital::told(&messages([story]), "01-26 10:00").await;
    let detail = hospital.claim("V2").await;
    assert_eq!(detail.periods[0].ended_by.as_deref(), Some("discharge_taken_back"));
    assert_eq!((detail.periods[1].from, detail.claim.days_held), (at("01-24 00:00"), 1 + 2));
}

#[tokio::test]
async fn a_bill_that_went_out_is_held_no_more() {
    let story = without_summary("V1").charged("01-05 16:00", "T1", 100).billed("01-11 12:00");
    let hospital = Hospital::told(&messages([story]), "01-14 10:00").await;
    let detail = hospital.claim("V1").await;
    assert_eq!((detail.claim.state.as_str(), detail.claim.ended_by.as_deref()), ("released", Some("billed")));
    assert_eq!((detail.claim.attributed_to, detail.claim.seconds_to_release), (None, None));
}

/// Four accounts: one waits for its summary alone, one for summary and history, one has unknown charges, one was
/// released on the 12th.
fn four() -> Vec<Message> {
    let two_items = chart()
        .numbered("V2")
        .admitted("01-01 10:00")
        .attending("A2")
        .discharged("01-05 15:00")
        .charged("01-05 16:00", "T1", 70_000);
    messages([
        without_summary("V1").charged("01-05 16:00", "T1", 50_000),
        two_items,
        without_summary("V3"),
        without_summary("V4")
            .charged("01-05 16:00", "T1", 10_000)
            .wrote("01-12 09:00", summary("D4").by("A1"))
            .signed("01-12 09:00", "A1", summary("D4").by("A1")),
    ])
}

#[tokio::test]
async fn lists_put_sole_blockers_first_and_are_filtered_and_paged() {
    let hospital = Hospital::told(&four(), "01-14 10:00").await;
    let visits = |page: &Page<ClaimView>| -> Vec<String> {
        page.items.iter().map(|claim| claim.encounter.clone()).collect()
    };
    let all: Page<ClaimView> = hospital.get("/api/v1/claims").await;
    // V3's charges are unknown, and one item holds it alone: known dollars first, then those
    assert_eq!(visits(&all), ["V1", "V3", "V2"]);
    for (filter, expected) in [
        ("provider=A2", vec!["V2"]),
        ("document_type=history_and_physical", vec!["V2"]),
        ("document_type=operative_report", vec![]),
        ("facility=HOSP1&class=inpatient", vec!["V1", "V3", "V2"]),
        ("facility=NONE", vec![]),
        ("state=released&document_type=discharge_summary", vec!["V4"]),
    ] {
        let page: Page<ClaimView> = hospital.get(&format!("/api/v1/claims?{filter}")).await;
        assert_eq!(visits(&page), expected, "{filter}");
    }
    let first: Page<ClaimView> = hospital.get("/api/v1/claims?limit=2").await;
    let rest: Page<ClaimView> = hospital
        .get(&format!("/api/v1/claims?limit=2&cursor={}", first.next.as_deref().expect("more")))
        .await;
    assert_eq!((visits(&first).len(), visits(&rest), rest.next.as_deref()), (2, vec!["V2".to_owned()], None));
    // and no row names a patient
    let (_, body) = hospital.ask("/api/v1/claims").await;
    assert!(!String::from_utf8_lossy(&body).contains("EVERYWOMAN"));
}

#[tokio::test]
async fn sums_tell_what_is_held_what_one_item_blocks_and_what_the_days_cost() {
    let hospital = Hospital::told(&four(), "01-14 10:00").await;
    let sums: ClaimSummary = hospital.get("/api/v1/claims/summary?by=document_type").await;
    let row = |key: &str| sums.rows.iter().find(|row| row.key == key).expect("a row");
    // V1, V2 and V3 wait for a summary; V2 also for its history
    let summaries = row("discharge_summary");
    assert_eq!((summaries.held_accounts, summaries.dollars_held_cents), (3, 120_000));
    assert_eq!(summaries.charges_unknown, 1);
    assert_eq!((summaries.sole_blocker_accounts, summaries.sole_blocker_cents), (2, 50_000));
    assert_eq!(summaries.released_accounts, 1);
    // V1 5 nights, V3 5 (unknown), V4 the nights of the 9th, 10th and 11th
    assert_eq!((summaries.days_held, summaries.dollar_days_cents), (13, 5 * 50_000 + 3 * 10_000));
    let histories = row("history_and_physical");
    assert_eq!((histories.held_accounts, histories.dollars_held_cents, histories.days_held), (1, 70_000, 0));
    // every account once in the total; V2's five nights are nobody's yet
    assert_eq!((sums.total.held_accounts, sums.total.dollars_held_cents), (3, 120_000));
    assert_eq!(sums.total.dollar_days_cents, 5 * 50_000 + 3 * 10_000 + 5 * 70_000);

    // by provider, unassigned apart; by facility everything is one row, and is the total
    let by: ClaimSummary = hospital.get("/api/v1/claims/summary?by=provider").await;
    let dollars: Vec<_> = by.rows.iter().map(|row| (row.key.as_str(), row.dollars_held_cents)).collect();
    assert_eq!(dollars, [("A2", 70_000), ("A1", 50_000)]);
    let by: ClaimSummary = hospital.get("/api/v1/claims/summary?by=facility").await;
    assert_eq!(by.rows.len(), 1);
    assert_eq!(by.rows[0].dollar_days_cents, by.total.dollar_days_cents);

    // by day: the dollars at the end of each day add up to the dollar-days
    let by: ClaimSummary = hospital.get("/api/v1/claims/summary?by=day&from=2026-01-08&to=2026-01-31").await;
    let days: Vec<_> =
        by.rows.iter().map(|row| (row.key.as_str(), row.held_accounts, row.dollars_held_cents)).collect();
    assert_eq!(
        days,
        [
            ("2026-01-09", 4, 130_000),
            ("2026-01-10", 4, 130_000),
            ("2026-01-11", 4, 130_000),
            ("2026-01-12", 3, 120_000),
            ("2026-01-13", 3, 120_000),
        ]
    );
    assert_eq!(by.total.dollar_days_cents, sums.total.dollar_days_cents);
    // and a window of days takes only its own nights
    let by: ClaimSummary =
        hospital.get("/api/v1/claims/summary?by=facility&from=2026-01-12&to=2026-01-12").await;
    assert_eq!((by.total.days_held, by.total.dollar_days_cents), (3, 120_000));
    assert_eq!(by.total.released_accounts, 1);
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_and_what_is_not_there_is_not_found() {
    let hospital = Hospital::told(&messages([chart().admitted("01-01 10:00")]), "01-14 10:00").await;
    for path in [
        "/api/v1/claims?state=stuck",
        "/api/v1/claims?limit=0",
        "/api/v1/claims?cursor=x",
        "/api/v1/claims?visit=V1",
        "/api/v1/claims/summary?by=moon",
        "/api/v1/claims/summary?from=2026-02-01&to=2026-01-01",
        "/api/v1/claims/summary?from=yesterday",
        "/api/v1/claims/V1",
    ] {
        assert_eq!(hospital.ask(path).await.0, 400, "{path}");
    }
    // a visit that was never discharged has no account
    assert_eq!(hospital.ask(&format!("/api/v1/claims/{}", key("V1").id())).await.0, 404);
}
