//! What the hospital of the tests holds, made up from little.
#![allow(clippy::wildcard_imports, reason = "the other half of one test double, in the example too")]

use super::*;

pub(crate) fn claim(view: &DeficiencyView) -> ClaimView {
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

pub(crate) fn claim_item(view: &DeficiencyView) -> ClaimItemView {
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

pub(crate) fn rule_sets(now: Timestamp) -> RuleSetsView {
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

pub(crate) fn rule_set_view(version: u32, now: Timestamp) -> RuleSetView {
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

pub(crate) fn rule_set(version: &str, now: Timestamp) -> Option<RuleSetDetail> {
    let version = version.parse().ok().filter(|version| (1..=2).contains(version))?;
    let rules = RULES.iter().map(|(id, title, _)| rule(id, title, version)).collect();
    Some(RuleSetDetail {
        set: rule_set_view(version, now),
        rules,
        problem: None,
        text: "version = 2\n# <not markup>\n".to_owned(),
    })
}

pub(crate) fn rule(id: &str, title: &str, version: u32) -> RuleView {
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

pub(crate) fn rule_diff(version: &str, against: Option<&String>) -> Option<RuleSetDiff> {
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

pub(crate) const RULES: [(&str, &str, &str); 8] = [
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

pub(crate) const PATIENTS: [&str; 5] =
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
pub(crate) fn clock(from: Timestamp, until: Timestamp, stood: bool, stands: bool) -> AccountabilityView {
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

pub(crate) fn explanation(view: &DeficiencyView) -> Explanation {
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

pub(crate) fn feed(
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

pub(crate) fn quarantined(index: i64, now: Timestamp) -> Value {
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

/// A facility in Chicago.
pub(crate) fn facility(code: &str) -> FacilityView {
    FacilityView {
        code: code.to_owned(),
        name: "Simulated Hospital".to_owned(),
        jurisdiction: "US-IL".to_owned(),
        time_zone: ZONE.to_owned(),
        weekend: Vec::new(),
        holidays: Vec::new(),
        minimum_bill_hold_days: 4,
        strict_directory: false,
        own_leave_needs_approval: false,
        downtimes: Vec::new(),
    }
}
