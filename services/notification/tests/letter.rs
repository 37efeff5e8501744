//! Letters, read by a PDF reader of others.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use countersign_contracts::notice::Channel;
use countersign_kernel::Timestamp;
use countersign_notification::{
    channels::{
        Address, Rendered, Transport,
        letter::{Letter, Proof, ProofLine, proof_of_notice},
    },
    outbound::{Kind, Letterhead, OneLine, Wording, synthetic},
    templates::TemplateSet,
};
use countersign_runtime::config::Paper;
use countersign_testkit::python;
use jiff::tz::TimeZone;

const READER: &str =
    "pypdf==7.1.0 --hash=sha256:47cca6b24bdcf4c4d65b5f7b8b972535c61710a061261e737688777cfd9a7bfb";

/// The text of every page.
fn pages(pdf: &Rendered) -> Option<Vec<String>> {
    let packages = python::packages("pypdf-7.1.0", READER)?;
    let program = "import sys, io, json, pypdf; \
        print(json.dumps([page.extract_text() for page in pypdf.PdfReader(io.BytesIO(sys.stdin.buffer.read()), strict=True).pages]))";
    let mut reader = Command::new("python3")
        .args(["-B", "-c", program])
        .env("PYTHONPATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    reader.stdin.take().expect("its input").write_all(&pdf.bytes).expect("it reads");
    let answer = reader.wait_with_output().expect("its answer");
    assert!(answer.status.success(), "the reader cannot read the letter");
    Some(serde_json::from_slice(&answer.stdout).expect("texts"))
}

fn letter(paper: Paper, kind: Kind) -> Rendered {
    let channel = Letter::new(paper, Arc::new(TemplateSet::built_in().expect("templates")));
    let message = synthetic(kind, &Wording::default()).expect("a message");
    let lines = vec!["李 Wei, Mailroom".to_owned(), "Наталія Đặng".to_owned()];
    channel.render(&message, &Address::Letter { lines }, "unused").expect("a letter")
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_letter_says_everything_on_both_papers_and_is_the_same_every_time() {
    for paper in [Paper::Letter, Paper::A4] {
        let made = letter(paper, Kind::PreSuspension);
        assert_eq!(made, letter(paper, Kind::PreSuspension));
        assert_eq!((made.content_type, made.template.as_str()), ("application/pdf", "pre-suspension@1"));
        let Some(pages) = pages(&made) else { return };
        assert_eq!(pages.len(), 1, "nobody signs on a page of its own");
        let text = folded(&pages.join(" "));
        for expected in [
            "Example General Hospital",
            "December 3, 2026",
            "Ana Núñez-Łukasiewicz, MD",
            "[U+674E] Wei, Mailroom",
            "Наталія Đặng",
            "Notice no. 3, reference FC44616D",
            "from that day",
            "Operative report, dictated or written",
            "November 9, 2026",
            "24 days",
            "Chief of Staff, for the Medical Executive Committee",
            &format!("Page 1 of {}", pages.len()),
        ] {
            assert!(text.contains(expected), "`{expected}` is missing in\n{text}");
        }
    }
}

#[test]
fn every_kind_becomes_a_letter() {
    for kind in Kind::ALL {
        assert!(letter(Paper::Letter, kind).bytes.starts_with(b"%PDF-"), "{kind:?}");
    }
}

#[test]
fn a_letter_that_is_written_for_another_channel_is_refused() {
    let channel = Letter::new(Paper::A4, Arc::new(TemplateSet::built_in().expect("templates")));
    let message = synthetic(Kind::Overdue, &Wording::default()).expect("a message");
    assert_eq!(channel.channel(), Channel::Letter);
    assert!(channel.render(&message, &Address::Inbox, "unused").is_err());
}

#[test]
fn a_proof_goes_over_as_many_pages_as_it_needs_and_repeats_its_titles() {
    let at: Timestamp = "2026-12-03T12:00:00Z".parse().expect("an instant");
    let letterhead: Letterhead = serde_json::from_value(serde_json::json!({
        "name": "Example General Hospital", "contact": "extension 4711", "signature": "Chief of Staff"
    }))
    .expect("a letterhead");
    let line = |n: i64| ProofLine {
        at: at + jiff::SignedDuration::from_mins(n),
        text: OneLine::new(&format!("E-mail, attempt {n}: accepted (250 queued)")),
    };
    let proof = Proof {
        letterhead,
        title: OneLine::new("Proof of notice no. 3"),
        facts: vec![(OneLine::new("SHA-256"), OneLine::new(&"ab12".repeat(16)))],
        timeline: (1..=120).map(line).collect(),
        remarks: vec![OneLine::new("The hash can be checked with sha256sum.")],
        at,
        zone: TimeZone::get("America/Chicago").expect("a zone"),
    };

    let made = proof_of_notice(&proof, Paper::Letter).expect("a proof");

    assert_eq!(made, proof_of_notice(&proof, Paper::Letter).expect("a proof"));
    let Some(pages) = pages(&made) else { return };
    assert!(pages.len() >= 3, "{} pages", pages.len());
    for (page, n) in pages.iter().zip(1..) {
        let text = folded(page);
        assert!(text.contains("When What"), "page {n} has no titles: {text}");
        assert!(text.contains(&format!("Page {n} of {}", pages.len())), "page {n} has no number: {text}");
    }
    let all = folded(&pages.join(" "));
    for n in 1..=120 {
        assert!(all.contains(&format!("attempt {n}: accepted")), "line {n} is missing");
    }
    assert!(all.contains("2026-12-03 06:01:00 CST") && all.contains(&"ab12".repeat(16)));
}
