//! The arithmetic of other systems, on an example small enough to be computed by hand. Every number below was
//! computed with pencil and paper from the rules as the domain brief tells them, not taken from the program.
//!
//! Seven inpatients, one discharge summary each; looked at on 31 March 2026 at noon. (2026 is no leap year.)
//!
//! | chart | discharged | dictated | transcribed | signed | second signer | complete | coded |
//! |---|---|---|---|---|---|---|---|
//! | A | 26 Mar | | | | | | |
//! | B | 25 Feb | 27 Feb | | | | | |
//! | C | 20 Mar | 27 Mar | 27 Mar | | | | |
//! | D | 20 Feb | 25 Feb | 26 Feb | 25 Mar | expected | | 1 Mar |
//! | E | 5 Mar | 5 Mar | 5 Mar | 5 Mar | | 5 Mar | 6 Mar |
//! | F | 1 Mar | 3 Mar | 3 Mar | 20 Mar | | 20 Mar | |
//! | G | 10 Mar | 11 Mar | 11 Mar | 16 Mar | | 16 Mar | |
//!
//! Parameters: 5 days for dictation, 4 for signature, 3 for review; 4 days of grace; delinquent after 14.

use countersign_deficiency::peers::{
    Comparison, Parameters,
    comparison::Row,
    csv,
    dates::{Kind, PeerChart, Record, Stay},
    irt, ours, rpms, tiu,
};
use countersign_eventsourcing::journal::Position;
use countersign_kernel::{EncounterId, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

const PARAMETERS: Parameters =
    Parameters { days_dictation: 5, days_signature: 4, days_review: Some(3), grace: 4, delinquent_after: 14 };

fn on(day: &str) -> Date {
    format!("2026-{day}").parse().expect("a date")
}

fn noon(day: &str) -> Timestamp {
    on(day).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("an instant").timestamp()
}

/// Discharged, dictated, transcribed, signed, complete, coded.
fn chart(name: &str, days: [Option<&str>; 6], cosigner_expected: bool) -> PeerChart {
    let [discharged, dictated, transcribed, signed, completed, coded] = days.map(|day| day.map(on));
    let discharged = discharged.expect("all have left");
    let at_noon = |date: Date| date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).expect("an instant").timestamp();
    PeerChart {
        chart: EncounterId::derive(&["HOSP1", name]),
        facility: "HOSP1".to_owned(),
        stay: Stay::Inpatient,
        today: on("03-31"),
        discharged,
        operated: None,
        completed,
        coded,
        records: vec![Record {
            kind: Kind::DischargeSummary,
            subject: None,
            event: discharged,
            dictated,
            transcribed,
            signed,
            cosigner_expected,
            reviewed: if cosigner_expected { None } else { signed },
            ours: ours::Ours::default(),
        }],
        ours: Some(ours::OursOfChart {
            discharged_at: at_noon(discharged),
            completed_at: completed.map(at_noon),
            delinquent: false,
        }),
    }
}

fn seven() -> Vec<PeerChart> {
    let d = Some;
    vec![
        chart("A", [d("03-26"), None, None, None, None, None], false),
        chart("B", [d("02-25"), d("02-27"), None, None, None, None], false),
        chart("C", [d("03-20"), d("03-27"), d("03-27"), None, None, None], false),
        chart("D", [d("02-20"), d("02-25"), d("02-26"), d("03-25"), None, d("03-01")], true),
        chart("E", [d("03-05"), d("03-05"), d("03-05"), d("03-05"), d("03-05"), d("03-06")], false),
        chart("F", [d("03-01"), d("03-03"), d("03-03"), d("03-20"), d("03-20"), None], false),
        chart("G", [d("03-10"), d("03-11"), d("03-11"), d("03-16"), d("03-16"), None], false),
    ]
}

fn compared(parameters: Parameters) -> Comparison {
    Comparison::of(seven(), parameters, noon("03-31"), Position(7))
}

fn row<'a>(comparison: &'a Comparison, name: &str) -> &'a Row {
    let chart = EncounterId::derive(&["HOSP1", name]);
    comparison.rows.iter().find(|row| row.chart == chart).expect("a row")
}

