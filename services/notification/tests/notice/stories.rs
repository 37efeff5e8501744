//! Stories of single notices.

use countersign_contracts::notice::NoticeClass::{Formal, Reminder};
use countersign_kernel::NoticeId;
use countersign_notification::domain::{
    notice::{Change, Mode, NoticeEvent, Refusal, Settings, Standing, events::Ending, retry},
    window::{Hours, Windows},
};
use jiff::{SignedDuration, civil::date, tz::TimeZone};

use crate::given::{Story, act, asked, email, inbox, item, letter, monday, webhook};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn an_accepted_mail_that_does_not_come_back_is_delivered_after_the_bounce_period() {
    // given
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
    // when it is accepted
    story.send(1, Ending::Accepted);
    assert_eq!(story.state(1), "accepted");
    assert_eq!(story.due(), [0_u32; 0]);
    // and nothing comes back
    assert!(story.next_timer());
    // then it is delivered, and the letter never needed
    assert_eq!(story.state(1), "delivered");
    assert_eq!(story.now, monday() + story.settings.bounce_period);
    assert_eq!(story.notice.legs().len(), 1);
    assert!(!story.next_timer());
}

#[test]
fn a_mail_that_comes_back_is_not_delivered_and_the_next_channel_takes_over() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
    story.send(1, Ending::Accepted);
    story.when(&Change::Bounce { leg: 1, detail: "550 no such mailbox".to_owned() });
    assert_eq!((story.state(1), story.state(2)), ("bounced", "queued"));
    assert_eq!(story.due(), [2]);
    // and the bounce period means nothing any more
    assert!(!story.next_timer());
    // and the same report again changes nothing
    assert_eq!(story.when(&Change::Bounce { leg: 1, detail: "550 no such mailbox".to_owned() }), []);
}

#[test]
fn a_letter_is_delivered_on_the_day_that_somebody_says_it_left() {
    let mut story = Story::of(asked(Formal, &[letter()], &[]));
    story.send(1, Ending::Accepted);
    assert_eq!(story.state(1), "accepted");
    let confirm = |on| Change::Confirm {
        leg: 1,
        handed_over: true,
        on,
        by_whom: "Front desk".to_owned(),
        time_zone: TimeZone::UTC,
        act: act(""),
    };
    // not before it was made, not in the future
    assert_eq!(story.attempt(&confirm(date(2026, 3, 1))), Err(Refusal::ImpossibleDay));
    assert_eq!(story.attempt(&confirm(date(2026, 3, 3))), Err(Refusal::ImpossibleDay));
    story.after(HOUR * 48);
    let events = story.when(&confirm(date(2026, 3, 3)));
    let [NoticeEvent::Delivered(delivered)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(delivered.at, "2026-03-03T23:59:59Z".parse().expect("an instant"));
    assert_eq!(story.when(&confirm(date(2026, 3, 3))), [], "once");
}

#[test]
fn a_reminder_of_unknown_outcome_is_never_sent_again() {
    // given a reminder whose process died between begin and answer
    let mut story = Story::of(asked(Reminder, &[email("a@example.org")], &[letter()]));
    let attempt = story.begin(1);
    // when it is found
    story.when(&Change::Abandon { leg: 1, attempt });
    // then nobody knows, and nothing follows: neither a second mail nor a letter
    assert_eq!(story.state(1), "unknown");
    assert!(!story.next_timer());
    assert_eq!(story.due(), [0_u32; 0]);
    assert_eq!(story.notice.legs().len(), 1);
}

#[test]
fn a_formal_notice_that_was_cut_off_is_sent_again_within_seconds_however_often() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
    for _ in 1..retry::ATTEMPTS {
        // given a process that dies while it is being sent, when the next one finds it
        let attempt = story.begin(1);
        story.when(&Change::Abandon { leg: 1, attempt });
        // then it does not wait for what the receiver would be owed after a refusal
        assert_eq!(story.state(1), "queued");
        story.after(jiff::SignedDuration::from_secs(6));
        assert_eq!(story.due(), [1]);
    }
    // and what kills its process again and again comes to the next way in the end
    let attempt = story.begin(1);
    story.when(&Change::Abandon { leg: 1, attempt });
    assert_eq!(story.state(1), "failed");
    assert_eq!(story.due(), [2]);
}

