//! A small hospital behind the port: what the API would answer, from memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{Method, StatusCode};
use countersign_contracts::api::{
    AccountabilityView, CallerView, ChartView, ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary,
    ClaimSummaryRow, ClaimView, DeficiencyView, DisputeView, Explanation, Page, ProviderView, RegulatoryView,
    RuleView, SegmentView, StoppedPartition, TimelineEntry,
    acts::{ActedView, BulkActItem, BulkActReport, DecisionView},
    people::{ByWhomView, FacilityView, IdentifierView, LeaveView, PeriodView, PersonView},
    rules::{
        FieldDiff, RuleDiff, RuleSetAct, RuleSetDetail, RuleSetDiff, RuleSetView, RuleSetsView, RuleWindow,
    },
};
use countersign_kernel::{DeficiencyId, EncounterId, EventId, MessageId, Phi, Role, Timestamp, derive_uuid};
use countersign_portal::{Answer, Api, ApiFuture, Bearer, Call, Unreachable};
use jiff::{SignedDuration, ToSpan};
use serde::Serialize;
use serde_json::{Value, json};

#[path = "made_up.rs"]
pub(crate) mod made_up;

#[path = "leadership.rs"]
pub(crate) mod leadership;
#[path = "made_up_governed.rs"]
mod made_up_governed;
#[path = "made_up_policies.rs"]
mod made_up_policies;

#[path = "post_room.rs"]
pub(crate) mod post_room;

pub(crate) use self::{leadership::*, made_up::*, made_up_policies::*};

pub(crate) const ZONE: &str = "America/Chicago";

/// Answers like the services, from what it holds; can be told to fail.
#[derive(Default)]
pub(crate) struct Hospital {
    pub(crate) now: Timestamp,
    pub(crate) deficiencies: Vec<DeficiencyView>,
    pub(crate) feeds: Vec<Value>,
    pub(crate) quarantine: Vec<Value>,
    /// Whether trying a message again helps.
    pub(crate) replay_releases: bool,
    /// Path (its beginning) and the status that it answers with.
    pub(crate) failing: Option<(&'static str, StatusCode)>,
    /// No answer at all.
    pub(crate) down: bool,
    /// What people decided, whatever chart is asked for.
    pub(crate) acts: Vec<DecisionView>,
    /// Decisions are refused: status and what the API says.
    pub(crate) refusing: Option<(StatusCode, &'static str)>,
    /// Facilities that were described.
    pub(crate) facilities: Vec<FacilityView>,
    /// A part of a feed stands still.
    pub(crate) stopped: bool,
    /// Whether notices leave; nothing = they do.
    pub(crate) mode: Option<&'static str>,
    pub(crate) calls: Mutex<Vec<Call>>,
}

impl Hospital {
    /// Nothing has ever arrived.
    pub(crate) fn empty(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

    /// A few days of a hospital: several providers, rules and states.
    pub(crate) fn busy(now: Timestamp) -> Self {
        let mut hospital = Self {
            now,
            stopped: true,
            feeds: vec![
                feed("simehr", "SIMEHR", "SIMHOSP1", [48_213, 47_950, 180, 3, 80], now, 4),
                feed("simehr", "SIMEHR", "SIMHOSP2", [12_004, 12_000, 4, 0, 0], now, 0),
                feed("default", "TRANSCRIBE", "", [310, 300, 0, 10, 0], now, 2),
            ],
            quarantine: (0..13).map(|index| quarantined(index, now)).collect(),
            ..Self::default()
        };
        for index in 0..140 {
            hospital.deficiencies.push(deficiency(index, now));
        }
        hospital.deficiencies.sort_by_key(|view| (view.due_at.is_none(), view.due_at, view.id));
        hospital
    }

    /// The calls so far, those that change something marked.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .iter()
            .map(|call| {
                if call.method == Method::GET {
                    call.path.clone()
                } else {
                    format!("{} {}", call.method, call.path)
                }
            })
            .collect()
    }

    /// The positions that the calls so far asked for.
    pub(crate) fn positions(&self) -> Vec<Option<u64>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|call| call.min_position).collect()
    }

    /// The decisions that were sent: path, key, revision and body.
    pub(crate) fn decisions(&self) -> Vec<(String, String, Option<u64>, Value)> {
        self.sent(|path| path.ends_with("/acts"))
    }

