//! Every released form of what runs store decodes, and is written as it was.

use countersign_escalation::runs::events::RunEvent;
use serde_json::Value;

#[test]
fn every_released_event_of_a_run_reads_and_writes_as_it_was() {
    let file = include_str!("../golden/runs.jsonl");
    let mut kinds = Vec::new();
    for line in file.lines() {
        let stored: Value = serde_json::from_str(line).expect("JSON");
        let kind = stored["kind"].as_str().expect("a kind");
        let event =
            RunEvent::decode(kind, stored["data"].to_string().as_bytes()).expect("known").expect("decodes");
        assert_eq!(event.kind(), kind);
        assert_eq!(serde_json::to_value(&event).expect("JSON"), stored["data"], "{kind}");
        kinds.push(kind.to_owned());
    }
    assert_eq!(kinds, ["run-published", "run-held", "run-released"]);
}
