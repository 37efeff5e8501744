//! Files of charges: every row is kept, read, recognised, or waits in quarantine.

use countersign_contracts::{
    Field,
    chart::{ChartFact, What},
};
use countersign_intake::{
    domain::{MessageRead, Outcome, Reason, stream_of},
    import::{CHARGES_FEED, ImportError, ImportReport},
    projections::inbox,
};
use countersign_kernel::{Cents, MessageId};

use crate::support::{Hospital, at};

const FILE: &str = "facility,visit_authority,visit,transaction,amount,posted_at,coded_at,billed_at,payer,total\n\
    NORTH,NORTH,V1,T1,\"1,500.00\",2026-03-01,,,,\n\
    NORTH,,V1,,,,2026-03-05,2026-03-06T10:00:00-05:00,\"ACME, Inc.\",\n\
    NORTH,,V2,,,,none,,,250\n";

async fn import(hospital: &Hospital, file: &str) -> ImportReport {
    hospital.intake.import_charges(file.as_bytes(), 0, false).await.expect("imported")
}

async fn reading(hospital: &Hospital, message: MessageId) -> MessageRead {
    let events = hospital.journal.read_stream(stream_of(message), 0).await.expect("the journal");
    let read = events.iter().rev().find(|event| &*event.kind == MessageRead::KIND).expect("a reading");
    read.decode().expect("a reading")
}

fn counts(report: &ImportReport) -> [u64; 4] {
    [report.read, report.accepted, report.duplicate, report.quarantined]
}

async fn facts(hospital: &Hospital, report: &ImportReport, row: usize) -> Vec<ChartFact> {
    let read = reading(hospital, report.rows[row].message).await;
    assert_eq!((read.outcome, read.feed.as_str()), (Outcome::Used, CHARGES_FEED));
    read.facts.into_iter().flat_map(|report| report.facts).collect()
}

#[tokio::test]
async fn every_row_says_what_stands_in_it() {
    let hospital = Hospital::open();
    let report = import(&hospital, FILE).await;
    assert_eq!(counts(&report), [3, 3, 0, 0]);
    assert_eq!(report.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 4]);
    // a charge
    let [charge] = &facts(&hospital, &report, 0).await[..] else { panic!("one fact") };
    let What::Charged(charge) = &charge.what else { panic!("{charge:?}") };
    assert_eq!((charge.transaction.as_str(), charge.amount), ("T1", Cents(150_000)));
    assert_eq!(charge.posted_at, at("2026-03-01T00:00:00Z"));
    // the way to the bill: a date is the end of that day
    let [account] = &facts(&hospital, &report, 1).await[..] else { panic!("one fact") };
    let What::Account(account) = &account.what else { panic!("{account:?}") };
    assert_eq!(account.coded_at, Field::Value(at("2026-03-05T23:59:59Z")));
    assert_eq!(account.billed_at, Field::Value(at("2026-03-06T15:00:00Z")));
    assert_eq!(account.payer.as_deref(), Some("ACME, Inc."));
    // what was said is taken back, and a total
    let [account] = &facts(&hospital, &report, 2).await[..] else { panic!("one fact") };
    let What::Account(account) = &account.what else { panic!("{account:?}") };
    assert_eq!((&account.coded_at, account.total), (&Field::Null, Some(Cents(25_000))));
    // and all of it is about the visits as HL7 numbers them
    let key = reading(&hospital, report.rows[1].message).await.facts[0].encounter.clone();
    assert_eq!((key.facility.as_str(), key.authority.as_str(), key.visit.as_str()), ("NORTH", "NORTH", "V1"));
}

#[tokio::test]
async fn a_row_that_comes_again_is_recognised_in_whatever_file_and_order_of_columns() {
    let hospital = Hospital::open();
    import(&hospital, FILE).await;
    assert_eq!(counts(&import(&hospital, FILE).await), [3, 0, 3, 0]);
    let other = "\u{feff}Visit;".replace(';', ",")
        + "Facility,Amount,Transaction,Posted At,visit authority\r\n\
                 V1,NORTH,\"1,500.00\",T1,2026-03-01,NORTH\r\n\r\n\
                 V9,NORTH,1,T1,,\r\n";
    let report = import(&hospital, &other).await;
    assert_eq!(counts(&report), [2, 1, 1, 0]);
    assert_eq!(report.rows[1].line, 4, "the blank line counts");
}

