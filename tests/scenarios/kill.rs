//! SIGKILL while thousands of timers come due and notices are on their way: no step twice, no timer twice, early or
//! never, no formal notice lost, no reminder doubled.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use countersign_acceptance::{
    house::{House, Mail, Plan},
    journal,
    load::Dice,
    promises::{Account, CATEGORIES},
    receiver::Call,
    stay::{Stay, joined_the_staff},
};
use jiff::Timestamp;
use serde_json::json;

/// Providers by what they are told, and how often the program is killed.
#[derive(Debug, Clone, Copy)]
struct Size {
    formal: usize,
    reminded: usize,
    /// Told by mail, and an office with them by a webhook.
    called: usize,
    /// Only lines in digests: their timers fire like all others.
    quiet: usize,
    kills: usize,
    /// How long everything may take.
    patience: Duration,
}

/// Facilities say who is told how. A chart's own timer comes due on the second day as well.
const POLICY: &str = r#"
title = "Kills"
[[step]]
name = "notice-1"
after_days = 4
kind = "overdue"
class = "formal"
to = ["provider"]
channels = ["email"]
at_any_hour = true
[delivery]
email = "accepted"
webhook = "accepted"
channels = ["email", "webhook"]
[suspension]
enabled = false
[regulatory]
days = 4
to = []
[[facility.REMIND.step]]
name = "notice-1"
class = "reminder"
[[facility.CALL.step]]
name = "notice-1"
to = ["provider", "scheduling"]
channels = ["email", "webhook"]
[[facility.QUIET.step]]
name = "notice-1"
class = "none"
to = []
channels = []
"#;

#[test]
fn given_kills_at_random_moments_then_no_step_timer_or_notice_is_lost_or_doubled() {
    kill_amid(
        71,
        Size { formal: 24, reminded: 16, called: 5, quiet: 35, kills: 3, patience: Duration::from_secs(100) },
    );
}

#[test]
#[ignore = "takes minutes, on a release build: ./dev kills"]
fn given_fifty_kills_amid_ten_thousand_timers_and_a_thousand_notices_then_the_same_holds() {
    kill_amid(
        72,
        Size {
            formal: 550,
            reminded: 400,
            called: 50,
            quiet: 4_000,
            kills: 50,
            patience: Duration::from_hours(1),
        },
    );
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_hours(24 * days)).expect("an instant")
}

/// As HL7 writes an instant, in UTC.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program runs on the machine's clock, and so does its witness"
)]
fn machine_now() -> Timestamp {
    Timestamp::now()
}

