//! Who is who, who is active, who belongs where.

use countersign_contracts::{Field, staff::StaffReported};
use countersign_deficiency::domain::people::{
    Refusal, Standing,
    decide::{Asked, Command, decide, record_of},
    events::Changes,
};
use countersign_deficiency::domain::site::Site;
use countersign_kernel::Person;

use crate::given::*;

fn since(text: &str) -> Standing {
    Standing::Inactive { since: Some(at(text)) }
}

#[test]
fn a_person_is_found_by_identifier_and_authority() {
    // given two people with one number of two authorities, and one of them with a second number
    let mut both = report("1001@HOSP", "01-01");
    both.identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("7@NPI"), kind: "NPI".into() });
    let directory = directory([both, report("1001@CLINIC", "01-01")]);
    let main = |who: &str| directory.resolve(&person(who)).map(|found| found.id.clone());
    // then each is found by either, and the number alone says nothing where it is ambiguous
    assert_eq!(main("1001@HOSP"), Some(id("1001@HOSP")));
    assert_eq!(main("7@NPI"), Some(id("1001@HOSP")));
    assert_eq!(main("7"), Some(id("1001@HOSP")));
    assert_eq!(main("1001"), None);
    assert_eq!(main("7@HOSP"), None);
    // and a name alone proves nothing
    assert!(directory.resolve(&Person { family: "WELBY".into(), ..Person::default() }).is_none());
}

#[test]
fn an_identifier_that_two_records_claim_is_that_of_the_record_it_is_the_main_one_of() {
    let mut other = report("2002@HOSP", "01-01");
    other
        .identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("1001@HOSP"), kind: String::new() });
    other
        .identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("7@NPI"), kind: String::new() });
    let mut one = report("1001@HOSP", "01-01");
    one.identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("7@NPI"), kind: String::new() });
    let directory = directory([other, one]);
    assert_eq!(directory.find(&id("1001@HOSP")).unwrap().id, id("1001@HOSP"));
    assert!(directory.find(&id("7@NPI")).is_none(), "nobody's main identifier: ambiguous");
}

#[test]
fn case_41_whoever_is_only_named_in_messages_is_active_unless_the_directory_is_complete() {
    let directory = directory([report("1001@HOSP", "01-01")]);
    let now = at("03-01");
    assert_eq!(directory.standing(&person("9@HOSP"), now, false), Standing::Active);
    assert_eq!(directory.standing(&person("9@HOSP"), now, true), Standing::Unknown);
    assert_eq!(directory.standing(&person("1001@HOSP"), now, true), Standing::Active);
    assert_eq!(directory.standing(&Person::default(), now, false), Standing::Unknown);
}

#[test]
fn case_17_a_deactivated_provider_is_inactive_from_then_on_and_active_before() {
    // given somebody who is added in January, deactivated in March and comes back in June
    let directory = directory([
        StaffReported { active: Some(true), ..report("1@H", "01-10") },
        StaffReported { active: Some(false), ..report("1@H", "03-01") },
        StaffReported { active: Some(true), ..report("1@H", "06-01") },
    ]);
    let standing = |when| directory.standing(&person("1@H"), at(when), true);
    // then every instant has its answer; before the first record nothing says otherwise
    assert_eq!(standing("01-01"), Standing::Active);
    assert_eq!(standing("02-28 23:59"), Standing::Active);
    assert_eq!(standing("03-01"), since("03-01"));
    assert_eq!(standing("05-31"), since("03-01"));
    assert_eq!(standing("06-01"), Standing::Active);
    // and the changes are foreseen
    assert_eq!(directory.next_change(&person("1@H"), at("01-01")), Some(at("03-01")));
    assert_eq!(directory.next_change(&person("1@H"), at("03-01")), Some(at("06-01")));
    assert_eq!(directory.next_change(&person("1@H"), at("06-01")), None);
}

