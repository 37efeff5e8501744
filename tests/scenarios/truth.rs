//! The simulated hospital knows who owes what; the product must find out from the messages alone.

use std::{collections::BTreeMap, sync::mpsc, thread};

use countersign_acceptance::{
    hospital,
    place::Place,
    worklist::{Deficiency, Key, Worklist, difference, rows_of_folder},
};
use countersign_hospital::{Dirt, Hospital, Row, write_folder};
use countersign_testkit::program::run;
use serde_json::Value;

/// Seeds of dirty months, and discharges in each.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
const DISCHARGES: u32 = 80;
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
                    if let Err(why) = compare(&hospital) {
                        let _ = failed.send((seed, why));
                    }
                }
            });
        }
    });
    drop(failed);
    let failures: BTreeMap<u64, String> = failures.into_iter().collect();
    let told: Vec<String> =
        failures.iter().map(|(seed, why)| format!("seed {seed}: {why}")).collect();
    assert!(told.is_empty(), "{} of 20 seeds differ\n{}", told.len(), told.join("\n"));
}

/// Sends a hospital's month through the product and compares what is owed at its end with the truth.
fn compare(hospital: &Hospital) -> Result<(), String> {
    let place = Place::new();
    let sent = place.path().join("sent");
    write_folder(hospital, &sent).expect("the run can be written");
    let data = place.data();
    let (sent, folder) = (sent.to_string_lossy(), data.to_string_lossy());
    let summary: Value = run(["ingest", &*sent, "--data", &*folder, "--json"]).well().json();
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
    // The product goes on after the end of the run: what arises later by the passing of time is no part of it.
    let rows = rows_of_folder(&data, &[]).into_iter().filter(|row| row.opened_at < hospital.end());
    let found = countersign_acceptance::worklist::by_key(rows.collect());
    let (wanted, tags) = expected(&truth.rows);
    difference(&wanted, &found, |key| tags.get(key).cloned().unwrap_or_default()).map_or(Ok(()), Err)
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
                anchor_at: row.anchor_at,
                due_at: row.due_at,
                opened_at: row.opened_at,
                closed_at: row.closed_at,
            };
            tags.insert(deficiency.key(), row.tags.clone());
            deficiency
        })
        .collect();
    (countersign_acceptance::worklist::by_key(rows), tags)
}