#[test]
fn a_formal_notice_of_unknown_outcome_is_sent_again_under_the_same_message_id() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    story.begin(1);
    // the timer of the attempt finds it: nobody came back to say
    assert!(story.next_timer());
    assert_eq!(story.state(1), "queued");
    assert!(story.next_timer());
    let attempt = story.begin(1);
    assert_eq!(attempt, 2);
    let rendered = story.kinds().iter().filter(|kind| **kind == "notice-rendered").count();
    assert_eq!(rendered, 1, "what is sent again is what was rendered once");
    story.end(1, attempt, Ending::Accepted);
    assert_eq!(story.state(1), "accepted");
}

#[test]
fn a_formal_notice_that_is_never_accepted_ends_before_the_eyes_of_a_human() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[webhook()]));
    while story.notice.standing() == Standing::Live {
        match story.due().first() {
            Some(leg) => drop(story.send(*leg, Ending::Later)),
            None => assert!(story.next_timer(), "a live notice without a next step"),
        }
    }
    assert_eq!(story.notice.standing(), Standing::Exhausted);
    assert_eq!(story.attempts_to(&email("a@example.org")), retry::ATTEMPTS);
    assert_eq!(story.attempts_to(&webhook()), retry::ATTEMPTS);
    // and a human has it sent again, elsewhere
    story.when(&Change::Requeue { leg: 1, to: Some(email("b@example.org")), act: act("typed wrong") });
    assert_eq!(story.notice.standing(), Standing::Live);
    story.send(3, Ending::Accepted);
    assert_eq!(story.state(3), "accepted");
}

#[test]
fn an_answer_that_comes_after_the_attempt_was_given_up_still_saves_a_second_mail() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    let attempt = story.begin(1);
    assert!(story.next_timer());
    assert_eq!(story.state(1), "queued");
    story.end(1, attempt, Ending::Accepted);
    assert_eq!(story.state(1), "accepted");
    story.after(HOUR * 24 * 30);
    assert_eq!(story.due(), [0_u32; 0]);
}

#[test]
fn restart_during_quiet_hours() {
    // given a reminder asked for at night
    let windows = Windows { quiet: Some(Hours::NIGHT), ..Windows::default() };
    let mut requested = asked(Reminder, &[email("a@example.org")], &[]);
    requested.windows = windows;
    let mut story = Story::of(requested.clone());
    let night = "2026-03-02T22:00:00Z".parse().expect("an instant");
    story = Story {
        now: night,
        notice: countersign_notification::domain::notice::Notice::default(),
        events: Vec::new(),
        ..story
    };
    story.when(&Change::Request(Box::new(requested)));
    assert_eq!(story.due(), [0_u32; 0]);
    // when the process is started again, twice, from what is stored
    for _ in 0..2 {
        story.notice = countersign_notification::domain::notice::Notice::of(&story.events);
    }
    // then the timer is still there, and the message goes out when the window opens
    assert!(story.next_timer());
    assert_eq!(story.now, "2026-03-03T07:00:00Z".parse().expect("an instant"));
    assert_eq!(story.due(), [1]);
}

#[test]
fn a_formal_notice_goes_out_at_any_hour_only_when_the_policy_says_so() {
    let mut requested = asked(Formal, &[email("a@example.org")], &[]);
    requested.windows = Windows {
        quiet: Some(Hours { from: jiff::civil::time(14, 0, 0, 0), until: jiff::civil::time(16, 0, 0, 0) }),
        ..Windows::default()
    };
    assert_eq!(Story::of(requested.clone()).due(), [0_u32; 0]);
    requested.request.at_any_hour = true;
    assert_eq!(Story::of(requested).due(), [1]);
}

#[test]
fn novu_2569_the_same_request_twice_in_the_same_second_makes_one_notice() {
    let requested = asked(Reminder, &[email("a@example.org")], &[]);
    let mut story = Story::of(requested.clone());
    assert_eq!(story.when(&Change::Request(Box::new(requested))), []);
    assert_eq!(story.notice.legs().len(), 1);
}

#[test]
fn novu_12373_a_leg_that_is_tried_again_is_never_merged_with_itself_and_lost() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    story.send(1, Ending::Later);
    // the retry that comes twice, from two processes
    assert!(story.next_timer());
    let begin = Change::Begin { leg: 1, rendering: None, mode: Mode::Live, sender: None };
    story.when(&begin);
    assert_eq!(story.attempt(&begin), Err(Refusal::NotDue(1)), "the second dispatcher does not send");
    story.end(1, 2, Ending::Accepted);
    assert_eq!(story.state(1), "accepted");
}

