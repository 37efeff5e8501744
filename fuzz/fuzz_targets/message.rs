//! Reads any bytes as a message, asks for everything in it and answers it.

#![no_main]

use countersign_hl7::ack::{AckCode, Answer, Location, Outcome, Problem, Severity, build, read, refuse, wanted};
use countersign_hl7::{Component, Composite, Cwe, Cx, DayEdge, Ei, Header, HlTime, Message, Pl, Ppn, Presence, Xcn};
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let problem = Problem {
        location: Some(Location { segment: "PID", sequence: 1, field: Some(3) }),
        condition: "101",
        condition_text: "Required field missing",
        severity: Severity::Error,
        message: Some("a|b^c~d\\e&f\n"),
    };
    let answer = Answer {
        text: Some("a|b^c~d\\e&f\r\ng"),
        problems: &[problem],
        ..Answer::new(AckCode::ApplicationError, "C1", "20260301")
    };
    let refused = refuse(bytes, &answer);
    assert_eq!(read(&refused).expect("own answer").code, AckCode::ApplicationError);

    let Ok(message) = Message::parse(bytes) else { return };
    let header = Header::of(&message);
    let _ = wanted(&header, Outcome::Accepted);
    for segment in message.iter() {
        for (number, field) in segment.fields() {
            if number < 40 {
                assert_eq!(segment.field(number).raw(), field.raw());
            }
            let mut present = false;
            let mut null = false;
            for repetition in field.repetitions() {
                let _ = (Xcn::read(repetition), Ppn::read(repetition), Cx::read(repetition));
                let _ = (Ei::read(repetition).map(|ei| ei.key()), Pl::read(repetition), Cwe::read(repetition));
                for part in repetition.components().flat_map(Component::subcomponents) {
                    null |= part.value().is_null();
                    let Some(text) = part.value().text() else { continue };
                    present = true;
                    if let Ok(time) = HlTime::parse(&text) {
                        let _ = time.to_instant(&TimeZone::UTC, DayEdge::End);
                    }
                }
            }
            let expected = match (present, null) {
                (true, _) => Presence::Present,
                (false, true) => Presence::Null,
                (false, false) => Presence::Absent,
            };
            assert_eq!(field.presence(), expected);
        }
    }
    let ack = build(&message, &answer);
    assert_eq!(read(&ack).expect("own answer").code, AckCode::ApplicationError);
});
