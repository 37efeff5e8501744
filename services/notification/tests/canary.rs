//! Patient data cannot leave: markers in every field that a message of a hospital could have filled, searched for in
//! every byte of every kind on every channel.

use std::sync::Arc;

use countersign_contracts::notice::{
    Channel, NoticeClass, NoticeItem, NoticeRequested, PolicyReference, Recipient, SuspensionFacts,
};
use countersign_kernel::{DeficiencyId, FixedClock, NoticeId, Person, ProviderId, Timestamp, TrackId};
use countersign_notification::{
    channels::{
        Address, Transport,
        email::{Email, EmailSettings, Tls},
        inbox::Inbox,
        letter::Letter,
        webhook::{Webhook, WebhookSettings},
    },
    outbound::{
        Addressee, Counts, Digest, DigestItem, Entry, FacilityName, Kind, Letterhead, Link, List, Message,
        Names, OfficeName, PublicUrl, StaffName, Standing, Wording,
    },
    templates::TemplateSet,
};
use countersign_runtime::config::Paper;
use jiff::{civil::date, tz::TimeZone};

/// What no byte may hold.
const CANARY: &str = "CANARY";

fn at() -> Timestamp {
    "2026-12-03T12:00:00Z".parse().expect("an instant")
}

fn item() -> NoticeItem {
    NoticeItem {
        deficiency: DeficiencyId::derive(&["CANARY-deficiency"]),
        rule: "CANARY-rule".to_owned(),
        document_type: "CANARY^DOE^JANE".to_owned(),
        due_at: Some(at()),
        age_days: 9,
    }
}

fn names() -> Names {
    let about = StaffName::of_person(&Person {
        id: Some("1047".to_owned()),
        authority: "CANARY-authority".to_owned(),
        family: "Núñez".to_owned(),
        given: "Ana".to_owned(),
        credentials: Vec::new(),
    });
    let facility = FacilityName::of_code("General Hospital");
    Names {
        addressee: Addressee::Office(OfficeName::new("Medical Staff Office")),
        about: Some(about),
        letterhead: Letterhead::of_facility(&facility),
        facility,
        link: Link::to_notice(&PublicUrl::parse("https://charts.example.org").expect("an address"), notice()),
        at: at(),
        zone: TimeZone::UTC,
    }
}

fn notice() -> NoticeId {
    NoticeId::derive(&["CANARY-notice"])
}

fn message(kind: Kind) -> Message {
    if kind == Kind::Digest {
        let digest = Digest {
            notice: notice(),
            number: 1,
            counts: Counts { new: 1, due_soon: 0, overdue: 1, done: 0 },
            items: vec![DigestItem { item: item(), standing: Standing::Overdue, new: true }],
            since: None,
            to_subject: false,
        };
        return Message::of_digest(&digest, &names(), &Wording::default());
    }
    if kind == Kind::OfficeList {
        let entry = Entry { notice: notice(), kind: Some(Kind::Overdue), about: names().about, item: item() };
        let list = List { notice: notice(), number: 1, class: NoticeClass::Formal, entries: vec![entry] };
        return Message::of_list(&list, &names(), &Wording::default()).expect("a message");
    }
    let request = NoticeRequested {
        notice: notice(),
        track: TrackId::derive(&["CANARY-track"]),
        kind: kind.name().to_owned(),
        class: NoticeClass::Formal,
        number: 3,
        facility: "CANARY-facility".to_owned(),
        about: Some(ProviderId { id: "CANARY-provider".to_owned(), authority: "CANARY".to_owned() }),
        recipient: Recipient::Office { name: "CANARY-office".to_owned() },
        channels: Channel::ALL.to_vec(),
        on_all: true,
        at_any_hour: true,
        in_list: false,
        items: vec![item()],
        names_date: Some(date(2026, 12, 16)),
        suspension: Some(SuspensionFacts {
            scope: vec!["CANARY-scope".to_owned()],
            exempt: vec!["CANARY-exempt".to_owned()],
            from: Some(at()),
            until: Some(at()),
            authority: Some("CANARY-authority".to_owned()),
            after_days: Some(30),
        }),
        policy: PolicyReference {
            version: 1,
            title: "Completion".to_owned(),
            sha256: "CANARY-hash".to_owned(),
        },
        requested_at: at(),
    };
    Message::of_notice(&request, &names(), &Wording::default()).expect("a message")
}

#[test]
fn no_byte_of_any_message_holds_what_a_hospital_sent() {
    let templates = Arc::new(TemplateSet::built_in().expect("templates"));
    let email = Email::new(
        &EmailSettings {
            host: "127.0.0.1".to_owned(),
            port: 25,
            tls: Tls::None,
            authority_file: None,
            user: None,
            password: None,
            from: "charts@hospital.example".to_owned(),
            reply_to: None,
            hello: "charts.hospital.example".to_owned(),
            connect_seconds: 1,
            command_seconds: 1,
            message_seconds: 1,
            connections: 1,
            idle_seconds: 1,
        },
        Arc::clone(&templates),
    )
    .expect("a channel");
    let webhook =
        Webhook::new(&WebhookSettings::default(), Arc::new(FixedClock::at(at()))).expect("a channel");
    let inbox = Inbox::new(Arc::clone(&templates));
    let letter = Letter::new(Paper::Letter, Arc::clone(&templates));
    let channels: [(&dyn Transport, Address); 4] = [
        (&inbox, Address::Inbox),
        (&email, Address::Email { address: "mso@hospital.example".to_owned(), name: "Office".to_owned() }),
        (
            &webhook,
            Address::Webhook { endpoint: "e".to_owned(), url: "u".to_owned(), secret: "s".to_owned() },
        ),
        (&letter, Address::Letter { lines: vec!["Mailroom".to_owned()] }),
    ];
    for kind in Kind::ALL {
        let message = message(kind);
        // The PDF is compressed: its text is searched before it becomes one.
        let texts = templates.render(&message).expect("texts");
        let spoken =
            format!("{}\n{}\n{}\n{}", texts.subject, texts.text, texts.html, texts.letter.join("\n"));
        assert!(
            spoken.contains("Ana Núñez"),
            "{kind:?} says whom it is about: the search would find a marker"
        );
        assert!(!spoken.contains(CANARY), "{kind:?}:\n{spoken}");
        for (channel, address) in &channels {
            let rendered = channel.render(&message, address, "1@charts.hospital.example").expect("bytes");
            let bytes = String::from_utf8_lossy(&rendered.bytes);
            assert!(!bytes.contains(CANARY), "{kind:?} on {:?}:\n{bytes}", channel.channel());
        }
    }
}