#[test]
fn what_is_done_before_it_is_rendered_falls_out_and_that_is_on_record() {
    let mut story = Story::of(asked(Reminder, &[email("a@example.org")], &[]));
    let drop = |n| Change::DropItems([item(n)].into());
    story.when(&drop(2));
    assert_eq!(story.items(), [item(1), item(3)].into());
    // what is rendered stays what it is
    story.send(1, Ending::Later);
    assert_eq!(story.when(&drop(1)), []);
    // and when nothing is left nothing is sent
    let mut story = Story::of(asked(Reminder, &[email("a@example.org")], &[]));
    story.when(&Change::DropItems([item(1), item(2), item(3)].into()));
    assert_eq!(story.notice.standing(), Standing::Dropped);
    assert_eq!(story.due(), [0_u32; 0]);
}

#[test]
fn nothing_leaves_in_shadow_mode_but_what_would_have_left_is_kept() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
    story.begin_in(1, Mode::Shadow);
    assert_eq!(story.state(1), "withheld");
    assert_eq!(story.notice.leg(1).expect("a leg").attempts, 0);
    assert!(story.notice.leg(1).expect("a leg").rendered.is_some());
    assert!(!story.next_timer());
}

#[test]
fn what_goes_to_the_pilots_address_is_not_delivered_to_anybody() {
    let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[]));
    let attempt = story.begin_in(1, Mode::Redirect(email("pilot@example.org")));
    story.end(1, attempt, Ending::Accepted);
    assert_eq!(story.state(1), "withheld");
    assert!(!story.kinds().contains(&"notice-delivered"));
}

#[test]
fn what_was_taken_over_or_withdrawn_is_not_sent_again() {
    for change in [
        Change::TakeOver(act("told by telephone")),
        Change::Withdraw { notice: NoticeId::derive(&["test"]), because: "everything is done".to_owned() },
    ] {
        let mut story = Story::of(asked(Formal, &[email("a@example.org")], &[letter()]));
        story.send(1, Ending::Later);
        story.when(&change);
        assert_eq!(story.when(&change), [], "once");
        assert!(!story.next_timer());
        story.after(HOUR * 24);
        assert_eq!(story.due(), [0_u32; 0]);
    }
}

#[test]
fn an_inbox_is_delivered_at_once_and_read_once() {
    let mut story = Story::of(asked(Reminder, &[inbox()], &[]));
    story.send(1, Ending::Accepted);
    assert_eq!(story.state(1), "delivered");
    let read = Change::MarkRead { by: "ana".to_owned() };
    assert_eq!(story.when(&read).len(), 1);
    assert_eq!(story.when(&read), []);
}

#[test]
fn what_an_idempotent_receiver_has_is_not_sent_there_again_by_hand() {
    let mut story = Story::of(asked(Formal, &[webhook(), email("a@example.org")], &[]));
    story.send(1, Ending::Accepted);
    assert_eq!(
        story.attempt(&Change::Requeue { leg: 1, to: None, act: act("again") }),
        Err(Refusal::NotFailed(1))
    );
    story.send(2, Ending::Refused);
    assert_eq!(story.state(2), "failed");
    assert_eq!(
        story.attempt(&Change::Requeue { leg: 2, to: Some(webhook()), act: act("again") }),
        Err(Refusal::AddressUnfit)
    );
}

#[test]
fn what_is_withdrawn_before_it_is_asked_for_is_never_sent() {
    // given a withdrawal that comes first, twice
    let mut story = Story::early();
    let withdraw =
        Change::Withdraw { notice: NoticeId::derive(&["test"]), because: "everything is done".to_owned() };
    story.when(&withdraw);
    assert_eq!(story.when(&withdraw), []);
    // when the request comes
    story.when(&Change::Request(Box::new(asked(Formal, &[inbox(), email("a@example.org")], &[letter()]))));
    // then it is on record, and nothing of it is queued
    assert_eq!(story.kinds(), ["notice-unwanted", "notice-requested", "notice-dropped"]);
    assert_eq!(story.due(), [0_u32; 0]);
}

#[test]
fn an_attempt_is_given_up_later_than_the_slowest_channel_answers() {
    let slow = SignedDuration::from_mins(50);
    assert!(Settings::default().patient_for(slow).answer_within > slow);
    assert_eq!(Settings::default().patient_for(SignedDuration::ZERO), Settings::default());
    assert!(Settings::default().patient_for(SignedDuration::MAX).answer_within == SignedDuration::MAX);
}
