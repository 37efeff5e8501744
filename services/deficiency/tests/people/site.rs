//! Facilities and departments as data.

use countersign_contracts::Field;
use countersign_deficiency::domain::site::{
    DowntimeId, Holiday, Refusal, Site,
    decide::{Asked, Command, FacilityChanges, decide},
    events::SiteEvent,
};
use countersign_kernel::DayCount;

use crate::given::{at, id, manager};

fn ask(site: &mut Site, when: &str, command: Command) -> Result<Option<SiteEvent>, Refusal> {
    let asked = Asked { actor: &manager(), at: at(when), why: "as agreed" };
    let event = decide(site, command, &asked)?;
    if let Some(event) = &event {
        site.evolve(event);
    }
    Ok(event)
}

fn describe(changes: FacilityChanges) -> Command {
    Command::DescribeFacility { code: "NORTH".into(), changes: Box::new(changes) }
}

fn chicago() -> FacilityChanges {
    FacilityChanges {
        time_zone: Some("America/Chicago".into()),
        jurisdiction: Some("US-IL".into()),
        ..FacilityChanges::default()
    }
}

fn holiday(date: &str, name: &str) -> Holiday {
    Holiday { date: date.parse().unwrap(), name: name.into() }
}

fn described() -> Site {
    let mut site = Site::default();
    ask(&mut site, "01-01", describe(chicago())).unwrap();
    site
}

#[test]
fn case_28_holidays_are_data_and_keep_their_names() {
    let mut site = described();
    let holidays = vec![holiday("2026-05-25", "Memorial Day"), holiday("2026-07-03", "Independence Day")];
    ask(
        &mut site,
        "01-01",
        describe(FacilityChanges { more_holidays: holidays, ..FacilityChanges::default() }),
    )
    .unwrap();
    let zone = site.zone("NORTH").unwrap().clone();
    let due = site.calendar("NORTH").end_of_business_day_after(
        "2026-05-22T20:00:00Z".parse().unwrap(),
        DayCount(1),
        &zone,
    );
    assert_eq!(due.to_string(), "2026-05-27T04:59:59Z", "the end of Tuesday in Chicago");
    let renamed = vec![holiday("2026-05-25", "Decoration Day")];
    ask(
        &mut site,
        "01-02",
        describe(FacilityChanges { more_holidays: renamed, ..FacilityChanges::default() }),
    )
    .unwrap();
    let known = &site.facility("NORTH").unwrap().data.as_ref().unwrap().holidays;
    assert_eq!(
        known.iter().map(|day| day.name.as_str()).collect::<Vec<_>>(),
        ["Decoration Day", "Independence Day"]
    );
}

#[test]
fn a_facility_that_nobody_described_has_the_defaults() {
    let site = Site::default();
    assert!(site.facility("X").is_none() && site.zone("X").is_none() && site.jurisdiction("X").is_none());
    assert!(!site.calendar("X").works_on("2026-05-23".parse().unwrap()), "a Saturday");
    assert_eq!(site.minimum_bill_hold_days("X"), 3);
    assert!(!site.strict_directory("X") && site.own_leave_needs_approval("X"));
    assert!(site.downtimes("X").is_empty());
}

