//! The simulated hospital seen from outside: messages in, truth beside them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use countersign_hospital::{Dirt, Hospital, Row, Settings, Status, TimeStyle, write_folder};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::prelude::*;

fn hospital(settings: Settings) -> Hospital {
    Hospital::new(settings).expect("valid settings")
}

fn year() -> Hospital {
    hospital(Settings { discharges_per_month: 250, months: 12, seed: 7, ..Settings::default() })
}

/// FNV-1a over everything sent.
fn fingerprint(hospital: &Hospital) -> u64 {
    hospital.messages().fold(0xcbf2_9ce4_8422_2325, |hash, message| {
        let instant = message.send_at.as_second().to_le_bytes();
        message
            .bytes
            .iter()
            .chain(&instant)
            .fold(hash, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    })
}

/// Field of the first segment of that name; for MSH counted as in the standard.
fn field<'a>(message: &'a str, segment: &str, number: usize) -> &'a str {
    let number = if segment == "MSH" { number - 1 } else { number };
    message
        .split('\r')
        .find(|line| line.starts_with(segment))
        .and_then(|line| line.split('|').nth(number))
        .unwrap_or_default()
}

/// Component of a field, counted from one.
fn component(field: &str, number: usize) -> &str {
    field.split('^').nth(number - 1).unwrap_or_default()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the simulator writes ASCII")
}

fn rate(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let rate = part as f64 / whole as f64;
    rate
}

fn days(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 86_400.0
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_platform() {
    // given a small hospital, when it is built twice, and once with another seed
    let settings = Settings { discharges_per_month: 100, months: 2, ..Settings::default() };
    let first = fingerprint(&hospital(settings.clone()));
    let second = fingerprint(&hospital(settings.clone()));
    let other = fingerprint(&hospital(Settings { seed: 2, ..settings }));
    // then only the seed makes a difference
    assert_eq!(first, second);
    assert_ne!(first, other);
    // and the bytes are those of every other build (change this number when the simulation changes)
    assert_eq!(first, 13_451_104_630_911_874_482, "fingerprint of the reference run");
}

#[test]
fn messages_come_in_time_order_within_the_run_and_memory_stays_bounded() {
    // given a year
    let year = year();
    let mut messages = year.messages();
    let mut last = year.settings().start;
    let mut held = 0;
    let mut sent = 0;
    // when its messages are taken one by one
    while let Some(message) = messages.next() {
        assert!(message.send_at >= last, "out of order at {}", message.send_at);
        last = message.send_at;
        held = held.max(messages.encounters_held());
        sent += 1;
    }
    // then none comes after the end, and only charts in the making are held: far fewer than the year's 5,400
    assert!(last < year.end());
    assert!(held < 1_000, "{held} encounters held");
    assert_eq!(sent, year.truth().total.sent);
}

#[test]
fn every_kind_of_message_occurs_in_a_year() {
    // given a year of messages, when their types are counted
    let year = year();
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for message in year.messages() {
        let kind = field(text(&message.bytes), "MSH", 9);
        let name = match (component(kind, 1), component(kind, 2)) {
            ("", _) => "none".to_owned(),
            (code, trigger) => format!("{code}^{trigger}"),
        };
        *counted.entry(name).or_default() += 1;
    }
    // then every kind of the interface is there, and the truth has the same counts
    for trigger in ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A13", "A40"] {
        assert!(counted.contains_key(&format!("ADT^{trigger}")), "no ADT^{trigger}");
    }
    for trigger in ["T01", "T02", "T03", "T04", "T06", "T08", "T10", "T11"] {
        assert!(counted.contains_key(&format!("MDM^{trigger}")), "no MDM^{trigger}");
    }
    assert!(
        counted.contains_key("ORU^R01") && counted.contains_key("SIU^S12") && counted.contains_key("none")
    );
    let told: BTreeMap<_, _> =
        year.truth().messages.into_iter().map(|(kind, count)| (kind, count.sent)).collect();
    assert_eq!(counted, told);
}

