use countersign_governance::{Command, Event, Reason, sha256};
use countersign_kernel::Timestamp;

use super::*;

fn march() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().expect("an instant")
}

fn begun() -> RuleBook {
    let mut book = RuleBook::default();
    for event in RuleBook::installation(RuleSet::DEFAULT_FILE).expect("the shipped rules") {
        book.evolve(&event, march()).expect("in order");
    }
    book
}

#[test]
fn a_text_that_is_no_rule_set_is_refused_with_the_line() {
    let text = RuleSet::DEFAULT_FILE.replacen("holds_bill = true", "hold_bill = true", 1);
    let line = text.lines().position(|line| line.starts_with("hold_bill")).expect("there") + 1;
    let command = Command::Draft { title: None, text, why: "shorter lag".to_owned() };
    let refusal = begun().decide(command, "kim", march()).expect_err("no rule set");
    assert!(matches!(refusal.reason, Reason::Invalid(_)));
    assert!(refusal.to_string().contains(&format!("line {line}")), "{refusal}");
}

/// What an installation begins with goes into the record word for word.
#[test]
fn the_first_rule_set_is_recorded_as_ever() {
    let [drafted, checked, published] = RuleBook::installation(RuleSet::DEFAULT_FILE).expect("the rules");
    let json = |event: &Event| serde_json::to_string(event).expect("encodes");
    let why = "the rules that this installation began with";
    assert!(json(&drafted).ends_with(&format!(
        r#""sha256":"{}","author":"countersign (installation)","why":"{why}"}}"#,
        sha256(RuleSet::DEFAULT_FILE)
    )));
    assert_eq!(json(&checked), format!(r#"{{"version":1,"by":"countersign (installation)","why":"{why}"}}"#));
    assert_eq!(
        json(&published),
        format!(
            r#"{{"version":1,"effective_from":"2000-01-01T00:00:00Z","by":"countersign (installation)","why":"{why}"}}"#
        )
    );
}

/// Every form in which an event has ever been stored. Lines are only added.
#[test]
fn the_stored_form_stays() {
    let stored = [
        (
            "rules-drafted",
            r#"{"version":2,"title":"Spring","text":"title = 1","sha256":"ab","based_on":1,"author":"kim","why":"lag"}"#,
        ),
        (
            "rules-drafted",
            r#"{"version":1,"title":"First","text":"","sha256":"ab","author":"kim","why":"lag"}"#,
        ),
        ("rules-checked", r#"{"version":2,"by":"lee","why":"read"}"#),
        (
            "rules-published",
            r#"{"version":2,"effective_from":"2026-04-01T00:00:00Z","by":"lee","why":"committee"}"#,
        ),
        ("rules-withdrawn", r#"{"version":2,"by":"kim","why":"wrong limit"}"#),
    ];
    for (kind, data) in stored {
        let event = Event::decode::<RuleSet>(kind, data.as_bytes()).expect("known").expect("decodes");
        assert_eq!(event.kind::<RuleSet>(), kind);
        assert_eq!(serde_json::to_string(&event).expect("encodes"), data);
    }
    assert!(Event::decode::<RuleSet>("rules-celebrated", b"{}").is_none());
}