#[test]
fn dates_of_activity_are_local_days_and_speak_of_the_whole_period() {
    // given a record of March that says: from 10 January to 31 May, in Chicago
    let dated = StaffReported {
        active_from: Field::Value("2026-01-10".parse().unwrap()),
        active_until: Field::Value("2026-05-31".parse().unwrap()),
        time_zone: "America/Chicago".into(),
        ..report("1@H", "03-01")
    };
    let directory = directory([dated]);
    let standing = |when| directory.standing(&person("1@H"), at(when), true);
    assert_eq!(standing("01-10 05:59"), Standing::Inactive { since: None });
    assert_eq!(standing("01-10 06:00"), Standing::Active);
    assert_eq!(standing("06-01 04:59"), Standing::Active);
    assert_eq!(standing("06-01 05:00"), since("06-01 05:00"));
}

#[test]
fn a_full_record_after_the_return_does_not_undo_the_absence() {
    // given records that all repeat the first day of activity
    let first_day = Field::Value("2026-01-01".parse().unwrap());
    let snapshot =
        |active, when| StaffReported { active: Some(active), active_from: first_day, ..report("1@H", when) };
    let directory = directory([
        snapshot(true, "01-01"),
        snapshot(false, "03-01"),
        snapshot(true, "06-01"),
        snapshot(true, "07-01"),
    ]);
    let standing = |when| directory.standing(&person("1@H"), at(when), true);
    assert_eq!(standing("02-01"), Standing::Active);
    assert_eq!(standing("04-01"), since("03-01"));
    assert_eq!(standing("06-15"), Standing::Active);
    assert_eq!(standing("08-01"), Standing::Active);
}

#[test]
fn details_hold_from_their_effect_on_and_fields_not_sent_stay() {
    let directory = directory([
        StaffReported {
            departments: vec!["ICU".into(), "CARD".into()],
            service: Field::Value("MED".into()),
            ..report("1@H", "01-01")
        },
        StaffReported { departments: vec!["ER".into()], service: Field::Null, ..report("1@H", "03-01") },
    ]);
    let provider = directory.find(&id("1@H")).unwrap();
    assert_eq!(directory.departments_of(&person("1@H"), at("02-01")), ["CARD", "ICU"]);
    assert_eq!(directory.departments_of(&person("1@H"), at("03-01")), ["ER"]);
    assert_eq!(provider.details_at(at("02-01")).unwrap().service.as_deref(), Some("MED"));
    assert_eq!(provider.details_at(at("03-01")).unwrap().service, None);
    assert_eq!(directory.members_of("ER", at("02-01")).count(), 0);
    assert_eq!(directory.members_of("ER", at("04-01")).count(), 1);
}

#[test]
fn a_name_without_credentials_says_nothing_of_them() {
    let named = |family: &str, credentials: &[&str], when: &str| StaffReported {
        name: Some(Person {
            family: family.into(),
            credentials: credentials.iter().map(|one| (*one).to_owned()).collect(),
            ..Person::default()
        }),
        ..report("1@H", when)
    };
    let directory = directory([named("Welby", &["RES"], "01-01"), named("Jones", &[], "02-01")]);
    let person = directory.find(&id("1@H")).unwrap().person(at("03-01"));
    assert_eq!(
        (person.family.as_str(), person.credentials.as_slice()),
        ("Jones", ["RES".to_owned()].as_slice())
    );
}

#[test]
fn a_later_reading_of_a_message_replaces_what_the_earlier_said_and_may_take_it_back() {
    let first = StaffReported { active: Some(false), ..report("1@H", "02-01") };
    let second = StaffReported { reading: 1, active: Some(true), ..first.clone() };
    let taken_back = StaffReported { reading: 2, withdrawn: true, ..second.clone() };
    let known = report("1@H", "01-01");
    let standing = |reports: &[&StaffReported]| {
        directory(reports.iter().copied().cloned()).standing(&person("1@H"), at("03-01"), true)
    };
    assert_eq!(standing(&[&known, &first]), since("02-01"));
    assert_eq!(standing(&[&known, &first, &second]), Standing::Active);
    assert_eq!(standing(&[&known, &second, &first]), Standing::Active, "the earlier reading comes late");
    let gone = directory([second, taken_back]);
    assert_eq!(gone.standing(&person("1@H"), at("03-01"), true), Standing::Unknown);
}