/// What has to hold for every row, whatever the settings.
fn check_row(row: &Row, hospital: &Hospital) {
    let end = hospital.end();
    let owed = matches!(row.status, Status::Open | Status::Dormant);
    assert_eq!(owed, row.closed_at.is_none(), "{row:?}");
    assert_eq!(row.waits, row.status == Status::Dormant, "{row:?}");
    assert!(row.waits || row.anchor_at < row.due_at, "{row:?}");
    assert!(row.anchor_at <= row.opened_at, "{row:?}");
    assert!(row.opened_at < end, "opened after the end: {row:?}");
    assert!(row.closed_at.is_none_or(|closed| closed >= row.opened_at && closed < end), "{row:?}");
    assert_eq!(row.responsible.is_none(), row.document_type == "chart", "{row:?}");
    let document = match row.rule.as_str() {
        "R01" => "history_and_physical",
        "R05" | "R06" => "operative_report",
        "R13" | "R14" => "discharge_summary",
        "C0" | "C1" => "chart",
        "R15" => &row.document_type,
        other => panic!("unknown rule {other}"),
    };
    assert_eq!(row.document_type, document);
    assert_eq!(row.subject.is_some(), matches!(row.rule.as_str(), "R05" | "R06" | "R14" | "R15"), "{row:?}");
    if row.waits {
        return;
    }
    let local = |at: Timestamp| at.to_zoned(hospital.settings().time_zone.clone());
    let span = match row.rule.as_str() {
        "R01" | "R05" => {
            assert_eq!(row.due_at.duration_since(row.anchor_at), SignedDuration::from_hours(24));
            return;
        }
        "C0" => 14,
        "C1" => 30,
        _ => 7,
    };
    assert_eq!(local(row.due_at).time(), jiff::civil::time(23, 59, 59, 0), "{row:?}");
    let date_span = local(row.anchor_at).date().until(local(row.due_at).date()).expect("dates");
    assert_eq!(date_span.get_days(), span, "{row:?}");
}

#[test]
fn the_truth_is_consistent_in_itself() {
    // given the truth of a year
    let year = year();
    let truth = year.truth();
    let mut keys = HashSet::new();
    let mut charts: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &truth.rows {
        // then every row holds by itself and there is one row for one duty
        check_row(row, &year);
        assert!(keys.insert((&row.encounter, &row.rule, &row.subject)), "twice: {row:?}");
        charts.entry(&row.encounter).or_default().push(row);
    }
    for rows in charts.values() {
        // and a chart is complete exactly when nothing else in it is open, at the last closing
        let (chart, items): (Vec<&Row>, Vec<&Row>) =
            rows.iter().partition(|row| row.document_type == "chart");
        let open = items.iter().any(|row| matches!(row.status, Status::Open | Status::Dormant));
        for row in chart.iter().filter(|row| row.status != Status::Voided) {
            assert_eq!(row.status == Status::Open, open, "{rows:?}");
            if let Some(closed) = row.closed_at {
                let last = items.iter().filter_map(|row| row.closed_at).max();
                assert_eq!(closed, last.map_or(row.anchor_at, |last| last.max(row.anchor_at)));
            }
        }
    }
    // and every rule has rows in every state
    for rule in ["R01", "R05", "R06", "R13", "R14", "R15"] {
        for status in [Status::Open, Status::Satisfied] {
            assert!(
                truth.rows.iter().any(|row| row.rule == rule && row.status == status),
                "{rule} {status:?}"
            );
        }
    }
    assert!(truth.rows.iter().any(|row| row.rule == "R01" && row.status == Status::Voided));
    assert!(truth.rows.iter().any(|row| row.rule == "R14" && row.status == Status::Voided));
    // and the number of discharges is what was asked for, less the stays of the first and last days
    let asked = u64::from(year.settings().discharges_per_month * year.settings().months);
    let share = rate(truth.run.discharged_charts, asked);
    assert!((0.95..1.03).contains(&share), "{share} of the discharges asked for");
}

