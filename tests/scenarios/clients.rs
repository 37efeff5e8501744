//! Senders that others wrote, and senders that misbehave.

use std::process::Command;

use countersign_acceptance::{
    api::{eventually, get},
    feeds::{Counts, sum},
    hospital,
    mllp::{Sender, all_accepted, send_all},
    place::Place,
    python::python_hl7,
    sample,
    worklist::{difference, of_messages, of_program},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::Program;

fn counts(program: &Program) -> Counts {
    let feeds = get(&format!("{}/api/v1/feeds", program.url())).json();
    sum(&serde_json::from_value::<Vec<Counts>>(feeds["items"].clone()).expect("feeds"))
}

fn eventually_received(program: &Program, wanted: usize) -> Counts {
    eventually(|| {
        let counts = counts(program);
        if counts.received >= wanted { Ok(counts) } else { Err(format!("{counts:?}")) }
    })
}

#[test]
fn given_mllp_send_of_python_hl7_then_it_is_answered_and_the_worklist_is_the_same() {
    let Some(programs) = python_hl7() else { return };
    let place = Place::new();
    let messages = hospital::messages(&hospital::month(91, 5, Dirt::none()));
    let file = place.write_messages("in.hl7", &messages);
    let program = Program::up(&place.data());
    let sent = Command::new(programs.join("mllp_send"))
        .args(["--loose", "--port", &program.mllp().port().to_string(), "--file"])
        .arg(&file)
        .arg("127.0.0.1")
        .output()
        .expect("mllp_send runs");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let answers = String::from_utf8_lossy(&sent.stdout);
    assert_eq!(answers.matches("MSA|AA|").count(), messages.len(), "{answers}");
    let wanted = of_messages(&messages);
    eventually(|| difference(&wanted, &of_program(&program), |_| Vec::new()).map_or(Ok(()), Err));
    assert_eq!(eventually_received(&program, messages.len()).received, messages.len());
}

#[test]
fn given_the_same_message_twice_and_the_same_id_with_other_content_then_one_duplicate_and_two_messages() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let first = sample::adt("A01", "20260301080000", "M1", "V1");
    let other = sample::adt("A01", "20260302080000", "M1", "V2");
    let answers = send_all(program.mllp(), &[&first, &first, &other]);
    all_accepted(&answers);
    let texts: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(texts, ["", "duplicate", ""]);
    let counts = eventually_received(&program, 3);
    assert_eq!((counts.accepted, counts.duplicate), (2, 1));
    let feeds = get(&format!("{}/api/v1/feeds", program.url())).json();
    assert_eq!(feeds["items"][0]["control_ids_reused"], 1, "{feeds}");
}

#[test]
fn given_many_connections_at_once_then_each_gets_its_own_answers_in_order() {
    let place = Place::new();
    let program = Program::up(&place.data());
    std::thread::scope(|scope| {
        for connection in 0..40 {
            let to = program.mllp();
            scope.spawn(move || {
                let messages: Vec<String> = (0..10)
                    .map(|number| {
                        let id = format!("C{connection}.{number}");
                        sample::adt("A01", "20260301080000", &id, &id)
                    })
                    .collect();
                let answers = send_all(to, &messages);
                all_accepted(&answers);
                for (number, answer) in answers.iter().enumerate() {
                    assert_eq!(answer.control_id, format!("C{connection}.{number}"));
                }
            });
        }
    });
    assert_eq!(eventually_received(&program, 400).accepted, 400);
}