#[test]
fn a_file_and_a_feed_that_know_one_person_by_other_numbers_write_into_one_record() {
    let mut listed = report("E77@CSV", "01-01");
    listed
        .identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("7@NPI"), kind: "NPI".into() });
    let directory = directory([listed]);
    let mut sent = report("1001@HOSP", "02-01");
    assert_eq!(record_of(&directory, &sent), id("1001@HOSP"));
    sent.identifiers
        .push(countersign_contracts::staff::StaffIdentifier { id: id("7@NPI"), kind: String::new() });
    assert_eq!(record_of(&directory, &sent), id("E77@CSV"));
}

#[test]
fn merged_records_are_one_provider_and_the_surviving_ones_word_counts() {
    let one = StaffReported { departments: vec!["CARD".into()], ..report("1@H", "01-01") };
    let two = StaffReported {
        active: Some(false),
        departments: vec!["OLD".into()],
        specialty: Field::Value("IM".into()),
        ..report("2@LAB", "02-01")
    };
    let mut directory = directory([one, two]);
    ask(&mut directory, &manager(), "03-01", merge("2@LAB", "1@H")).unwrap();
    // then both identifiers mean the one, active, whose gaps the other fills
    let provider = directory.resolve(&person("2@LAB")).unwrap();
    assert_eq!((&provider.id, &provider.merged), (&id("1@H"), &vec![id("2@LAB")]));
    assert!(provider.has(&id("2@LAB")) && provider.has(&id("1@H")));
    assert_eq!(directory.standing(&person("2@LAB"), at("04-01"), true), Standing::Active);
    let details = directory.find(&id("2@LAB")).unwrap().details_at(at("04-01")).unwrap();
    assert_eq!(
        (details.departments.as_slice(), details.specialty.as_deref()),
        (["CARD".to_owned()].as_slice(), Some("IM"))
    );
    assert_eq!(directory.providers().count(), 1);
}

#[test]
fn somebody_only_named_in_messages_can_be_merged_into_the_directory() {
    let mut directory = directory([StaffReported { active: Some(false), ..report("1@H", "01-01") }]);
    ask(&mut directory, &manager(), "03-01", merge("WELBYM@OLD", "1@H")).unwrap();
    assert_eq!(directory.standing(&person("WELBYM@OLD"), at("03-01"), false), since("01-01"));
}

#[test]
fn merges_are_refused_with_the_rule_and_what_would_be_allowed() {
    let mut directory = directory([report("1@H", "01-01"), report("2@H", "01-01"), report("3@H", "01-01")]);
    let refused = |directory: &mut _, command| {
        let refusal = ask(directory, &manager(), "03-01", command).unwrap_err();
        (refusal.rule(), refusal.to_string())
    };
    assert_eq!(refused(&mut directory, merge("1@H", "1@H")).0, "merge-same-person");
    let (rule, text) = refused(&mut directory, merge("1@H", "9@H"));
    assert_eq!(rule, "provider-unknown");
    assert!(text.contains("9 (H)") && text.contains("enter the provider first"), "{text}");
    ask(&mut directory, &manager(), "03-01", merge("1@H", "2@H")).unwrap();
    assert_eq!(refused(&mut directory, merge("1@H", "3@H")).0, "merge-already");
    assert_eq!(refused(&mut directory, merge("2@H", "1@H")).0, "merge-same-person");
    assert_eq!(refused(&mut directory, unmerge("3@H")).0, "merge-missing");
    // a chain is possible and comes apart link by link
    ask(&mut directory, &manager(), "03-02", merge("2@H", "3@H")).unwrap();
    assert_eq!(directory.find(&id("1@H")).unwrap().id, id("3@H"));
    ask(&mut directory, &manager(), "03-03", unmerge("2@H")).unwrap();
    assert_eq!(directory.find(&id("1@H")).unwrap().id, id("2@H"));
}

