//! What escalation would answer, made up from little.
#![allow(clippy::wildcard_imports, reason = "a part of one test double, in the example too")]

use countersign_contracts::api::escalation::*;
use countersign_kernel::{NoticeId, TrackId};

use super::*;

pub(crate) fn track_of(provider: &str) -> TrackId {
    TrackId::derive(&["track", provider])
}

pub(crate) fn notice_of(provider: &str) -> NoticeId {
    NoticeId::derive(&["notice", provider])
}

pub(crate) fn packet_hash() -> String {
    "5a".repeat(32)
}

fn staff(id: &str) -> StaffRef {
    let name = PROVIDERS.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| *name);
    StaffRef { id: id.to_owned(), authority: "SIMEHR".to_owned(), name: name.to_owned() }
}

fn by(name: &str, role: &str, at: Timestamp, why: &str) -> ByWhom {
    ByWhom { name: name.to_owned(), roles: vec![role.to_owned()], at, why: why.to_owned() }
}

fn policy_ref() -> PolicyRef {
    PolicyRef { version: 2, title: "Four weeks".to_owned(), sha256: "cd".repeat(32) }
}

/// A date some days from now.
fn date(now: Timestamp, days: i64) -> jiff::civil::Date {
    (now + (24 * days).hours()).to_zoned(jiff::tz::TimeZone::UTC).date()
}

impl Hospital {
    pub(super) fn tracks(&self) -> Vec<TrackView> {
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        let now = self.now;
        [("1001", "open"), ("1002", "suspended"), ("1003", "proposed"), ("1004", "idle")]
            .map(|(provider, state)| TrackView {
                id: track_of(provider),
                provider: staff(provider),
                facility: if provider == "1002" { "SIMHOSP2" } else { "SIMHOSP1" }.to_owned(),
                state: state.to_owned(),
                cycle: 2,
                policy: (state != "idle").then(policy_ref),
                step: (state != "idle").then(|| "notice-1".to_owned()),
                step_at: (state != "idle").then(|| now - 90.hours()),
                opened_at: Some(now - 400.hours()),
                counting: if state == "idle" { 0 } else { 3 },
                oldest_days: if state == "idle" { 0 } else { 19 },
                next_at: (state == "open").then(|| now + 50.hours()),
                held: (state == "proposed").then(|| "waits_for_leadership".to_owned()),
                granted: (provider == "1001").then(|| GrantView {
                    kind: "extended".to_owned(),
                    until: Some(now + 24.hours()),
                    by: by("kim", "him_manager", now - 3.hours(), "chart was in the vault"),
                }),
                suspended_from: (state == "suspended").then(|| now - 700.hours()),
                revision: 31,
            })
            .into()
    }

    fn standing(&self, rechecked: bool) -> StandingView {
        let items = self.deficiencies.iter().filter(|view| view.status == "open").take(3).enumerate();
        StandingView {
            at: self.now - 1.hours(),
            position: 4700,
            rechecked,
            items: items
                .map(|(index, view)| StandingItemView {
                    deficiency: view.id,
                    chart: view.chart,
                    rule: view.rule.clone(),
                    document_type: view.document_type.clone(),
                    due_at: view.due_at,
                    age_days: 19 - u32::try_from(index).expect("small"),
                    not_counted: (index == 2).then(|| "disputed".to_owned()),
                })
                .collect(),
            away_from: None,
            away_until: None,
        }
    }

    fn track_notices(&self, provider: &str) -> Vec<NoticeView> {
        let answer = |outcome: &str, hours: i64, sha256: Option<String>| AnswerView {
            channel: Some("email".to_owned()),
            outcome: outcome.to_owned(),
            at: self.now - hours.hours(),
            sha256,
            detail: Some("250 2.0.0 queued".to_owned()),
        };
        vec![NoticeView {
            id: notice_of(provider),
            number: 4,
            kind: "pre-suspension".to_owned(),
            class: "formal".to_owned(),
            role: "provider".to_owned(),
            recipient: provider.to_owned(),
            channels: vec!["email".to_owned(), "inbox".to_owned()],
            requested_at: self.now - 80.hours(),
            delivered_at: Some(self.now - 79.hours()),
            names_date: Some(date(self.now, 4)),
            withdrawn: None,
            answers: vec![answer("accepted", 80, None), answer("delivered", 79, Some("ef".repeat(32)))],
        }]
    }

