//! Several processes over NATS end where one process does.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use countersign_acceptance::{
    api::{eventually, get},
    corpus, feeds, hospital,
    house::{House, Plan, write_files},
    journal,
    load::{Whereabouts, deliver},
    mllp::{all_accepted, send_all},
    place::Place,
    promises::{Account, CATEGORIES},
    receiver::Receiver,
    stay::{Stay, joined_the_staff},
    system::System,
    worklist::{assert_same, difference, of_folder, of_messages, of_program},
};
use countersign_hospital::Dirt;
use countersign_testkit::{
    program::{Program, run},
    smtp_peer::{Mode, Options, SmtpPeer},
};

#[test]
fn given_services_as_processes_over_nats_then_they_end_where_one_process_does() {
    let hospital = hospital::month(51, 60, Dirt::default());
    let messages = hospital::messages(&hospital);
    let wanted = of_messages(&messages);
    let mut system = System::start();

    // Four connections: what belongs to one chart comes over several of them, and not in order.
    let answers = deliver(&Whereabouts::new(system.intake().mllp()), &messages, 4);
    let refused = answers.iter().filter(|answer| !answer.is_accepted()).count();
    assert_eq!(refused, usize::try_from(hospital.truth().total.quarantined).expect("a count"));
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));

    // Each process answers for itself only.
    let of_intake = format!("{}/api/v1/deficiencies", system.intake().url());
    assert_eq!(get(&of_intake).status, 404);
    let of_deficiency = format!("{}/api/v1/feeds", system.deficiency().url());
    assert_eq!(get(&of_deficiency).status, 404);

    // And the folder they leave behind is as good as that of one process.
    system.stop();
    let data = system.place.data();
    assert_same(&wanted, &of_folder(&data));
    let counts = feeds::of_folder(&data);
    assert_eq!(counts.received, messages.len());
    assert_eq!(counts.distinct(), countersign_acceptance::load::distinct(&messages));
    run(["verify", "--data", &*data.to_string_lossy()]).well();
}

#[test]
fn given_a_service_that_was_away_then_it_catches_up_and_a_second_relay_stands_by() {
    let messages = hospital::messages(&hospital::month(52, 10, Dirt::default()));
    let wanted = of_messages(&messages);
    let mut system = System::start();
    let (first, second) = messages.split_at(messages.len() / 2);
    let to = Whereabouts::new(system.intake().mllp());

    deliver(&to, first, 1);
    system.process("deficiency").kill();
    let mut second_relay = {
        let data = system.place.data();
        countersign_testkit::program::Program::serve(&["relay"], &data, &system.config)
    };
    deliver(&to, second, 1);
    system.process("relay").kill();
    system.process("deficiency").restart();
    // With the first relay dead the second one publishes.
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));
    second_relay.stop().well();
}

/// Whatever a folder of strangers' messages means, it means the same in both.
#[test]
fn given_the_public_samples_then_both_ways_of_running_agree_about_them() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.to_string_lossy();
    let alone = Place::new();
    run(["ingest", &*folder, "--data", &*alone.data().to_string_lossy()]).well();
    let wanted = of_folder(&alone.data());

    let mut system = System::start();
    run(["ingest", &*folder, "--mllp", &system.intake().mllp().to_string()]).well();
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));
    system.stop();
    assert_same(&wanted, &of_folder(&system.place.data()));
    assert_eq!(feeds::of_folder(&system.place.data()), feeds::of_folder(&alone.data()));
}

/// Everything is due at once, and goes out at any hour.
const POLICY: &str = r#"
title = "Everywhere the same"
[[step]]
name = "notice-1"
after_days = 7
kind = "overdue"
class = "formal"
to = ["provider", "scheduling"]
channels = ["email", "webhook"]
at_any_hour = true
[delivery]
email = "accepted"
webhook = "accepted"
channels = ["email", "webhook"]
[suspension]
enabled = false
[regulatory]
days = 300
to = ["him"]
"#;

/// Providers, each with a chart that is long overdue.
fn debtors() -> Vec<String> {
    let of_one = |number: u32| {
        let (id, visit) = (format!("{}", 7000 + number), format!("V{number}"));
        let name = format!("P{number}^TEST");
        let stay = Stay::new(&visit).under(&format!("{id}^{name}^^^DR^^^MERCY"));
        vec![
            joined_the_staff("2020-01-01 08:00", &id, &name, &format!("p{number}@d{number}.example")),
            stay.admitted("2026-02-02 08:00"),
            stay.discharged("2026-02-05 12:00"),
        ]
    };
    (0..6).flat_map(of_one).collect()
}

