//! The stored format of directory and site, for ever. Lines are only ever added to the file.

use countersign_deficiency::domain::{people::events::PeopleEvent, site::events::SiteEvent};
use serde::Deserialize;
use serde_json::value::RawValue;

const FILE: &str = include_str!("directory_events_v1.jsonl");

#[derive(Deserialize)]
struct Line<'a> {
    kind: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

fn lines() -> Vec<Line<'static>> {
    FILE.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Decodes and encodes again; the kind that the event itself says, and its content.
fn again(kind: &str, data: &[u8]) -> (&'static str, String) {
    if let Ok(event) = PeopleEvent::decode(kind, data) {
        return (event.kind(), serde_json::to_string(&event).unwrap());
    }
    let event = SiteEvent::decode(kind, data).unwrap_or_else(|error| panic!("{kind}: {error}"));
    (event.kind(), serde_json::to_string(&event).unwrap())
}

#[test]
fn every_stored_form_decodes_and_encodes_to_itself() {
    for Line { kind, data } in lines() {
        assert_eq!(again(kind, data.get().as_bytes()), (kind, data.get().to_owned()));
    }
}

#[test]
fn every_kind_has_a_line() {
    let mut kinds: Vec<&str> = lines().iter().map(|line| line.kind).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "provider-reported",
            "provider-edited",
            "providers-merged",
            "providers-merge-undone",
            "leave-recorded",
            "leave-changed",
            "leave-decided",
            "leave-cancelled",
            "facility-described",
            "downtime-recorded",
            "downtime-cancelled",
            "department-described",
            "provider-snapshot",
            "facility-snapshot"
        ]
    );
}

#[test]
fn an_event_of_a_later_version_is_no_event() {
    assert!(PeopleEvent::decode("provider-promoted", b"{}").is_err());
    assert!(SiteEvent::decode("facility-closed", b"{}").is_err());
}