    fn packet(&self, provider: &str) -> PacketView {
        PacketView {
            proposal: 1,
            at: self.now - 20.hours(),
            named_date: date(self.now, -1),
            scope: vec!["admitting".to_owned(), "scheduling".to_owned()],
            exempt: vec!["patients in house".to_owned(), "emergencies".to_owned()],
            items: self.standing(true),
            notices: self.track_notices(provider),
            steps: vec![PacketStep {
                step: "notice-1".to_owned(),
                at: self.now - 90.hours(),
                items: self.standing(true).items.iter().map(|item| item.deficiency).collect(),
            }],
            policy: policy_ref(),
            policy_text: Some("title = \"<not markup>\"\n".to_owned()),
            uncovered: vec!["SUR".to_owned()],
            sha256: packet_hash(),
        }
    }

    pub(super) fn waiting(&self) -> Vec<InboxItem> {
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        let now = self.now;
        let chart = self.deficiencies[0].chart;
        let kinds: [(&str, Option<&str>, &str); 10] = [
            ("regulatory_limit", None, "A chart was discharged 25 days ago and is not complete."),
            (
                "npdb_question",
                Some("1002"),
                "The suspension lasts since 2026-02-04T14:20:00Z: is it to be reported?",
            ),
            ("committee_review", Some("1002"), "The suspension lasts for 30 days."),
            ("repeated", Some("1002"), "It is the third suspension within a year."),
            ("suspension", Some("1003"), "The notice named March 4; 2 items still count."),
            ("correction", Some("1001"), "Notice 1 would not have been sent on what is known now."),
            ("undeliverable", Some("1001"), "Notice 2 bounced on every channel."),
            ("no_recipient", Some("1004"), "The policy tells a chair, and the department has none."),
            ("held_run", None, "120 tracks would move at once; the limit is 50."),
            ("clock_doubted", None, "The wall clock jumped by 3 hours."),
        ];
        let mut items: Vec<InboxItem> = kinds
            .into_iter()
            .enumerate()
            .map(|(index, (kind, provider, text))| InboxItem {
                id: derive_uuid("waiting", &[kind]),
                kind: kind.to_owned(),
                track: provider.map(track_of),
                provider: provider.map(staff),
                facility: (kind != "clock_doubted").then(|| "SIMHOSP1".to_owned()),
                cycle: (kind == "correction").then_some(2),
                rung: (kind == "correction").then_some(1),
                proposal: matches!(kind, "suspension" | "npdb_question").then_some(1),
                chart: (kind == "regulatory_limit").then_some(chart),
                since: now - (120 - 10 * i64::try_from(index).expect("small")).hours(),
                text: text.to_owned(),
                packet: provider.filter(|_| kind == "suspension").map(|provider| self.packet(provider)),
                first_confirmed_by: (kind == "suspension")
                    .then(|| by("lee", "medical_staff_office", now - 5.hours(), "as agreed")),
                acknowledged: (kind == "repeated")
                    .then(|| by("lee", "medical_staff_office", now - 5.hours(), "seen")),
                for_roles: Vec::new(),
                revision: provider.map(|_| 31),
            })
            .collect();
        items.push(InboxItem {
            id: derive_uuid("waiting", &["reinstatement"]),
            kind: "reinstatement".to_owned(),
            text: "Nothing that the suspension rests on is owed any more.".to_owned(),
            packet: None,
            acknowledged: None,
            first_confirmed_by: None,
            since: now - 20.minutes(),
            ..items[1].clone()
        });
        let one = items.iter().find(|item| item.kind == "no_recipient").expect("one of them").clone();
        items.push(InboxItem {
            id: derive_uuid("waiting", &["no_recipient of another"]),
            track: Some(track_of("1002")),
            provider: Some(staff("1002")),
            ..one
        });
        items
    }

    fn suspensions(&self) -> Vec<SuspensionView> {
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        let now = self.now;
        let suspension = |provider: &str, until: Option<Timestamp>| SuspensionView {
            track: track_of(provider),
            proposal: 1,
            provider: staff(provider),
            facility: "SIMHOSP1".to_owned(),
            scope: vec!["admitting".to_owned(), "scheduling".to_owned()],
            exempt: vec!["emergencies".to_owned()],
            from: now - 700.hours(),
            until,
            ended_because: until.map(|_| "everything that it rests on is done".to_owned()),
            ended_by: until.map(|at| by("okonkwo", "chief_medical_officer", at, "done")),
            items: 3,
            authority: vec![by("okonkwo", "chief_medical_officer", now - 701.hours(), "=bylaws 4.2")],
            days: 30,
            fine_cents: Some(150_000),
            within_year: 3,
            npdb_asked_at: Some(now - 100.hours()),
            npdb_answer: until.map(|_| by("lee", "medical_staff_office", now - 90.hours(), "not reportable")),
            superseded: until.is_some(),
        };
        vec![suspension("1002", None), suspension("1003", Some(now - 300.hours()))]
    }

