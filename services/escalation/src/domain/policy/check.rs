//! What a policy must not say, and what its readers should know.

use std::collections::BTreeSet;

use countersign_contracts::notice::kind;

use super::{
    Mode, Moment, Policy, StepClass,
    ladder::{CHAIR, DELEGATE, OFFICES, PROVIDER},
    suspension::wrong_approvers,
};

/// Where something stands in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A section, by its name.
    Section(&'static str),
    /// A step, by its place on the ladder.
    Step(usize),
}

/// Something that is allowed and should be known before a policy is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The facility that it is about; nothing: everywhere.
    pub facility: Option<String>,
    /// In words.
    pub text: String,
    /// Where that comes from.
    pub source: &'static str,
}

/// Days within which a chart has to be complete after the discharge.
const FEDERAL_LIMIT_DAYS: u16 = 30;
/// Days of notice that published bylaws give at least.
const USUAL_NOTICE_DAYS: u16 = 7;

impl Policy {
    /// What it contradicts itself in, with the remedy.
    pub(super) fn contradictions(&self) -> Vec<(Place, String)> {
        let mut found = Vec::new();
        self.check_ladder(&mut found);
        self.check_types(&mut found);
        self.check_delivery(&mut found);
        self.check_suspension(&mut found);
        self.check_what_follows(&mut found);
        for (name, run) in
            [("cadence.publish", &self.cadence.publish), ("cadence.cutoff", &self.cadence.cutoff)]
        {
            if run.every_weeks == 0 {
                found.push((Place::Section(name), "every_weeks = 0 never comes: write 1".to_owned()));
            }
        }
        found
    }

    fn check_ladder(&self, found: &mut Vec<(Place, String)>) {
        if self.steps.is_empty() {
            found.push((
                Place::Section("step"),
                "the ladder has no step: write at least one [[step]]".to_owned(),
            ));
        }
        let (mut names, mut last) = (BTreeSet::new(), 0);
        for (rung, step) in self.steps.iter().enumerate() {
            let mut say = |problem: String| found.push((Place::Step(rung), problem));
            if step.name.trim().is_empty() || step.kind.trim().is_empty() {
                say("`name` and `kind` must not be empty".to_owned());
            }
            if !names.insert(&step.name) {
                say("this name is used already; names are for ever: choose another".to_owned());
            }
            if step.after_days < last {
                say(format!(
                    "after_days = {} comes before the step below it ({last}): put the steps in order",
                    step.after_days
                ));
            }
            last = step.after_days;
            for role in &step.to {
                if let Some(problem) = unknown_role(role) {
                    say(problem);
                }
            }
            match step.class {
                StepClass::None => {
                    if !step.to.is_empty() || !step.channels.is_empty() || step.warns_of_suspension {
                        say("class = \"none\" sends nothing: leave out to, channels and warns_of_suspension, or \
                             choose \"reminder\" or \"formal\""
                            .to_owned());
                    }
                }
                StepClass::Formal | StepClass::Reminder => {
                    if !step.to.iter().any(|role| role == PROVIDER) {
                        say("`to` does not name the provider: nobody is escalated without being told"
                            .to_owned());
                    }
                    if step.channels.is_empty() {
                        say("`channels` is empty: write for example channels = [\"email\", \"inbox\"]"
                            .to_owned());
                    }
                    if let Some(problem) = unknown_kind(&step.kind, &kind::STEPS) {
                        say(problem);
                    }
                }
            }
            if step.warns_of_suspension && step.class != StepClass::Formal {
                say("a notice that names the day of a suspension is formal: write class = \"formal\""
                    .to_owned());
            }
        }
    }

