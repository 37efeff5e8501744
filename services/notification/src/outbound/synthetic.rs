//! Invented messages, for previews and for the lint of templates. Nobody in them exists.

use countersign_contracts::notice::{
    Channel, NoticeClass, NoticeItem, NoticeRequested, PolicyReference, Recipient, SuspensionFacts,
};
use countersign_kernel::{DeficiencyId, NoticeId, Person, ProviderId, Timestamp, TrackId};
use jiff::{civil::date, tz::TimeZone};

use super::{
    Addressee, Counts, Digest, DigestItem, Entry, FacilityName, Kind, Letterhead, Link, List, Message,
    MessageError, Names, OfficeName, OneLine, PublicUrl, StaffName, Standing, Wording,
};

/// Thursday, December 3, 2026, noon UTC: the day of every invented message.
const DAY: &str = "2026-12-03T12:00:00Z";

/// An invented message of a kind, the same at every call.
pub fn synthetic(kind: Kind, wording: &Wording) -> Result<Message, MessageError> {
    if kind == Kind::Digest {
        return Ok(Message::of_digest(&digest(), &names(true), wording));
    }
    if kind == Kind::OfficeList {
        return Message::of_list(&list(), &Names { about: None, ..names(false) }, wording);
    }
    let request = request(kind);
    let to_provider = matches!(request.recipient, Recipient::Provider { .. });
    let names = names(to_provider);
    let about = names.about.clone().filter(|_| request.about.is_some());
    Message::of_notice(&request, &Names { about, ..names }, wording)
}

