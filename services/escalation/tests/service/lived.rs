//! Whatever happens: a simulation of the recorded history under the policy that was in force tells the same steps at the
//! same instants as the journal of the live run; charts at their limit and guard (e) among them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use countersign_contracts::{
    api::escalation::{SimulateReport, TrackAct, TrackActRequest},
    deficiency::{DeficiencyChanged, DeficiencyStatus, Pause},
    directory::{Leave, ProviderDescribed},
    notice::Outcome,
    staff,
};
use countersign_escalation::{
    Escalation,
    domain::{events::TrackEvent, limit::LimitEvent, policy::PolicySet},
    simulate::{Question, Watch, simulate},
};
use countersign_eventsourcing::journal::StreamName;
use countersign_kernel::{Actor, EncounterId, NoticeId, Role, Timestamp, TrackId};
use jiff::SignedDuration;
use proptest::prelude::*;
use uuid::Uuid;

use crate::hospital::{Hospital, POLICY, at, done, owed, person, publishers, track_of};

const BEGIN: &str = "2026-03-02T12:00:00Z";
const DAYS: i64 = 120;
/// Not at midnight, when steps are taken: of two things at one instant either may come first.
const DECIDED_AFTER: SignedDuration = SignedDuration::from_hours(23);
const PROVIDERS: [&str; 3] = ["1001", "1002", "1003"];
const GUARDED: &str = "anesthesiology";

/// Something of which the journal is told.
#[derive(Debug, Clone)]
enum Told {
    Item(DeficiencyChanged),
    Person(ProviderDescribed),
}

/// An item: whose, from which hour, what becomes of it after how many hours, and how many of them the news is late.
#[derive(Debug, Clone)]
struct Owes {
    who: usize,
    from: i64,
    end: Option<(i64, i64)>,
    void: bool,
    hold: Option<(i64, i64)>,
}

#[derive(Debug, Clone)]
struct Story {
    items: Vec<Owes>,
    /// A chart as a whole: from which hour, complete after how many.
    charts: Vec<(i64, Option<i64>)>,
    /// Of whom, from which hour, for how many.
    leaves: Vec<(usize, i64, i64)>,
    confirms: bool,
}

fn story() -> impl Strategy<Value = Story> {
    let hour = || 0_i64..24 * 70;
    let end = proptest::option::weighted(0.6, (24_i64..24 * 60, 0_i64..24 * 6));
    let hold = proptest::option::weighted(0.2, (24_i64..24 * 20, 24_i64..24 * 20));
    let item = (0_usize..3, hour(), end, proptest::bool::weighted(0.2), hold)
        .prop_map(|(who, from, end, void, hold)| Owes { who, from, end, void, hold });
    let chart = (hour(), proptest::option::of(24_i64..24 * 40));
    let leave = (0_usize..3, hour(), 24_i64..24 * 20);
    (
        proptest::collection::vec(item, 1..9),
        proptest::collection::vec(chart, 0..4),
        proptest::collection::vec(leave, 0..3),
        proptest::bool::weighted(0.8),
    )
        .prop_map(|(items, charts, leaves, confirms)| Story { items, charts, leaves, confirms })
}

/// An instant; no two things are told at one.
fn hour(hours: i64, number: usize) -> Timestamp {
    let apart = SignedDuration::from_secs(61) * i32::try_from(number + 1).expect("few");
    at(BEGIN) + SignedDuration::from_hours(hours) + apart
}

impl Story {
    fn people() -> Vec<ProviderDescribed> {
        let specialties = [Some(GUARDED), Some(GUARDED), None];
        let described = PROVIDERS.iter().zip(specialties).map(|(id, specialty)| {
            let mut described = person(id);
            described.details[0].specialty = specialty.map(str::to_owned);
            described
        });
        described.collect()
    }