    /// What was sent to these paths: path, key, revision and body.
    pub(crate) fn sent(&self, to: impl Fn(&str) -> bool) -> Vec<(String, String, Option<u64>, Value)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = calls.iter().filter(|call| to(&call.path) && call.body.is_some());
        sent.map(|call| {
            let body = serde_json::from_slice(call.body.as_ref().expect("a body")).expect("JSON");
            (call.path.clone(), call.key.clone().expect("a key"), call.seen, body)
        })
        .collect()
    }

    fn acted(&self, call: &Call, chart: EncounterId, deficiency: Option<DeficiencyId>) -> Answer {
        let Some(who) = caller(call) else {
            return problem(StatusCode::UNAUTHORIZED, "a known token is needed");
        };
        if let Some((status, said)) = self.refusing {
            return problem(status, said);
        }
        let body: Value = serde_json::from_slice(call.body.as_ref().expect("a body")).expect("JSON");
        let deed = match body["decision"]["act"].as_str().expect("an act") {
            "dispute" => "disputed",
            "void" => "voided",
            "release" => "released",
            _ => "reassigned",
        };
        answer(
            StatusCode::CREATED,
            &ActedView {
                id: EventId::derive(&["acted"]),
                deed: deed.to_owned(),
                chart,
                deficiency,
                by: who.name,
                at: self.now,
                revision: 13,
                position: 4712,
            },
        )
    }

    /// Two items were named by their chart; one of them is refused.
    fn acted_on_many(&self, call: &Call) -> Answer {
        let Some(who) = caller(call) else {
            return problem(StatusCode::UNAUTHORIZED, "a known token is needed");
        };
        let view = self.deficiencies.first().expect("an item");
        let acted = ActedView {
            id: EventId::derive(&["acted"]),
            deed: "disputed".to_owned(),
            chart: view.chart,
            deficiency: Some(view.id),
            by: who.name,
            at: self.now,
            revision: 13,
            position: 4712,
        };
        let item = |acted: Option<ActedView>| BulkActItem {
            id: view.id,
            ok: acted.is_some(),
            refusal: acted.is_none().then(|| "a dispute about this item is open".to_owned()),
            effects: Vec::new(),
            acted,
        };
        let acted = self.refusing.is_none().then_some(acted);
        let (done, position) = (usize::from(acted.is_some()), acted.as_ref().map(|acted| acted.position));
        let items = vec![item(None), item(acted)];
        answer(StatusCode::OK, &BulkActReport { preview: false, done, refused: 2 - done, items, position })
    }

    fn answer(&self, call: &Call) -> Answer {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        if let Some((failing, status)) = self.failing
            && path.starts_with(failing)
        {
            return answer(
                status,
                &json!({"type": "about:blank", "title": "x", "status": status.as_u16(), "detail": "<b>said</b>"}),
            );
        }
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let steps: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
        if let Some(at) = steps.iter().position(|step| *step == "partitions") {
            return self.of_partitions(call, &steps[..at], &steps[at + 1..]);
        }
        let of_others = self
            .of_governed(call, &steps)
            .or_else(|| self.of_escalation(call, &steps, &query))
            .or_else(|| self.of_notification(call, &steps, &query));
        if let Some(answer) = of_others {
            return answer;
        }
        match (call.method == Method::POST, steps.as_slice()) {
            (false, ["deficiencies"]) => self.list(&query),
            (false, ["deficiencies", id, "explanation"]) => {
                found(self.deficiencies.iter().find(|view| view.id.to_string() == **id).map(explanation))
            }
            (false, ["deficiencies", id]) => {
                found(self.deficiencies.iter().find(|view| view.id.to_string() == **id))
            }
            (true, ["deficiencies", "acts"]) => self.acted_on_many(call),
            (true, ["deficiencies", id, "acts"]) => {
                match self.deficiencies.iter().find(|view| view.id.to_string() == **id) {
                    Some(view) => self.acted(call, view.chart, Some(view.id)),
                    None => found(None::<()>),
                }
            }
            (true, ["charts", id, "acts"]) => self.acted(call, id.parse().expect("an id"), None),
            (false, ["charts", _, "acts"]) => answer(StatusCode::OK, &self.acts),
            (false, ["me"]) => match caller(call) {
                Some(who) => answer(StatusCode::OK, &who),
                None => problem(StatusCode::UNAUTHORIZED, "nobody has this token"),
            },
            (false, ["claims"]) => self.claims(&query),
            (false, ["claims", "summary"]) => answer(StatusCode::OK, &self.claim_summary(&query)),
            (false, ["claims", id]) => found(self.claim(id)),
            (false, ["rule-sets"]) => answer(StatusCode::OK, &rule_sets(self.now)),
            (false, ["rule-sets", version]) => found(rule_set(version, self.now)),
            (false, ["rule-sets", version, "diff"]) => found(rule_diff(version, query.get("against"))),
            (false, ["people"]) => {
                let wanted = query.get("q").cloned().unwrap_or_default().to_lowercase();
                let found = PROVIDERS.iter().map(|provider| person(provider, self.now));
                let is = |view: &PersonView| view.name.to_lowercase().contains(&wanted) || view.id.contains(&wanted);
                page(found.filter(is).collect(), None, 0)
            }
            (false, ["people", key]) => {
                let mut people = PROVIDERS.iter().map(|provider| person(provider, self.now));
                found(people.find(|person| person.key.to_string() == **key))
            }
            (false, ["facilities"]) => answer(StatusCode::OK, &self.facilities),
            (false, ["charts", id]) => found(self.chart(id)),
            (false, ["providers"]) => page(self.providers(), None, 0),
            (false, ["feeds"]) => page(self.feeds.clone(), None, 0),
            (false, ["quarantine"]) => page(self.quarantine.clone(), None, 0),
            (false, ["quarantine", id]) => found(self.message(id)),
            (true, ["quarantine", id, "replay"]) => found(self.message(id).map(|_| {
                json!({"running": false, "position": 77, "result": {
                    "read": 1, "changed": u8::from(self.replay_releases), "released": u8::from(self.replay_releases),
                    "still_quarantined": u8::from(!self.replay_releases)}})
            })),
            _ => answer(StatusCode::NOT_FOUND, &json!({"title": "Not Found", "status": 404})),
        }
    }

    /// One part of the feed of escalation stands still.
    fn of_partitions(&self, call: &Call, service: &[&str], rest: &[&str]) -> Answer {
        let stopped = StoppedPartition {
            service: "escalation".to_owned(),
            partition: 7,
            event: derive_uuid("event", &["poison"]),
            kind: "notice-outcome".to_owned(),
            reason: "the content does not decode: <b>missing</b> field".to_owned(),
            since: self.now - SignedDuration::from_hours(3),
        };
        let stopped: Vec<_> =
            (service == ["escalation"] && self.stopped).then_some(stopped).into_iter().collect();
        match (call.method == Method::POST, rest) {
            (false, []) => answer(StatusCode::OK, &stopped),
            (true, ["retry"]) => answer(StatusCode::ACCEPTED, &Value::Null),
            (true, [partition, "skip"]) => match self.refusing {
                Some((status, said)) => problem(status, said),
                None => found(stopped.iter().find(|stop| stop.partition.to_string() == **partition)),
            },
            _ => found(None::<()>),
        }
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Answer {
        let wants =
            |name: &str, has: Option<&str>| query.get(name).is_none_or(|wanted| Some(wanted.as_str()) == has);
        let flag = |name: &str| query.get(name).is_some_and(|value| value == "true");
        if query.get("status").is_some_and(|status| {
            !["open", "dormant", "satisfied", "voided", "waived"].contains(&status.as_str())
        }) {
            return answer(
                StatusCode::BAD_REQUEST,
                &json!({"title": "Bad Request", "status": 400, "detail": "cannot be understood",
                        "errors": [{"at": "status", "detail": "is none"}]}),
            );
        }
        let matching: Vec<&DeficiencyView> = self
            .deficiencies
            .iter()
            .filter(|view| {
                wants("provider", view.responsible.as_deref())
                    && wants("status", Some(&view.status))
                    && wants("rule", Some(&view.rule))
                    && wants("facility", Some(&view.facility))
                    && (!flag("unassigned") || (view.responsible.is_none() && view.document_type != "chart"))
                    && (!flag("overdue") || view.overdue)
                    && (!flag("delinquent")
                        || (view.status == "open" && view.delinquent_at.is_some_and(|at| self.now > at)))
                    && (!flag("disputed")
                        || view.dispute.as_ref().is_some_and(|dispute| dispute.state == "open"))
            })
            .collect();
        let start: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().expect("cursor"));
        let limit: usize = query.get("limit").map_or(100, |limit| limit.parse().expect("limit"));
        let items: Vec<_> = matching.iter().skip(start).take(limit).collect();
        let next = (start + items.len() < matching.len()).then(|| (start + items.len()).to_string());
        page(items, next, matching.len() as u64)
    }

    fn chart(&self, id: &str) -> Option<ChartView> {
        let deficiencies: Vec<DeficiencyView> =
            self.deficiencies.iter().filter(|view| view.chart.to_string() == id).cloned().collect();
        let first = deficiencies.first()?.clone();
        Some(ChartView {
            id: first.chart,
            facility: first.facility,
            authority: "SIMHOSP1".to_owned(),
            encounter: first.encounter,
            stage: "discharged".to_owned(),
            class: Some("day_surgery".to_owned()),
            location: Some("4W^412^A".to_owned()),
            service: Some("SUR".to_owned()),
            attending: Some("1003".to_owned()),
            attending_name: Some("Okafor, Chidi".to_owned()),
            admitted_at: first.anchor_at.map(|at| at - SignedDuration::from_hours(70)),
            discharged_at: first.anchor_at,
            patient: first.patient,
            patient_name: first.patient_name,
            time_zone: ZONE.to_owned(),
            continues_as: None,
            findings: vec!["the discharge time was taken from another field".to_owned()],
            deficiencies,
        })
    }

    fn providers(&self) -> Vec<ProviderView> {
        let mut providers: BTreeMap<Option<String>, ProviderView> = BTreeMap::new();
        for view in self.deficiencies.iter().filter(|view| view.document_type != "chart") {
            let provider = providers.entry(view.responsible.clone()).or_insert_with(|| ProviderView {
                id: view.responsible.clone(),
                authority: String::new(),
                name: view.responsible_name.clone().unwrap_or_default(),
                open: 0,
                overdue: 0,
                next_due_at: None,
            });
            if view.status == "open" {
                provider.open += 1;
                provider.overdue += u64::from(view.overdue);
                provider.next_due_at = provider.next_due_at.or(view.due_at);
            }
        }
        let mut providers: Vec<_> = providers.into_values().collect();
        providers.sort_by_key(|provider| std::cmp::Reverse((provider.overdue, provider.open)));
        providers
    }

    /// An account for every chart with something that holds its bill.
    fn accounts(&self) -> Vec<ClaimView> {
        let mut accounts: BTreeMap<EncounterId, ClaimView> = BTreeMap::new();
        for view in self.deficiencies.iter().filter(|view| view.holds_bill) {
            let account = accounts.entry(view.chart).or_insert_with(|| claim(view));
            if view.status == "open" {
                account.open_items += 1;
                "held".clone_into(&mut account.state);
                account.dollars_held_cents = account.charges_cents;
                account.sole_blocker = (account.open_items == 1).then(|| claim_item(view));
            }
        }
        accounts.into_values().collect()
    }

    fn claims(&self, query: &BTreeMap<String, String>) -> Answer {
        let state = query.get("state").map_or("held", String::as_str);
        if !["held", "pending", "released"].contains(&state) {
            return problem(StatusCode::BAD_REQUEST, "state is none of held, pending, released");
        }
        let wants = |name: &str, has: &str| query.get(name).is_none_or(|wanted| wanted == has);
        let matching: Vec<ClaimView> = self
            .accounts()
            .into_iter()
            .filter(|account| account.state == state && wants("facility", &account.facility))
            .collect();
        let start: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().expect("cursor"));
        let limit: usize = query.get("limit").map_or(100, |limit| limit.parse().expect("limit"));
        let items: Vec<_> = matching.iter().skip(start).take(limit).collect();
        let next = (start + items.len() < matching.len()).then(|| (start + items.len()).to_string());
        page(items, next, matching.len() as u64)
    }

    fn claim(&self, id: &str) -> Option<ClaimDetail> {
        let claim = self.accounts().into_iter().find(|account| account.chart.to_string() == id)?;
        let of_it = self.deficiencies.iter().filter(|view| view.holds_bill && view.chart == claim.chart);
        let items: Vec<ClaimItemView> = of_it.map(claim_item).collect();
        let from = claim.from?;
        let periods = vec![
            ClaimPeriodView {
                from: from - 96.hours(),
                until: Some(from - 48.hours()),
                ended_by: Some("documented".to_owned()),
                released_by: items.first().map(|item| item.deficiency),
                days: 2,
            },
            ClaimPeriodView { from, until: None, ended_by: None, released_by: None, days: 5 },
        ];
        Some(ClaimDetail { claim, minimum_bill_hold_days: 4, items, periods })
    }

    fn claim_summary(&self, query: &BTreeMap<String, String>) -> ClaimSummary {
        let by = query.get("by").map_or("document_type", String::as_str);
        let row = |key: &str, name: Option<&str>| ClaimSummaryRow {
            key: key.to_owned(),
            name: name.map(str::to_owned),
            held_accounts: 7,
            dollars_held_cents: 1_234_567,
            charges_unknown: 1,
            sole_blocker_accounts: 3,
            sole_blocker_cents: 400_000,
            released_accounts: 2,
            days_held: 31,
            dollar_days_cents: 9_000_000,
        };
        let rows = match by {
            "provider" => vec![row("1001", Some("Alvarez, Marisol")), row("", None)],
            "facility" => vec![row("SIMHOSP1", None)],
            _ => vec![row("discharge_summary", None), row("operative_report", None)],
        };
        let (from, to) = ("2026-02-04".parse().expect("a day"), "2026-03-05".parse().expect("a day"));
        let rows = if self.deficiencies.is_empty() { Vec::new() } else { rows };
        let total = if rows.is_empty() { ClaimSummaryRow::default() } else { row("", None) };
        ClaimSummary { by: by.to_owned(), minimum_bill_hold_days: 4, from, to, rows, total, position: 4711 }
    }

    fn message(&self, id: &str) -> Option<Value> {
        self.quarantine.iter().find(|message| message["id"] == id).map(|message| {
            let mut message = message.clone();
            message["findings"] = json!([{"code": "class-unmapped", "detail": "ff", "messages": 1,
                "text": "PV1-2 holds a code that the profile does not map"}]);
            message["text"] = json!("MSH|^~\\&|SIMEHR|SIMHOSP1\nPID|1||P1||<script>MARKERNAME</script>");
            message["cut"] = json!(false);
            message
        })
    }
}

