//! A small hospital behind the port: what the API would answer, from memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{Method, StatusCode};
use countersign_contracts::api::{
    AccountabilityView, ChartView, DeficiencyView, Explanation, Page, ProviderView, RuleView, TimelineEntry,
};
use countersign_kernel::{DeficiencyId, EncounterId, MessageId, Phi, Timestamp};
use countersign_portal::{Answer, Api, ApiFuture, Call, Unreachable};
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
        hospital.deficiencies.sort_by_key(|view| (view.due_at, view.id));
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
        if query
            .get("status")
            .is_some_and(|status| !["open", "satisfied", "voided", "waived"].contains(&status.as_str()))
        {
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

const PROVIDERS: [(&str, &str); 6] = [
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
        overdue: !closed && now > due_at,
        status: status.to_owned(),
        anchor_at: Some(due_at - (7 * 24).hours()),
        due_at: Some(due_at),
        due_without_pauses_at: Some(due_at),
        delinquent_at: Some(due_at + (14 * 24).hours()),
        target_at: Some(due_at - (4 * 24).hours()),
        opened_at: due_at - (7 * 24).hours(),
        closed_at: closed.then(|| due_at + (index % 60 - 30).hours()),
        closed_because: closed.then(|| "signed by Okafor, Chidi".to_owned()),
        holds_bill: !chart,
        accountability: AccountabilityView { state: "running".to_owned(), ..AccountabilityView::default() },
        regulatory: None,
        dispute: None,
        patient: Some(Phi::new(format!("P{:07}", 1_200_000 + number / 4))),
        patient_name: Some(Phi::new(PATIENTS[number / 4 % PATIENTS.len()].to_owned())),
        time_zone: ZONE.to_owned(),
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
        rule: RuleView {
            id: view.rule.clone(),
            version: 1,
            title: view.title.clone(),
            anchor: "discharge".to_owned(),
            due: "7 days".to_owned(),
            target: Some("72 hours".to_owned()),
            citation: "42 CFR 482.24(c)(4)(vii)".to_owned(),
            confidence: "unverified".to_owned(),
            note: "Inpatient stays of 48 hours and more. Shorter stays may close with a short form."
                .to_owned(),
            closed_by: "a discharge summary, dictated or written".to_owned(),
        },
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
                    view.due_at.expect("a limit")
                ),
                None,
                false,
            ),
            entry(26, "fact", "discharge summary DOC90001: originated, in progress", Some("MDM^T01"), false),
        ],
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