    /// Everything in order of time.
    fn told(&self) -> Vec<(Timestamp, Told)> {
        let mut told = Vec::new();
        for (number, owes) in self.items.iter().enumerate() {
            let from = hour(owes.from, number);
            let item = owed(&format!("V{number}"), PROVIDERS[owes.who], &from.to_string());
            let mut stands = item.clone();
            if let Some((after, long)) = owes.hold {
                let (from, until) =
                    (hour(owes.from + after, 20 + number), hour(owes.from + after + long, 20 + number));
                let pause = Pause { cause: "legal_hold".to_owned(), from, until: Some(until) };
                stands =
                    DeficiencyChanged { change: "changed".to_owned(), pauses: vec![pause], ..item.clone() };
                told.push((from, Told::Item(stands.clone())));
            }
            if let Some((after, late)) = owes.end {
                let ended = done(&stands, hour(owes.from + after, 40 + number));
                let status = if owes.void { DeficiencyStatus::Voided } else { ended.status };
                let news = hour(owes.from + after + late, 40 + number);
                // Held after it was done: told as it stands then.
                told.retain(|(at, known)| {
                    *at < news || !matches!(known, Told::Item(known) if known.id == item.id)
                });
                told.push((news, Told::Item(DeficiencyChanged { status, ..ended })));
            }
            told.push((from, Told::Item(item)));
        }
        for (number, (from, complete)) in self.charts.iter().enumerate() {
            let from = hour(*from, 60 + number);
            let chart = DeficiencyChanged {
                rule: "C1".to_owned(),
                document_type: countersign_owed::CHART.to_owned(),
                responsible: None,
                ..owed(&format!("C{number}"), "1001", &from.to_string())
            };
            if let Some(after) = complete {
                let when = from + SignedDuration::from_hours(*after);
                told.push((when, Told::Item(done(&chart, when))));
            }
            told.push((from, Told::Item(chart)));
        }
        let mut people = Self::people();
        for (number, (who, from, long)) in self.leaves.iter().enumerate() {
            let from = hour(*from, 80 + number);
            people[*who].leaves.push(Leave {
                id: Uuid::from_u128(number as u128),
                kind: "planned".to_owned(),
                from,
                until: Some(from + SignedDuration::from_hours(*long)),
                recorded_at: from,
            });
            people[*who].leaves.sort_by_key(|leave| leave.from);
        }
        for (number, (who, from, _)) in self.leaves.iter().enumerate() {
            told.push((hour(*from, 80 + number), Told::Person(people[*who].clone())));
        }
        told.sort_by_key(|(at, _)| *at);
        told
    }
}

/// What is answered and decided, an hour and most of a day after it was asked.
#[derive(Default)]
struct Coming {
    seen: BTreeSet<(TrackId, usize)>,
    notices: BTreeMap<(Timestamp, NoticeId), TrackId>,
    /// Of two at one instant the one whose provider's key is first comes first: who is left to cover depends on it.
    proposals: BTreeMap<(Timestamp, Uuid), (TrackId, u32, String)>,
}

impl Coming {
    /// Takes note of what was asked since.
    async fn look(&mut self, hospital: &Hospital, confirms: bool) {
        for who in PROVIDERS {
            let track = track_of(who);
            for (number, event) in hospital.track(who).await.into_iter().enumerate() {
                if !self.seen.insert((track, number)) {
                    continue;
                }
                match event {
                    TrackEvent::NoticeRequested(asked) => {
                        let at = asked.requested_at + SignedDuration::from_hours(1);
                        self.notices.insert((at, asked.notice), track);
                    }
                    TrackEvent::SuspensionProposed(proposed) if confirms => {
                        let at = proposed.at + DECIDED_AFTER;
                        let asked = (track, proposed.proposal, proposed.packet.sha256);
                        self.proposals.insert((at, staff::key_of(&crate::hospital::who(who))), asked);
                    }
                    _ => {}
                }
            }
        }
    }

    fn next(&self) -> Option<Timestamp> {
        let notice = self.notices.keys().next().map(|(at, _)| *at);
        let proposal = self.proposals.keys().next().map(|(at, _)| *at);
        notice.into_iter().chain(proposal).min()
    }

    async fn happen(&mut self, hospital: &Hospital, service: &Escalation, now: Timestamp) {
        while let Some(due) = self.notices.first_entry().filter(|due| due.key().0 <= now) {
            let ((_, notice), track) = due.remove_entry();
            hospital.outcome(track, notice, Outcome::Read).await;
        }
        service.catch_up().await.expect("caught up");
        let chief = Actor::new("dr.chief", [Role::ChiefMedicalOfficer]);
        while let Some(due) = self.proposals.first_entry().filter(|due| due.key().0 <= now) {
            let (track, proposal, packet_sha256) = due.remove();
            let decision =
                TrackAct::ConfirmSuspension { proposal, packet_sha256, exempt: Vec::new(), overrides: None };
            let request = TrackActRequest { decision, why: "as the bylaws say".to_owned() };
            // Refused where nothing justifies it any more, or a service would have nobody left.
            let key = format!("{track}-{proposal}");
            let _ = service.act(&chief, &key, None, track, &request).await;
        }
    }
}