#[test]
fn a_description_changes_what_it_names_and_the_same_again_changes_nothing() {
    let mut site = described();
    assert_eq!(ask(&mut site, "01-02", describe(chicago())), Ok(None));
    let changes = FacilityChanges {
        weekend: Some(vec!["Friday".into(), "saturday".into()]),
        minimum_bill_hold_days: Some(5),
        strict_directory: Some(true),
        own_leave_needs_approval: Some(false),
        ..FacilityChanges::default()
    };
    ask(&mut site, "01-02", describe(changes)).unwrap();
    assert_eq!(site.jurisdiction("NORTH"), Some("US-IL"));
    assert_eq!(site.minimum_bill_hold_days("NORTH"), 5);
    assert!(site.strict_directory("NORTH") && !site.own_leave_needs_approval("NORTH"));
    assert!(site.calendar("NORTH").works_on("2026-05-24".parse().unwrap()), "a Sunday");
    assert!(!site.calendar("NORTH").works_on("2026-05-22".parse().unwrap()), "a Friday");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_would() {
    let mut site = Site::default();
    let rule = |site: &mut Site, command| ask(site, "01-01", command).unwrap_err().rule();
    assert_eq!(rule(&mut site, describe(FacilityChanges::default())), "content-missing");
    for (changes, expected) in [
        (FacilityChanges { time_zone: Some("Chicago".into()), ..chicago() }, "time-zone-unknown"),
        (FacilityChanges { jurisdiction: Some("California".into()), ..chicago() }, "jurisdiction-unknown"),
        (FacilityChanges { weekend: Some(vec!["sun".into()]), ..chicago() }, "weekday-unknown"),
        (
            FacilityChanges {
                weekend: Some(
                    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
                        .map(String::from)
                        .to_vec(),
                ),
                ..chicago()
            },
            "week-without-business",
        ),
    ] {
        assert_eq!(rule(&mut site, describe(changes)), expected);
    }
    let downtime = |until: Option<&str>| Command::RecordDowntime {
        downtime: DowntimeId::derive(&["d"]),
        facility: "NORTH".into(),
        from: at("02-01"),
        until: until.map(at),
    };
    assert_eq!(rule(&mut site, downtime(None)), "facility-unknown");
    let mut site = described();
    assert_eq!(rule(&mut site, downtime(Some("02-01"))), "period-empty");
}

#[test]
fn a_downtime_is_recorded_ended_and_cancelled() {
    let mut site = described();
    let downtime = DowntimeId::derive(&["d"]);
    let record = |until: Option<&str>| Command::RecordDowntime {
        downtime,
        facility: "NORTH".into(),
        from: at("02-01 10:00"),
        until: until.map(at),
    };
    ask(&mut site, "02-01 11:00", record(None)).unwrap();
    assert_eq!(site.downtimes("NORTH")[0].until, None);
    ask(&mut site, "02-01 19:00", record(Some("02-01 18:00"))).unwrap();
    assert_eq!(site.downtimes("NORTH").len(), 1);
    assert_eq!(site.downtimes("NORTH")[0].until, Some(at("02-01 18:00")));
    assert_eq!(ask(&mut site, "02-02", record(Some("02-01 18:00"))), Ok(None));
    ask(&mut site, "02-03", Command::CancelDowntime { downtime }).unwrap();
    assert!(site.downtimes("NORTH").is_empty());
    assert_eq!(
        ask(&mut site, "02-03", Command::CancelDowntime { downtime }).unwrap_err().rule(),
        "downtime-unknown"
    );
}

#[test]
fn a_department_is_what_it_was_at_the_time() {
    let mut site = described();
    let department = |name: Option<&str>, chair: Field<_>, closed, when: &str| Command::DescribeDepartment {
        facility: "NORTH".into(),
        code: "CARD".into(),
        name: name.map(String::from),
        chair,
        closed,
        effective_at: Some(at(when)),
    };
    ask(&mut site, "01-05", department(Some("Cardiology"), Field::Value(id("1@H")), false, "01-01")).unwrap();
    ask(&mut site, "01-05", department(None, Field::Value(id("2@H")), false, "03-01")).unwrap();
    ask(&mut site, "01-05", department(None, Field::Absent, true, "06-01")).unwrap();
    let chair = |when: &str| site.chair_of("NORTH", "CARD", at(when)).cloned();
    assert_eq!(site.department("NORTH", "CARD", "2025-12-31T00:00:00Z".parse().unwrap()), None);
    assert_eq!(chair("02-28"), Some(id("1@H")));
    assert_eq!(chair("03-01"), Some(id("2@H")));
    assert_eq!(site.department("NORTH", "CARD", at("03-01")).unwrap().name, "Cardiology");
    assert_eq!(site.department("NORTH", "CARD", at("06-01")), None);
    assert_eq!(site.departments(at("05-01")).count(), 1);
    assert_eq!(site.departments(at("07-01")).count(), 0);
}