fn kill_amid(seed: u64, size: Size) {
    eprintln!("seed {seed}, {size:?}");
    let now = machine_now();
    // given charts that were three days too young for a step when everything went down
    let then = days_before(now, 3);
    let Some(mut house) = House::open(Plan::live(POLICY).at(&then.to_string())) else { return };
    let parts =
        [("FORMAL", size.formal), ("REMIND", size.reminded), ("CALL", size.called), ("QUIET", size.quiet)];
    let discharged = stamp(days_before(now, 5));
    let admitted =
        stamp(days_before(now, 5).checked_sub(jiff::SignedDuration::from_hours(1)).expect("an instant"));
    let mut number = 7_000_000;
    let (mut messages, mut reminded) = (Vec::new(), Vec::new());
    for (facility, count) in parts {
        for _ in 0..count {
            number += 1;
            // Many mail domains: one of them gets one mail a second.
            let mailbox = format!("p{number}@d{}.example", number % 40);
            let id = number.to_string();
            if facility == "REMIND" {
                reminded.push(id.clone());
            }
            messages.push(joined_the_staff("2020-01-01 08:00", &id, &format!("P{number}^TEST"), &mailbox));
            let stay = Stay::new(&format!("V{number}"))
                .at(facility)
                .under(&format!("{id}^P{number}^TEST^^^DR^^^MERCY"));
            messages.push(stay.admitted(&admitted));
            messages.push(stay.discharged(&discharged));
        }
    }
    // Those who want no digests get reminders by themselves: else these would wait for the next Monday.
    let him = house.somebody("kim", "him_manager", &[]);
    let (staff, stays): (Vec<String>, Vec<String>) =
        messages.into_iter().partition(|message| message.contains("MFN^M02"));
    house.tell(&staff);
    house.want_no_digests(&him, &reminded);
    house.tell(&stays);
    let tracks = size.formal + size.reminded + size.called + size.quiet;
    let deadline = Instant::now() + size.patience;
    let armed = wait(deadline, "timers are armed", || {
        let events = journal::read(&house.place.data(), &["track", "limit"], 0);
        let of = |category: &str| -> BTreeSet<&str> {
            let armed =
                events.iter().filter(|event| event.kind == "timer-armed" && event.category() == category);
            armed.map(|event| event.stream.as_str()).collect()
        };
        let (ladders, limits) = (of("track").len(), of("limit").len());
        if ladders.min(limits) >= tracks {
            return Ok(ladders + limits);
        }
        let idle: Vec<&journal::Stored> =
            events.iter().filter(|event| !of(event.category()).contains(event.stream.as_str())).collect();
        Err(format!("{ladders} tracks and {limits} limits of {tracks}, without a timer: {:#?}", idle.first()))
    });
    assert!(house.mails().is_empty(), "too early");

    // when three days later all of them are due at once, and the program is killed again and again
    house.resume_at(None);
    let mut dice = Dice::new(seed);
    let mut amid = 0;
    for kill in 0..size.kills {
        // Most kills come while a notice is on its way every moment; the first ones while timers fire.
        let wait = if kill % 3 == 0 { dice.below(400) } else { dice.below(4_000) };
        thread::sleep(Duration::from_millis(wait));
        let seen = under_way(&house);
        amid += usize::from(seen > 0);
        eprintln!("kill {kill} after {wait} ms: {seen} under way");
        house.program.restart();
    }
    assert!(amid * 2 >= size.kills, "only {amid} of {} kills hit something under way", size.kills);

    // then it comes to rest, and every promise was kept
    wait(deadline, "everything is quiet", || {
        let seen = under_way(&house);
        if seen == 0 { Ok(()) } else { Err(format!("{seen} under way")) }
    });
    house.program.stop().well();
    let account = Account {
        events: journal::read(&house.place.data(), &CATEGORIES, 0),
        mails: house.mails(),
        calls: house.receiver.calls(),
    };
    let broken = account.broken(machine_now());
    assert!(
        broken.is_empty(),
        "seed {seed}: {} broken, the first: {:#?}",
        broken.len(),
        &broken[..broken.len().min(20)]
    );
    let notices = account.notices();
    let formal = notices.values().filter(|notice| notice.formal).count();
    assert_eq!((formal, notices.len() - formal), (size.formal + 2 * size.called, size.reminded));
    let steps = account.events.iter().filter(|event| event.kind == "step-taken").count();
    assert_eq!(steps, tracks, "of every track the one step");
    let fired = account.events.iter().filter(|event| event.kind == "timer-fired").count();
    eprintln!(
        "seed {seed}: {armed} timers armed before, {fired} fired; {} mails and {} calls for {} notices",
        account.mails.len(),
        account.calls.len(),
        notices.len()
    );
}

/// Timers that are due, and notices that are asked for and not settled.
fn under_way(house: &House) -> usize {
    let account = Account {
        events: journal::read(&house.place.data(), &CATEGORIES, 0),
        mails: Vec::new(),
        calls: Vec::new(),
    };
    let overdue = account.broken(machine_now()).iter().filter(|text| text.contains("never fired")).count();
    let lost =
        account.broken(machine_now()).iter().filter(|text| text.contains("asked for and is lost")).count();
    overdue + lost + account.notices().values().filter(|notice| !notice.settled).count()
}

fn wait<T>(deadline: Instant, what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    loop {
        match ask() {
            Ok(value) => return value,
            Err(seen) => assert!(Instant::now() < deadline, "{what}? {seen}"),
        }
        thread::sleep(Duration::from_millis(300));
    }
}

/// Breaks a promise of a record.
type Spoil = Box<dyn Fn(&mut Account)>;

