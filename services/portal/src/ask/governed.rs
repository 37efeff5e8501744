//! Governed texts: rule sets and escalation policies. Their endpoints are the same, at two addresses.

use countersign_contracts::api::{
    RuleView,
    escalation::{PolicyDetail, PolicyDiff, PolicyLint, PolicySetting, PolicyStep},
    governed::{DraftRequest, FieldDiff, LintRequest, PartDiff, StepView, VersionView, VersionsView},
    rules::{LintReport, RuleSetDetail, RuleSetDiff},
};
use serde::Serialize;

use super::{get, post, with_query};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// Which texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// Rule sets.
    Rules,
    /// Escalation policies.
    Policies,
}

impl Texts {
    const fn path(self) -> &'static str {
        match self {
            Self::Rules => "/api/v1/rule-sets",
            Self::Policies => "/api/v1/escalation/policies",
        }
    }
}

/// One version with everything in it.
pub(crate) struct Detail {
    /// Its life.
    pub(crate) set: VersionView,
    /// What it says.
    pub(crate) content: Content,
    /// Why the services cannot read it, if they cannot.
    pub(crate) problem: Option<String>,
    /// The file, as it was drafted.
    pub(crate) text: String,
}

/// What a version says.
pub(crate) enum Content {
    Rules(Vec<RuleView>),
    Policy(Vec<PolicyStep>, Vec<PolicySetting>),
}

/// What differs in a version from another one.
pub(crate) struct Comparison {
    /// The other one.
    pub(crate) against: u32,
    /// The text as a whole.
    pub(crate) settings: Vec<FieldDiff>,
    /// Rules, or steps.
    pub(crate) parts: Vec<PartDiff>,
}

/// What is wrong with a text, and what may be meant otherwise; a text without faults can be drafted.
pub(crate) struct Looked {
    pub(crate) faults: Vec<String>,
    pub(crate) remarks: Vec<String>,
}

pub(crate) async fn list(api: &dyn Api, texts: Texts) -> Result<VersionsView, Failure> {
    get(api, Call::get(texts.path())).await
}

pub(crate) async fn one(api: &dyn Api, texts: Texts, version: u32) -> Result<Detail, Failure> {
    let call = Call::get(format!("{}/{version}", texts.path()));
    Ok(match texts {
        Texts::Rules => {
            let RuleSetDetail { set, rules, problem, text } = get(api, call).await?;
            Detail { set, content: Content::Rules(rules), problem, text }
        }
        Texts::Policies => {
            let PolicyDetail { set, steps, settings, problem, text } = get(api, call).await?;
            Detail { set, content: Content::Policy(steps, settings), problem, text }
        }
    })
}

/// What differs in a version from another one, or from the one it was based on.
pub(crate) async fn compare(
    api: &dyn Api,
    texts: Texts,
    version: u32,
    against: Option<u32>,
) -> Result<Comparison, Failure> {
    let against = against.map(|against| against.to_string());
    let path = format!("{}/{version}/diff", texts.path());
    let call = Call::get(with_query(&path, [("against", against.as_deref())]));
    Ok(match texts {
        Texts::Rules => {
            let RuleSetDiff { against, settings, rules, .. } = get(api, call).await?;
            Comparison { against, settings, parts: rules }
        }
        Texts::Policies => {
            let PolicyDiff { against, settings, steps, .. } = get(api, call).await?;
            Comparison { against, settings, parts: steps }
        }
    })
}

/// Looks at a text without keeping it.
pub(crate) async fn look(api: &dyn Api, texts: Texts, text: &str) -> Result<Looked, Failure> {
    let (path, request) = (format!("{}/lint", texts.path()), LintRequest { text: text.to_owned() });
    Ok(match texts {
        Texts::Rules => {
            let LintReport { faults, .. } = post(api, path, &request, "").await?;
            Looked { faults, remarks: Vec::new() }
        }
        Texts::Policies => {
            let PolicyLint { problems, remarks, .. } = post(api, path, &request, "").await?;
            Looked { faults: problems, remarks }
        }
    })
}

/// Proposes a text. `seen` is the version that it was written from, and when the form was made.
pub(crate) async fn draft(
    api: &dyn Api,
    texts: Texts,
    request: &DraftRequest,
    seen: &str,
) -> Result<StepView, Failure> {
    post(api, texts.path().to_owned(), request, seen).await
}

/// Takes a step in the life of a version: `check`, `publish` or `withdraw`.
pub(crate) async fn step(
    api: &dyn Api,
    texts: Texts,
    (version, step): (u32, &str),
    request: &impl Serialize,
    seen: &str,
) -> Result<StepView, Failure> {
    post(api, format!("{}/{version}/{step}", texts.path()), request, seen).await
}
