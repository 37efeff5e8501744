//! The worklist as a file.

use axum::http::StatusCode;
use countersign_kernel::{DeficiencyId, Phi};

use crate::{
    hospital::{Hospital, deficiency},
    site::{Site, noon},
};

#[tokio::test]
async fn the_file_holds_the_present_choice_and_all_its_rows() {
    let site = Site::busy();
    let overdue = site.hospital.deficiencies.iter().filter(|view| view.overdue).count();
    let file = site.get("/worklist.csv?overdue=true&cursor=3&skipped=3").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"worklist-2026-03-05.csv\"");
    assert!(file.text.starts_with("\u{feff}\"due\",\"time_zone\",\"status\""));
    assert_eq!(file.text.matches("\r\n").count(), overdue + 1, "every row, whatever page the reader was on");
    assert!(file.text.contains("\"2026-02-21 13:19:00-06:00\",\"America/Chicago\",\"open\",\"yes\""));
}

#[tokio::test]
async fn more_than_ten_thousand_rows_are_cut() {
    let mut hospital = Hospital::empty(noon());
    let view = deficiency(1, noon());
    for index in 0..10_500 {
        let mut view = view.clone();
        view.id = DeficiencyId::derive(&[&index.to_string()]);
        hospital.deficiencies.push(view);
    }
    let site = Site::of(hospital);
    assert_eq!(site.get("/worklist.csv").await.text.matches("\r\n").count(), 10_001);
    assert!(site.get("/").await.text.contains("CSV, first 10,000 rows"));
}

#[tokio::test]
async fn what_a_message_says_cannot_run_in_a_spreadsheet() {
    let mut view = deficiency(1, noon());
    view.patient_name = Some(Phi::new("=cmd|' /C calc'!A0".to_owned()));
    view.encounter = "@SUM(1)".to_owned();
    view.responsible_name = Some("O\"Neill".to_owned());
    let hospital = Hospital { deficiencies: vec![view], ..Hospital::empty(noon()) };
    let file = Site::of(hospital).get("/worklist.csv").await.text;
    assert!(file.contains("\"'=cmd|' /C calc'!A0\"") && file.contains("\"'@SUM(1)\""));
    assert!(file.contains("\"O\"\"Neill\""));
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_a_page_that_says_so() {
    let site = Site::of(Hospital { down: true, ..Hospital::busy(noon()) });
    let seen = site.get("/worklist.csv").await;
    assert_eq!(seen.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(seen.text.contains("catching up"));
}
