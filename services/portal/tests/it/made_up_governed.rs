//! Steps in the life of rule sets and policies, and looks at texts: the same endpoints at two addresses.
#![allow(clippy::wildcard_imports, reason = "a part of one test double, in the example too")]

use countersign_contracts::api::{
    escalation::PolicyLint,
    governed::{DraftRequest, LintRequest, StepView},
    rules::LintReport,
};

use super::*;

impl Hospital {
    pub(super) fn of_governed(&self, call: &Call, steps: &[&str]) -> Option<Answer> {
        let (rules, rest) = match steps {
            ["rule-sets", rest @ ..] => (true, rest),
            ["escalation", "policies", rest @ ..] => (false, rest),
            _ => return None,
        };
        if call.method != Method::POST {
            return None;
        }
        let body = call.body.as_deref().unwrap_or_default();
        if let ["lint"] = rest {
            let LintRequest { text } = serde_json::from_slice(body).expect("a text");
            let faults = fault_in(&text).into_iter().collect::<Vec<_>>();
            let valid = faults.is_empty();
            return Some(if rules {
                answer(StatusCode::OK, &LintReport { valid, faults, title: None, rules: Vec::new() })
            } else {
                let remarks = vec!["two weeks are short (domain.md 5)".to_owned()];
                answer(StatusCode::OK, &PolicyLint { valid, problems: faults, remarks, steps: Vec::new() })
            });
        }
        let Some(who) = caller(call) else {
            return Some(problem(StatusCode::UNAUTHORIZED, "a known token is needed"));
        };
        let (version, step) = match rest {
            [] => {
                let DraftRequest { text, .. } = serde_json::from_slice(body).expect("a draft");
                if text.contains("Four weeks") {
                    let said = "this is word for word escalation policy 2, which is in force";
                    return Some(problem(StatusCode::CONFLICT, said));
                }
                (4, "draft")
            }
            [number, step] => (number.parse().expect("a version"), *step),
            _ => return None,
        };
        let taken = StepView {
            version,
            step: step.to_owned(),
            by: who.name,
            at: self.now,
            effective_from: None,
            position: 4712,
        };
        Some(answer(StatusCode::CREATED, &taken))
    }
}

/// What the services say of a text: the second line is wrong where it says `soon`.
fn fault_in(text: &str) -> Option<String> {
    let line = text.lines().position(|line| line.contains("soon"))? + 1;
    Some(format!("step notice-1: after_days must be a whole number of days (line {line})"))
}
