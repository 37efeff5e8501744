//! Suspension, its end, and what follows from it.

use std::collections::BTreeSet;

use countersign_kernel::Role;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ladder::Moment;

/// Who may decide about suspensions at all; a policy chooses among them.
pub const APPROVERS: &[Role] = &[Role::MedicalStaffOffice, Role::ChiefMedicalOfficer];

/// What is wrong with the roles that a policy lets decide.
pub(super) fn wrong_approvers(roles: &BTreeSet<Role>) -> Option<String> {
    if roles.is_empty() {
        return Some("`approver_roles` is empty: nobody could confirm".to_owned());
    }
    let stranger = roles.iter().find(|role| !APPROVERS.contains(role))?;
    let allowed: Vec<&str> = APPROVERS.iter().map(|role| role.name()).collect();
    Some(format!(
        "`approver_roles` names {}, who may not decide about suspensions: write {}",
        stranger.name(),
        allowed.join(" or ")
    ))
}

/// What follows a pre-suspension notice. Never executed by software alone: a named human confirms each one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Suspension {
    /// It is proposed at all.
    pub enabled: bool,
    /// Not before so many whole days have passed since the pre-suspension notice was delivered to the provider.
    pub notice_days: u16,
    /// At any time, or with the cutoff run.
    pub at: Moment,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not: the hospital's bylaws decide.
    pub exempt: Vec<String>,
    /// How many different people confirm it: 1 or 2.
    pub approvals: u8,
    /// In which roles.
    #[schemars(schema_with = "roles_schema")]
    pub approver_roles: BTreeSet<Role>,
    /// Offices that are asked to decide.
    pub proposal_to: Vec<String>,
    /// Who is told of a suspension, and of its end: `provider`, `delegate`, `chair`, or an office.
    pub told: Vec<String>,
    /// A proposal that nobody decided about lapses after so many days of 24 hours; the next one is made anew.
    pub proposal_days: u16,
    /// Services that must not lose their last provider without an override by the chief medical officer: specialties, or
    /// codes of departments, as the directory has them; capitals do not matter.
    pub coverage: Vec<String>,
}

impl Default for Suspension {
    fn default() -> Self {
        Self {
            enabled: false,
            notice_days: 7,
            at: Moment::Run,
            scope: Vec::new(),
            exempt: Vec::new(),
            approvals: 1,
            approver_roles: [Role::ChiefMedicalOfficer].into(),
            proposal_to: vec!["medical_staff_office".to_owned(), "chief_medical_officer".to_owned()],
            told: vec!["provider".to_owned(), "medical_staff_office".to_owned()],
            proposal_days: 14,
            coverage: Vec::new(),
        }
    }
}

/// How a suspension ends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reinstatement {
    /// By itself, or by a named human.
    pub mode: ReinstatementMode,
    /// When: at once, or on the next day of business.
    pub lift: Lift,
    /// Not before it has lasted so many hours.
    pub minimum_hours: u16,
    /// In which roles people confirm it, where they do.
    #[schemars(schema_with = "roles_schema")]
    pub approver_roles: BTreeSet<Role>,
}

impl Default for Reinstatement {
    fn default() -> Self {
        Self {
            mode: ReinstatementMode::default(),
            lift: Lift::default(),
            minimum_hours: 0,
            approver_roles: [Role::ChiefMedicalOfficer, Role::MedicalStaffOffice].into(),
        }
    }
}

/// Who ends a suspension once its items are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReinstatementMode {
    /// The software.
    #[default]
    Automatic,
    /// A named human, asked at once.
    Confirmed,
}

/// When a suspension ends once its items are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lift {
    /// At once.
    #[default]
    AtOnce,
    /// With the beginning of the next day of business.
    NextBusinessDay,
}

/// When a committee looks at a suspension.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// After so many days in force.
    pub after_days: u16,
    /// Offices that are asked.
    pub to: Vec<String>,
}

impl Default for Review {
    fn default() -> Self {
        Self { after_days: 30, to: vec!["executive_committee".to_owned()] }
    }
}

/// When the question is asked whether a suspension is a professional review action, to be reported to the NPDB: before
/// day 31 (42 U.S.C. 11133).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Npdb {
    /// On this day of the suspension.
    pub prompt_day: u16,
    /// Offices that are asked.
    pub to: Vec<String>,
}

impl Default for Npdb {
    fn default() -> Self {
        Self { prompt_day: 25, to: vec!["medical_staff_office".to_owned()] }
    }
}

/// What follows repeated suspensions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// So many suspensions began...
    pub count: u32,
    /// ...within so many months that end with the last of them.
    #[serde(default = "a_year")]
    pub within_months: u16,
    /// Which template tells of it.
    pub kind: String,
    /// Offices that are told.
    pub to: Vec<String>,
}

const fn a_year() -> u16 {
    12
}

/// Fines: the register tells what has accrued. Nothing here asks anybody for money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fines {
    /// The hospital has them.
    pub enabled: bool,
    /// Per day, in cents.
    pub cents_per_day: u32,
    /// From this day of a suspension on.
    pub after_days: u16,
}

impl Fines {
    /// What has accrued in so many days of suspension, in cents; nothing: the hospital has no fines.
    pub fn accrued_cents(&self, days: u32) -> Option<u64> {
        let before = u32::from(self.after_days).saturating_sub(1);
        self.enabled.then(|| u64::from(days.saturating_sub(before)) * u64::from(self.cents_per_day))
    }
}

/// When a chart goes to HIM and the chief medical officer, whatever personal clocks say (guard b).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Regulatory {
    /// So many days after the discharge; 0: never.
    pub days: u16,
    /// Offices that are told.
    pub to: Vec<String>,
    /// Which template tells of it.
    pub kind: String,
}

impl Default for Regulatory {
    fn default() -> Self {
        Self {
            days: 25,
            to: vec!["him".to_owned(), "chief_medical_officer".to_owned()],
            kind: "regulatory-limit".to_owned(),
        }
    }
}

fn roles_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = Role::ALL.map(Role::name);
    schemars::json_schema!({ "type": "array", "items": { "type": "string", "enum": names } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fine_accrues_from_the_day_that_the_policy_names() {
        // fifty dollars a day after five weeks on suspension: one hospital's rule
        let fines = Fines { enabled: true, cents_per_day: 5_000, after_days: 36 };
        assert_eq!([35, 36, 40].map(|days| fines.accrued_cents(days)), [Some(0), Some(5_000), Some(25_000)]);
        let from_the_first = Fines { after_days: 0, ..fines.clone() };
        assert_eq!(from_the_first.accrued_cents(3), Some(15_000));
        assert_eq!(Fines { enabled: false, ..fines }.accrued_cents(40), None);
    }
}