    fn log(&self) -> Vec<LogEntry> {
        let entry = |revision: u64, hours: i64, kind: &str, text: &str| LogEntry {
            revision,
            at: self.now - hours.hours(),
            kind: kind.to_owned(),
            text: text.to_owned(),
            cycle: Some(2),
            step: None,
            by: None,
            superseded: false,
            seen: None,
        };
        vec![
            LogEntry {
                by: Some(by("kim", "him_manager", self.now - 3.hours(), "chart was in the vault")),
                ..entry(31, 3, "act-recorded", "More time until 2026-03-06T18:20:00Z.")
            },
            entry(30, 79, "notice-answered", "A notice: delivered."),
            LogEntry {
                step: Some("notice-1".to_owned()),
                seen: Some(self.standing(true)),
                superseded: true,
                ..entry(29, 90, "step-taken", "notice-1: 3 items count; 1 notices asked for.")
            },
            entry(20, 400, "opened", "Cycle 2 began, under version 2 of the policy."),
        ]
    }

    fn track_detail(&self, id: &str) -> Option<TrackDetail> {
        let track = self.tracks().into_iter().find(|track| track.id.to_string() == id)?;
        let provider = track.provider.id.clone();
        Some(TrackDetail {
            standing: self.standing(false),
            log: self.log(),
            notices: self.track_notices(&provider),
            inbox: self.waiting().into_iter().filter(|item| item.track == Some(track.id)).collect(),
            suspensions: self.suspensions().into_iter().filter(|item| item.track == track.id).collect(),
            position: 4711,
            track,
        })
    }

    fn track_explanation(&self, id: &str) -> Option<TrackExplanation> {
        let track = self.tracks().into_iter().find(|track| track.id.to_string() == id)?;
        Some(TrackExplanation {
            track: track.id,
            summary: format!(
                "{} owes 3 items, the oldest for 19 days. Notice 1 was delivered.",
                track.provider.name
            ),
            provider: track.provider,
            facility: track.facility,
            at: self.now,
            next: Some(NextStep {
                step: "notice-2".to_owned(),
                text: "a second notice, with a copy to the chair".to_owned(),
                not_before: Some(self.now + 50.hours()),
            }),
            held_by: vec!["more time was granted until 2026-03-06T18:20:00Z".to_owned()],
            stopped_by: vec!["the 2 items that count are done, or disputed".to_owned()],
            standing: self.standing(true),
            past: self.log(),
            position: 4711,
        })
    }

    fn run(&self) -> RunView {
        RunView {
            facility: "SIMHOSP1".to_owned(),
            published_at: self.now - 30.hours(),
            cutoff_at: self.now + 66.hours(),
            due: 2,
            lines: vec![self.run_line("1001", "notice-2"), self.run_line("1003", "suspension")],
        }
    }

    fn run_line(&self, provider: &str, step: &str) -> RunLine {
        RunLine {
            track: track_of(provider),
            provider: staff(provider),
            step: step.to_owned(),
            counting: 3,
            oldest_days: 19 + u32::from(self.deficiencies.is_empty()),
        }
    }

    fn held_run(&self) -> HeldRun {
        HeldRun {
            facility: "SIMHOSP1".to_owned(),
            since: self.now - 40.hours(),
            tracks: 120,
            limit: 50,
            released: None,
        }
    }

    fn clock(&self) -> ClockView {
        ClockView {
            now: self.now,
            state: "doubted".to_owned(),
            because: Some("it jumped by 3 hours".to_owned()),
            since: Some(self.now - 2.hours()),
            high_water: Some(self.now),
            settles_until: None,
            armed: 1_204,
            due: 3,
            late_seconds: 12,
        }
    }

