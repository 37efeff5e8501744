//! The stored format, for ever. `track_events_v1.jsonl` holds one line for every form in which an event of a track has
//! ever been stored. Lines are only ever added: when a form changes, the careers below show the new one, and the file
//! gains a line.

use std::collections::{BTreeMap, BTreeSet};

use countersign_escalation::domain::{
    acts::Command,
    events::{Matter, TrackEvent},
    policy::PolicySet,
};
use countersign_kernel::Role;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    post::Post,
    world::{World, days, default_policy},
};

const FILE: &str = include_str!("../golden/track_events_v1.jsonl");

#[derive(Deserialize)]
struct Line<'a> {
    kind: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Careers in which every kind of event happens.
fn careers() -> Vec<TrackEvent> {
    let mut suspended = World::new(default_policy());
    let item = suspended.owe("a");
    suspended.pass(days(38));
    suspended.confirm().expect("confirmed");
    suspended.pass(days(31));
    suspended.done(item);
    let mut corrected = World::new(default_policy());
    let item = corrected.owe("b");
    corrected.pass(days(9));
    corrected.act("C. Chief", &[Role::ChiefMedicalOfficer], Command::Note).expect("noted");
    corrected.post = Post::Silent;
    corrected.pass(days(7));
    corrected.voided(item);
    let act = Command::Acknowledge { matter: Some(Matter::Correction) };
    corrected.act("C. Chief", &[Role::ChiefMedicalOfficer], act).expect("seen");
    let text = PolicySet::DEFAULT_FILE.replacen("mode = \"automatic\"", "mode = \"confirmed\"", 1);
    let mut asked = World::new(PolicySet::read(&text, 1).expect("a policy"));
    let item = asked.owe("c");
    asked.pass(days(38));
    asked.confirm().expect("confirmed");
    asked.done(item);
    [suspended, corrected, asked]
        .into_iter()
        .flat_map(|world| world.history)
        .map(|entry| entry.event)
        .collect()
}

fn line(event: &TrackEvent) -> String {
    format!(r#"{{"kind":"{}","data":{}}}"#, event.kind(), serde_json::to_string(event).expect("JSON"))
}

#[test]
fn every_stored_form_decodes_and_encodes_to_itself() {
    for text in FILE.lines() {
        let Line { kind, data } = serde_json::from_str(text).expect("a line of the golden file");
        let event = TrackEvent::decode(&kind, data.get().as_bytes()).expect("a known kind").expect("decodes");
        assert_eq!(event.kind(), kind);
        assert_eq!(line(&event), text);
    }
}

#[test]
fn every_kind_of_event_has_a_line_in_the_form_of_today() {
    // given the first event of each kind, and the last of those that have several shapes
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for event in careers() {
        let shape = match &event {
            TrackEvent::Act(act) => format!("{:?}", std::mem::discriminant(&act.deed)),
            TrackEvent::ProposalDecided(decided) => {
                format!("{:?}", std::mem::discriminant(&decided.decision))
            }
            TrackEvent::StepWithheld(step) => format!("{:?}", std::mem::discriminant(&step.because)),
            _ => String::new(),
        };
        first.entry(format!("{} {shape}", event.kind())).or_insert_with(|| line(&event));
    }
    let kinds: BTreeSet<&str> = first.keys().filter_map(|key| key.split(' ').next()).collect();
    assert_eq!(kinds.len(), 18, "{kinds:?}");
    let known: BTreeSet<&str> = FILE.lines().collect();
    let missing: Vec<&String> = first.values().filter(|line| !known.contains(line.as_str())).collect();
    assert!(
        missing.is_empty(),
        "add to tests/golden/track_events_v1.jsonl:\n{}",
        missing.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    );
}
