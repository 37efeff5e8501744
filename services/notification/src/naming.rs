//! Names and addresses of whoever is told, from directory, contacts and configuration.

use countersign_contracts::notice::{NoticeClass, NoticeRequested, PolicyReference, Recipient, kind};
use countersign_kernel::{NoticeId, ProviderId, Timestamp, TrackId};
use countersign_owed::Owed;
use uuid::Uuid;

use crate::{
    channels::Address,
    config::Config,
    domain::{
        contact::{self, Destination, routes::Known},
        notice::{
            Notice,
            events::{Place, Requested},
        },
    },
    outbound::{
        Addressee, Counts, Digest, DigestItem, Entry, FacilityName, Kind, Letterhead, Link, List, Message,
        MessageError, Names, OfficeName, StaffName, Standing,
    },
};

/// The name of a provider: of the directory, or what the identifier says.
pub(crate) fn staff(owed: &Owed, id: &ProviderId) -> StaffName {
    let people = owed.people();
    people.provider(people.key_of(id)).map_or_else(
        || {
            StaffName::of_person(&countersign_kernel::Person {
                id: Some(id.id.clone()),
                authority: id.authority.clone(),
                ..Default::default()
            })
        },
        StaffName::of,
    )
}

/// The name of an office: of the configuration, or the name that policies know it by.
pub(crate) fn office(config: &Config, name: &str) -> OfficeName {
    config
        .offices
        .get(name)
        .map_or_else(|| OfficeName::new(&name.replace('_', " ")), |office| office.name.clone())
}

/// The name of a recipient.
pub(crate) fn recipient(config: &Config, owed: &Owed, recipient: &Recipient) -> Addressee {
    match recipient {
        Recipient::Provider { id, .. } => Addressee::Person(staff(owed, id)),
        Recipient::Office { name } => Addressee::Office(office(config, name)),
    }
}

/// The name behind the key of a contact.
pub(crate) fn contact_name(config: &Config, owed: &Owed, key: &str) -> String {
    if let Some(provider) = contact::provider_of(key) {
        return owed.people().name_of(provider).unwrap_or_else(|| key.to_owned());
    }
    office(config, key.strip_prefix("office-").unwrap_or(key)).as_str().to_owned()
}

/// The key of a recipient's contact.
pub(crate) fn contact_of(owed: &Owed, recipient: &Recipient) -> String {
    contact::key_of(recipient, |id| owed.people().key_of(id))
}

/// The name of the zone of a facility.
pub(crate) fn zone_of(config: &Config, owed: &Owed, facility: &str) -> String {
    let known = owed.directory().places.facility(facility).map(|known| known.time_zone.clone());
    known
        .filter(|zone| !zone.is_empty())
        .unwrap_or_else(|| config.time_zone.iana_name().unwrap_or_default().to_owned())
}

/// What is known of a contact beside itself.
pub(crate) fn known_of(config: &Config, owed: &Owed, key: &str, now: Timestamp) -> Known {
    let mut known = Known { key: key.to_owned(), ..Known::default() };
    if let Some(provider) = contact::provider_of(key) {
        known.elsewhere = elsewhere(owed, provider, now);
        known.delegate = owed.people().delegate_of(provider, now).map(|delegate| {
            let of = owed.people().key_of(delegate);
            let owner = contact::key_of_provider(of);
            let mut addresses = vec![Destination::Inbox { owner }];
            addresses.extend(elsewhere(owed, of, now).into_iter().filter(Destination::disturbs).take(1));
            (delegate.clone(), addresses)
        });
        return known;
    }
    let office = key.strip_prefix("office-").unwrap_or(key);
    known.elsewhere = config.offices.get(office).map(|office| office.addresses.clone()).unwrap_or_default();
    if !known.elsewhere.iter().any(|to| matches!(to, Destination::Letter { .. })) {
        // It is tried and refused in sight, and somebody is asked where letters go.
        let lines = vec![self::office(config, office).as_str().to_owned()];
        known.elsewhere.push(Destination::Letter { lines });
    }
    known
}

/// What the directory says: the e-mail address, and the name. Where letters go it does not say: one to a name alone is
/// refused, in sight, with a task for whoever keeps addresses.
fn elsewhere(owed: &Owed, provider: Uuid, now: Timestamp) -> Vec<Destination> {
    let people = owed.people();
    let described = people.provider(provider);
    let email = described
        .and_then(|described| described.details_at(now)?.email.clone())
        .map(|address| Destination::Email { address })
        .filter(Destination::is_fit);
    let name = described
        .map(|described| StaffName::of(described).as_str().to_owned())
        .or_else(|| people.id_of(provider).map(ToString::to_string));
    email.into_iter().chain(name.map(|name| Destination::Letter { lines: vec![name] })).collect()
}

/// The address as its channel wants it. Nothing: an endpoint that the configuration does not have.
pub(crate) fn address(config: &Config, to: &Destination, name: &str) -> Option<Address> {
    Some(match to {
        Destination::Inbox { .. } => Address::Inbox,
        Destination::Email { address } => Address::Email { address: address.clone(), name: name.to_owned() },
        Destination::Webhook { endpoint } => {
            let known = config.endpoints.get(endpoint)?;
            Address::Webhook {
                endpoint: endpoint.clone(),
                url: known.url.clone(),
                secret: known.secret.clone(),
            }
        }
        Destination::Letter { lines } => Address::Letter { lines: lines.clone() },
    })
}

