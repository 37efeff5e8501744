//! What-if: a candidate rule set over a recorded history, on a real journal.

mod jobs;
mod money;
mod record;

use std::num::NonZeroUsize;

use countersign_contracts::api::{WhatIfGroup, WhatIfRow};
use countersign_deficiency::{
    domain::rules::RuleSet,
    recorded::{HistoryError, Watch},
    what_if::{Answer, Question, csv, row::Filter},
};

use sha2::{Digest, Sha256};

use self::record::{Record, answer, changed, question, try_answer};
use crate::given::{Story, at, chart, history, key, report, summary};

/// Four inpatients. Their discharge summaries: V1 in time; V2 on the fifth day after discharge, which version 1
/// allows (7 days) and 3 days do not; V3 never; V4 is still in the hospital.
fn stories() -> Vec<Story> {
    vec![
        chart()
            .numbered("V1")
            .admitted("01-05 10:00")
            .attending("A1")
            .patient("MRN-1")
            .signed("01-05 12:00", "A1", history("D1").by("A1"))
            .discharged("01-09 15:00")
            .signed("01-10 09:00", "A1", summary("D2").by("A1")),
        chart()
            .numbered("V2")
            .admitted("01-06 10:00")
            .attending("A2")
            .signed("01-06 12:00", "A2", history("D3").by("A2"))
            .discharged("01-10 15:00")
            .signed("01-15 15:00", "A2", summary("D4").by("A2")),
        chart()
            .numbered("V3")
            .admitted("01-07 10:00")
            .attending("A2")
            .operated("P1", "01-07 11:00", "01-07 12:00", Some("S1"))
            .wrote("01-07 18:00", report("D5").by("S1"))
            .discharged("01-12 15:00"),
        chart().numbered("V4").admitted("01-20 10:00").attending("A1"),
    ]
}

/// The shipped rules, but the discharge summary is due after 3 days, not 7.
fn summary_in_three_days() -> String {
    changed("R13", "due = { days = 7 }", "due = { days = 3 }")
}

fn rows(answer: &Answer, filter: &str) -> Vec<WhatIfRow> {
    let filter = Filter::parse(filter).expect("a filter");
    answer.rows(&filter).map(|row| row.view(answer.report.now)).collect()
}

fn group<'a>(groups: &'a [WhatIfGroup], key: &str) -> &'a WhatIfGroup {
    groups.iter().find(|group| group.key == key).unwrap_or_else(|| panic!("no group {key}"))
}

fn file(answer: &Answer) -> String {
    let mut file = String::new();
    csv::heading(&mut file);
    for row in answer.rows(&Filter::default()) {
        csv::line(&mut file, row, answer.report.now);
    }
    file
}

#[tokio::test]
async fn given_the_published_rules_as_candidate_then_nothing_differs() {
    // given a history, when the candidate says what the published rules say
    let recorded = Record::of(stories()).await.read().await;
    let answer = answer(&recorded, &question(RuleSet::DEFAULT_FILE));
    // then every row is the same under both
    let total = &answer.report.total;
    assert!(total.unchanged > 10, "{total:?}");
    assert_eq!([total.created, total.avoided, total.changed], [0, 0, 0]);
    assert_eq!(total.published, total.candidate);
    assert_eq!(rows(&answer, "change=unchanged").len(), answer.len());
    assert_eq!((answer.report.charts, answer.report.rows), (4, answer.len() as u64));
}