#[test]
fn rows_streamed_are_the_rows_of_the_truth() {
    let hospital = hospital(Settings::default());
    assert_eq!(hospital.truth_rows().collect::<Vec<_>>(), hospital.truth().rows);
}

#[test]
fn discharge_summaries_take_as_long_as_published() {
    // given a large hospital over eight months, and the inpatients discharged in the first four
    let settings = Settings { discharges_per_month: 900, months: 8, seed: 11, ..Settings::default() };
    let hospital = hospital(settings);
    let cohort_end = hospital.settings().start + SignedDuration::from_hours(24 * 120);
    let truth = hospital.truth();
    let mut discharged: HashMap<&str, Timestamp> = HashMap::new();
    let mut last: HashMap<&str, Option<Timestamp>> = HashMap::new();
    let plain = |row: &&Row| row.tags.iter().all(|tag| tag != "document-cancelled" && tag != "replaced");
    for row in truth.rows.iter().filter(plain) {
        let summary = row.document_type == "discharge_summary";
        if row.rule == "R13" && row.anchor_at < cohort_end {
            discharged.insert(&row.encounter, row.anchor_at);
        }
        if summary && matches!(row.rule.as_str(), "R13" | "R14" | "R15") {
            let known = last.entry(&row.encounter).or_insert(row.closed_at);
            *known = known.zip(row.closed_at).map(|(known, closed)| known.max(closed));
        }
    }
    // when the days from discharge to the last signature are ordered, the open ones at the end
    let mut lags: Vec<f64> = discharged
        .iter()
        .map(|(encounter, at)| last[encounter].map_or(f64::INFINITY, |closed| days(*at, closed)))
        .collect();
    lags.sort_by(f64::total_cmp);
    let (fifth, half) = (lags[lags.len() / 5], lags[lags.len() / 2]);
    // then a fifth is done in about three days and half in about eight (Hoyer 2016)
    assert!(lags.len() > 1_200);
    assert!((2.6..3.4).contains(&fifth), "P20 {fifth}");
    assert!((7.0..9.0).contains(&half), "median {half}");
}

#[test]
fn most_reports_are_prompt_and_few_physicians_hold_most_of_what_is_overdue() {
    let year = hospital(Settings { discharges_per_month: 700, months: 12, seed: 3, ..Settings::default() });
    let truth = year.truth();
    // given all history and physicals and operative reports that were owed
    for (rule, least) in [("R01", 0.80), ("R05", 0.82)] {
        let owed: Vec<_> =
            truth.rows.iter().filter(|row| row.rule == rule && row.status != Status::Voided).collect();
        let prompt =
            owed.iter().filter(|row| row.closed_at.is_some_and(|closed| closed <= row.due_at)).count();
        let share = rate(prompt as u64, owed.len() as u64);
        // then most are done in 24 hours, and some are not
        assert!((least..0.97).contains(&share), "{rule}: {share}");
    }
    // given what is overdue at the end
    let mut overdue: HashMap<&str, u64> = HashMap::new();
    for row in truth.rows.iter().filter(|row| row.status == Status::Open && row.due_at < year.end()) {
        if let Some(responsible) = &row.responsible {
            *overdue.entry(responsible).or_default() += 1;
        }
    }
    // then a tenth of the providers holds about half of it
    let mut held: Vec<u64> = overdue.into_values().collect();
    held.sort_unstable_by(|a, b| b.cmp(a));
    let tenth = year.providers().count() / 10;
    let top = rate(held.iter().take(tenth).sum(), held.iter().sum());
    assert!((0.4..0.8).contains(&top), "the top tenth holds {top}");
}

