//! Laws that hold under any sequence of answers, crashes, repeats and acts of people.

use std::collections::BTreeMap;

use countersign_contracts::notice::{
    Channel,
    NoticeClass::{self, Formal, Reminder},
};
use countersign_kernel::NoticeId;
use countersign_notification::domain::{
    contact::Destination,
    notice::{
        Change, LegState, Mode, Notice, NoticeEvent, Standing,
        events::{Ending, Requested},
    },
    window::{Hours, Windows},
};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::given::{Story, act, asked, email, inbox, item, letter, rendering, webhook};

#[derive(Debug, Clone)]
enum Step {
    Wait(u32),
    Timer,
    /// The dispatcher begins a due leg.
    Begin(u8),
    /// A transport answers, perhaps late, perhaps twice.
    Answer(u8, u8, Ending),
    /// The process dies and is started again: attempts without an answer are found.
    Crash,
    Bounce(u8),
    Withdraw,
    TakeOver,
    Done(u8),
    Requeue(u8),
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let ending = prop_oneof![
        Just(Ending::Accepted),
        Just(Ending::Refused),
        Just(Ending::Later),
        Just(Ending::Unknown)
    ];
    prop_oneof![
        2 => (0..100_000_u32).prop_map(Step::Wait),
        4 => Just(Step::Timer),
        8 => (0..3_u8).prop_map(Step::Begin),
        8 => (0..3_u8, 0..3_u8, ending).prop_map(|(leg, back, ending)| Step::Answer(leg, back, ending)),
        2 => Just(Step::Crash),
        1 => (0..3_u8).prop_map(Step::Bounce),
        1 => Just(Step::Withdraw),
        1 => Just(Step::TakeOver),
        1 => (1..4_u8).prop_map(Step::Done),
        1 => (0..3_u8).prop_map(Step::Requeue),
        3 => Just(Step::Again),
    ]
}

fn requested() -> impl Strategy<Value = Requested> {
    let class = prop_oneof![Just(Formal), Just(Reminder)];
    let ways: Vec<Destination> = vec![inbox(), email("a@example.org"), webhook(), letter()];
    let all = proptest::sample::subsequence(ways.clone(), 1..=4).prop_shuffle();
    (class, all, 0..5_usize, any::<bool>()).prop_map(
        |(class, ways, first, quiet): (NoticeClass, Vec<Destination>, usize, bool)| {
            let (at_once, then) = ways.split_at(first.clamp(1, ways.len()));
            let quiet = quiet.then_some(Hours::NIGHT);
            Requested { windows: Windows { quiet, ..Windows::default() }, ..asked(class, at_once, then) }
        },
    )
}

/// Numbers of legs that have a begun attempt, oldest first.
fn nth_leg(story: &Story, n: u8) -> Option<u32> {
    let legs = story.notice.legs();
    legs.get(usize::from(n) % legs.len().max(1)).map(|leg| leg.number)
}

fn take(story: &mut Story, step: &Step) -> Option<Change> {
    let change = match step {
        Step::Wait(seconds) => {
            story.after(SignedDuration::from_secs(i64::from(*seconds)));
            return None;
        }
        Step::Timer => {
            story.next_timer();
            return None;
        }
        Step::Begin(n) => {
            let due = story.due();
            let leg = *due.get(usize::from(*n) % due.len().max(1))?;
            Change::Begin { leg, rendering: Some(rendering(leg)), mode: Mode::Live, sender: None }
        }
        Step::Answer(n, back, ending) => {
            let leg = nth_leg(story, *n)?;
            let attempt = story.notice.leg(leg)?.attempts.checked_sub(u32::from(*back))?;
            let answer = countersign_notification::domain::notice::Answer::new(*ending, "answer");
            Change::End { leg, attempt, answer }
        }
        Step::Crash => {
            story.notice = Notice::of(&story.events);
            let found =
                story.notice.legs().iter().find(|leg| matches!(leg.state, LegState::Sending { .. }))?;
            Change::Abandon { leg: found.number, attempt: found.attempts }
        }
        Step::Bounce(n) => Change::Bounce { leg: nth_leg(story, *n)?, detail: "came back".to_owned() },
        Step::Withdraw => {
            Change::Withdraw { notice: NoticeId::derive(&["test"]), because: "done".to_owned() }
        }
        Step::TakeOver => Change::TakeOver(act("by telephone")),
        Step::Done(n) => Change::DropItems([item(u32::from(*n))].into()),
        Step::Requeue(n) => Change::Requeue { leg: nth_leg(story, *n)?, to: None, act: act("again") },
        Step::Again => Change::Request(Box::new((**story.notice.requested()?).clone())),
    };
    // A refusal is an answer, too: then nothing changes.
    let _ = story.attempt(&change);
    Some(change)
}

