//! A small hospital behind the port: what the API would answer, from memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{Method, StatusCode};
use countersign_contracts::api::{
    AccountabilityView, CallerView, ChartView, ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary,
    ClaimSummaryRow, ClaimView, DeficiencyView, DisputeView, Explanation, Page, ProviderView, RegulatoryView,
    RuleView, SegmentView, TimelineEntry,
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

    /// The calls so far, `POST`s marked.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .iter()
            .map(
                |call| {
                    if call.method == Method::POST {
                        format!("POST {}", call.path)
                    } else {
                        call.path.clone()
                    }
                },
            )
            .collect()
    }

    /// The positions that the calls so far asked for.
    pub(crate) fn positions(&self) -> Vec<Option<u64>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|call| call.min_position).collect()
    }

    /// The decisions that were sent: path, key, revision and body.
    pub(crate) fn decisions(&self) -> Vec<(String, String, Option<u64>, Value)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = calls.iter().filter(|call| call.path.ends_with("/acts") && call.body.is_some());
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
                page(found.filter(|view| view.name.to_lowercase().contains(&wanted)).collect(), None, 0)
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
                account.state = "held".to_owned();
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

/// Who has the token of a call: `cst_him`, `cst_alvarez`, `cst_auditor`.
fn caller(call: &Call) -> Option<CallerView> {
    let provider =
        |id: &str| IdentifierView { id: id.to_owned(), authority: String::new(), kind: String::new() };
    let known = [
        ("cst_him", "kim", vec![Role::HimManager], None),
        ("cst_alvarez", "m.alvarez", vec![Role::Physician], Some(provider("1001"))),
        ("cst_auditor", "audit", vec![Role::Auditor], None),
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

fn claim(view: &DeficiencyView) -> ClaimView {
    let charges = (!view.encounter.ends_with('3')).then_some(1_250_075);
    ClaimView {
        chart: view.chart,
        facility: view.facility.clone(),
        encounter: view.encounter.clone(),
        class: Some("inpatient".to_owned()),
        service: Some("SUR".to_owned()),
        payer: Some("BLUE".to_owned()),
        discharged_at: view.anchor_at,
        coded_at: view.anchor_at,
        billed_at: None,
        state: "released".to_owned(),
        from: Some(view.opened_at),
        released_at: None,
        ended_by: None,
        seconds_to_release: None,
        days_held: 5,
        charges_cents: charges,
        dollars_held_cents: Some(0),
        dollar_days_cents: charges.map(|cents| cents * 5),
        open_items: 0,
        sole_blocker: None,
        attributed_to: None,
        time_zone: ZONE.to_owned(),
    }
}

fn claim_item(view: &DeficiencyView) -> ClaimItemView {
    ClaimItemView {
        deficiency: view.id,
        rule: view.rule.clone(),
        document_type: view.document_type.clone(),
        responsible: view.responsible.clone(),
        responsible_name: view.responsible_name.clone(),
        open: view.status == "open",
        opened_at: view.opened_at,
        closed_at: view.closed_at,
    }
}

fn rule_sets(now: Timestamp) -> RuleSetsView {
    let middle = now - 240.hours();
    RuleSetsView {
        items: vec![rule_set_view(1, now), rule_set_view(2, now)],
        windows: vec![
            RuleWindow { version: 1, from: Timestamp::MIN, until: Some(middle) },
            RuleWindow { version: 2, from: middle, until: None },
        ],
        in_force: Some(2),
        position: 4711,
    }
}

fn rule_set_view(version: u32, now: Timestamp) -> RuleSetView {
    let act = |by: &str, hours: i64, why: &str| RuleSetAct {
        by: by.to_owned(),
        at: now - hours.hours(),
        why: why.to_owned(),
    };
    RuleSetView {
        version,
        title: if version == 1 { "Shipped defaults" } else { "Summaries in five days" }.to_owned(),
        status: if version == 1 { "superseded" } else { "in_force" }.to_owned(),
        sha256: "ab".repeat(32),
        based_on: (version > 1).then_some(1),
        effective_from: (version > 1).then(|| now - 240.hours()),
        drafted: act("kim", 300, "shorten the lag"),
        checked: Some(act("lee", 260, "agreed in committee")),
        published: Some(act("lee", 250, "as agreed")),
        withdrawn: None,
    }
}

fn rule_set(version: &str, now: Timestamp) -> Option<RuleSetDetail> {
    let version = version.parse().ok().filter(|version| (1..=2).contains(version))?;
    let rules = RULES.iter().map(|(id, title, _)| rule(id, title, version)).collect();
    Some(RuleSetDetail {
        set: rule_set_view(version, now),
        rules,
        problem: None,
        text: "version = 2\n# <not markup>\n".to_owned(),
    })
}

fn rule(id: &str, title: &str, version: u32) -> RuleView {
    RuleView {
        id: id.to_owned(),
        version,
        title: title.to_owned(),
        anchor: "discharge".to_owned(),
        due: "7 days".to_owned(),
        target: Some("72 hours".to_owned()),
        citation: "42 CFR 482.24(c)(4)(vii)".to_owned(),
        confidence: "unverified".to_owned(),
        note: "Inpatient stays of 48 hours and more. Shorter stays may close with a short form.".to_owned(),
        closed_by: "a discharge summary, dictated or written".to_owned(),
    }
}

fn rule_diff(version: &str, against: Option<&String>) -> Option<RuleSetDiff> {
    let version = version.parse().ok().filter(|version| (1..=2).contains(version))?;
    let against = against.map_or(1, |against| against.parse().expect("a version"));
    let field = |words: &str| FieldDiff {
        field: "due".to_owned(),
        was: Some("7 days".to_owned()),
        is: Some("5 days".to_owned()),
        words: words.to_owned(),
    };
    let same = version == against;
    Some(RuleSetDiff {
        version,
        against,
        settings: if same { Vec::new() } else { vec![field("the title is another one")] },
        rules: if same {
            Vec::new()
        } else {
            vec![RuleDiff {
                kind: "rule".to_owned(),
                id: "R13".to_owned(),
                title: "Discharge summary present".to_owned(),
                change: "changed".to_owned(),
                fields: vec![field("due after 5 days, not after 7 days")],
            }]
        },
    })
}

/// A provider of the directory; the second one is on leave.
pub(crate) fn person(of: &(&str, &str), now: Timestamp) -> PersonView {
    let (id, name) = of;
    let away = *id == "1002";
    let identifier = |id: &str, authority: &str, kind: &str| IdentifierView {
        id: id.to_owned(),
        authority: authority.to_owned(),
        kind: kind.to_owned(),
    };
    let leave = LeaveView {
        id: derive_uuid("leave", &[id]),
        kind: "planned".to_owned(),
        from: now - 48.hours(),
        until: Some(now + 96.hours()),
        approval: "given".to_owned(),
        counts: true,
        entered_late: true,
        recorded: ByWhomView {
            by: "kim".to_owned(),
            at: now - 24.hours(),
            why: "told by the office".to_owned(),
        },
        changed: None,
        decided: None,
    };
    PersonView {
        key: derive_uuid("person", &[id]),
        id: (*id).to_owned(),
        authority: "SIMEHR".to_owned(),
        identifiers: vec![identifier(id, "SIMEHR", ""), identifier("1234567893", "NPPES", "NPI")],
        name: (*name).to_owned(),
        credentials: vec!["MD".to_owned()],
        listed: true,
        active: *id != "1006",
        inactive_since: None,
        activity: vec![PeriodView { from: None, until: None }],
        departments: vec!["SUR".to_owned(), "MED".to_owned()],
        facilities: vec!["SIMHOSP1".to_owned()],
        service: Some("SUR".to_owned()),
        specialty: Some("Surgery".to_owned()),
        group: None,
        supervisor: away.then(|| identifier("1003", "SIMEHR", "")),
        delegate: None,
        email: Some("someone@hospital.example".to_owned()),
        telephone: None,
        on_leave: away,
        leaves: if away { vec![leave] } else { Vec::new() },
        merged: Vec::new(),
    }
}

/// A decision that stands, about an item or the whole chart.
pub(crate) fn act(deed: &str, about: Option<DeficiencyId>, roles: &[Role], now: Timestamp) -> DecisionView {
    DecisionView {
        id: EventId::derive(&[deed]),
        deed: deed.to_owned(),
        deficiency: about,
        rule: None,
        by: "lee".to_owned(),
        roles: roles.to_vec(),
        at: now - 30.hours(),
        why: "chart in the vault".to_owned(),
        stands: true,
    }
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

const RULES: [(&str, &str, &str); 8] = [
    ("R13", "Discharge summary present", "discharge_summary"),
    ("R14", "Discharge summary signed", "discharge_summary"),
    ("R01", "History and physical, present and signed", "history_and_physical"),
    ("R05", "Operative report, dictated or written", "operative_report"),
    ("R06", "Operative report signed", "operative_report"),
    ("R15", "Discharge summary cosigned", "discharge_summary"),
    ("C0", "Chart complete", "chart"),
    ("C1", "Regulatory limit of the chart", "chart"),
];

pub(crate) const PROVIDERS: [(&str, &str); 6] = [
    ("1001", "Alvarez, Marisol"),
    ("1002", "Brandt, Jonas"),
    ("1003", "Okafor, Chidi"),
    ("1004", "O'Neill, Siobhán"),
    ("1005", "Venkataraman, Lakshmi"),
    ("1006", "Whitfield, Dana"),
];

const PATIENTS: [&str; 5] =
    ["Rivera, Elena", "Nguyen, Thanh", "Castellanos-Montgomery, Bartholomew", "Kim, Joon", "Abara, Ngozi"];

/// A deficiency made up from its number.
pub(crate) fn deficiency(index: i64, now: Timestamp) -> DeficiencyView {
    let number = usize::try_from(index).expect("small");
    let (rule, title, document_type) = RULES[number * 5 % RULES.len()];
    let chart = document_type == "chart";
    let due_at = now - (12 * 24).hours() + (index * 7 + index % 5).hours() + 59.minutes();
    let closed = number % 6 == 5;
    let status = if closed { ["satisfied", "voided", "satisfied"][number % 3] } else { "open" };
    let provider = (!chart && number % 9 != 4).then_some(PROVIDERS[number % PROVIDERS.len()]);
    let visit = format!("V{:06}", 482_100 + number / 4);
    let dormant = number == 25;
    let status = if dormant { "dormant" } else { status };
    let anchor_at = due_at - (7 * 24).hours();
    let closed_at = closed.then(|| due_at + (index % 60 - 30).hours());
    let accountability = if dormant {
        AccountabilityView { state: "other_signer".to_owned(), ..AccountabilityView::default() }
    } else {
        clock(anchor_at, closed_at.unwrap_or(now).max(anchor_at), number % 10 == 3, number % 20 == 13)
    };
    DeficiencyView {
        id: DeficiencyId::derive(&[rule, &index.to_string()]),
        facility: if number % 7 == 0 { "SIMHOSP2" } else { "SIMHOSP1" }.to_owned(),
        chart: EncounterId::derive(&[&visit]),
        encounter: visit,
        rule: rule.to_owned(),
        rule_version: 1,
        title: title.to_owned(),
        document_type: document_type.to_owned(),
        subject: matches!(rule, "R14" | "R05" | "R06" | "R15").then(|| format!("DOC{}", 90_000 + index)),
        responsible: provider.map(|(id, _)| id.to_owned()),
        responsible_name: provider.map(|(_, name)| name.to_owned()),
        responsible_because: if chart { "owed by the facility" } else { "attending of record" }.to_owned(),
        overdue: !closed && !dormant && now > due_at,
        status: status.to_owned(),
        anchor_at: Some(anchor_at).filter(|_| !dormant),
        due_at: Some(due_at).filter(|_| !dormant),
        due_without_pauses_at: Some(due_at).filter(|_| !dormant),
        delinquent_at: Some(due_at + (7 * 24).hours()).filter(|_| !dormant),
        target_at: Some(due_at - (4 * 24).hours()),
        opened_at: due_at - (7 * 24).hours(),
        closed_at,
        closed_because: closed.then(|| "signed by Okafor, Chidi".to_owned()),
        holds_bill: !chart,
        accountability,
        regulatory: Some(RegulatoryView {
            from: anchor_at,
            due_at: Some(anchor_at + (30 * 24).hours()),
            days: now.duration_since(anchor_at).as_hours() / 24,
        }),
        dispute: (number % 11 == 6).then(|| dispute(now)),
        patient: Some(Phi::new(format!("P{:07}", 1_200_000 + number / 4))),
        patient_name: Some(Phi::new(PATIENTS[number / 4 % PATIENTS.len()].to_owned())),
        time_zone: ZONE.to_owned(),
    }
}

/// A clock that ran all the time, or stood on leave in between, or stands until now.
fn clock(from: Timestamp, until: Timestamp, stood: bool, stands: bool) -> AccountabilityView {
    let third = SignedDuration::from_secs(until.duration_since(from).as_secs() / 3);
    let segment = |from, until, runs: bool| SegmentView {
        from,
        until,
        cause: if runs { "running" } else { "physician_leave" }.to_owned(),
        by: (!runs).then(|| "kim".to_owned()),
        why: (!runs).then(|| "at a congress".to_owned()),
    };
    let mut segments = vec![segment(from, from + third, true)];
    if stood {
        segments.push(segment(from + third, from + third * 2, false));
        segments.push(segment(from + third * 2, until, !stands));
    } else {
        segments[0].until = until;
    }
    let length = |runs: bool| {
        let of_kind = segments.iter().filter(|segment| (segment.cause == "running") == runs);
        of_kind.map(|segment| segment.until.duration_since(segment.from).as_secs()).sum()
    };
    AccountabilityView {
        state: if stood && stands { "physician_leave" } else { "running" }.to_owned(),
        ran_seconds: length(true),
        stood_seconds: length(false),
        segments,
    }
}

/// A dispute that HIM has not answered.
pub(crate) fn dispute(now: Timestamp) -> DisputeView {
    DisputeView {
        reason: "not_mine".to_owned(),
        text: "I only covered that night".to_owned(),
        by: "m.alvarez".to_owned(),
        at: now - 20.hours(),
        answer_due_at: now + 28.hours(),
        state: "open".to_owned(),
        answer: None,
    }
}

fn explanation(view: &DeficiencyView) -> Explanation {
    let entry = |hours: i64, kind: &str, text: &str, trigger: Option<&str>, matched: bool| TimelineEntry {
        occurred_at: view.opened_at + hours.hours(),
        recorded_at: trigger.map(|_| view.opened_at + hours.hours() + 2.minutes()),
        received_at: Some(view.opened_at + hours.hours() + 3.minutes()),
        kind: kind.to_owned(),
        text: text.to_owned(),
        trigger: trigger.map(str::to_owned),
        message: trigger.map(|trigger| MessageId::derive(&[trigger, &view.id.to_string()])),
        matched,
        findings: if matched { vec!["a date was sent in place of a time".to_owned()] } else { Vec::new() },
    };
    let who = view.responsible_name.clone().unwrap_or_else(|| "nobody".to_owned());
    Explanation {
        summary: format!(
            "{} (rule {}, version 1): due 7 days after discharge. {who} owes it: attending of record. It is {}.",
            view.title, view.rule, view.status
        ),
        rule: rule(&view.rule, &view.title, 1),
        what_would_close_it: (view.status == "open")
            .then(|| "A discharge summary, dictated or written, signed by its author.".to_owned()),
        timeline: vec![
            entry(-70, "fact", "Visit began (inpatient)", Some("ADT^A01"), false),
            entry(-20, "fact", "Transferred", Some("ADT^A02"), false),
            entry(0, "fact", "Discharged (time from PV1-45)", Some("ADT^A03"), true),
            entry(
                0,
                "decision",
                &format!(
                    "{} opened, owed by {who} (attending of record), due {}",
                    view.rule,
                    view.due_at.map(|due| due.to_string()).unwrap_or_default()
                ),
                None,
                false,
            ),
            entry(26, "fact", "discharge summary DOC90001: originated, in progress", Some("MDM^T01"), false),
            entry(30, "act", "disputed by m.alvarez: not mine", None, false),
        ],
        revision: 12,
        deficiency: view.clone(),
    }
}

fn feed(
    profile: &str,
    application: &str,
    facility: &str,
    counts: [u64; 5],
    now: Timestamp,
    findings: usize,
) -> Value {
    let all = json!([
        {"code": "discharge-time-inferred", "detail": "EVN-2", "text": "a discharge without PV1-45; its time was taken from another field", "messages": 1204},
        {"code": "signer-inferred", "text": "signed, but TXA-22 names nobody; TXA-10 or TXA-9 was taken", "messages": 87},
        {"code": "class-unmapped", "detail": "ff", "text": "PV1-2 holds a code that the profile does not map", "messages": 12},
        {"code": "date-only", "text": "a date was sent in place of a time", "messages": 3},
    ]);
    json!({
        "profile": profile, "application": application, "facility": facility, "received": counts[0],
        "accepted": counts[1], "duplicate": counts[2], "quarantined": counts[3], "rejected": 0, "not_used": counts[4],
        "control_ids_reused": 0, "last_message_at": now - 11.minutes(),
        "findings": all.as_array().expect("array")[..findings],
    })
}

fn quarantined(index: i64, now: Timestamp) -> Value {
    let rejected = index % 4 == 3;
    json!({
        "id": MessageId::derive(&["quarantined", &index.to_string()]),
        "received_at": now - (index * 9 + 1).hours(),
        "profile": "simehr", "application": "SIMEHR", "facility": "SIMHOSP1", "control_id": format!("MSG{:05}", 300 + index),
        "message_type": if rejected { "" } else { "ADT^A08" }, "bytes": 1_482 + index,
        "outcome": if rejected { "rejected" } else { "quarantined" },
        "reason": if rejected { "not-hl7" } else { "no-visit-number" },
        "reason_text": if rejected {
            "not an HL7 message: it does not begin with MSH"
        } else {
            "no visit number in PV1-19; if this feed sends it in PID-18 or PV1-50, say so in its profile and replay"
        },
        "readings": 1 + index % 2, "repeats": index % 3,
    })
}

/// The portal over this hospital, which stays inspectable.
pub(crate) fn portal(hospital: Hospital) -> (axum::Router, &'static Hospital) {
    let now = hospital.now;
    let hospital: &'static Hospital = Box::leak(Box::new(hospital));
    let clock = Arc::new(countersign_kernel::FixedClock::at(now));
    (countersign_portal::routes(Arc::new(hospital), clock), hospital)
}