#[test]
fn the_dirt_has_the_rates_that_were_set() {
    // given a year and what was sent
    let year = hospital(Settings { discharges_per_month: 400, months: 12, seed: 5, ..Settings::default() });
    let dirt = year.settings().dirt.clone();
    let truth = year.truth();
    let total = truth.total;
    let proper = total.sent - total.duplicates - total.unmapped - total.quarantined;
    // then the rates are near those set
    for (name, counted, set) in [
        ("duplicates", total.duplicates, dirt.duplicates),
        ("late", total.late, dirt.late),
        ("unmapped", total.unmapped, dirt.unmapped),
        ("quarantined", total.quarantined, dirt.undecodable),
        ("reused", total.reused_control_ids, dirt.reused_control_id),
    ] {
        let share = rate(counted, proper);
        assert!((0.8 * set..1.2 * set).contains(&share), "{name}: {share} instead of {set}");
    }
    // and what the bytes show agrees with what the truth says
    let (mut seen, mut copies, mut bare, mut left, mut anonymous, mut signed) =
        (HashSet::new(), 0, 0, 0, 0, 0);
    let (mut controls, mut reused) = (HashSet::new(), 0);
    for message in year.messages() {
        let copy = !seen.insert(message.bytes.clone());
        let message = text(&message.bytes);
        if copy {
            copies += 1;
            continue;
        }
        let control = field(message, "MSH", 10);
        reused += u64::from(!control.is_empty() && !controls.insert(control.to_owned()));
        match field(message, "MSH", 9).split('^').nth(1).unwrap_or_default() {
            "A03" => {
                left += 1;
                if field(message, "PV1", 45).is_empty() {
                    bare += 1;
                    assert!(!field(message, "EVN", 6).is_empty(), "no time at all: {message}");
                }
            }
            "T02" | "T04" if matches!(field(message, "TXA", 17), "AU" | "LA") => {
                signed += 1;
                anonymous += u64::from(field(message, "TXA", 22).is_empty());
            }
            _ => {}
        }
    }
    assert_eq!(copies, total.duplicates);
    assert_eq!(reused, total.reused_control_ids);
    assert!((0.22..0.28).contains(&rate(bare, left)), "{bare} of {left} without PV1-45");
    assert!((0.07..0.11).contains(&rate(anonymous, signed)), "{anonymous} of {signed} without signer");
}

#[test]
fn dirt_in_transport_does_not_change_who_owes_what() {
    // given the same hospital with a perfect interface and with a terrible one
    let clean = hospital(Settings { dirt: Dirt::none(), months: 6, ..Settings::default() });
    let terrible = Dirt {
        duplicates: 0.3,
        late: 0.3,
        shuffled: 0.3,
        discharge_without_time: 1.0,
        reused_control_id: 0.2,
        unmapped: 0.5,
        undecodable: 0.1,
        ..Dirt::none()
    };
    let dirty = hospital(Settings { dirt: terrible, months: 6, ..Settings::default() });
    // then the truth is the same, although far more is sent
    assert_eq!(clean.truth().rows, dirty.truth().rows);
    assert!(dirty.truth().total.sent > clean.truth().total.sent * 3 / 2);
    // and the clean one sends nothing out of order, twice, or of no use
    let total = clean.truth().total;
    assert_eq!((total.duplicates, total.unmapped, total.quarantined, total.late), (0, 0, 0, 0));
}

#[test]
fn a_hospital_may_ask_for_cosigned_summaries_only() {
    // given one hospital under two bylaws
    let both = hospital(Settings::default());
    let summaries = hospital(Settings { histories_cosigned: false, ..Settings::default() });
    // then the messages are the same, and only the debts that the bylaws differ about are missing
    assert_eq!(fingerprint(&both), fingerprint(&summaries));
    let owed = |hospital: &Hospital| -> BTreeSet<_> {
        let rows = hospital.truth_rows().filter(|row| row.document_type != "chart");
        rows.map(|row| (row.encounter, row.rule, row.document_type, row.subject)).collect()
    };
    let missing: BTreeSet<_> = owed(&both).difference(&owed(&summaries)).cloned().collect();
    assert!(missing.len() > 20);
    assert!(missing.iter().all(|(_, rule, kind, _)| rule == "R15" && kind == "history_and_physical"));
    assert!(owed(&summaries).is_subset(&owed(&both)));
}