    fn check_types(&self, found: &mut Vec<(Place, String)>) {
        for kind in &self.types {
            let mut say = |problem: String| found.push((Place::Section("type"), problem));
            if kind.rules.is_empty() && kind.document_types.is_empty() {
                say("it names neither `rules` nor `document_types`: it would be about everything".to_owned());
            }
            for name in kind.after_days.keys() {
                if !self.steps.iter().any(|step| step.name == *name) {
                    say(format!("after_days names the step {name}, and the ladder has none of this name"));
                }
            }
            let mut last = 0;
            for step in &self.steps {
                let days = kind.after_days.get(&step.name).copied().unwrap_or(step.after_days);
                if days < last {
                    say(format!("{} = {days} comes before the step below it ({last})", step.name));
                }
                last = days;
            }
        }
    }

    fn check_delivery(&self, found: &mut Vec<(Place, String)>) {
        let mut say = |problem: String| found.push((Place::Section("delivery"), problem));
        if self.delivery.channels.is_empty() {
            say("`channels` is empty: nothing could ever be delivered; name at least one".to_owned());
        }
        if self.delivery.attempts == 0
            || self.delivery.again_after_days == 0
            || self.delivery.silence_days == 0
        {
            say("attempts, again_after_days and silence_days are at least 1".to_owned());
        }
        if !OFFICES.contains(&self.delivery.in_place_of_chair.as_str()) {
            say(format!("in_place_of_chair must be an office: one of {}", OFFICES.join(", ")));
        }
        for (rung, step) in self.steps.iter().enumerate().filter(|(_, step)| step.class != StepClass::None) {
            let proves = |channel: &_| self.delivery.channels.contains(channel);
            let enough = match self.delivery.required {
                super::Required::Any => step.channels.iter().any(proves),
                super::Required::All => {
                    self.delivery.channels.iter().all(|channel| step.channels.contains(channel))
                        && step.on_all
                }
            };
            if !enough {
                found.push((
                    Place::Step(rung),
                    "its channels can never prove that it was delivered: [delivery] channels and required ask for \
                     others (with required = \"all\" the step needs on_all = true)"
                        .to_owned(),
                ));
            }
        }
    }

    fn check_suspension(&self, found: &mut Vec<(Place, String)>) {
        let mut say = |problem: String| found.push((Place::Section("suspension"), problem));
        let warns = self.steps.iter().filter(|step| step.warns_of_suspension).count();
        if self.suspension.enabled {
            if warns != 1 {
                say(format!(
                    "{warns} steps warn of suspension, and it takes exactly one: write warns_of_suspension = true in \
                     the step whose notice names the day"
                ));
            }
            if self.suspension.notice_days == 0 {
                say("notice_days = 0 would suspend without notice: write 7 or more".to_owned());
            }
            if self.suspension.scope.is_empty() {
                say("`scope` is empty: say what a suspension covers, e.g. [\"new_admissions\"]".to_owned());
            }
            if let Some(problem) = wrong_approvers(&self.suspension.approver_roles) {
                say(problem);
            }
            if self.suspension.proposal_days == 0 {
                say("proposal_days = 0 would lapse at once: write for example 14".to_owned());
            }
            if !self.suspension.told.iter().any(|role| role == PROVIDER) {
                say("`told` does not name the provider".to_owned());
            }
        } else if warns > 0 {
            say("a step warns of suspension, and [suspension] enabled is false: nobody is to be warned of what \
                 cannot come"
                .to_owned());
        }
        if !(1..=2).contains(&self.suspension.approvals) {
            say("approvals is 1 or 2".to_owned());
        }
        for role in &self.suspension.told {
            if let Some(problem) = unknown_role(role) {
                say(problem);
            }
        }
        for office in &self.suspension.proposal_to {
            if let Some(problem) = unknown_office(office) {
                say(problem);
            }
        }
        for (rung, step) in self.steps.iter().enumerate() {
            if step.warns_of_suspension != (step.kind == kind::PRE_SUSPENSION) {
                let problem = format!(
                    "kind = \"{}\" is the one notice that names the day of a suspension: it and \
                     warns_of_suspension = true belong together",
                    kind::PRE_SUSPENSION
                );
                found.push((Place::Step(rung), problem));
            }
        }
        if let Some(rung) = self.warning_rung()
            && rung + 1 != self.steps.len()
        {
            found.push((
                Place::Step(rung),
                "the step that warns of suspension is the last of the ladder: what follows it is the suspension"
                    .to_owned(),
            ));
        }
    }

