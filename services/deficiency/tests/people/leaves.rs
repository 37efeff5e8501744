//! Leaves of absence: planned, sick, late, overlapping, without end, approved.

use countersign_deficiency::domain::people::{
    Approval, Leave,
    decide::{Command, Period},
};
use countersign_kernel::Role;

use crate::given::*;

fn names(leaves: &[Leave]) -> Vec<(String, bool)> {
    leaves.iter().map(|leave| (leave.from.to_string()[5..10].to_owned(), leave.counts())).collect()
}

#[test]
fn leaves_may_overlap_have_no_end_and_be_entered_late() {
    let mut directory = directory([report("1@H", "01-01")]);
    ask(&mut directory, &manager(), "03-10", leave("a", "1@H", "03-20", Some("03-27"))).unwrap();
    ask(&mut directory, &manager(), "03-10", leave("b", "1@H", "03-25", None)).unwrap();
    // 19: entered late for a past period
    ask(&mut directory, &manager(), "03-10", leave("c", "1@H", "02-01", Some("02-08"))).unwrap();
    let leaves = directory.leaves_of(&person("1@H"));
    assert_eq!(names(leaves), [("02-01".into(), true), ("03-20".into(), true), ("03-25".into(), true)]);
    assert_eq!(leaves.iter().map(Leave::entered_late).collect::<Vec<_>>(), [true, false, false]);
    assert!(leaves[1].covers(at("03-26 23:59")) && !leaves[1].covers(at("03-27")), "half-open");
    assert!(leaves[2].covers(at("12-31")));
    let refusal =
        ask(&mut directory, &manager(), "03-10", leave("d", "1@H", "03-20", Some("03-20"))).unwrap_err();
    assert_eq!(refusal.rule(), "period-empty");
}

#[test]
fn somebody_only_named_in_messages_may_be_away_too() {
    let mut directory = directory([]);
    ask(&mut directory, &manager(), "03-10", leave("a", "9@H", "03-20", None)).unwrap();
    assert_eq!(directory.leaves_of(&person("9@H")).len(), 1);
    assert!(!directory.find(&id("9@H")).unwrap().listed, "a leave alone lists nobody");
}

#[test]
fn what_was_known_of_a_leave_when_stays_answerable() {
    let mut directory = directory([]);
    let change = |until| Command::ChangeLeave { leave: leave_id("a"), period: period("03-20", until) };
    ask(&mut directory, &manager(), "03-10", leave("a", "9@H", "03-20", None)).unwrap();
    ask(&mut directory, &manager(), "03-22", change(Some("03-27"))).unwrap();
    assert_eq!(ask(&mut directory, &manager(), "03-23", change(Some("03-27"))), Ok(None), "as it is already");
    ask(&mut directory, &manager(), "03-30", Command::CancelLeave { leave: leave_id("a") }).unwrap();
    let known = |when: &str| -> Vec<_> {
        directory.leaves_known(&person("9@H"), at(when)).iter().map(|leave| leave.until).collect()
    };
    assert_eq!(known("03-09"), []);
    assert_eq!(known("03-10"), [None]);
    assert_eq!(known("03-22"), [Some(at("03-27"))]);
    assert_eq!(known("03-30"), []);
    assert!(directory.leaves_of(&person("9@H")).is_empty());
    let refusal = ask(&mut directory, &manager(), "03-31", change(None)).unwrap_err();
    assert_eq!(refusal.rule(), "leave-unknown");
}

#[test]
fn a_leave_of_ones_own_recording_counts_when_a_second_person_approved_it() {
    let mut directory = directory([report("1@H", "01-01")]);
    let physician = provider("welby", Role::Physician, id("1@H"));
    let decide = |approve| Command::DecideLeave { leave: leave_id("a"), approve };
    let state = |directory: &countersign_deficiency::domain::people::Directory| {
        let leave = &directory.leaves_of(&person("1@H"))[0];
        (leave.approval.name(), leave.counts())
    };
    ask(&mut directory, &physician, "03-10", leave("a", "1@H", "03-20", None)).unwrap();
    assert_eq!(state(&directory), ("awaited", false));
    // not by herself, whatever her roles
    let herself = provider("welby", Role::HimAnalyst, id("1@H"));
    let refusal = ask(&mut directory, &herself, "03-11", decide(true)).unwrap_err();
    assert_eq!(refusal.rule(), "leave-second-person");
    let analyst = actor("lee", &[Role::HimAnalyst]);
    ask(&mut directory, &analyst, "03-11", decide(true)).unwrap();
    assert_eq!(state(&directory), ("given", true));
    assert_eq!(ask(&mut directory, &analyst, "03-11", decide(true)), Ok(None));
    // a change of her own needs approval again
    let longer = Period { until: Some(at("05-01")), ..period("03-20", None) };
    ask(&mut directory, &physician, "03-12", Command::ChangeLeave { leave: leave_id("a"), period: longer })
        .unwrap();
    assert_eq!(state(&directory), ("awaited", false));
    ask(&mut directory, &analyst, "03-13", decide(false)).unwrap();
    assert_eq!(state(&directory), ("refused", false));
}

#[test]
fn the_word_of_him_and_of_the_medical_staff_office_is_enough_for_others() {
    let record = |who: &_| {
        let mut directory = directory([report("1@H", "01-01")]);
        ask(&mut directory, who, "03-10", leave("a", "1@H", "03-20", None)).unwrap();
        directory.leaves_of(&person("1@H"))[0].approval.clone()
    };
    assert_eq!(record(&provider("welby", Role::Physician, id("1@H"))), Approval::Awaited);
    assert_eq!(record(&actor("dana", &[Role::Delegate])), Approval::Awaited);
    assert_eq!(record(&actor("lee", &[Role::HimAnalyst])), Approval::NotNeeded);
    assert_eq!(record(&actor("mso", &[Role::MedicalStaffOffice])), Approval::NotNeeded);
    // an analyst who is the provider is one person: another one approves
    assert_eq!(record(&provider("welby", Role::HimAnalyst, id("1@H"))), Approval::Awaited);
}

#[test]
fn leaves_follow_the_person_through_merge_and_back() {
    let mut directory = directory([report("1@H", "01-01"), report("2@H", "01-01")]);
    ask(&mut directory, &manager(), "03-10", leave("a", "1@H", "03-20", None)).unwrap();
    ask(&mut directory, &manager(), "03-10", merge("1@H", "2@H")).unwrap();
    // recorded while merged, for the identity that is to be retired
    ask(&mut directory, &manager(), "03-11", leave("b", "1@H", "04-20", None)).unwrap();
    assert_eq!(directory.leaves_of(&person("2@H")).len(), 2);
    ask(&mut directory, &manager(), "03-12", unmerge("1@H")).unwrap();
    assert_eq!(
        (directory.leaves_of(&person("1@H")).len(), directory.leaves_of(&person("2@H")).len()),
        (2, 0)
    );
}