#[test]
fn a_wrong_attending_is_put_right() {
    // given admissions that always name the wrong attending
    let dirt = Dirt { wrong_responsible: 1.0, ..Dirt::none() };
    let wrong = hospital(Settings { dirt, months: 4, ..Settings::default() });
    let right = hospital(Settings { dirt: Dirt::none(), months: 4, ..Settings::default() });
    let key = |row: &Row| (row.encounter.clone(), row.rule.clone(), row.subject.clone());
    let told: HashMap<_, _> = wrong.truth().rows.into_iter().map(|row| (key(&row), row)).collect();
    let mut corrected = 0;
    for row in right.truth().rows {
        let other = &told[&key(&row)];
        // then the duties are the same
        assert_eq!(
            (row.status, row.anchor_at, row.closed_at),
            (other.status, other.anchor_at, other.closed_at)
        );
        // and an open summary is owed by the right one as soon as the correction was told
        let settled = row.anchor_at < wrong.end() - SignedDuration::from_hours(24 * 6);
        if row.rule == "R13" && row.status == Status::Open && settled {
            assert_eq!(row.responsible, other.responsible, "{other:?}");
            corrected += u64::from(other.tags.iter().any(|tag| tag == "attending-corrected"));
        }
    }
    assert!(corrected > 20, "{corrected} corrected");
}

#[test]
fn every_subject_and_visit_of_the_truth_was_told() {
    // given everything that was sent
    let hospital = hospital(Settings { months: 4, facilities: 3, ..Settings::default() });
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let mut facilities: BTreeSet<String> = BTreeSet::new();
    for message in hospital.messages() {
        let message = text(&message.bytes);
        facilities.insert(field(message, "MSH", 4).to_owned());
        numbers.insert(component(field(message, "PV1", 19), 1).to_owned());
        numbers.insert(field(message, "TXA", 12).to_owned());
        let operations = message.split('\r').filter(|line| line.starts_with("PR1"));
        numbers.extend(operations.filter_map(|line| line.split('|').nth(19)).map(str::to_owned));
        // then the account is never the visit
        let account = component(field(message, "PID", 18), 1);
        assert!(account.is_empty() || account != component(field(message, "PV1", 19), 1));
    }
    for row in hospital.truth_rows() {
        assert!(numbers.contains(&row.encounter), "{row:?}");
        assert!(row.subject.as_ref().is_none_or(|subject| numbers.contains(subject)), "{row:?}");
    }
    assert_eq!(facilities.len(), 3);
}

#[test]
fn residents_write_a_third_and_then_two_different_people_are_named() {
    let year = year();
    let (mut all, mut taught) = (0, 0);
    let mut known = HashSet::new();
    for message in year.messages() {
        let message = text(&message.bytes);
        let first = known.insert(field(message, "TXA", 12).to_owned());
        let kind = component(field(message, "TXA", 2), 1);
        if !first || !matches!(kind, "HP" | "DS") || field(message, "PV1", 19).is_empty() {
            continue;
        }
        let (author, authenticator) = (field(message, "TXA", 9), field(message, "TXA", 10));
        let differ = !author.is_empty() && !authenticator.is_empty() && author != authenticator;
        assert_eq!(differ, component(author, 3) == "RESIDENT");
        all += 1;
        taught += u64::from(differ);
    }
    let share = rate(taught, all);
    assert!((0.3..0.38).contains(&share), "{share}");
}