#[tokio::test]
async fn a_bad_row_waits_in_quarantine_with_its_column_and_the_others_go_on() {
    let hospital = Hospital::open();
    let report = import(
        &hospital,
        "facility,visit,transaction,amount,coded_at\n\
         NORTH,V1,T1,12.345,\n\
         NORTH,,T2,1,\n\
         NORTH,V3,,1,\n\
         NORTH,V4,,,the day after\n\
         NORTH,V5,,,\n\
         NORTH,V6,T6,1,000.00,\n\
         NORTH,V7,T7,1,\n",
    )
    .await;
    assert_eq!(counts(&report), [7, 1, 0, 6]);
    let problem = |row: usize| {
        let problem = report.rows[row].problems.first().expect("a problem");
        (problem.column.as_str(), problem.message.clone())
    };
    assert_eq!(problem(0).0, "amount");
    assert!(problem(0).1.contains("12.345") && problem(0).1.contains("1234.56"), "{}", problem(0).1);
    assert_eq!((problem(1).0, problem(2).0, problem(3).0), ("visit", "transaction", "coded_at"));
    assert!(problem(4).1.contains("says nothing") && problem(5).1.contains("quotes"), "{report:?}");
    // then each of them is kept with its reason, and reading it again says the same
    let bad = reading(&hospital, report.rows[0].message).await;
    assert_eq!(bad.outcome, Outcome::Quarantined(Reason::BadRow));
    assert_eq!(bad.findings[0].detail.as_deref(), Some("amount"));
    let model = hospital.inbox().await;
    let quarantined = model.query(inbox::quarantined_ids).await.expect("a query");
    assert_eq!(quarantined.len(), 6);
    let again = hospital.intake.replay(quarantined, "test").await.expect("read again");
    assert_eq!((again.read, again.changed, again.still_quarantined), (6, 0, 6));
}

#[tokio::test]
async fn a_row_is_read_again_by_a_corrected_profile() {
    // given rows without authority, when the profile names one for this feed
    let hospital = Hospital::open();
    let report = import(&hospital, FILE).await;
    hospital.set_profiles(
        "[[feed]]\nname = \"charges\"\nmatch = { application = \"csv:charges\" }\nvisit_authority = \"EAST\"",
    );
    hospital.intake.replay([report.rows[1].message], "test").await.expect("read again");
    // then they are about another visit, and no longer about the first
    let read = reading(&hospital, report.rows[1].message).await;
    let about: Vec<_> =
        read.facts.iter().map(|report| (report.encounter.authority.as_str(), report.facts.len())).collect();
    assert_eq!((read.reading, about), (1, vec![("EAST", 1), ("NORTH", 0)]));
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let hospital = Hospital::open();
    let file = format!("{FILE}NORTH,,,,,,,,,\n");
    let before = hospital.journal.head().await.expect("the journal");
    let dry = hospital.intake.import_charges(file.as_bytes(), 0, true).await.expect("told");
    assert_eq!((dry.dry_run, counts(&dry)), (true, [4, 3, 0, 1]));
    assert_eq!(hospital.journal.head().await.expect("the journal"), before);
    let real = import(&hospital, &file).await;
    assert_eq!(real.rows, dry.rows);
    let dry = hospital.intake.import_charges(file.as_bytes(), 0, true).await.expect("told");
    assert_eq!(counts(&dry), [4, 0, 3, 1]);
}

#[tokio::test]
async fn of_two_rows_about_one_charge_the_later_counts() {
    let hospital = Hospital::open();
    let file = "facility,visit,transaction,amount\nN,V,T,1\nN,V,T,2\n";
    let report = import(&hospital, file).await;
    assert_eq!(counts(&report), [2, 2, 0, 0]);
    // however coarse the clock
    let (first, second) = (facts(&hospital, &report, 0).await, facts(&hospital, &report, 1).await);
    assert!(first[0].occurred_at < second[0].occurred_at);
}

#[tokio::test]
async fn a_header_that_cannot_be_meant_is_refused_with_a_suggestion() {
    let hospital = Hospital::open();
    for (file, says) in [
        ("facility,amount\nN,1\n", "there is no column `visit`"),
        ("facility,visit,ammount\nN,V,1\n", "did you mean `amount`?"),
        ("facility,visit,visit\nN,V,V\n", "twice"),
        ("", "there is no column `facility`"),
        ("facility,visit,amount\nN,\u{fffd},1\n", ""),
    ] {
        match hospital.intake.import_charges(file.as_bytes(), 0, false).await {
            Err(error) => assert!(!says.is_empty() && error.to_string().contains(says), "{file}: {error}"),
            Ok(report) => assert!(says.is_empty(), "{file}: {report:?}"),
        }
    }
    let latin = b"facility,visit,amount\nN,V\xe9,1\n";
    let refused = hospital.intake.import_charges(latin, 0, false).await;
    assert_eq!(refused, Err(ImportError::Unreadable { line: 2 }));
}