/// A record in which every promise was kept, to be spoilt.
fn kept() -> Account {
    let event = |position, stream: &str, kind: &str, data| journal::Stored {
        position,
        stream: stream.to_owned(),
        kind: kind.to_owned(),
        data,
    };
    let timer = json!({"timer": "t", "arming": 0, "due_at": "2026-03-02T10:00:00Z"});
    let mut fired = timer.clone();
    fired["fired_at"] = json!("2026-03-02T10:00:01Z");
    let notice = |id: &str, class: &str, from: u64| {
        let leg =
            json!({"leg": 1, "channel": "email", "message_id": format!("{id}.1@x"), "ending": "accepted"});
        let stream = format!("notice-{id}");
        vec![
            event(from, "track-a", "notice-requested", json!({"notice": id, "class": class})),
            event(from + 1, &stream, "notice-requested", json!({"request": {"class": class}})),
            event(from + 2, &stream, "notice-queued", leg.clone()),
            event(from + 3, &stream, "notice-rendered", leg.clone()),
            event(from + 4, &stream, "notice-attempt-begun", leg.clone()),
            event(from + 5, &stream, "notice-attempt-ended", leg.clone()),
            event(from + 6, &stream, "notice-delivered", leg),
        ]
    };
    let mut events = vec![
        event(1, "track-a", "timer-armed", timer),
        event(2, "track-a", "timer-fired", fired),
        event(3, "track-a", "step-taken", json!({"cycle": 1, "rung": 0, "step": "notice-1"})),
    ];
    events.extend(notice("f", "formal", 10));
    events.extend(notice("r", "reminder", 20));
    let mail = |id: &str| Mail {
        from: String::new(),
        to: Vec::new(),
        text: format!("Message-ID: <{id}.1@x>\r\n\r\nText"),
    };
    Account { events, mails: vec![mail("f"), mail("r")], calls: Vec::new() }
}

#[test]
fn given_a_record_that_was_spoilt_then_the_check_says_what_was_broken() {
    let end: Timestamp = "2026-03-03T00:00:00Z".parse().expect("an instant");
    assert_eq!(kept().broken(end), Vec::<String>::new());
    let find = |account: &Account, stream: &str, kind: &str| {
        let found = account.events.iter().position(|event| event.stream == stream && event.kind == kind);
        found.expect("such an event")
    };
    let again = |stream: &'static str, kind: &'static str| {
        move |account: &mut Account| {
            let event = account.events[find(account, stream, kind)].clone();
            account.events.push(event);
        }
    };
    let without = |stream: &'static str, kind: &'static str| {
        move |account: &mut Account| {
            account.events.remove(find(account, stream, kind));
        }
    };
    let spoilt: Vec<(&str, Spoil)> = vec![
        ("was taken twice", Box::new(again("track-a", "step-taken"))),
        ("fired twice", Box::new(again("track-a", "timer-fired"))),
        ("never fired", Box::new(without("track-a", "timer-fired"))),
        (
            "fired early",
            Box::new(|account| account.events[1].data["fired_at"] = json!("2026-03-02T09:59:59Z")),
        ),
        ("asked for twice", Box::new(again("track-a", "notice-requested"))),
        (
            "asked for and is lost",
            Box::new(|account| account.events.retain(|event| event.stream != "notice-f")),
        ),
        ("settled in no way", Box::new(without("notice-f", "notice-delivered"))),
        ("1 attempts begun, 0 ended", Box::new(without("notice-f", "notice-attempt-ended"))),
        ("the formal notice f reached nobody", Box::new(|account| drop(account.mails.remove(0)))),
        ("the reminder r is said to be accepted", Box::new(|account| drop(account.mails.remove(1)))),
        ("the reminder r came 2 times", Box::new(|account| account.mails.push(account.mails[1].clone()))),
        (
            "the formal notice f came 2 times, with 0 unknown",
            Box::new(|account| account.mails.push(account.mails[0].clone())),
        ),
        (
            "a mail came that nobody asked for",
            Box::new(|account| account.mails[0].text = account.mails[0].text.replace("<f.1", "<g.1")),
        ),
        (
            "a call came that nobody asked for",
            Box::new(|account| {
                let headers = [("webhook-id".to_owned(), "g".to_owned())].into();
                account.calls.push(Call { headers, body: String::new() });
            }),
        ),
    ];
    for (wanted, spoil) in spoilt {
        let mut account = kept();
        spoil(&mut account);
        let broken = account.broken(end);
        assert!(broken.iter().any(|text| text.contains(wanted)), "`{wanted}` is not in {broken:#?}");
    }
    // A formal notice may come twice where nobody knew of the first.
    let mut account = kept();
    let ended = find(&account, "notice-f", "notice-attempt-ended");
    let mut unknown = account.events[ended].clone();
    unknown.data["ending"] = json!("unknown");
    let begun = account.events[find(&account, "notice-f", "notice-attempt-begun")].clone();
    account.events.splice(ended..ended, [unknown, begun]);
    account.mails.push(account.mails[0].clone());
    assert_eq!(account.broken(end), Vec::<String>::new());
}