fn provider() -> ProviderId {
    ProviderId { id: "1047".to_owned(), authority: "EXAMPLE".to_owned() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

fn item(n: &str, rule: &str, document: &str, due: &str, age_days: u32) -> NoticeItem {
    NoticeItem {
        deficiency: DeficiencyId::derive(&["synthetic", n]),
        rule: rule.to_owned(),
        document_type: document.to_owned(),
        due_at: Some(at(due)),
        age_days,
    }
}

fn items() -> Vec<NoticeItem> {
    vec![
        item("1", "R05", "operative_report", "2026-11-10T05:59:59Z", 24),
        item("2", "R13", "discharge_summary", "2026-11-15T05:59:59Z", 19),
        item("3", "R14", "discharge_summary", "2026-11-26T05:59:59Z", 8),
    ]
}

fn names(to_provider: bool) -> Names {
    let about = StaffName::of_person(&Person {
        id: Some("1047".to_owned()),
        authority: "EXAMPLE".to_owned(),
        family: "Núñez-Łukasiewicz".to_owned(),
        given: "Ana".to_owned(),
        credentials: vec!["MD".to_owned()],
    });
    let notice = NoticeId::derive(&["synthetic"]);
    let pages = PublicUrl::example();
    Names {
        addressee: if to_provider {
            Addressee::Person(about.clone())
        } else {
            Addressee::Office(OfficeName::new("Medical Staff Office"))
        },
        about: Some(about),
        facility: FacilityName::of_code("Example General Hospital"),
        letterhead: Letterhead {
            name: OneLine::new("Example General Hospital"),
            address: vec![OneLine::new("100 Example Avenue"), OneLine::new("Springfield, IL 62701")],
            contact: OneLine::new("Health Information Management, extension 4711"),
            signature: OneLine::new("Chief of Staff, for the Medical Executive Committee"),
        },
        link: Link::to_notice(&pages, notice),
        at: at(DAY),
        zone: TimeZone::get("America/Chicago").unwrap_or(TimeZone::UTC),
    }
}

fn request(kind: Kind) -> NoticeRequested {
    let office = matches!(
        kind,
        Kind::SuspensionProposed
            | Kind::Review
            | Kind::ReinstatementProposed
            | Kind::RepeatSuspension
            | Kind::CredentialsLetter
            | Kind::RelinquishmentProposal
            | Kind::RegulatoryLimit
            | Kind::NpdbPrompt
    );
    let in_force = matches!(
        kind,
        Kind::Suspended
            | Kind::Reinstated
            | Kind::ReinstatementProposed
            | Kind::Review
            | Kind::RepeatSuspension
            | Kind::CredentialsLetter
            | Kind::RelinquishmentProposal
            | Kind::NpdbPrompt
    );
    let about_suspension = in_force || matches!(kind, Kind::PreSuspension | Kind::SuspensionProposed);
    NoticeRequested {
        notice: NoticeId::derive(&["synthetic"]),
        track: TrackId::derive(&["synthetic"]),
        kind: kind.name().to_owned(),
        class: NoticeClass::Formal,
        number: 3,
        facility: "EXAMPLE".to_owned(),
        about: (kind != Kind::RegulatoryLimit).then(provider),
        recipient: if office {
            Recipient::Office { name: "medical_staff_office".to_owned() }
        } else {
            Recipient::Provider { id: provider(), role: "provider".to_owned() }
        },
        channels: vec![Channel::Email],
        on_all: false,
        at_any_hour: false,
        in_list: false,
        items: items(),
        names_date: matches!(kind, Kind::PreSuspension | Kind::SuspensionProposed)
            .then(|| date(2026, 12, 16)),
        suspension: about_suspension.then(|| SuspensionFacts {
            scope: vec!["new_admissions".to_owned(), "consults".to_owned(), "elective_scheduling".to_owned()],
            exempt: vec!["emergencies".to_owned(), "in_house_patients".to_owned()],
            from: in_force.then(|| at("2026-11-04T18:00:00Z")),
            until: (kind == Kind::Reinstated).then(|| at("2026-12-03T11:42:00Z")),
            authority: in_force.then(|| "chief_of_staff".to_owned()),
            after_days: match kind {
                Kind::Review => Some(30),
                Kind::NpdbPrompt => Some(25),
                _ => None,
            },
        }),
        policy: PolicyReference {
            version: 4,
            title: "Completion of medical records".to_owned(),
            sha256: "5e1f0c9b7a3d28640f5b1c9d7e3a2846b0f1d5c79e3a28645e1f0c9b7a3d2864".to_owned(),
        },
        requested_at: at(DAY),
    }
}

fn digest() -> Digest {
    let line = |item, standing, new| DigestItem { item, standing, new };
    let mut listed: Vec<_> = items().into_iter().map(|item| line(item, Standing::Overdue, false)).collect();
    listed.push(line(
        item("4", "R09", "consultation_report", "2026-12-05T05:59:59Z", 2),
        Standing::DueSoon,
        true,
    ));
    listed.push(line(item("5", "R06", "operative_report", "2026-12-09T05:59:59Z", 1), Standing::Open, true));
    Digest {
        notice: NoticeId::derive(&["synthetic"]),
        number: 12,
        counts: Counts { new: 2, due_soon: 1, overdue: 3, done: 6 },
        items: listed,
        since: Some(date(2026, 11, 26)),
        to_subject: true,
    }
}

fn list() -> List {
    let chart = |n: &str, due: &str, age_days| Entry {
        notice: NoticeId::derive(&["synthetic", "chart", n]),
        kind: Some(Kind::RegulatoryLimit),
        about: None,
        item: item(n, "C1", "chart", due, age_days),
    };
    let reminder = Entry {
        notice: NoticeId::derive(&["synthetic", "reminder"]),
        kind: Some(Kind::Overdue),
        about: names(false).about,
        item: item("3", "R14", "discharge_summary", "2026-11-26T05:59:59Z", 8),
    };
    List {
        notice: NoticeId::derive(&["synthetic"]),
        number: 1,
        class: NoticeClass::Formal,
        entries: vec![
            chart("1", "2026-12-08T05:59:59Z", 25),
            chart("2", "2026-12-08T05:59:59Z", 25),
            reminder,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::TemplateSet;

    #[test]
    fn a_review_names_the_days_of_the_policy_and_none_where_they_were_not_told() {
        let set = TemplateSet::built_in().expect("templates");
        let said = |after_days: Option<u16>| {
            let mut request = request(Kind::Review);
            if let Some(facts) = &mut request.suspension {
                facts.after_days = after_days;
            }
            let message =
                Message::of_notice(&request, &names(false), &Wording::default()).expect("a message");
            let texts = set.render(&message).expect("rendered");
            format!("{}\n{}", texts.subject, texts.text)
        };
        let forty_five = said(Some(45));
        assert_eq!(forty_five.matches("45 consecutive days").count(), 2, "{forty_five}");
        for text in [forty_five, said(None)] {
            assert!(!text.contains("30"), "{text}");
        }
        assert!(!said(None).contains("consecutive"));
    }
}
