use super::*;

fn profiles(text: &str) -> Profiles {
    Profiles::from_toml(text, "UTC").expect("profiles")
}

fn error(text: &str) -> String {
    Profiles::from_toml(text, "UTC").expect_err("an error").to_string()
}

#[test]
fn the_commented_defaults_are_a_file_that_can_be_read_back() {
    // given the embedded file, when it is used as a file of one's own, then it says the same
    let profiles = profiles(DEFAULT_FILE);
    let default = profiles.of("ANY", "WHERE");
    assert_eq!(default.name, DEFAULT_NAME);
    assert_eq!(default.document_types.get("34117-2"), Some(&Some(DocumentType::HistoryAndPhysical)));
    assert_eq!(default.classes.get(" ip "), Some(&Some(EncounterClass::Inpatient)));
    assert!(default.trainee_credentials.holds("pgy2"));
}

#[test]
fn the_example_in_the_comments_is_a_feed_that_works() {
    let example = DEFAULT_FILE
        .lines()
        .skip_while(|line| *line != "# [[feed]]")
        .map(|line| line.trim_start_matches("# "))
        .collect::<Vec<_>>()
        .join("\n");
    let profiles = profiles(&example);
    let north = profiles.of("TRANSCRIPTION", "NORTH-1");
    assert_eq!(north.name, "north-transcription");
    assert_eq!(north.document_types.get("dsum"), Some(&Some(DocumentType::DischargeSummary)));
    assert_eq!(north.document_types.get("DIS"), Some(&None));
}

#[test]
fn a_feed_takes_from_the_default_what_it_does_not_say() {
    let profiles = profiles(
        r#"
        [default]
        time_zone = "Europe/Paris"
        [[feed]]
        name = "lab"
        match = { application = "LAB*" }
        demand_signer_and_time = true
        [feed.classes]
        inpatient = ["99"]
        unmapped = ["B"]
        "#,
    );
    let lab = profiles.of("LAB1", "X");
    assert_eq!(lab.time_zone, "Europe/Paris");
    assert!(lab.demand_signer_and_time);
    assert_eq!(lab.classes.get("99"), Some(&Some(EncounterClass::Inpatient)));
    assert_eq!(lab.classes.get("B"), Some(&None));
    assert_eq!(lab.classes.get("OBS"), Some(&Some(EncounterClass::Observation)));
    assert_eq!(profiles.of("ADT", "X").name, DEFAULT_NAME);
    assert_eq!(profiles.names().collect::<Vec<_>>(), ["lab", "default"]);
}

#[test]
fn an_unknown_key_is_an_error_with_a_suggestion() {
    let message = error("[default]\ntimezone = \"UTC\"");
    assert!(message.contains("did you mean `time_zone`?"), "{message}");
    let message = error("[default]\nvisit_number = [\"PV1-9\"]");
    assert!(message.contains("did you mean `PV1-19`?"), "{message}");
    let message = error("[[feeds]]\nname = \"a\"");
    assert!(message.contains("did you mean `feed`?"), "{message}");
}

#[test]
fn a_file_that_cannot_be_meant_is_refused() {
    assert!(error("[default]\ntime_zone = \"Mars/Olympus\"").contains("Mars/Olympus"));
    assert!(error("[default]\nname = \"x\"").contains("[default]"));
    assert!(error("[[feed]]\nmatch = {}").contains("no `name`"));
    assert!(error("[[feed]]\nname = \"default\"").contains("taken"));
    assert!(error("[default]\nvisit_number = []").contains("visit_number"));
    assert!(error("[default.classes]\ninpatient = [\"I\"]\nobservation = [\"i\"]").contains("two lists"));
}

#[test]
fn a_broken_file_leaves_the_profiles_in_force() {
    // given profiles from a file
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("feeds.toml");
    std::fs::write(&path, "[[feed]]\nname = \"a\"").expect("written");
    let store = ProfileStore::open(Some(&path), "UTC").expect("profiles");
    // when the file is broken and read again
    std::fs::write(&path, "[[feed]]\nnam = \"b\"").expect("written");
    assert!(store.reload().is_err());
    // then the old ones stay, until it is whole again
    assert_eq!(store.current().of("X", "Y").name, "a");
    std::fs::write(&path, "[[feed]]\nname = \"b\"").expect("written");
    store.reload().expect("reloaded");
    assert_eq!(store.current().of("X", "Y").name, "b");
}
