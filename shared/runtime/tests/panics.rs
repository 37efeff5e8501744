//! What a panic leaves in the log of a real process: its place, and nothing that it quotes.

use std::process::Command;

use countersign_runtime::{Config, telemetry};

/// Set for the process that panics: this test program, started by itself.
const PART: &str = "COUNTERSIGN_TEST_PART";

#[test]
fn a_panic_is_logged_with_its_place_and_without_what_it_quotes() {
    if std::env::var_os(PART).is_some() {
        return panic_twice();
    }
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--nocapture", "a_panic_is_logged_with_its_place_and_without_what_it_quotes"])
        .env(PART, "panics")
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("started");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let lines: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let panics: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(panics.len(), 2, "{log}");
    for panic in &panics {
        assert!(panic["place"].as_str().is_some_and(|place| place.contains("tests/panics.rs:")), "{panic}");
        assert_eq!(panic["thread"], "reader", "{panic}");
    }
    assert!(!log.contains("MARKER"), "{log}");
    assert!(log.contains("a constant of the program"), "{log}");
}

fn panic_twice() {
    let _guard = telemetry::init(&Config::defaults().telemetry, "1").expect("telemetry");
    // a second call is refused, and disturbs nothing
    assert!(telemetry::init(&Config::defaults().telemetry, "1").is_err());
    for quotes in [true, false] {
        let reader = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
            if quotes {
                "MARKER".parse::<u8>().map_err(|_| "MARKER").expect("a number");
            }
            panic!("a constant of the program");
        });
        assert!(reader.expect("a thread").join().is_err());
    }
}