/// Lives through the story.
async fn live(hospital: &Hospital, story: &Story) {
    for described in Story::people() {
        hospital.describe(&described).await;
    }
    let service = hospital.service("one").await;
    let end = at(BEGIN) + SignedDuration::from_hours(24 * DAYS);
    let mut told = story.told().into_iter().peekable();
    let mut coming = Coming::default();
    loop {
        service.catch_up().await.expect("caught up");
        coming.look(hospital, story.confirms).await;
        let timer = service.next_timer().await.expect("timers");
        let next = told.peek().map(|(at, _)| *at).into_iter().chain(timer).chain(coming.next()).min();
        let Some(next) = next.filter(|next| *next <= end) else { break };
        hospital.clock.set(next);
        service.fire_due().await.expect("fired");
        coming.happen(hospital, &service, next).await;
        while let Some((_, news)) = told.next_if(|(at, _)| *at <= next) {
            match news {
                Told::Item(changed) => hospital.item(&changed).await,
                Told::Person(described) => hospital.describe(&described).await,
            };
        }
    }
    hospital.clock.set(end);
}

/// What happened on a track, with its instants.
type Steps = Vec<(String, Timestamp, Vec<String>)>;

async fn lived_steps(hospital: &Hospital, who: &str) -> Steps {
    let events = hospital.track(who).await.into_iter().filter_map(|event| match event {
        TrackEvent::StepTaken(step) => Some((step.step, step.at, Vec::new())),
        TrackEvent::SuspensionProposed(proposed) => {
            Some(("suspension-proposed".to_owned(), proposed.at, proposed.uncovered))
        }
        TrackEvent::Suspended(suspended) => Some(("suspended".to_owned(), suspended.from, Vec::new())),
        TrackEvent::Reinstated(ended) => Some(("reinstated".to_owned(), ended.until, Vec::new())),
        _ => None,
    });
    events.collect()
}

/// When a chart went to the offices, and when that was over.
async fn lived_limits(hospital: &Hospital, chart: EncounterId) -> Vec<(Timestamp, Option<Timestamp>)> {
    let stream = hospital.journal.read_stream(StreamName::new("limit", chart), 0).await.expect("a stream");
    let mut limits: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
    for event in stream {
        match LimitEvent::decode(&event.kind, &event.data).expect("known").expect("decodes") {
            LimitEvent::Reached(reached) => limits.push((reached.at, None)),
            LimitEvent::Closed(closed) => limits.last_mut().expect("reached before").1 = Some(closed.at),
            _ => {}
        }
    }
    limits
}

/// Days from each suspension to its end, or to the end of the story: by the steps, which are those of the journal.
fn days_suspended(report: &SimulateReport) -> f64 {
    let mut open: BTreeMap<TrackId, Timestamp> = BTreeMap::new();
    let mut time = SignedDuration::ZERO;
    for line in &report.lines {
        match &*line.step {
            "suspended" => {
                open.insert(line.track, line.at);
            }
            "reinstated" => {
                time += line.at.duration_since(open.remove(&line.track).expect("suspended before"));
            }
            _ => {}
        }
    }
    time += open.into_values().map(|from| report.until.duration_since(from)).sum::<SignedDuration>();
    time.as_secs_f64() / 86_400.0
}

#[derive(Debug, Default)]
struct Seen {
    steps: usize,
    suspended: usize,
    uncovered: usize,
    limits: usize,
}