#[test]
fn irt_lists_on_the_day_itself_and_mixes_two_meanings_in_one_column() {
    let comparison = compared(PARAMETERS);
    let listing = |name| {
        let irt::Listing { status, total_days } = row(&comparison, name).irt;
        (status, total_days)
    };
    // A: 26 March + 5 = 31 March, which is today: listed, 0 days.
    assert_eq!(listing("A"), (irt::Status::Incomplete, Some(0)));
    // B: dictated, always listed, counted from the event: 25 February to 31 March = 3 + 31 = 34 days.
    assert_eq!(listing("B"), (irt::Status::Dictated, Some(34)));
    // C: 27 March + 4 = 31 March: listed, 0 days.
    assert_eq!(listing("C"), (irt::Status::Transcribed, Some(0)));
    // D: 25 March + 3 = 28 March: listed, 3 days.
    assert_eq!(listing("D"), (irt::Status::Signed, Some(3)));
    for done in ["E", "F", "G"] {
        assert_eq!(listing(done), (irt::Status::Completed, None));
    }
    let irt = comparison.irt;
    assert_eq!(
        [irt.listed_incomplete, irt.listed_dictated, irt.listed_transcribed, irt.listed_signed],
        [1; 4]
    );

    // One day more each, and A, C and D are listed no longer: 1 April, 1 April, 25 March + 7 = 1 April.
    let later = Parameters { days_dictation: 6, days_signature: 5, days_review: Some(7), ..PARAMETERS };
    let comparison = compared(later);
    for (name, status) in
        [("A", irt::Status::Incomplete), ("C", irt::Status::Transcribed), ("D", irt::Status::Signed)]
    {
        assert_eq!(row(&comparison, name).irt, irt::Listing { status, total_days: None });
    }
    // Where reports are not reviewed, D is done, though a second signature is missing.
    let unreviewed = compared(Parameters { days_review: None, ..PARAMETERS });
    assert_eq!(row(&unreviewed, "D").irt.status, irt::Status::Completed);
}

#[test]
fn irts_productivity_is_an_average_of_the_unfinished() {
    // Event to dictation, dictation to transcription, transcription to coding; what goes on counts to today:
    //   A   5 (so far)   -              -
    //   B   2            32 (so far)    -            together 34, more than 30
    //   C   7            0              4 (so far)
    //   D   5            1              3            (26 February to 1 March)
    //   sum 19           33             7            59
    // divided by four records each. E, F and G, which are done, are not in it.
    assert_eq!(
        compared(PARAMETERS).irt.productivity,
        irt::Productivity {
            records: 4,
            event_to_dictation: Some(4.75),
            dictation_to_transcription: Some(8.25),
            transcription_to_coding: Some(1.75),
            total: Some(14.75),
            over_30: 1,
            over_30_per_cent: Some(25.0),
        }
    );
}

#[test]
fn tiu_is_strict_where_irt_is_not_and_knows_no_missing_document() {
    let comparison = compared(PARAMETERS);
    let alert = |name| {
        let tiu::Alert { status, days, overdue, alerted } = row(&comparison, name).tiu;
        (status, days, overdue, alerted)
    };
    assert_eq!(alert("A"), (tiu::Status::None, None, false, false));
    assert_eq!(alert("B"), (tiu::Status::Untranscribed, None, false, false));
    // C: 27 to 31 March = 4 days, 4 of grace, not more: not overdue, while IRT lists it today.
    assert_eq!(alert("C"), (tiu::Status::Unsigned, Some(4), false, false));
    // D: counted from 26 February, when it was there, though its author signed on 25 March: 2 + 31 = 33.
    assert_eq!(alert("D"), (tiu::Status::Uncosigned, Some(33), true, true));
    assert_eq!(alert("E"), (tiu::Status::Completed, None, false, false));
    let tiu = comparison.tiu;
    assert_eq!([tiu.unsigned, tiu.unsigned_overdue, tiu.uncosigned, tiu.uncosigned_overdue], [1, 0, 1, 1]);
    // Event to dictation: B 2, C 7, D 5, E 0, F 2, G 1 = 17 / 6 = 2.83; dictation to transcription: D 1 of five;
    // transcription to signature: D 27, E 0, F 17, G 5 = 49 / 4 = 12.25; nobody cosigned.
    assert_eq!(
        tiu.means,
        tiu::Means {
            event_to_dictation: Some(2.83),
            dictation_to_transcription: Some(0.2),
            transcription_to_signature: Some(12.25),
            signature_to_cosignature: None,
        }
    );
    // With one day of grace less, C is overdue too.
    assert!(row(&compared(Parameters { grace: 3, ..PARAMETERS }), "C").tiu.overdue);
}