/// What a transport would have seen, leg by leg, from the record.
fn check(story: &Story) -> Result<(), TestCaseError> {
    let formal = story.notice.requested().is_some_and(|requested| requested.class() == Formal);
    let mut accepted: BTreeMap<Destination, u32> = BTreeMap::new();
    let mut not_before = BTreeMap::new();
    let mut unknown_or_accepted: BTreeMap<u32, bool> = BTreeMap::new();
    let mut rendered: BTreeMap<u32, u32> = BTreeMap::new();
    let to = |leg: u32| story.notice.leg(leg).map(|leg| leg.to.clone());
    for event in &story.events {
        match event {
            NoticeEvent::Queued(event) => {
                not_before.insert(event.leg.leg, event.not_before);
            }
            NoticeEvent::Requeued(event) => {
                unknown_or_accepted.remove(&event.leg);
            }
            NoticeEvent::Rendered(event) => *rendered.entry(event.leg.leg).or_default() += 1,
            NoticeEvent::AttemptBegun(event) => {
                prop_assert!(event.at >= not_before[&event.leg.leg], "early");
                prop_assert_eq!(
                    rendered.get(&event.leg.leg),
                    Some(&1),
                    "sent what was not kept, or not once"
                );
                let settled = unknown_or_accepted.get(&event.leg.leg).copied().unwrap_or_default();
                prop_assert!(formal || !settled, "a reminder was doubled");
            }
            NoticeEvent::AttemptEnded(event) => {
                if matches!(event.ending, Ending::Accepted | Ending::Unknown) {
                    unknown_or_accepted.insert(event.leg.leg, true);
                }
                if event.ending == Ending::Accepted {
                    *accepted.entry(to(event.leg.leg).expect("a leg")).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    for (to, times) in accepted {
        // I7; where mail servers are concerned a human may send again what came back
        if to.channel() != Channel::Email {
            prop_assert!(times <= 1, "{to:?} accepted {times} times");
        }
    }
    // Nothing that is live hangs: something is under way, or it arrived, or it is before the eyes of a human.
    if story.notice.standing() == Standing::Live {
        for leg in story.notice.legs() {
            let timers = story.notice.timers();
            let armed = |purpose| {
                let notice = story.notice.requested().expect("requested").request.notice;
                timers.get(Notice::timer(notice, purpose, leg.number)).is_some()
            };
            match leg.state {
                LegState::Queued { not_before } => prop_assert!(not_before <= story.now || armed("send")),
                LegState::Sending { .. } => prop_assert!(armed("attempt")),
                LegState::Accepted => {
                    prop_assert!(leg.channel() == Channel::Letter || armed("bounce"));
                }
                _ => {}
            }
        }
        prop_assert!(
            story.notice.legs().iter().any(|leg| leg.state.is_hopeful()),
            "hopeless, and nobody told"
        );
    }
    prop_assert_eq!(&Notice::of(&story.events), &story.notice, "the fold and the story differ");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_reminder_is_never_doubled_and_a_formal_notice_never_lost(
        requested in requested(), steps in proptest::collection::vec(step(), 0..60)
    ) {
        let mut story = Story::of(requested);
        check(&story)?;
        for step in &steps {
            if let Some(change) = take(&mut story, step)
                && !matches!(change, Change::Begin { .. } | Change::Requeue { .. })
                && let Ok(events) = story.notice.decide(&change, &story.settings, story.now)
            {
                // Whatever comes again changes nothing.
                prop_assert_eq!(events, vec![], "{:?} again", change);
            }
            check(&story)?;
        }
        // When the faults stop, everything comes to an end.
        for _ in 0..200 {
            if let Some(leg) = story.due().first().copied() {
                story.begin(leg);
                let attempt = story.notice.leg(leg).expect("a leg").attempts;
                story.end(leg, attempt, Ending::Accepted);
            } else if !story.next_timer() {
                break;
            }
            check(&story)?;
        }
        for leg in story.notice.legs() {
            let under_way = matches!(leg.state, LegState::Queued { .. } | LegState::Sending { .. });
            prop_assert!(!under_way || story.notice.standing() != Standing::Live, "{:?}", leg.state);
        }
    }
}