#[test]
fn given_senders_that_misbehave_then_the_others_do_not_notice() {
    let place = Place::new();
    let config =
        place.write("countersign.toml", "[mllp]\nmax_message_bytes = 20000\nidle_timeout_seconds = 1\n");
    let mut program = Program::up_with(&place.data(), &["--config", &config.to_string_lossy()]);
    let connect = || Sender::connect(program.mllp()).expect("the intake listens");

    // Too long: refused by name, and the connection is closed or goes on.
    let mut long = sample::adt("A01", "20260301080000", "LONG", "V1").into_bytes();
    long.extend(std::iter::repeat_n(b'x', 50_000));
    let answer = connect().exchange(&long).expect("an answer");
    assert_eq!(answer.code, "AR", "{}", answer.raw);

    // Bytes without a frame, and a frame without an end.
    let mut noise = connect();
    noise.send_bytes(b"GET / HTTP/1.1\r\n\r\n").expect("taken");
    let mut broken = connect();
    broken.send_bytes(b"\x0bMSH|^~\\&|EHR|MERCY|||2026").expect("taken");
    drop(broken);
    // Whoever says nothing for too long is let go.
    let mut silent = connect();
    assert_eq!(silent.receive().expect("the intake closes in good order"), None);

    // A message in pieces, byte by byte, and two in one piece.
    let mut slow = connect();
    let message = sample::adt("A01", "20260301080000", "SLOW", "V2");
    for byte in format!("\x0b{message}\x1c\r").bytes() {
        slow.send_bytes(&[byte]).expect("taken");
    }
    assert_eq!(slow.receive().expect("an answer").expect("an answer").control_id, "SLOW");
    let [one, two] = ["ONE", "TWO"].map(|id| sample::adt("A01", "20260301080000", id, id));
    slow.send_bytes(format!("\x0b{one}\x1c\r\x0b{two}\x1c\r").as_bytes()).expect("taken");
    for id in ["ONE", "TWO"] {
        let answer = slow.receive().expect("an answer").expect("an answer");
        assert_eq!((answer.code.as_str(), answer.control_id.as_str()), ("AA", id));
    }
    assert!(program.is_running());
    let counts = eventually(|| {
        let counts = counts(&program);
        if counts.accepted == 3 { Ok(counts) } else { Err(format!("{counts:?}")) }
    });
    assert!(counts.quarantined >= 1, "{counts:?}");
    program.stop().well();
}

#[test]
fn given_enhanced_mode_then_only_what_was_asked_for_is_answered() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let mut sender = Sender::connect(program.mllp()).expect("the intake listens");
    let good = |id: &str, accept: &str, application: &str| {
        sample::adt("A01", "20260301080000", id, id).replacen(
            "|2.5.1\r",
            &format!("|2.5.1|||{accept}|{application}\r"),
            1,
        )
    };
    let bad = |id: &str, accept: &str, application: &str| {
        sample::admission_by_account("20260301080000", id, id).replacen(
            "|2.5.1\r",
            &format!("|2.5.1|||{accept}|{application}\r"),
            1,
        )
    };
    for (message, wanted) in [
        (good("E1", "NE", "NE"), None),
        (good("E2", "AL", "NE"), Some("CA")),
        (good("E3", "NE", "AL"), Some("AA")),
        (good("E4", "ER", ""), None),
        (bad("E5", "NE", "ER"), Some("AE")),
        (bad("E6", "NE", "NE"), None),
        (good("E7", "NE", "SU"), Some("AA")),
        (bad("E8", "NE", "SU"), None),
    ] {
        // Whether there was an answer is known by the next one.
        let probe = sample::adt("A08", "20260301080000", &format!("P{}", &message.len()), "PROBE");
        sender.send(message.as_bytes()).expect("taken");
        let mut answer = sender.exchange(probe.as_bytes()).expect("an answer");
        let mut code = None;
        if !answer.control_id.starts_with('P') {
            code = Some(answer.code.clone());
            answer = sender.receive().expect("an answer").expect("the probe's");
        }
        assert!(answer.control_id.starts_with('P'), "{}", answer.raw);
        assert_eq!(code.as_deref(), wanted, "{}", message.lines().next().unwrap_or_default());
    }
    // All of them were kept.
    let counts = eventually(|| {
        let counts = counts(&program);
        if counts.quarantined == 3 { Ok(counts) } else { Err(format!("{counts:?}")) }
    });
    assert!(counts.accepted >= 5, "{counts:?}");
}
