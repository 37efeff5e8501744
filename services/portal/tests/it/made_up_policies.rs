//! Escalation policies, made up from little: three versions, the third a draft.
#![allow(clippy::wildcard_imports, reason = "a part of one test double, in the example too")]

use countersign_contracts::api::{
    escalation::*,
    governed::{StepAct, VersionView, VersionsView, WindowView},
};

use super::*;

/// The third version is a draft.
fn draft(now: Timestamp) -> VersionView {
    VersionView {
        version: 3,
        title: "Two weeks".to_owned(),
        status: "draft".to_owned(),
        effective_from: None,
        checked: None,
        published: None,
        based_on: Some(2),
        ..version(2, now)
    }
}

fn version(version: u32, now: Timestamp) -> VersionView {
    let act = |by: &str, hours: i64| StepAct {
        by: by.to_owned(),
        at: now - hours.hours(),
        why: "agreed in committee".to_owned(),
    };
    VersionView {
        version,
        title: if version == 1 { "Three weeks" } else { "Four weeks" }.to_owned(),
        status: if version == 1 { "superseded" } else { "in_force" }.to_owned(),
        sha256: "cd".repeat(32),
        based_on: (version > 1).then_some(1),
        effective_from: (version > 1).then(|| now - 240.hours()),
        drafted: act("kim", 300),
        checked: Some(act("lee", 260)),
        published: Some(act("lee", 250)),
        withdrawn: None,
    }
}

pub(crate) fn policies(now: Timestamp) -> VersionsView {
    let middle = now - 240.hours();
    VersionsView {
        items: vec![version(1, now), version(2, now), draft(now)],
        windows: vec![
            WindowView { version: 1, from: Timestamp::MIN, until: Some(middle) },
            WindowView { version: 2, from: middle, until: None },
        ],
        in_force: Some(2),
        position: 4711,
    }
}

pub(crate) fn policy(number: &str, now: Timestamp) -> Option<PolicyDetail> {
    let number = number.parse().ok().filter(|number| (1..=3).contains(number))?;
    Some(PolicyDetail {
        set: if number == 3 { draft(now) } else { version(number, now) },
        steps: vec![PolicyStep {
            name: "notice-1".to_owned(),
            after: "7 days".to_owned(),
            does: "tells the provider what is owed".to_owned(),
            to: vec!["provider".to_owned(), "department_chair".to_owned()],
        }],
        settings: vec![PolicySetting {
            name: "two_people".to_owned(),
            value: "two people confirm".to_owned(),
        }],
        problem: None,
        text: "title = \"<not markup>\"\n".to_owned(),
    })
}
