//! Which charts and procedures a rule concerns.

use countersign_contracts::chart::{EncounterClass, Procedure};
use serde::Deserialize;

use super::schema;

/// Conditions; all of those that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Applies {
    /// Encounter classes.
    #[schemars(schema_with = "schema::encounter_classes")]
    pub classes: Vec<EncounterClass>,
    /// Observation counts only once it has lasted longer than this.
    pub observation_longer_than_hours: Option<u16>,
    /// Only stays at least this long, from admission to discharge. An unknown admission counts as long.
    pub stay_at_least_hours: Option<u16>,
    /// Only stays shorter than this. An unknown admission counts as long.
    pub stay_under_hours: Option<u16>,
    /// Deaths in these classes count whatever the length of stay.
    #[schemars(schema_with = "schema::encounter_classes")]
    pub deaths_in: Vec<EncounterClass>,
    /// Only stays that ended in death (`true`) or did not (`false`).
    pub died: Option<bool>,
    /// Only these discharge dispositions (PV1-36, as sent).
    pub dispositions: Vec<String>,
    /// Not these discharge dispositions.
    pub dispositions_except: Vec<String>,
    /// Only these hospital services (PV1-10, as sent).
    pub services: Vec<String>,
    /// Not these hospital services.
    pub services_except: Vec<String>,
    /// Only these facilities.
    pub facilities: Vec<String>,
    /// Only documents of a trainee or an advanced practice provider (`true`), or of others (`false`).
    pub trainee_author: Option<bool>,
    /// Only procedures with these codes (PR1-3); `*` at the end stands for any text.
    pub procedure_codes: Vec<String>,
    /// Only procedures of these functional types (PR1-6, HL7 table 0230). One without a type always counts.
    pub procedure_types: Vec<String>,
    /// Only procedures with (`true`) or without (`false`) anesthesia.
    pub anesthesia: Option<bool>,
    /// Only where a history and physical was written up to so many days before the admission.
    pub prior_history_days: Option<u16>,
}

impl Applies {
    /// Whether the rule concerns this procedure.
    pub fn to_procedure(&self, procedure: &Procedure) -> bool {
        let code_fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => procedure.code.starts_with(start),
            None => procedure.code == *pattern,
        };
        let type_fits = |kind: &String| self.procedure_types.iter().any(|wanted| wanted == kind);
        (self.procedure_codes.is_empty() || self.procedure_codes.iter().any(code_fits))
            && (self.procedure_types.is_empty() || procedure.functional_type.as_ref().is_none_or(type_fits))
            && self.anesthesia.is_none_or(|wanted| procedure.anesthesia == wanted)
    }

    /// Whether the rule concerns a stay in this service that ended (if it has) with this disposition.
    pub fn to_stay(&self, facility: &str, service: Option<&str>, disposition: Option<&str>) -> bool {
        let one_of = |wanted: &[String], sent: Option<&str>| {
            wanted.is_empty() || sent.is_some_and(|sent| wanted.iter().any(|one| one == sent))
        };
        let none_of = |unwanted: &[String], sent: Option<&str>| {
            sent.is_none_or(|sent| unwanted.iter().all(|one| one != sent))
        };
        one_of(&self.facilities, Some(facility))
            && one_of(&self.services, service)
            && none_of(&self.services_except, service)
            && one_of(&self.dispositions, disposition)
            && none_of(&self.dispositions_except, disposition)
    }
}
