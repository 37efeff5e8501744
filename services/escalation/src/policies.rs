//! Policies as governed data: drafted, checked by somebody else, published, withdrawn. The shipped policy is version 1 of
//! an installation that begins.

use std::{fmt::Write as _, sync::Arc};

use countersign_contracts::{
    api::{
        escalation::{PolicyDetail, PolicyDiff, PolicyLint, PolicySetting, PolicyStep},
        governed::VersionView,
    },
    notice::PolicyReference,
};
use countersign_governance::{
    Governed, Guarded, StepKind, Version, Words,
    api::{Address, Offered},
    diff,
};
use countersign_kernel::Timestamp;

pub use countersign_governance::GovernanceError;

use crate::{
    authority::Act,
    domain::policy::{Mode, Moment, Policy, PolicyFileError, PolicySet, Remark, Run, StepClass},
};

/// The book of policies in the journal, and the way to take steps in it.
pub type Governance = countersign_governance::Governance<PolicySet>;
/// The book of policies.
pub type Book = countersign_governance::Book<PolicySet>;

impl Governed for PolicySet {
    const WORDS: Words = Words {
        category: "policy",
        noun: "escalation policy",
        plural: "escalation policies",
        command: "countersign escalation policies",
        installed: "first start: the policy that this program or its configuration brings",
    };
    type Problem = PolicyFileError;

    fn read(text: &str, version: u32) -> Result<Self, PolicyFileError> {
        Self::read(text, version)
    }

    fn title(&self) -> &str {
        Self::title(self)
    }
}

impl Guarded for PolicySet {
    type Act = Act;

    fn act(step: StepKind) -> Act {
        match step {
            StepKind::Draft => Act::DraftPolicy,
            StepKind::Check => Act::CheckPolicy,
            StepKind::Publish => Act::PublishPolicy,
            StepKind::Withdraw => Act::WithdrawPolicy,
        }
    }
}

impl Offered for PolicySet {
    const ADDRESS: Address = Address {
        path: "/api/v1/escalation/policies",
        tag: "escalation",
        noun: "policy",
        plural: "policies",
        short: "policy",
        file: "policy file",
        content: "ladder",
        part: "step",
    };
    type Detail = PolicyDetail;
    type Comparison = PolicyDiff;
    type Lint = PolicyLint;

    fn detail(version: &Version<Self>, life: VersionView) -> PolicyDetail {
        let content = version.content.as_ref();
        PolicyDetail {
            set: life,
            steps: content.map(|set| ladder(&set.everywhere)).unwrap_or_default(),
            settings: content.map(|set| settings(set)).unwrap_or_default(),
            problem: content.err().cloned(),
            text: version.text.to_string(),
        }
    }

    fn comparison(version: &Version<Self>, against: &Version<Self>) -> PolicyDiff {
        let table = |text: &str| named(text.parse::<toml::Table>().unwrap_or_default());
        let difference = diff::between(table(&against.text), table(&version.text));
        PolicyDiff {
            version: version.version,
            against: against.version,
            settings: difference.settings.into_iter().map(Into::into).collect(),
            steps: difference.parts.into_iter().map(Into::into).collect(),
        }
    }

    fn lint(text: &str) -> PolicyLint {
        match Self::read(text, 0) {
            Ok(set) => PolicyLint {
                valid: true,
                problems: Vec::new(),
                remarks: set.remarks().iter().map(remark).collect(),
                steps: ladder(&set.everywhere),
            },
            Err(error) => PolicyLint {
                valid: false,
                problems: vec![error.to_string()],
                remarks: Vec::new(),
                steps: Vec::new(),
            },
        }
    }
}

/// The policy that something keeps to; where it keeps to none, or this program cannot read that one any more, the one in
/// force at `now`.
pub(crate) fn kept(
    book: &Book,
    keeps_to: Option<&PolicyReference>,
    now: Timestamp,
) -> Option<Arc<PolicySet>> {
    keeps_to
        .and_then(|reference| book.version(reference.version)?.content.as_ref().ok())
        .or_else(|| book.in_force_at(now))
        .map(Arc::clone)
}