    fn audit(&self) -> AuditView {
        AuditView {
            looked_at: Some(self.now - 1.minutes()),
            position: 4710,
            heartbeat_at: None,
            heartbeat_configured: false,
            findings: vec![Finding {
                check: "no_next_step".to_owned(),
                stream: format!("track-{}", track_of("1001")),
                track: Some(track_of("1001")),
                since: self.now - 4.hours(),
                text: "an open track has no timer".to_owned(),
            }],
            checked: vec![Checked { check: "overdue_timer".to_owned(), looked_at: 1_204, broken: 0 }],
        }
    }

    fn limit(&self) -> Vec<LimitView> {
        self.deficiencies
            .first()
            .map(|view| LimitView {
                chart: view.chart,
                facility: view.facility.clone(),
                counts_from: self.now - 620.hours(),
                escalated_at: Some(self.now - 20.hours()),
                due_at: None,
                ended_at: None,
                open: 2,
                acknowledged: None,
            })
            .into_iter()
            .collect()
    }

    fn simulation(&self, id: &str) -> SimulateJob {
        let step = |provider: &str, step: &str, hours: i64| SimulatedStep {
            track: track_of(provider),
            provider: staff(provider),
            facility: "SIMHOSP1".to_owned(),
            department: Some("SURG".to_owned()),
            step: step.to_owned(),
            at: self.now - hours.hours(),
            week: jiff::civil::date(2026, 3, 2),
            counting: 2,
            oldest_days: 8,
            uncovered: Vec::new(),
        };
        let summary = |suspensions| SimulatedSummary {
            notices: 14,
            suspensions,
            suspended_days: 12.5,
            ..SimulatedSummary::default()
        };
        let group = |key: &str, name: Option<&str>| SimulatedGroup {
            key: key.to_owned(),
            name: name.map(str::to_owned),
            facility: None,
            here: summary(3),
            steps: Vec::new(),
            there: Some(summary(5)),
        };
        let count = || SimulatedCount { step: "notice-1".to_owned(), times: 14, providers: 9 };
        let report = SimulateReport {
            policy: "Four weeks".to_owned(),
            sha256: "cd".repeat(32),
            as_if_live: true,
            from: self.now - 2_000.hours(),
            until: self.now,
            events: 120_000,
            position: 4711,
            summary: summary(3),
            steps: vec![count()],
            facilities: vec![group("SIMHOSP1", Some("Sim Hospital"))],
            departments: vec![SimulatedGroup {
                facility: Some("SIMHOSP1".to_owned()),
                ..group("SURG", Some("Surgery"))
            }],
            weeks: vec![group("2026-03-02", None)],
            notices: 31,
            tracks: 17,
            lines: vec![step("1001", "notice-1", 300), step("1002", "suspended", 20)],
            charts: self
                .deficiencies
                .iter()
                .take(1)
                .map(|view| SimulatedChart {
                    chart: view.chart,
                    facility: view.facility.clone(),
                    discharged_at: self.now - 700.hours(),
                    at: self.now - 60.hours(),
                    offices: vec!["him".to_owned(), "chief_medical_officer".to_owned()],
                    ended_at: None,
                })
                .collect(),
            against: Some(SimulatedDifference {
                policy: "Three weeks".to_owned(),
                version: Some(1),
                summary: summary(5),
                steps: vec![count()],
                only_here: vec![step("1003", "notice-1", 30)],
                only_there: Vec::new(),
                moved: vec![SimulatedMove {
                    here: step("1001", "notice-1", 300),
                    there_at: self.now - 290.hours(),
                }],
            }),
        };
        let done = id != "running";
        SimulateJob {
            id: id.to_owned(),
            state: if done { "done" } else { "running" }.to_owned(),
            asked_at: self.now - 3.minutes(),
            events_done: 90_000,
            events_total: 120_000,
            report: done.then_some(report),
            problem: None,
        }
    }

    fn track_acted(&self, call: &Call, id: &str) -> Answer {
        if caller(call).is_none() {
            return problem(StatusCode::UNAUTHORIZED, "a known token is needed");
        }
        if let Some((status, said)) = self.refusing {
            return problem(status, said);
        }
        found(
            self.tracks()
                .into_iter()
                .find(|track| track.id.to_string() == id)
                .map(|track| TrackActed { track, position: 4712 }),
        )
    }

    fn recorded(&self, call: &Call) -> Answer {
        if caller(call).is_none() {
            return problem(StatusCode::UNAUTHORIZED, "a known token is needed");
        }
        match self.refusing {
            Some((status, said)) => problem(status, said),
            None => answer(StatusCode::OK, &Recorded { position: 4712, repeated: false }),
        }
    }