/// Ids of notices that were asked for, and those of them that are settled.
fn asked_and_settled(data: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let events = journal::read(data, &CATEGORIES, 0);
    let asked = events
        .iter()
        .filter(|event| event.kind == "notice-requested" && event.category() != "notice")
        .map(|event| event.text("notice").to_owned())
        .collect();
    let notices = Account { events, ..Account::default() }.notices();
    (asked, notices.into_iter().filter(|(_, notice)| notice.settled).map(|(id, _)| id).collect())
}

/// Waits until everything that was asked for is settled, and returns the ids.
fn settled(data: &Path, count: usize) -> BTreeSet<String> {
    eventually(|| {
        let (asked, settled) = asked_and_settled(data);
        let done = asked.len() >= count && asked == settled;
        if done {
            return Ok(asked);
        }
        let waits = asked.difference(&settled).next().cloned().unwrap_or_default();
        let mut told: Vec<String> = Vec::new();
        for event in journal::read(data, &["notice"], 0) {
            if event.stream.ends_with(&waits) {
                told.push(format!("{} {}", event.kind, event.data));
            }
        }
        Err(format!("{} asked for, {} settled; one that waits: {told:#?}", asked.len(), settled.len()))
    })
}

#[test]
fn given_escalation_and_notification_as_processes_then_the_same_notices_reach_the_same_people() {
    // given what one process comes to: to each provider a mail, to the office a call each, to HIM a mail for each chart
    let Some(house) = House::open(Plan::live(POLICY)) else { return };
    house.tell(&debtors());
    let wanted = settled(&house.place.data(), 12);
    drop(house);

    // when the services run apart, over NATS
    let Some(mail) = SmtpPeer::start(&Options::default()) else { return };
    let receiver = Receiver::start();
    let mut system = System::start_on(Place::new(), &[], |place, feed| {
        write_files(place, &Plan::live(POLICY), &mail, &receiver, feed)
    });
    let data = system.place.data();
    let mut escalation = Program::serve(&["escalation"], &data, &system.config);
    let mut notification = Program::serve(&["notification"], &data, &system.config);
    // A folder has one escalation: a second process is told so, and touches nothing.
    let second = Program::start(
        [
            "serve".as_ref(),
            "escalation".as_ref(),
            "--data".as_ref(),
            data.as_os_str(),
            "--config".as_ref(),
            system.config.as_os_str(),
            "--http".as_ref(),
            "127.0.0.1:0".as_ref(),
        ] as [&std::ffi::OsStr; 8],
        &[],
    );
    let refused = second.err().expect("a second process on the same folder").badly();
    assert!(refused.stderr.contains("escalation"), "{refused}");
    all_accepted(&send_all(system.intake().mllp(), &debtors()));
    // Escalation goes down in the middle of it, and comes back.
    escalation.restart();
    let found = settled(&data, wanted.len());
    escalation.stop().well();
    notification.stop().well();
    system.stop();

    // then the notices are the same ones, and every promise is kept
    assert_eq!(found, wanted);
    let mails = mail.received().len();
    assert!(mails >= 6, "{mails}");
    assert_eq!(receiver.calls().iter().map(|call| call.id().to_owned()).collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn given_notification_that_is_killed_while_it_sends_then_the_next_one_takes_up_what_was_cut_off_within_seconds()
 {
    // given a mail server that takes a mail and keeps its answer back
    let Some(mut mail) = SmtpPeer::start(&Options::default()) else { return };
    mail.set(Mode::Slow(60));
    let receiver = Receiver::start();
    let mut system = System::start_on(Place::new(), &[], |place, feed| {
        write_files(place, &Plan::live(POLICY), &mail, &receiver, feed)
    });
    let data = system.place.data();
    let mut escalation = Program::serve(&["escalation"], &data, &system.config);
    let mut notification = Program::serve(&["notification"], &data, &system.config);
    all_accepted(&send_all(system.intake().mllp(), &debtors()));
    eventually(|| {
        let events = journal::read(&data, &["notice"], 0);
        let begun = events
            .iter()
            .filter(|event| event.kind == "notice-attempt-begun" && event.text("channel") == "email")
            .count();
        if begun > 0 { Ok(()) } else { Err(format!("nothing is being sent: {}", events.len())) }
    });
    // when the process is killed, and started again as a supervisor does it
    notification.kill();
    mail.set(Mode::Accept);
    let begun = Instant::now();
    notification.restart();
    // then everything arrives, and counts as delivered, long before the one that is gone would be missed
    settled(&data, 12);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(45), "{took:?}");
    notification.stop().well();
    escalation.stop().well();
    system.stop();
    // and nothing that was accepted came again
    let account = Account { events: journal::read(&data, &CATEGORIES, 0), ..Account::default() };
    let twice = account
        .notices()
        .values()
        .filter(|notice| {
            notice
                .ended
                .values()
                .any(|endings| endings.iter().filter(|ending| *ending == "accepted").count() > 1)
        })
        .count();
    assert_eq!(twice, 0);
}
