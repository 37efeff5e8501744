//! The JSON schema of the rule file, for editors: derived from the types that read it.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::file::File;

/// JSON Schema (2020-12) of a rule file.
pub fn schema() -> Schema {
    schemars::schema_for!(File)
}

pub(super) fn encounter_classes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "enum":
        ["inpatient", "observation", "day_surgery", "emergency", "outpatient", "preadmit", "recurring"] } })
}

pub(super) fn document_type(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "string", "enum": [
            "history_and_physical", "operative_report", "discharge_summary", "history_and_physical_update",
            "immediate_postoperative_note", "pre_anesthesia_evaluation", "post_anesthesia_evaluation",
            "consultation_report", "progress_note", "emergency_note", "transfer_summary", "procedure_note",
            "death_summary", "coding_query", "pathology_report", "consent", "autopsy_report"] },
        { "type": "object", "properties": { "other": { "type": "string" } }, "required": ["other"],
          "additionalProperties": false }
    ] })
}

pub(super) fn document_types(generator: &mut SchemaGenerator) -> Schema {
    let items = document_type(generator);
    json_schema!({ "type": "array", "items": items })
}