#[tokio::test]
async fn given_one_other_due_then_exactly_the_deficiencies_of_that_rule_differ() {
    let recorded = Record::of(stories()).await.read().await;
    // when the discharge summary is due after 3 days instead of 7
    let answer = answer(&recorded, &question(&summary_in_three_days()));
    // then the three discharged charts' R13 differ in their due instant, and nothing else does
    let changed = rows(&answer, "change=changed");
    assert_eq!(changed.len(), 3);
    assert!(changed.iter().all(|row| row.rule == "R13" && row.change == "due"), "{changed:?}");
    assert_eq!(changed, rows(&answer, "rule=R13"));
    let total = &answer.report.total;
    assert_eq!([total.created, total.avoided, total.changed, total.other_due], [0, 0, 3, 3]);
    // and the numbers: V2 was in time by 7 days and is not by 3; V3 was never in time
    let rule = group(&answer.report.by_rule, "R13");
    assert_eq!((rule.published.fell_due, rule.published.on_time), (3, 2));
    assert_eq!((rule.candidate.fell_due, rule.candidate.on_time), (3, 1));
    assert_eq!(rule.published.on_time_rate, Some(0.667));
    assert_eq!(rule.candidate.on_time_rate, Some(0.333));
    // done after 18 hours and after 120: the open one is not averaged in
    for measures in [&rule.published, &rule.candidate] {
        assert_eq!((measures.satisfied, measures.open, measures.overdue), (2, 1, 1));
        assert_eq!((measures.lag_median_hours, measures.lag_p90_hours), (Some(18.0), Some(120.0)));
        // from the 12th, 15:00, to the 1st of February
        assert_eq!(measures.open_age_median_hours, Some(465.0));
    }
    // and for whom: two of A2's differ, one of A1's
    let of = |provider| group(&answer.report.by_provider, provider);
    assert_eq!((of("A1").other_due, of("A2").other_due), (1, 2));
    assert_eq!(rows(&answer, "provider=A2,change=due").len(), 2);
    assert_eq!(of("(facility)").changed, 0);
}

#[tokio::test]
async fn given_a_rule_less_or_more_then_its_deficiencies_are_avoided_or_created() {
    let recorded = Record::of(stories()).await.read().await;
    // when the candidate asks for no operative report
    let without = changed("R05", "id = \"R05\"", "id = \"X05\"");
    let answer = answer(&recorded, &question(&without));
    // then R05 is avoided, X05 created, in the chart with the operation
    let [avoided] = &*rows(&answer, "change=avoided") else { panic!("one is avoided") };
    let [created] = &*rows(&answer, "change=created") else { panic!("one is created") };
    assert_eq!((avoided.rule.as_str(), created.rule.as_str()), ("R05", "X05"));
    assert_eq!(avoided.chart, created.chart);
    assert_eq!((&avoided.candidate, &created.published), (&None, &None));
    assert_eq!(avoided.published, created.candidate);
    let total = &answer.report.total;
    assert_eq!([total.created, total.avoided, total.changed], [1, 1, 0]);
    assert_eq!(total.published, total.candidate);
}

#[tokio::test]
async fn given_another_responsible_then_the_item_moves_between_providers() {
    let recorded = Record::of(stories()).await.read().await;
    // when nobody but the author of an unfinished report owes the operative report
    let rules = changed("R05", "responsible = [\"surgeon\"]", "responsible = [\"attending\"]");
    let answer = answer(&recorded, &question(&rules));
    // then the one of V3 moves from the surgeon to the attending, and both see it
    let [moved] = &*rows(&answer, "change=responsible") else { panic!("one moves") };
    assert_eq!((moved.rule.as_str(), moved.change.as_str()), ("R05", "responsible"));
    let owed_by = |verdict: &Option<_>| {
        let verdict: &countersign_contracts::api::WhatIfVerdict = verdict.as_ref().expect("a verdict");
        verdict.responsible.clone()
    };
    assert_eq!((owed_by(&moved.published), owed_by(&moved.candidate)), ("S1".to_owned(), "A2".to_owned()));
    let of = |provider| group(&answer.report.by_provider, provider);
    assert_eq!((of("S1").other_responsible, of("A2").other_responsible), (1, 1));
    assert_eq!(of("S1").published.opened, of("S1").candidate.opened + 1);
    assert_eq!(of("A2").candidate.opened, of("A2").published.opened + 1);
}

#[tokio::test]
async fn given_the_same_question_then_the_same_answer_on_any_number_of_threads() {
    let record = Record::of(stories()).await;
    let question = question(&summary_in_three_days());
    let first = answer(&record.read().await, &question);
    for threads in [1, 2, 5] {
        let threads = NonZeroUsize::new(threads).expect("not zero");
        let again = answer(&record.read().await, &Question { threads, ..question.clone() });
        let report = |answer: &Answer| serde_json::to_string(&answer.report).expect("JSON");
        assert_eq!(report(&first), report(&again));
        assert_eq!(file(&first), file(&again));
    }
    // and the digest is the one of the exported list
    assert_eq!(first.report.rows_sha256, format!("{:x}", Hexadecimal(&Sha256::digest(file(&first)))));
}