#[test]
fn two_merges_into_each_other_at_once_make_no_circle() {
    // given two managers who decide at once on the same directory
    let before = directory([report("1@H", "01-01"), report("2@H", "01-01")]);
    let one = ask(&mut before.clone(), &manager(), "03-01", merge("1@H", "2@H")).unwrap().unwrap();
    let other = ask(&mut before.clone(), &manager(), "03-01", merge("2@H", "1@H")).unwrap().unwrap();
    // when both are on record, then the one that came first counts
    let mut directory = before;
    directory.evolve(&one);
    directory.evolve(&other);
    assert_eq!(directory.find(&id("1@H")).unwrap().id, id("2@H"));
    assert_eq!(directory.providers().count(), 1);
}

#[test]
fn a_change_by_hand_has_a_reason() {
    let changes = Changes { specialty: Field::Value("IM".into()), ..Changes::default() };
    let asked = Asked { actor: &manager(), at: at("03-01"), why: " " };
    let decided = decide(&directory([]), &Site::default(), edit("1@H", "03-01", changes), &asked);
    assert_eq!(decided, Err(Refusal::NoReason));
}

#[test]
fn an_edit_changes_what_it_names_once() {
    let mut directory = directory([report("1@H", "01-01")]);
    let changes = Changes {
        supervisor: Field::Value(id("2@H")),
        delegate: Field::Value(id("3@H")),
        identifiers: vec![countersign_contracts::staff::StaffIdentifier {
            id: id("7@NPI"),
            kind: "NPI".into(),
        }],
        ..Changes::default()
    };
    let command = edit("1@H", "02-01", changes);
    assert!(ask(&mut directory, &manager(), "03-01", command.clone()).unwrap().is_some());
    assert_eq!(directory.supervisor_of(&person("7@NPI"), at("03-01")).unwrap().id.as_deref(), Some("2"));
    assert_eq!(directory.delegate_of(&person("1@H"), at("03-01")).unwrap().id.as_deref(), Some("3"));
    // the same again changes nothing
    assert_eq!(ask(&mut directory, &manager(), "03-02", command), Ok(None));
    // an identifier of somebody else is refused, the main one cannot go, a wrong one can
    let taken = Changes {
        identifiers: vec![countersign_contracts::staff::StaffIdentifier {
            id: id("7@NPI"),
            kind: String::new(),
        }],
        ..Changes::default()
    };
    let refusal = ask(&mut directory, &manager(), "03-02", edit("2@H", "02-01", taken)).unwrap_err();
    assert_eq!(refusal.rule(), "identifier-taken");
    let without = |who: &str| Changes { without_identifiers: vec![id(who)], ..Changes::default() };
    let refusal = ask(&mut directory, &manager(), "03-02", edit("1@H", "02-02", without("1@H"))).unwrap_err();
    assert_eq!(refusal.rule(), "identifier-main");
    ask(&mut directory, &manager(), "03-02", edit("1@H", "02-02", without("7@NPI"))).unwrap();
    assert!(directory.find(&id("7@NPI")).is_none());
}

#[test]
fn an_imported_line_changes_nothing_the_second_time() {
    let mut directory = directory([]);
    let line = StaffReported { specialty: Field::Value("IM".into()), ..report("1@H", "01-01") };
    let import = |report: &StaffReported| Command::Import(Box::new(report.clone()));
    assert!(ask(&mut directory, &manager(), "03-01", import(&line)).unwrap().is_some());
    let again = StaffReported {
        effective_at: at("03-05"),
        message: countersign_kernel::MessageId::derive(&["again"]),
        ..line
    };
    assert_eq!(ask(&mut directory, &manager(), "03-05", import(&again)), Ok(None));
    let refusal = ask(&mut directory, &manager(), "03-05", import(&report(" @H", "01-01"))).unwrap_err();
    assert_eq!(refusal.rule(), "identifier-needed");
}
