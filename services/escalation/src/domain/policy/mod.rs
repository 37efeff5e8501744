//! The escalation policy: what a hospital wants to happen, as governed data.
//!
//! One file holds the policy for everywhere and what differs at single facilities ([`PolicySet`]); [`Policy`] is what
//! holds at one of them. Days are local days of the facility unless a field says otherwise.

mod aging;
mod cadence;
mod check;
mod delivery;
mod file;
mod ladder;
mod suspension;

use std::collections::BTreeMap;

use countersign_contracts::notice::PolicyReference;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

pub use aging::{Aging, AgingBase, Applies, Clock, Counted, Guards, Leave, TypeDays};
pub use cadence::{Cadence, Mode, Run, Weekday};
pub use check::Remark;
pub use delivery::{Delivery, EmailProof, ReadProof, Required};
pub use file::PolicyFileError;
pub(super) use file::sha256;
pub use ladder::{CHAIR, DELEGATE, Moment, OFFICES, PROVIDER, Step, StepClass};
pub use suspension::{
    APPROVERS, Fines, Lift, Npdb, Regulatory, Reinstatement, ReinstatementMode, Repeat, Review, Suspension,
};

/// A policy file: what holds everywhere, and what differs at facilities.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySet {
    /// What holds where no facility says otherwise.
    pub everywhere: Policy,
    /// What holds at facilities that say something of their own, by code.
    pub facilities: BTreeMap<String, Policy>,
}

impl PolicySet {
    /// The shipped policy.
    pub const DEFAULT_FILE: &'static str = include_str!("../../../policies/default.toml");

    /// Reads a policy file as this version. The number in the book of versions counts, whatever the text says.
    ///
    /// # Errors
    /// It is no TOML of this shape, or it contradicts itself: with line and remedy.
    pub fn read(text: &str, version: u32) -> Result<Self, PolicyFileError> {
        file::read(text, version)
    }

    /// What holds at a facility.
    pub fn of(&self, facility: &str) -> &Policy {
        self.facilities.get(facility).unwrap_or(&self.everywhere)
    }

    /// Name for people.
    pub fn title(&self) -> &str {
        &self.everywhere.title
    }

    /// What is allowed and should be known before it is published, for everywhere and for each facility.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = self.everywhere.remarks(None);
        for (facility, policy) in &self.facilities {
            remarks.extend(policy.remarks(Some(facility)));
        }
        remarks
    }

    /// JSON Schema (2020-12) of a policy file, for editors.
    pub fn schema() -> Schema {
        schemars::schema_for!(Policy)
    }
}

/// What holds at one facility.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Countersign escalation policy")]
pub struct Policy {
    /// Version, title and hash of the text it came from: goes into everything that is decided by it.
    #[serde(skip, default = "unread")]
    pub reference: PolicyReference,
    /// Name for people.
    pub title: String,
    /// What ages count from, in which days.
    #[serde(default)]
    pub aging: Aging,
    /// When steps are taken: at any time, or with a weekly run.
    #[serde(default)]
    pub cadence: Cadence,
    /// What stops the clock.
    #[serde(default)]
    pub clock: Clock,
    /// Which leaves stop it.
    #[serde(default)]
    pub leave: Leave,
    /// Which items it is about.
    #[serde(default)]
    pub applies: Applies,
    /// Which items count for a step, and which not.
    #[serde(default)]
    pub guards: Guards,
    /// Other day counts for items of some types; the first that fits holds.
    #[serde(default, rename = "type")]
    pub types: Vec<TypeDays>,
    /// The ladder, from the lowest step up.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What counts as delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// What follows a pre-suspension notice.
    #[serde(default)]
    pub suspension: Suspension,
    /// How a suspension ends.
    #[serde(default)]
    pub reinstatement: Reinstatement,
    /// When a committee looks at a suspension.
    #[serde(default)]
    pub review: Review,
    /// When the question of a report to the NPDB is asked.
    #[serde(default)]
    pub npdb: Npdb,
    /// What follows repeated suspensions.
    #[serde(default, rename = "repeat")]
    pub repeats: Vec<Repeat>,
    /// Fines: the register tells what has accrued.
    #[serde(default)]
    pub fines: Fines,
    /// When a chart goes to HIM and the chief medical officer whatever personal clocks say.
    #[serde(default)]
    pub regulatory: Regulatory,
    /// What happens after the services were away.
    #[serde(default)]
    pub outage: Outage,
    /// What differs at facilities: any of the sections above, merged field by field; steps by their name.
    #[serde(default, rename = "facility")]
    #[schemars(schema_with = "overrides_schema")]
    overrides: BTreeMap<String, toml::Table>,
}

impl Policy {
    /// Place of the step that warns of suspension, if the policy has one.
    pub fn warning_rung(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.warns_of_suspension)
    }

    /// The step at a place of the ladder.
    pub fn step(&self, rung: u32) -> Option<&Step> {
        self.steps.get(usize::try_from(rung).ok()?)
    }
}

/// What happens after the services were away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outage {
    /// No step is taken for so many hours after the services are back: messages may still be on their way.
    pub settle_hours: u16,
    /// If more tracks than this would move at once, a human looks first; 0: never.
    pub many_tracks: u32,
}

impl Default for Outage {
    fn default() -> Self {
        Self { settle_hours: 4, many_tracks: 200 }
    }
}

fn unread() -> PolicyReference {
    PolicyReference { version: 0, title: String::new(), sha256: String::new() }
}

fn overrides_schema(_: &mut schemars::SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "object", "additionalProperties": { "type": "object" } })
}