#[test]
fn a_run_is_written_as_files_with_its_truth() {
    // given a folder of its own
    let folder = std::env::temp_dir().join(format!("countersign-hospital-{}", std::process::id()));
    let hospital = hospital(Settings { months: 4, ..Settings::default() });
    // when a run is written
    let report = write_folder(&hospital, &folder).expect("written");
    // then the files hold the messages one after the other, and the truth is readable
    let mut bytes = Vec::new();
    for file in 1..=report.files {
        bytes.extend(std::fs::read(folder.join(format!("{file:06}.hl7"))).expect("there"));
    }
    let truth = std::fs::read(folder.join("truth.json")).expect("there");
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(bytes, hospital.messages().flat_map(|message| message.bytes).collect::<Vec<_>>());
    assert!(report.files > 1 && report.messages == hospital.truth().total.sent);
    let read: countersign_hospital::Truth = serde_json::from_slice(&truth).expect("JSON");
    assert_eq!(read, hospital.truth());
}

#[test]
fn impossible_settings_are_refused() {
    let refused = |settings: Settings| Hospital::new(settings).expect_err("refused").to_string();
    assert!(
        refused(Settings { discharges_per_month: 0, ..Settings::default() }).contains("discharges_per_month")
    );
    assert!(refused(Settings { months: 0, ..Settings::default() }).contains("months"));
    assert!(refused(Settings { facilities: 100, ..Settings::default() }).contains("facilities"));
    let dirt = Dirt { late: f64::NAN, ..Dirt::default() };
    assert!(refused(Settings { dirt, ..Settings::default() }).contains("late"));
}

#[test]
fn charges_and_orders_come_besides_and_change_nothing_else() {
    // given the same hospital with and without charges and spoken orders
    let settings = Settings { discharges_per_month: 60, months: 2, ..Settings::default() };
    let plain = hospital(settings.clone());
    let with = hospital(Settings { charges: true, orders: true, ..settings });
    // when both are read
    let is_beside = |bytes: &[u8]| {
        let code = component(field(text(bytes), "MSH", 9), 1);
        ["DFT", "BAR", "ORM"].contains(&code)
    };
    let mut all: Vec<_> = with.messages().map(|message| message.bytes).collect();
    let besides: Vec<Vec<u8>> = all.extract_if(.., |bytes| is_beside(bytes)).collect();
    // then all other messages are the same, and what is owed too
    assert_eq!(
        all.into_iter().collect::<BTreeSet<_>>(),
        plain.messages().map(|message| message.bytes).collect()
    );
    assert_eq!(with.truth().rows, plain.truth().rows);
    // and each of the others names its visit, and money is written to the cent
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for bytes in &besides {
        let message = text(bytes);
        *kinds.entry(component(field(message, "MSH", 9), 1).to_owned()).or_default() += 1;
        assert!(field(message, "PV1", 19).starts_with('V'), "{message}");
        if field(message, "MSH", 9).starts_with("DFT") {
            let amount = field(message, "FT1", 11).split('&').next().unwrap_or_default();
            let (_, cents) = amount.split_once('.').expect("cents");
            assert_eq!(cents.len(), 2, "{message}");
        }
    }
    assert!(kinds.values().all(|count| *count > 50) && kinds.len() == 3, "{kinds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_hospital_keeps_the_rules(
        seed: u64,
        discharges_per_month in 1_u32..120,
        months in 1_u32..5,
        facilities in 1_u16..4,
        start in 1_600_000_000_i64..1_800_000_000,
        offset: bool,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Europe/Vienna", "Australia/Lord_Howe"]),
    ) {
        let hospital = hospital(Settings {
            discharges_per_month, months, seed, facilities,
            start: Timestamp::from_second(start).expect("in range"),
            dirt: Dirt::default(),
            time_zone: TimeZone::get(zone).expect("bundled"),
            times: if offset { TimeStyle::WithOffset } else { TimeStyle::Local },
            histories_cosigned: offset,
            charges: offset,
            orders: !offset,
        });
        let mut last = hospital.settings().start;
        let mut sent = 0;
        for message in hospital.messages() {
            prop_assert!(message.send_at >= last && message.send_at < hospital.end());
            last = message.send_at;
            sent += 1;
        }
        let truth = hospital.truth();
        prop_assert_eq!(sent, truth.total.sent);
        for row in &truth.rows {
            check_row(row, &hospital);
        }
    }
}