impl Api for Hospital {
    fn call(&self, call: Call) -> ApiFuture<'_> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
        let answered = if self.down {
            Err(Unreachable("connection refused".to_owned()))
        } else {
            Ok(self.answer(&call))
        };
        Box::pin(std::future::ready(answered))
    }
}

impl Api for &'static Hospital {
    fn call(&self, call: Call) -> ApiFuture<'_> {
        (**self).call(call)
    }
}

/// Who has the token of a call: `cst_him`, `cst_alvarez`, `cst_auditor`, `cst_cmo`, `cst_approver`, `cst_admin`.
fn caller(call: &Call) -> Option<CallerView> {
    let provider =
        |id: &str| IdentifierView { id: id.to_owned(), authority: String::new(), kind: String::new() };
    let known = [
        ("cst_him", "kim", vec![Role::HimManager], None),
        ("cst_alvarez", "m.alvarez", vec![Role::Physician], Some(provider("1001"))),
        ("cst_auditor", "audit", vec![Role::Auditor], None),
        ("cst_cmo", "okonkwo", vec![Role::ChiefMedicalOfficer], None),
        ("cst_approver", "quinn", vec![Role::RulesApprover], None),
        ("cst_admin", "root", vec![Role::Administrator], None),
    ];
    let bearer = call.bearer.as_ref()?;
    let (_, name, roles, provider) =
        known.into_iter().find(|(token, ..)| Bearer::new(token).as_ref() == Some(bearer))?;
    Some(CallerView {
        name: name.to_owned(),
        roles,
        provider,
        for_providers: Vec::new(),
        facilities: Vec::new(),
    })
}

fn problem(status: StatusCode, said: &str) -> Answer {
    answer(status, &json!({"title": "x", "status": status.as_u16(), "detail": said}))
}

fn answer(status: StatusCode, body: &impl Serialize) -> Answer {
    Answer { status, body: serde_json::to_vec(body).expect("JSON").into() }
}

fn found<T: Serialize>(body: Option<T>) -> Answer {
    body.map_or_else(
        || answer(StatusCode::NOT_FOUND, &json!({"title": "Not Found", "status": 404})),
        |body| answer(StatusCode::OK, &body),
    )
}

fn page<T: Serialize>(items: Vec<T>, next: Option<String>, total: u64) -> Answer {
    let total = total.max(items.len() as u64);
    answer(StatusCode::OK, &Page { items, next, total, position: 4711 })
}

/// The portal over this hospital, which stays inspectable.
pub(crate) fn portal(hospital: Hospital) -> (axum::Router, &'static Hospital) {
    let now = hospital.now;
    let hospital: &'static Hospital = Box::leak(Box::new(hospital));
    let clock = Arc::new(countersign_kernel::FixedClock::at(now));
    (countersign_portal::routes(Arc::new(hospital), clock), hospital)
}