/// Bytes as `sha256sum` prints them.
struct Hexadecimal<'a>(&'a [u8]);

impl std::fmt::LowerHex for Hexadecimal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[tokio::test]
async fn given_a_window_then_what_arose_before_it_keeps_its_version() {
    let recorded = Record::of(stories()).await.read().await;
    // when the candidate is in force from the 11th: V1 and V2 were discharged before
    let from = Some(at("01-11 00:00"));
    let answer = answer(&recorded, &Question { from, ..question(&summary_in_three_days()) });
    let [row] = &*rows(&answer, "rule=R13") else { panic!("one discharge since then") };
    assert_eq!(row.change, "due");
    let all = rows(&answer, "");
    let opened = |row: &WhatIfRow| row.published.as_ref().expect("raised by both").opened_at;
    assert!(all.iter().all(|row| opened(row) >= at("01-11 00:00")), "{all:?}");
}

#[tokio::test]
async fn given_an_earlier_instant_then_charts_are_judged_as_they_stood() {
    let recorded = Record::of(stories()).await.read().await;
    // when asked for the 14th, V2's summary is not there yet and V4 was not admitted
    let to = Some(at("01-14 00:00"));
    let answer = answer(&recorded, &Question { to, ..question(&summary_in_three_days()) });
    let overdue = |verdict: &countersign_contracts::api::WhatIfVerdict| verdict.overdue;
    let rows = rows(&answer, "rule=R13,provider=A2");
    // V2 was discharged on the 10th: past the end of the 13th by the candidate, not by the 17th
    let states: Vec<(bool, bool)> = rows
        .iter()
        .map(|row| (row.published.as_ref().is_some_and(overdue), row.candidate.as_ref().is_some_and(overdue)))
        .collect();
    assert_eq!(states.iter().filter(|state| **state == (false, true)).count(), 1, "{rows:?}");
    assert_eq!(states.iter().filter(|state| **state == (false, false)).count(), 1, "{rows:?}");
    let admitted_later = key("V4").id();
    assert!(answer.rows(&Filter::default()).all(|row| row.chart != admitted_later));
}

#[tokio::test]
async fn given_no_instant_then_the_last_receipt_decides() {
    let recorded = Record::of(stories()).await.read().await;
    let answer = answer(&recorded, &Question { to: None, ..question(RuleSet::DEFAULT_FILE) });
    // V4's admission was received half a minute after it happened, later than everything else
    assert_eq!(answer.report.now, at("01-20 10:00:30"));
}

#[tokio::test]
async fn given_an_empty_journal_or_a_stop_then_there_is_no_answer() {
    let nothing = Record::of(Vec::new()).await.read().await;
    let asked = Question { to: None, ..question(RuleSet::DEFAULT_FILE) };
    assert!(matches!(try_answer(&nothing, &asked, &Watch::default()), Err(HistoryError::Empty)));

    let recorded = Record::of(stories()).await.read().await;
    let watch = Watch::default();
    watch.stop();
    assert!(matches!(try_answer(&recorded, &asked, &watch), Err(HistoryError::Stopped)));
    assert_eq!(watch.progress(), (0, 4));
}

#[tokio::test]
async fn no_name_of_a_patient_is_in_the_list() {
    let recorded = Record::of(stories()).await.read().await;
    let answer = answer(&recorded, &question(RuleSet::DEFAULT_FILE));
    let list = serde_json::to_string(&rows(&answer, "")).expect("JSON") + &file(&answer);
    for secret in ["EVERYWOMAN", "MRN-1"] {
        assert!(!list.contains(secret), "{secret} is in the list");
    }
}

#[tokio::test]
async fn given_a_candidate_that_says_only_what_differs_then_the_rest_is_the_shipped_rules() {
    let recorded = Record::of(stories()).await.read().await;
    let site = "title = \"North Hospital\"\nextends = \"default-1\"\n\
                [[override]]\nid = \"R13\"\ndue = { days = 3 }\n";
    let of_site = answer(&recorded, &question(site)).report;
    let written_out = answer(&recorded, &question(&summary_in_three_days())).report;
    assert_eq!((&of_site.total, &of_site.by_rule), (&written_out.total, &written_out.by_rule));
    assert_eq!(of_site.total.other_due, 3);
}
