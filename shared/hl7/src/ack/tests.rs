use super::*;
use crate::header::Header;
use crate::reader::Message;

const RECEIVED: &str =
    "MSH|^~\\&|EHR^1.2^ISO|NORTH|CS|SOUTH|20260301||ADT^A03^ADT_A03|MSG\\T\\1|P|2.5.1\rEVN|A03\r";

fn answer(message: &str, answer: &Answer<'_>) -> String {
    let message = Message::parse(message.as_bytes()).expect("message");
    String::from_utf8(build(&message, answer)).expect("text").replace('\r', "\n")
}

#[test]
fn sender_and_receiver_swap_and_the_control_id_is_echoed_byte_by_byte() {
    let text = answer(RECEIVED, &Answer::new(AckCode::ApplicationAccept, "C1", "20260302101500+0000"));

    assert_eq!(
        text,
        "MSH|^~\\&|CS|SOUTH|EHR^1.2^ISO|NORTH|20260302101500+0000||ACK^A03^ACK|C1|P|2.5.1\nMSA|AA|MSG\\T\\1\n"
    );
}

#[test]
fn text_is_escaped_by_the_separators_of_the_message() {
    let received = "MSH#!@%*#EHR#N###2026##ADT!A01#7#P#2.5.1\r";
    let problem = Problem {
        location: Some(Location { segment: "PID", sequence: 1, field: Some(3) }),
        condition: "101",
        condition_text: "Required field missing",
        severity: Severity::Error,
        message: Some("PID-3 *must* be there!\nSend it # again"),
    };
    let text = answer(
        received,
        &Answer {
            text: Some("a#b|c"),
            problems: &[problem],
            ..Answer::new(AckCode::ApplicationError, "C1", "2026")
        },
    );

    assert_eq!(
        text,
        "MSH#!@%*###EHR#N#2026##ACK!A01!ACK#C1#P#2.5.1\nMSA#AE#7#a%F%b|c\n\
         ERR##PID!1!3#101!Required field missing!HL70357#E####PID-3 %T%must%T% be there%S%%.br%Send it %F% again\n"
    );
}

#[test]
fn versions_before_2_5_get_the_old_error_segment_and_message_type() {
    let received = "MSH|^~\\&|EHR|N|||2026||ADT^A01|7|P|2.3\r";
    let problem = Problem {
        location: Some(Location { segment: "PV1", sequence: 2, field: None }),
        condition: "102",
        condition_text: "Data type error",
        severity: Severity::Error,
        message: Some("unused"),
    };
    let text = answer(
        received,
        &Answer { problems: &[problem], ..Answer::new(AckCode::ApplicationReject, "C1", "2026") },
    );

    assert_eq!(
        text,
        "MSH|^~\\&|||EHR|N|2026||ACK^A01|C1|P|2.3\nMSA|AR|7\nERR|PV1^2^^102&Data type error&HL70357\n"
    );
}

#[test]
fn the_character_set_of_the_message_is_kept() {
    let received = b"MSH|^~\\&|M\xFCnchen|N|||2026||ADT^A01|7|P|2.5||||||8859/1\r";
    let message = Message::parse(received).expect("message");

    let bytes = build(
        &message,
        &Answer { text: Some("für 王"), ..Answer::new(AckCode::ApplicationAccept, "C1", "2026") },
    );

    assert_eq!(
        bytes,
        b"MSH|^~\\&|||M\xFCnchen|N|2026||ACK^A01^ACK|C1|P|2.5||||||8859/1\rMSA|AA|7|f\xFCr ?\r"
    );
}

#[test]
fn a_wrapped_header_does_not_break_the_answer() {
    let text = answer(
        "MSH|^~\\&|EHR\nlower case line|N|||2026||ADT^A01|7\r",
        &Answer::new(AckCode::ApplicationAccept, "C1", "2026"),
    );

    assert_eq!(text, "MSH|^~\\&|||EHR lower case line|N|2026||ACK^A01|C1||\nMSA|AA|7\n");
}

#[test]
fn what_is_not_hl7_gets_a_reject_in_default_separators() {
    let refused = |received: &[u8]| {
        let answer =
            Answer { text: Some("not HL7"), ..Answer::new(AckCode::ApplicationReject, "C1", "2026") };
        String::from_utf8(refuse(received, &answer)).expect("text").replace('\r', "\n")
    };

    assert_eq!(refused(b"GET / HTTP/1.1"), "MSH|^~\\&|||||2026||ACK|C1|P|2.5.1\nMSA|AR||not HL7\n");
    assert_eq!(
        refused("MSH|^\u{2dc}\\&|EHR|NORTH|CS|SOUTH|2026||ADT^A01|42|P|2.5\r".as_bytes()),
        "MSH|^~\\&|CS|SOUTH|EHR|NORTH|2026||ACK|C1|P|2.5.1\nMSA|AR|42|not HL7\n",
        "what can be read of the header is echoed"
    );
    assert_eq!(refused(b"MSH^~|^A|B^&"), "MSH|^~\\&|||||2026||ACK|C1|P|2.5.1\nMSA|AR||not HL7\n");
}