#[test]
fn tiu_averages_negative_intervals_and_falls_silent_after_twelve_months() {
    // Signed a day before it was there (-1), and one that waits since 30 March of last year.
    let backdated =
        chart("N", [Some("03-01"), Some("03-03"), Some("03-03"), Some("03-02"), None, None], false);
    let mut old = chart("O", [Some("03-01"), None, None, None, None, None], false);
    let long_ago: Date = "2025-03-30".parse().expect("a date");
    (old.records[0].dictated, old.records[0].transcribed) = (Some(long_ago), Some(long_ago));
    let comparison = Comparison::of(vec![backdated, old], PARAMETERS, noon("03-31"), Position(1));
    assert_eq!(comparison.tiu.means.transcription_to_signature, Some(-1.0));
    let tiu::Alert { days, overdue, alerted, .. } = row(&comparison, "O").tiu;
    assert_eq!((days, overdue, alerted), (Some(366), true, false));
    assert_eq!((comparison.tiu.unsigned_overdue, comparison.tiu.silent), (1, 1));
}

#[test]
fn rpms_forgets_completed_charts_drops_the_quickest_and_cuts_fractions() {
    let comparison = compared(PARAMETERS);
    // Delinquent after discharge + 14: A 9 April, B 11 March, C 3 April, D 6 March, F 15 March, G 24 March.
    assert_eq!(row(&comparison, "B").rpms_delinquent_on, on("03-11"));
    let delinquent = |name| row(&comparison, name).rpms_delinquent;
    assert_eq!(
        ["A", "B", "C", "D", "E", "F", "G"].map(delinquent),
        [false, true, false, true, false, false, false]
    );
    assert_eq!(
        comparison.rpms_inpatient,
        rpms::Statistics {
            incomplete_charts: 4,
            completed_charts: 3,
            lines: 4,
            // B and D.
            delinquent_lines: 2,
            // F was signed on 20 March, five days late, and is gone because the chart is complete.
            vanished_lines: 1,
            // F 19 days, G 6: 25 / 2 = 12.5, cut to 12. E took 0 days and is left out: with it, 25 / 3 = 8.3.
            average_days: Some(12),
            same_day: 1,
        }
    );
    assert_eq!(comparison.rpms_other, rpms::Statistics::default());
    // On the date itself nothing is delinquent: B with 34 days is on 31 March = today.
    let on_the_day = compared(Parameters { delinquent_after: 34, ..PARAMETERS });
    assert!(!row(&on_the_day, "B").rpms_delinquent);
    assert!(row(&compared(Parameters { delinquent_after: 33, ..PARAMETERS }), "B").rpms_delinquent);
}

#[test]
fn ours_counts_the_quickest_and_keeps_the_open_ones_apart() {
    let ours = compared(PARAMETERS).ours;
    // Complete: E 0 days, G 6, F 19. Two of three do not exceed 6; for nine of ten all three are needed.
    assert_eq!((ours.charts_complete, ours.lag_median_days, ours.lag_p90_days), (3, Some(6.0), Some(19.0)));
    // Not complete: A 5 days, C 11, B 34, D 39. Two of four do not exceed 11.
    assert_eq!((ours.charts_incomplete, ours.open_age_median_days), (4, Some(11.0)));
}

#[test]
fn the_list_is_one_line_for_each_report() {
    let file = csv::file(&compared(PARAMETERS));
    assert_eq!(file.lines().count(), 1 + 7);
    let chart = EncounterId::derive(&["HOSP1", "D"]);
    let wanted = format!(
        "{chart},HOSP1,inpatient,discharge_summary,,2026-02-20,2026-02-25,2026-02-26,2026-03-25,,signed,3,uncosigned,\
         33,yes,2026-03-06,yes,no,,no"
    );
    assert!(file.lines().any(|line| line == wanted), "{file}");
}