async fn compare(story: &Story) -> Seen {
    let policy = POLICY.replace("[suspension]\n", &format!("[suspension]\ncoverage = [\"{GUARDED}\"]\n"));
    let hospital = Hospital::new(BEGIN, &policy);
    live(&hospital, story).await;
    let set = Arc::new(PolicySet::read(&policy, 1).expect("a policy"));
    let question = Question {
        confirmed_after: story.confirms.then_some(DECIDED_AFTER),
        until: Some(at(BEGIN) + SignedDuration::from_hours(24 * DAYS)),
        ..Question::new(set)
    };
    let (publishers, watch) = (publishers(), Watch::default());
    let report: SimulateReport =
        simulate(hospital.journal.as_ref(), &publishers, &question, &watch).await.expect("a report");
    let mut seen = Seen::default();
    for who in PROVIDERS {
        let lived = lived_steps(&hospital, who).await;
        let simulated: Steps = report
            .lines
            .iter()
            .filter(|line| line.track == track_of(who) && line.step != "override-needed")
            .map(|line| (line.step.clone(), line.at, line.uncovered.clone()))
            .collect();
        assert_eq!(simulated, lived, "{who}: simulated and lived");
        seen.steps += lived.len();
        seen.suspended += lived.iter().filter(|(step, ..)| step == "suspended").count();
        seen.uncovered += lived.iter().filter(|(.., uncovered)| !uncovered.is_empty()).count();
    }
    for (_, news) in story.told() {
        let Told::Item(changed) = news else { continue };
        let simulated: Vec<_> = report
            .charts
            .iter()
            .filter(|chart| chart.chart == changed.encounter)
            .map(|chart| (chart.at, chart.ended_at))
            .collect();
        assert_eq!(simulated, lived_limits(&hospital, changed.encounter).await, "{}", changed.encounter);
    }
    seen.limits = report.charts.len();
    assert_eq!(report.summary.suspensions, seen.suspended as u64);
    assert_eq!(report.summary.charts_at_limit, seen.limits as u64);
    // and the days of suspension are those of the register; weeks and departments come to the same
    let lived = days_suspended(&report);
    let close = |days: f64, parts: u32| (days - lived).abs() <= 0.051 * f64::from(parts + 1);
    assert!(close(report.summary.suspended_days, 0), "{} and {lived}", report.summary.suspended_days);
    // nobody is suspended for more than seven days of a week
    assert!(report.weeks.iter().all(|week| week.here.suspended_days <= 7.0 * 3.0), "{:?}", report.weeks);
    for groups in [&report.facilities, &report.departments, &report.weeks] {
        let days: f64 = groups.iter().map(|group| group.here.suspended_days).sum();
        assert!(close(days, u32::try_from(groups.len()).expect("few")), "{days} and {lived}: {groups:?}");
    }
    // and loaded in one go, a year later and chart by chart, it is the same as if the feeds had been live
    let loaded = Hospital::new("2027-03-02T12:00:00Z", &policy);
    let mut told = story.told();
    told.sort_by_key(|(at, news)| match news {
        Told::Item(changed) => (Some(changed.encounter), *at),
        Told::Person(_) => (None, *at),
    });
    for described in Story::people() {
        loaded.describe(&described).await;
    }
    for (recorded_at, news) in &told {
        match news {
            Told::Item(changed) => loaded.loaded(changed, *recorded_at).await,
            Told::Person(described) => loaded.describe(described).await,
        };
    }
    let question = Question { as_if_live: true, ..question };
    let again = simulate(loaded.journal.as_ref(), &publishers, &question, &watch).await.expect("a report");
    assert!(again.as_if_live);
    assert_eq!(again.lines, report.lines);
    assert_eq!((again.charts, again.weeks), (report.charts, report.weeks));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 40, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_a_simulation_tells_what_the_service_did(story in story()) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(compare(&story));
    }
}

#[tokio::test]
async fn what_two_colleagues_both_owe_suspends_one_of_them_and_waits_for_an_override_for_the_other() {
    // given two anesthesiologists who do nothing, and a chart that nobody completes
    let nothing = |who, from| Owes { who, from, end: None, void: false, hold: None };
    let story = Story {
        items: vec![nothing(0, 0), nothing(1, 24)],
        charts: vec![(5, None), (5, Some(24 * 40))],
        leaves: Vec::new(),
        confirms: true,
    };
    // when the history is simulated, then it is as it was lived: one suspension, one proposal that waits for an override,
    // and both charts at the offices
    let seen = compare(&story).await;
    assert_eq!((seen.suspended, seen.limits), (1, 2), "{seen:?}");
    assert!(seen.uncovered > 0 && seen.steps > 6, "{seen:?}");
}

#[tokio::test]
async fn an_open_proposal_lapses_when_a_leave_begins_whether_or_not_it_was_known_before() {
    // given an item that nobody completes, a proposal that nobody decides about, and a leave amid it
    let item = Owes { who: 0, from: 516, end: None, void: false, hold: None };
    let leave = (0, 1467, 84);
    let story = Story { items: vec![item], charts: Vec::new(), leaves: vec![leave], confirms: false };
    // when the leave is told on its first day, and when it was known all along
    // then the same happens: the next proposal comes when the leave is over
    let seen = compare(&story).await;
    assert!(seen.steps > 4, "{seen:?}");
}

#[tokio::test]
async fn of_two_who_are_decided_about_at_one_instant_the_second_would_leave_nobody() {
    // given two anesthesiologists whose proposals come at one instant
    let nothing = |who| Owes { who, from: 252, end: None, void: false, hold: None };
    let story =
        Story { items: vec![nothing(1), nothing(0)], charts: Vec::new(), leaves: Vec::new(), confirms: true };
    // then one of them is suspended, lived and simulated the same one
    let seen = compare(&story).await;
    assert_eq!(seen.suspended, 1, "{seen:?}");
}