    /// What escalation answers; nothing for what is another service's.
    pub(super) fn of_escalation(
        &self,
        call: &Call,
        steps: &[&str],
        query: &BTreeMap<String, String>,
    ) -> Option<Answer> {
        let wants = |name: &str, has: &str| query.get(name).is_none_or(|wanted| wanted == has);
        let of_it = !self.deficiencies.is_empty();
        let ["escalation", steps @ ..] = steps else { return None };
        Some(match (call.method == Method::POST, steps) {
            (false, ["tracks"]) => page(
                self.tracks()
                    .into_iter()
                    .filter(|track| {
                        wants("provider", &track.provider.id)
                            && wants("state", &track.state)
                            && wants("facility", &track.facility)
                    })
                    .collect(),
                None,
                0,
            ),
            (false, ["tracks", id]) => found(self.track_detail(id)),
            (false, ["tracks", id, "explanation"]) => found(self.track_explanation(id)),
            (false, ["tracks", id, "proposals", "1"]) => {
                let track = self.tracks().into_iter().find(|track| track.id.to_string() == **id);
                found(track.map(|track| self.packet(&track.provider.id)))
            }
            (true, ["tracks", id, "acts"]) => self.track_acted(call, id),
            (false, ["inbox"]) => answer(StatusCode::OK, &self.waiting()),
            (false, ["suspensions"]) => {
                let totals = self.suspensions().into_iter().map(|item| RegisterTotal {
                    in_force: item.until.is_none(),
                    provider: item.provider,
                    within_year: item.within_year,
                    days: item.days,
                });
                let totals = totals.collect();
                let items = self.suspensions().into_iter().filter(|item| {
                    wants("provider", &item.provider.id)
                        && wants("in_force", &item.until.is_none().to_string())
                });
                answer(StatusCode::OK, &RegisterView { items: items.collect(), totals, position: 4711 })
            }
            (false, ["runs"]) => {
                let run = RunView { lines: Vec::new(), ..self.run() };
                answer(StatusCode::OK, &if of_it { vec![run] } else { Vec::new() })
            }
            (false, ["runs", "held"]) => {
                answer(StatusCode::OK, &if of_it { vec![self.held_run()] } else { Vec::new() })
            }
            (true, ["runs", _, "release"] | ["clock", "trust"]) => self.recorded(call),
            (false, ["runs", "SIMHOSP1", "dry"]) => {
                let line = |held: Option<&str>, provider| DryRunLine {
                    facility: "SIMHOSP1".to_owned(),
                    line: self.run_line(provider, "notice-2"),
                    held: held.map(str::to_owned),
                };
                let lines = vec![line(None, "1001"), line(Some("notice_not_delivered"), "1003")];
                let lines = if of_it { lines } else { Vec::new() };
                answer(StatusCode::OK, &DryRun { at: self.now, lines, position: 4711 })
            }
            (false, ["runs", "SIMHOSP1", _]) => answer(StatusCode::OK, &self.run()),
            (false, ["policies"]) => answer(StatusCode::OK, &policies(self.now)),
            (true, ["simulations"]) => match caller(call) {
                Some(_) => answer(StatusCode::ACCEPTED, &self.simulation("done")),
                None => problem(StatusCode::UNAUTHORIZED, "a known token is needed"),
            },
            (false, ["simulations", _]) if call.method == Method::DELETE => match caller(call) {
                Some(_) => answer(StatusCode::NO_CONTENT, &()),
                None => problem(StatusCode::UNAUTHORIZED, "a known token is needed"),
            },
            (false, ["simulations", job]) => {
                found(["done", "running"].contains(job).then(|| self.simulation(job)))
            }
            (false, ["policies", version]) => found(policy(version, self.now)),
            (false, ["policies", "3", "diff"]) => {
                self.of_escalation(call, &["escalation", "policies", "2", "diff"], query)?
            }
            (false, ["policies", version, "diff"]) => {
                found(rule_diff(version, query.get("against")).map(|diff| PolicyDiff {
                    version: diff.version,
                    against: diff.against,
                    settings: diff.settings,
                    steps: diff.rules,
                }))
            }
            (false, ["limits"]) => answer(StatusCode::OK, &self.limit()),
            (false, ["clock"]) => answer(StatusCode::OK, &self.clock()),
            (false, ["auditor"]) => answer(StatusCode::OK, &self.audit()),
            _ => return None,
        })
    }
}