    fn check_what_follows(&self, found: &mut Vec<(Place, String)>) {
        let sections =
            [("review", &self.review.to), ("npdb", &self.npdb.to), ("regulatory", &self.regulatory.to)];
        for (section, offices) in sections {
            for problem in offices.iter().filter_map(|office| unknown_office(office)) {
                found.push((Place::Section(section), problem));
            }
        }
        if let Some(problem) = unknown_kind(&self.regulatory.kind, &kind::LIMITS) {
            found.push((Place::Section("regulatory"), problem));
        }
        for repeat in &self.repeats {
            let mut say = |problem: String| found.push((Place::Section("repeat"), problem));
            if repeat.count == 0 || repeat.within_months == 0 {
                say("count and within_months are at least 1".to_owned());
            }
            if let Some(problem) = unknown_kind(&repeat.kind, &kind::REPEATS) {
                say(problem);
            }
            for problem in repeat.to.iter().filter_map(|office| unknown_office(office)) {
                say(problem);
            }
        }
        if self.reinstatement.mode == super::ReinstatementMode::Confirmed
            && let Some(problem) = wrong_approvers(&self.reinstatement.approver_roles)
        {
            found.push((Place::Section("reinstatement"), problem));
        }
    }

    /// What is allowed and should be known.
    pub fn remarks(&self, facility: Option<&str>) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut say = |text: String, source| {
            remarks.push(Remark { facility: facility.map(str::to_owned), text, source });
        };
        if !self.suspension.enabled {
            return remarks;
        }
        let notice = self.suspension.notice_days;
        if notice < USUAL_NOTICE_DAYS {
            say(
                format!(
                    "{notice} days lie between the delivered notice and a suspension; published bylaws give 7 to 10"
                ),
                "domain brief, section 3.4",
            );
        }
        if let Some(delinquent) = self.warning_rung().and_then(|rung| self.steps.get(rung)) {
            let first = delinquent.after_days.saturating_add(notice);
            let weekly = self.cadence.mode == Mode::Weekly && self.suspension.at == Moment::Run;
            let wait =
                if weekly { self.cadence.cutoff.every_weeks.saturating_mul(7).saturating_sub(1) } else { 0 };
            let last = first.saturating_add(wait);
            if last >= FEDERAL_LIMIT_DAYS {
                let right = FEDERAL_LIMIT_DAYS.saturating_sub(notice + wait + 1);
                say(
                    format!(
                        "a suspension comes on day {first} to {last}, and a chart has to be complete within \
                         {FEDERAL_LIMIT_DAYS} days of the discharge; for a suspension before that, take the step {} \
                         after {right} days",
                        delinquent.name
                    ),
                    "42 CFR 482.24(c)(4)(viii)",
                );
            }
        }
        remarks
    }
}

fn unknown_role(role: &str) -> Option<String> {
    let known = [PROVIDER, DELEGATE, CHAIR].contains(&role) || OFFICES.contains(&role);
    (!known).then(|| {
        format!(
            "\"{role}\" is nobody who can be told: provider, delegate, chair, or one of {}",
            OFFICES.join(", ")
        )
    })
}

/// What has no templates could not be sent: it is found out when the policy is read, and not when a notice is due.
fn unknown_kind(kind: &str, known: &[&str]) -> Option<String> {
    (!known.contains(&kind)).then(|| {
        format!("kind = \"{kind}\" has no text that could be sent here: one of {}", known.join(", "))
    })
}

fn unknown_office(office: &str) -> Option<String> {
    (!OFFICES.contains(&office)).then(|| format!("\"{office}\" is no office: one of {}", OFFICES.join(", ")))
}