/// The name of a facility.
fn facility(owed: &Owed, code: &str) -> FacilityName {
    let known = owed.directory().places.facility(code);
    known.map_or_else(|| FacilityName::of_code(code), FacilityName::of)
}

/// Head and foot of a facility's documents.
pub(crate) fn letterhead(config: &Config, owed: &Owed, code: &str) -> Letterhead {
    let configured = config.letterheads.get(code).or_else(|| config.letterheads.get("default")).cloned();
    configured.unwrap_or_else(|| Letterhead::of_facility(&facility(owed, code)))
}

/// Who is told, of whom, by whom.
fn names(config: &Config, owed: &Owed, request: &NoticeRequested, now: Timestamp) -> Names {
    Names {
        addressee: recipient(config, owed, &request.recipient),
        about: request.about.as_ref().map(|about| staff(owed, about)),
        facility: facility(owed, &request.facility),
        letterhead: letterhead(config, owed, &request.facility),
        link: Link::to_notice(&config.pages, request.notice),
        at: now,
        zone: owed.directory().places.zone(&request.facility).clone(),
    }
}

/// The list of an office that a notice goes out in: one a facility, office, class, and set of channels. What is formal has
/// one of its own, because that is sent again after an unknown outcome, and a reminder never is.
pub(crate) fn list_id(of: &Requested, due_at: Timestamp, part: u32) -> NoticeId {
    let request = &of.request;
    let channels: Vec<&str> = request.channels.iter().map(|channel| channel.name()).collect();
    let ways = format!("{} {}", channels.join(" "), if request.on_all { "all" } else { "first" });
    let (due_at, part) = (due_at.to_string(), part.to_string());
    let class = match request.class {
        NoticeClass::Formal => "formal",
        NoticeClass::Reminder => "reminder",
    };
    NoticeId::derive(&["list", class, &of.contact, &request.facility, &ways, &due_at, &part])
}

/// That list as it begins. It rests on no policy: what it carries does.
pub(crate) fn list(of: &Requested, at: Place, now: Timestamp) -> Requested {
    Requested {
        request: NoticeRequested {
            notice: at.list,
            track: TrackId::derive(&["list", &of.contact]),
            kind: kind::OFFICE_LIST.to_owned(),
            number: at.part,
            about: None,
            in_list: false,
            items: Vec::new(),
            names_date: None,
            suspension: None,
            policy: PolicyReference { version: 0, title: String::new(), sha256: String::new() },
            requested_at: now,
            ..of.request.clone()
        },
        about: None,
        with_digest_at: Some(at.due_at),
        is_list: true,
        ..of.clone()
    }
}

/// The entries of a list: every item that is still part of it, with the notice that it is of.
fn entries(owed: &Owed, notice: &Notice) -> Vec<Entry> {
    let mut entries = Vec::new();
    for carried in notice.gathered() {
        let about = carried.about.as_ref().map(|about| staff(owed, about));
        let left = carried.items.iter().filter(|item| !notice.dropped_items().contains(&item.deficiency));
        entries.extend(left.map(|item| Entry {
            notice: carried.notice,
            kind: Kind::from_name(&carried.kind),
            about: about.clone(),
            item: item.clone(),
        }));
    }
    entries.sort_by_key(|entry| (entry.item.due_at.unwrap_or(Timestamp::MAX), entry.notice));
    entries
}

/// The content of a notice, with the items that are still part of it.
pub(crate) fn message(
    config: &Config,
    owed: &Owed,
    requested: &Requested,
    notice: &Notice,
    now: Timestamp,
) -> Result<Message, MessageError> {
    let items = notice.items();
    if requested.is_list {
        let names = names(config, owed, &requested.request, now);
        let list = List {
            notice: requested.request.notice,
            number: requested.request.number,
            class: notice.class(),
            entries: entries(owed, notice),
        };
        return Message::of_list(&list, &names, &config.wording);
    }
    let dropped = requested.request.items.len() - items.len();
    let request = NoticeRequested { items, ..requested.request.clone() };
    let names = names(config, owed, &request, now);
    let Some(facts) = &requested.digest else {
        return Message::of_notice(&request, &names, &config.wording);
    };
    let standing = |id| {
        if facts.overdue.contains(id) {
            Standing::Overdue
        } else if facts.due_soon.contains(id) {
            Standing::DueSoon
        } else {
            Standing::Open
        }
    };
    let items: Vec<DigestItem> = request
        .items
        .iter()
        .map(|item| DigestItem {
            item: item.clone(),
            standing: standing(&item.deficiency),
            new: facts.new.contains(&item.deficiency),
        })
        .collect();
    let count = |wanted: &dyn Fn(&DigestItem) -> bool| {
        u32::try_from(items.iter().filter(|item| wanted(item)).count()).unwrap_or(u32::MAX)
    };
    let counts = Counts {
        new: count(&|item| item.new),
        due_soon: count(&|item| item.standing == Standing::DueSoon),
        overdue: count(&|item| item.standing == Standing::Overdue),
        // What was done between release and rendering was done since the last digest, too.
        done: u32::try_from(facts.done.len() + dropped).unwrap_or(u32::MAX),
    };
    let digest = Digest {
        notice: request.notice,
        number: request.number,
        counts,
        items,
        since: facts.since.map(|at| at.to_zoned(names.zone.clone()).date()),
        to_subject: true,
    };
    Ok(Message::of_digest(&digest, &names, &config.wording))
}
