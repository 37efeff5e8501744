//! Messages come late, twice and in any order; what is owed in the end is the same.

use std::collections::BTreeMap;

use countersign_acceptance::{
    hospital,
    load::Dice,
    place::Place,
    sample::{message, segment},
    worklist::{Deficiency, difference, in_words, of_messages, rows_of_folder},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::run;

#[test]
fn given_a_month_in_any_order_with_repetitions_and_delays_then_the_worklist_is_that_of_the_orderly_month() {
    let orderly = hospital::messages(&hospital::month(71, 25, Dirt::none()));
    let wanted = of_messages(&orderly);
    for seed in 1..=5 {
        let mut dice = Dice::new(seed);
        let mut arrived = orderly.clone();
        match seed {
            1 => arrived.reverse(),
            // Each may be overtaken by the next hundred.
            2 => arrived = delayed(arrived, &mut dice, 100),
            _ => dice.shuffle(&mut arrived),
        }
        for _ in 0..orderly.len() / 5 {
            let again = arrived[usize::try_from(dice.below(arrived.len() as u64)).expect("an index")].clone();
            let at = usize::try_from(dice.below(arrived.len() as u64)).expect("an index");
            arrived.insert(at, again);
        }
        if let Some(difference) = difference(&wanted, &of_messages(&arrived), |_| Vec::new()) {
            panic!("order {seed}: {difference}");
        }
    }
}

/// Some messages wait for up to `most` later ones.
fn delayed(messages: Vec<Vec<u8>>, dice: &mut Dice, most: u64) -> Vec<Vec<u8>> {
    let mut waiting: Vec<(u64, Vec<u8>)> = messages
        .into_iter()
        .zip(0..)
        .map(|(message, number)| {
            let wait = if dice.below(4) == 0 { dice.below(most) } else { 0 };
            (number + wait, message)
        })
        .collect();
    waiting.sort_by_key(|(at, _)| *at);
    waiting.into_iter().map(|(_, message)| message).collect()
}

const ADAMS: &str = "7001^ADAMS^RUTH";
const BELL: &str = "7002^BELL^IAN";
const CRUZ: &str = "7003^CRUZ^EVA";
const OKAFOR: &str = "7100^OKAFOR^NIA";
const SATO: &str = "7200^SATO^KEN";

/// The messages of one stay in which nearly everything is corrected or taken back later.
fn stay(visit: &str) -> Vec<String> {
    let patient = segment("PID", &[(3, &format!("9{visit}^^^MERCY^MR")), (5, "LUMEN^ADA")]);
    let number = |what: &str| format!("{visit}-{what}");
    let pv1 = |class: &str, attending: &str, more: &[(usize, &str)]| {
        let mut fields = vec![(1, "1"), (2, class), (3, "4W^1"), (7, attending), (19, visit)];
        fields.extend(more);
        segment("PV1", &fields)
    };
    let operation = segment(
        "PR1",
        &[(1, "1"), (3, "OP7"), (5, "20260303090000"), (7, "60"), (11, SATO), (19, &number("OR"))],
    );
    let txa = |kind: &str, what: &str, status: &str, more: &[(usize, &str)]| {
        let (number, availability) = (number(what), if status == "AU" { "AV" } else { "UN" });
        let mut fields =
            vec![(1, "1"), (2, kind), (3, "TX"), (12, number.as_str()), (17, status), (19, availability)];
        fields.extend(more);
        segment("TXA", &fields)
    };
    let of_resident = [(9, OKAFOR), (10, ADAMS)];
    let history_signed = [(9, OKAFOR), (10, ADAMS), (22, "7100^OKAFOR^NIA^^^^^^^^^^^^20260302091500")];
    let summary = [(9, OKAFOR), (10, CRUZ)];
    let summary_signed = [(9, OKAFOR), (10, CRUZ), (22, "7100^OKAFOR^NIA^^^^^^^^^^^^20260308100000")];
    let operation_number = number("OR");
    let of_surgeon = [(5, SATO), (9, SATO), (14, operation_number.as_str())];
    let plain = || pv1("I", "", &[]);
    let told: [(&str, &str, Vec<String>); 14] = [
        ("ADT^A04", "20260301080000", vec![pv1("OBS", ADAMS, &[(44, "20260301080000")])]),
        ("ADT^A06", "20260301180000", vec![pv1("I", ADAMS, &[(44, "20260301080000")])]),
        ("MDM^T02", "20260302070000", vec![plain(), txa("HP", "H", "DO", &of_resident)]),
        ("MDM^T04", "20260302093000", vec![plain(), txa("HP", "H", "AU", &history_signed)]),
        ("ADT^A08", "20260303120000", vec![pv1("I", BELL, &[]), operation]),
        ("MDM^T02", "20260303140000", vec![plain(), txa("OP", "O", "DO", &of_surgeon)]),
        ("ADT^A03", "20260306100000", vec![pv1("I", BELL, &[(36, "01")])]),
        ("ADT^A13", "20260306110000", vec![pv1("I", BELL, &[(45, "20260306100000")])]),
        ("ADT^A03", "20260307100000", vec![pv1("I", BELL, &[(36, "01"), (45, "20260307094500")])]),
        ("ADT^A08", "20260308070000", vec![pv1("I", CRUZ, &[(45, "20260307233000")])]),
        ("MDM^T01", "20260308080000", vec![plain(), txa("DS", "S0", "DI", &summary)]),
        ("MDM^T11", "20260308081500", vec![plain(), txa("DS", "S0", "DI", &summary)]),
        ("MDM^T02", "20260308090000", vec![plain(), txa("DS", "S1", "DO", &summary)]),
        ("MDM^T04", "20260308100000", vec![plain(), txa("DS", "S1", "AU", &summary_signed)]),
    ];
    told.into_iter()
        .enumerate()
        .map(|(number, (kind, written, mut segments))| {
            segments.insert(0, patient.clone());
            message(kind, written, &format!("{visit}.{number}"), &segments)
        })
        .collect()
}

#[test]
fn given_one_stay_told_in_four_hundred_orders_then_each_ends_with_the_same_deficiencies() {
    const CHARTS: usize = 400;
    let mut dice = Dice::new(7);
    let mut arrived: Vec<String> = Vec::new();
    for chart in 0..CHARTS {
        let mut messages = stay(&format!("N{chart:04}"));
        match chart {
            0 => {}
            1 => messages.reverse(),
            2..=14 => messages.swap(chart - 2, chart - 1),
            _ => dice.shuffle(&mut messages),
        }
        if chart % 3 == 2 {
            messages.extend_from_within(..5);
        }
        arrived.extend(messages);
    }
    let place = Place::new();
    let file = place.write_messages("in.hl7", &arrived);
    let data = place.data();
    let folder = data.to_string_lossy();
    run(["ingest", &*file.to_string_lossy(), "--data", &*folder]).well();

    let mut charts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows_of_folder(&data, &[]) {
        charts.entry(row.encounter.clone()).or_default().push(without_visit(&row));
    }
    for rows in charts.values_mut() {
        rows.sort();
    }
    assert_eq!(charts.len(), CHARTS);
    let orderly = &charts["N0000"];
    for (visit, rows) in &charts {
        assert_eq!(rows, orderly, "{visit}, told in this order:\n{}", order_of(visit, &arrived));
    }
    // And it is what a reader of the messages expects.
    let wanted = [
        "C0 - open facility, 2026-03-07T23:30:00Z to 2026-03-21T23:59:59Z",
        "C1 - open facility, 2026-03-07T23:30:00Z to 2026-04-06T23:59:59Z",
        "R01 - satisfied 7100, 2026-03-01T18:00:00Z to 2026-03-02T18:00:00Z, 2026-03-02T09:15:00Z",
        "R05 V-OR satisfied 7200, 2026-03-03T10:00:00Z to 2026-03-04T10:00:00Z, 2026-03-03T14:00:00Z",
        "R06 V-O open 7200, 2026-03-03T14:00:00Z to 2026-03-10T23:59:59Z",
        "R13 - satisfied 7003, 2026-03-07T23:30:00Z to 2026-03-14T23:59:59Z, 2026-03-08T09:00:00Z",
        "R14 V-S1 satisfied 7100, 2026-03-08T09:00:00Z to 2026-03-15T23:59:59Z, 2026-03-08T10:00:00Z",
        "R15 V-S1 open 7003, 2026-03-08T10:00:00Z to 2026-03-15T23:59:59Z",
    ];
    assert_eq!(orderly, &wanted);
    run(["verify", "--data", &*folder]).well();
}

fn without_visit(row: &Deficiency) -> String {
    in_words(row).replace(&row.encounter, "V")
}

fn order_of(visit: &str, arrived: &[String]) -> String {
    let id = format!("|{visit}.");
    let of_chart = arrived.iter().filter(|message| message.contains(&id));
    of_chart.map(|message| message.replace('\r', "\n")).collect::<Vec<_>>().join("\n\n")
}