/// The text of a policy, if its hash is the one.
pub(crate) fn text_of(book: &Book, reference: &PolicyReference) -> Option<String> {
    let version = book.version(reference.version)?;
    (version.sha256 == reference.sha256).then(|| version.text.to_string())
}

/// Steps are known by their names, as other parts of governed texts by their ids.
fn named(mut table: toml::Table) -> toml::Table {
    if let Some(toml::Value::Array(steps)) = table.get_mut("step") {
        for step in steps.iter_mut().filter_map(toml::Value::as_table_mut) {
            if let Some(name) = step.remove("name") {
                step.insert("id".to_owned(), name);
            }
        }
    }
    table
}

fn remark(remark: &Remark) -> String {
    let place = remark.facility.as_ref().map_or_else(String::new, |facility| format!("{facility}: "));
    format!("{place}{} ({})", remark.text, remark.source)
}

fn ladder(policy: &Policy) -> Vec<PolicyStep> {
    let clock = match policy.cadence.mode {
        Mode::Weekly => " with the next run",
        Mode::Continuous => "",
    };
    policy
        .steps
        .iter()
        .map(|step| {
            let mut after = format!("{} days on the clock of the oldest item that counts", step.after_days);
            if let Some(days) = step.days_after_previous {
                let _ = write!(after, ", and {days} days after the previous notice was delivered");
            }
            if step.at == Moment::Run {
                after.push_str(clock);
            }
            let class = match step.class {
                StepClass::Formal => "a formal notice",
                StepClass::Reminder => "a reminder",
                StepClass::None => "a line in the digest",
            };
            let warns = if step.warns_of_suspension { ", naming the day of a suspension" } else { "" };
            PolicyStep {
                name: step.name.clone(),
                after,
                does: format!("{class} `{}`{warns}", step.kind),
                to: step.to.clone(),
            }
        })
        .collect()
}

fn settings(set: &PolicySet) -> Vec<PolicySetting> {
    let policy = &set.everywhere;
    let said = |name: &str, value: String| PolicySetting { name: name.to_owned(), value };
    let run = |run: &Run| {
        let weeks =
            if run.every_weeks == 1 { String::new() } else { format!(", every {} weeks", run.every_weeks) };
        format!("{:?} at {}{weeks}", run.day, run.at.strftime("%H:%M"))
    };
    let mut settings = vec![
        said("cadence.mode", format!("{:?}", policy.cadence.mode).to_lowercase()),
        said("cadence.publish", run(&policy.cadence.publish)),
        said("cadence.cutoff", run(&policy.cadence.cutoff)),
        said("suspension.enabled", if policy.suspension.enabled { "yes" } else { "no" }.to_owned()),
    ];
    if policy.suspension.enabled {
        settings.extend([
            said("suspension.notice_days", format!("{} days after delivery", policy.suspension.notice_days)),
            said("suspension.scope", policy.suspension.scope.join(", ")),
            said("suspension.exempt", policy.suspension.exempt.join(", ")),
            said("suspension.approvals", policy.suspension.approvals.to_string()),
        ]);
    }
    if policy.fines.enabled {
        let fines = &policy.fines;
        let cents = format!("{} cents a day from day {} on", fines.cents_per_day, fines.after_days.max(1));
        settings.push(said("fines", cents));
    }
    settings.extend([
        said("regulatory.days", policy.regulatory.days.to_string()),
        said("outage.settle_hours", policy.outage.settle_hours.to_string()),
        said("outage.many_tracks", policy.outage.many_tracks.to_string()),
    ]);
    for facility in set.facilities.keys() {
        settings.push(said("facility", format!("{facility} has settings of its own")));
    }
    settings
}
