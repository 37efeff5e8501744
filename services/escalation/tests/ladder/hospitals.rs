//! The policies of real hospitals (product brief, section 1.3), as far as they are published, and how they play out.

use countersign_escalation::domain::policy::PolicySet;
use countersign_kernel::Role;

use crate::world::{World, at, days};
use countersign_escalation::domain::acts::Command;

fn policy(text: &str) -> PolicySet {
    PolicySet::read(text, 1).expect("a policy")
}

/// A ladder with one notice and a suspension after so many days of it.
fn one_notice(after_days: u16, notice_days: u16, rest: &str) -> String {
    format!(
        "title = \"Fixture\"\n[[step]]\nname = \"delinquent\"\nafter_days = {after_days}\nkind = \"pre-suspension\"\n\
         class = \"formal\"\nto = [\"provider\", \"medical_staff_office\"]\nchannels = [\"email\", \"letter\"]\n\
         warns_of_suspension = true\n[delivery]\nemail = \"accepted\"\n[suspension]\nenabled = true\n\
         notice_days = {notice_days}\nscope = [\"clinical_care\", \"booked_cases\"]\n{rest}"
    )
}

#[test]
fn main_line_runs_a_clock_from_the_notice_and_a_human_lifts() {
    // 21 days after the discharge a notice names the day; 10 days after it; the VPMA verifies and lifts.
    let rest = "at = \"any\"\n[cadence]\nmode = \"continuous\"\n[reinstatement]\nmode = \"confirmed\"\n\
                lift = \"next_business_day\"\n";
    let mut world = World::new(policy(&one_notice(21, 10, rest)));
    let item = world.owe("a");
    world.run_until(at("2026-04-06T12:00:00Z"));
    assert_eq!(world.told(), ["03-24 delinquent", "04-04 proposed"]);
    world.confirm().expect("confirmed");
    world.done(item);
    assert!(world.track.suspension().is_some_and(|suspension| suspension.end_proposed_at.is_some()));
    let proposal = world.track.suspension().expect("in force").proposal;
    world.act("V. Pma", &[Role::ChiefMedicalOfficer], Command::Reinstate { proposal }).expect("lifted");
    assert!(world.track.suspension().is_none());
}

#[test]
fn orlando_leave_helps_if_it_is_long_enough_and_not_for_what_was_overdue_before() {
    let rest = "at = \"any\"\n[cadence]\nmode = \"continuous\"\n[leave]\nshortest_days = 3\ngrace_days_after = 3\n\
                not_for_already_overdue = true\n";
    let text = one_notice(30, 7, rest);
    let delinquent = |leave: Option<(&str, &str)>| {
        let mut world = World::new(policy(&text));
        world.owe("a");
        if let Some((from, until)) = leave {
            world.leave(at(from), Some(at(until)));
        }
        world.pass(days(80));
        world.told()[0].clone()
    };
    // without a leave: on day 31
    assert_eq!(delinquent(None), "04-02 delinquent");
    // two days away do not count
    assert_eq!(delinquent(Some(("2026-03-03T08:00:00Z", "2026-03-05T08:00:00Z"))), "04-02 delinquent");
    // ten days away and three from the return do
    assert_eq!(delinquent(Some(("2026-03-03T08:00:00Z", "2026-03-13T08:00:00Z"))), "04-15 delinquent");
    // a leave that begins when the item is overdue already (since 10 March) helps nothing
    assert_eq!(delinquent(Some(("2026-03-12T08:00:00Z", "2026-03-30T08:00:00Z"))), "04-02 delinquent");
}

#[test]
fn siu_notices_weekly_and_suspends_for_at_least_a_day() {
    let text = "title = \"SIU\"\n[cadence]\nmode = \"weekly\"\n[cadence.publish]\nday = \"monday\"\nat = \"08:00\"\n\
        [cadence.cutoff]\nday = \"monday\"\nat = \"08:00\"\n\
        [[step]]\nname = \"notice\"\nafter_days = 10\nkind = \"overdue\"\nclass = \"formal\"\nto = [\"provider\"]\n\
        channels = [\"email\"]\nat = \"run\"\n\
        [[step]]\nname = \"impending\"\nafter_days = 10\nkind = \"pre-suspension\"\nclass = \"formal\"\n\
        to = [\"provider\", \"graduate_medical_education\"]\nchannels = [\"email\"]\nat = \"run\"\n\
        days_after_previous = 5\nwarns_of_suspension = true\n[delivery]\nemail = \"accepted\"\n\
        [suspension]\nenabled = true\nnotice_days = 6\nscope = [\"clinical_duties\"]\n\
        [reinstatement]\nminimum_hours = 24\n[[repeat]]\ncount = 3\nkind = \"repeat-suspension\"\n\
        to = [\"graduate_medical_education\"]\n";
    let mut world = World::new(policy(text));
    let item = world.owe("a");
    world.run_until(at("2026-03-31T12:00:00Z"));
    assert_eq!(world.told(), ["03-16 notice", "03-23 impending", "03-30 proposed"]);
    world.confirm().expect("confirmed");
    // when it is done after an hour, then it lasts a day
    world.done(item);
    assert!(world.track.suspension().is_some());
    world.pass(days(1));
    assert!(world.track.suspension().is_none());
}

#[test]
fn u_chicago_lists_on_fridays_and_suspends_every_second_week() {
    let text = one_notice(14, 3, "at = \"run\"\n[cadence]\nmode = \"weekly\"\n[cadence.publish]\nday = \"friday\"\nat = \"08:00\"\n\
         [cadence.cutoff]\nday = \"tuesday\"\nat = \"08:00\"\nevery_weeks = 2\ncounted_from = \"2026-03-10\"\n")
        .replacen("warns_of_suspension = true\n", "warns_of_suspension = true\nat = \"run\"\n", 1);
    let mut world = World::new(policy(&text));
    world.owe("a");
    world.pass(days(45));
    assert_eq!(world.told(), ["03-20 delinquent", "03-24 proposed", "04-07 lapsed", "04-07 proposed"]);
}

#[test]
fn uw_and_uhs_suspend_nobody_or_after_a_week() {
    // UW Health 6.17: delinquent after 14 days, no suspension of its own
    let uw = "title = \"UW\"\n[[step]]\nname = \"delinquent\"\nafter_days = 14\nkind = \"overdue\"\nclass = \"formal\"\n\
              to = [\"provider\", \"chair\"]\nchannels = [\"email\"]\n";
    let mut world = World::new(policy(uw));
    world.owe("a");
    world.pass(days(90));
    assert_eq!(world.told(), ["03-17 delinquent"]);
    // United Health Services: a week to complete or face suspension
    let mut world = World::new(policy(&one_notice(
        14,
        7,
        "at = \"any\"\n[cadence]\nmode = \"continuous\"\n\
        [fines]\nenabled = true\ncents_per_day = 5000\nafter_days = 35\n",
    )));
    world.owe("a");
    world.run_until(at("2026-03-26T00:00:00Z"));
    assert_eq!(world.told(), ["03-17 delinquent", "03-25 proposed"]);
}
