//! The simulated hospital knows who owes what; the product must find out from the messages alone.

use std::{collections::BTreeMap, sync::mpsc, thread};

use countersign_acceptance::{
    hospital,
    place::Place,
    worklist::{Deficiency, Key, Worklist, by_key, difference, rows_of_folder},
};
use countersign_hospital::{Dirt, Hospital, Row, Settings, TimeStyle, write_folder};
use countersign_testkit::program::run;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Seeds of dirty months, and discharges in each.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
const DISCHARGES: u32 = 60;
/// Seeds worked at the same time.
const WORKERS: u64 = 2;

#[test]
fn given_a_dirty_month_of_any_of_twenty_seeds_then_the_worklist_is_what_the_hospital_knows() {
    let (failed, failures) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let failed = failed.clone();
            scope.spawn(move || {
                for seed in SEEDS.filter(|seed| seed % WORKERS == worker) {
                    let hospital = hospital::month(seed, DISCHARGES, Dirt::default());
                    if let Err(why) = compare(&hospital, "") {
                        let _ = failed.send((seed, why));
                    }
                }
            });
        }
    });
    drop(failed);
    let failures: BTreeMap<u64, String> = failures.into_iter().collect();
    let told: Vec<String> = failures.iter().map(|(seed, why)| format!("seed {seed}: {why}")).collect();
    assert!(told.is_empty(), "{} of 20 seeds differ\n{}", told.len(), told.join("\n"));
}

/// The clocks of New York go forward on the 8th of March 2026, so that days of due dates have 23 hours.
#[test]
fn given_two_hospitals_in_a_zone_that_changes_its_clocks_then_days_are_those_of_the_wall() {
    for times in [TimeStyle::Local, TimeStyle::WithOffset] {
        let hospital = Hospital::new(Settings {
            discharges_per_month: 120,
            months: 1,
            seed: 21,
            facilities: 2,
            start: "2026-02-20T05:00:00Z".parse().expect("an instant"),
            time_zone: TimeZone::get("America/New_York").expect("a zone"),
            times,
            histories_cosigned: false,
            ..Settings::default()
        })
        .expect("settings that can be simulated");
        if let Err(why) = compare(&hospital, "[facility]\ntime_zone = \"America/New_York\"\n") {
            panic!("{times:?}: {why}");
        }
    }
}

/// Sends a hospital's month through the product and compares what is owed at its end with the truth.
fn compare(hospital: &Hospital, config: &str) -> Result<(), String> {
    let place = Place::new();
    let sent = place.path().join("sent");
    write_folder(hospital, &sent).expect("the run can be written");
    let data = place.data();
    let config = place.write("countersign.toml", config).to_string_lossy().into_owned();
    let (sent, folder) = (sent.to_string_lossy(), data.to_string_lossy());
    let summary: Value =
        run(["ingest", &*sent, "--data", &*folder, "--config", &config, "--json"]).well().json();
    let truth = hospital.truth();
    let counts = [
        ("read", truth.total.sent),
        ("duplicate", truth.total.duplicates),
        ("accepted", truth.total.sent - truth.total.duplicates - truth.total.quarantined),
        ("not_used", truth.total.unmapped),
    ];
    for (name, wanted) in counts {
        if summary[name] != wanted {
            return Err(format!("{name}: {wanted} messages by the truth, summary {summary}"));
        }
    }
    if summary["quarantined"].as_u64().zip(summary["rejected"].as_u64()).map(|(a, b)| a + b)
        != Some(truth.total.quarantined)
    {
        return Err(format!("{} messages cannot be placed, summary {summary}", truth.total.quarantined));
    }
    let (wanted, tags) = expected(&truth.rows);
    let tags = |key: &Key| tags.get(key).cloned().unwrap_or_default();
    // The product goes on after the end of the run: what arises later by the passing of time is no part of it.
    let end: Timestamp = hospital.end();
    let rows = rows_of_folder(&data, &["--config", &config]).into_iter();
    let found = by_key(rows.filter(|row| row.opened_at < end).collect());
    if let Some(difference) = difference(&wanted, &found, tags) {
        return Err(difference);
    }
    // What was owed at that instant is the same question, answered from the charts in place of the worklist.
    let then = by_key(rows_of_folder(&data, &["--config", &config, "--as-of", &end.to_string()]));
    difference(&wanted, &then, tags).map_or(Ok(()), |why| Err(format!("as of {end}: {why}")))
}

/// The truth in the shape of a worklist, and what was unusual about each row.
fn expected(rows: &[Row]) -> (Worklist, BTreeMap<Key, Vec<String>>) {
    let mut tags = BTreeMap::new();
    let rows = rows
        .iter()
        .map(|row| {
            let deficiency = Deficiency {
                id: String::new(),
                chart: String::new(),
                facility: row.facility.clone(),
                encounter: row.encounter.clone(),
                rule: row.rule.clone(),
                rule_version: 1,
                subject: row.subject.clone(),
                document_type: row.document_type.clone(),
                responsible: row.responsible.clone(),
                status: serde_json::to_value(row.status)
                    .ok()
                    .and_then(|status| status.as_str().map(str::to_owned))
                    .expect("a status has a name"),
                anchor_at: (!row.waits).then_some(row.anchor_at),
                due_at: (!row.waits).then_some(row.due_at),
                opened_at: row.opened_at,
                closed_at: row.closed_at,
            };
            tags.insert(deficiency.key(), row.tags.clone());
            deficiency
        })
        .collect();
    (by_key(rows), tags)
}