fn reply(accept: &str, application: &str, outcome: Outcome) -> String {
    let condition = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let header = Header {
        accept_ack: condition(accept),
        application_ack: condition(application),
        ..Header::default()
    };
    wanted(&header, outcome).codes().map(AckCode::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn original_mode_has_one_application_acknowledgement() {
    assert_eq!(reply("", "", Outcome::Accepted), "AA");
    assert_eq!(reply("", "", Outcome::Retry), "AE");
    assert_eq!(reply("", "", Outcome::Rejected), "AR");
}

#[test]
fn enhanced_mode_follows_both_conditions() {
    for (accept, application, accepted, retry, rejected) in [
        ("AL", "AL", "CA AA", "CE AE", "CR AR"),
        ("AL", "", "CA", "CE", "CR"),
        ("", "AL", "AA", "AE", "AR"),
        ("AL", "NE", "CA", "CE", "CR"),
        ("NE", "NE", "", "", ""),
        ("ER", "AL", "AA", "CE AE", "CR AR"),
        ("NE", "SU", "AA", "", ""),
        ("ne", "er", "", "AE", "AR"),
        ("??", "NE", "CA", "CE", "CR"),
    ] {
        assert_eq!(reply(accept, application, Outcome::Accepted), accepted, "{accept}/{application}");
        assert_eq!(reply(accept, application, Outcome::Retry), retry, "{accept}/{application}");
        assert_eq!(reply(accept, application, Outcome::Rejected), rejected, "{accept}/{application}");
    }
}

#[test]
fn what_is_stored_and_not_understood_is_committed_and_an_application_error() {
    for (accept, application, kept) in [
        ("", "", "AE"),
        ("AL", "AL", "CA AE"),
        ("AL", "", "CA"),
        ("AL", "ER", "CA AE"),
        ("ER", "NE", ""),
        ("SU", "SU", "CA"),
    ] {
        assert_eq!(reply(accept, application, Outcome::Kept), kept, "{accept}/{application}");
    }
}

#[test]
fn a_peer_that_reads_one_answer_gets_the_accept_acknowledgement_first() {
    let both = Reply { accept: Some(AckCode::CommitAccept), application: Some(AckCode::ApplicationAccept) };

    assert_eq!(both.first(), Some(AckCode::CommitAccept));
    assert_eq!(Reply { accept: None, ..both }.first(), Some(AckCode::ApplicationAccept));
    assert!(Reply::default().is_silent());
}

#[test]
fn acknowledgements_of_others_are_read() {
    let ack = |body: &str| read(format!("MSH|^~\\&|A|B|C|D|2026||ACK|9|P|2.5\r{body}").as_bytes());

    assert_eq!(
        ack("MSA|AA|42\r"),
        Ok(Ack { code: AckCode::ApplicationAccept, control_id: Some("42".to_owned()), text: None })
    );
    assert_eq!(ack("MSA|AR|42|no \\T\\ never\r").expect("ack").text.as_deref(), Some("no & never"));
    assert_eq!(
        ack("MSA|ae|42\rERR||PID^1|101^Missing^HL70357|E||||user text\r").expect("ack").text.as_deref(),
        Some("user text")
    );
    assert_eq!(ack("MSA|CE|42\rERR|||101^Missing\r").expect("ack").text.as_deref(), Some("Missing"));
    assert_eq!(ack("MSA||42\r"), Err(AckError::UnknownCode));
    assert_eq!(ack("PID|1\r"), Err(AckError::NoAcknowledgement));
    assert_eq!(read(b"HTTP/1.1 400"), Err(AckError::Unreadable(crate::ReadError::NotHl7)));
}

#[test]
fn what_is_built_is_read() {
    let message = Message::parse(RECEIVED.as_bytes()).expect("message");
    for code in ["AA", "AE", "AR", "CA", "CE", "CR"] {
        let code = AckCode::from_code(code).expect("code");
        let bytes = build(&message, &Answer { text: Some("50% | x"), ..Answer::new(code, "C1", "2026") });

        let ack = read(&bytes).expect("ack");
        assert_eq!(ack.code, code);
        assert_eq!(ack.control_id.as_deref(), Some("MSG&1"));
        assert_eq!(ack.text.as_deref(), Some("50% | x"));
    }
}
