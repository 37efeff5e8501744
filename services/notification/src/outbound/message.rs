//! The content of one message.

use countersign_contracts::notice::{
    NoticeClass, NoticeItem, NoticeRequested, PolicyReference, SuspensionFacts,
};
use countersign_kernel::{NoticeId, Timestamp};
use jiff::{civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::templates::long_day;

use super::{Addressee, FacilityName, Kind, Letterhead, Link, Names, OneLine, StaffName, Wording};

/// The content of one message, as templates see it: the names of its fields are those of the template variables. It
/// can be made, not read back: there is no way in but the constructors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    kind: Kind,
    class: NoticeClass,
    notice: NoticeId,
    reference: String,
    number: u32,
    addressee: Addressee,
    role: Option<OneLine>,
    to_subject: bool,
    about: Option<StaffName>,
    facility: FacilityName,
    letterhead: Letterhead,
    date: Date,
    at: Timestamp,
    items: Vec<Item>,
    item_count: usize,
    oldest_days: u32,
    counts: Option<Counts>,
    since: Option<Date>,
    names_date: Option<Date>,
    suspension: Option<Suspension>,
    policy: Option<Policy>,
    at_limit: usize,
    link: Link,
}

/// One item: what is missing, by when, for how long. Nothing says whose chart it is; the number leads to it in the
/// list behind sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Item {
    n: usize,
    document: OneLine,
    what: OneLine,
    due: Option<Date>,
    age_days: u32,
    standing: Option<Standing>,
    new: bool,
}

/// A suspension as a message tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Suspension {
    scope: Vec<OneLine>,
    exempt: Vec<OneLine>,
    from: Option<Moment>,
    until: Option<Moment>,
    authority: Option<OneLine>,
    after_days: Option<u16>,
}

/// An instant in the facility's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Moment {
    date: Date,
    time: String,
}

/// The policy that a message rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Policy {
    version: u32,
    title: OneLine,
    sha256: String,
}

/// What a digest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// New since the last digest.
    pub new: u32,
    /// Due soon.
    pub due_soon: u32,
    /// Overdue.
    pub overdue: u32,
    /// Done since the last digest.
    pub done: u32,
}

/// How an open item of a digest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Past its due instant.
    Overdue,
    /// Its due instant is near.
    DueSoon,
    /// Neither.
    Open,
}

/// One open item of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestItem {
    /// The item.
    pub item: NoticeItem,
    /// How it stands.
    pub standing: Standing,
    /// It was not in the last digest.
    pub new: bool,
}

/// What a digest tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The digest, as a notice.
    pub notice: NoticeId,
    /// Its number among the digests of this recipient, from 1.
    pub number: u32,
    /// How many of each.
    pub counts: Counts,
    /// The open items, in the order to show. Only the first [`Digest::SHOWN`] are listed; the counts tell of all.
    pub items: Vec<DigestItem>,
    /// The day of the last digest.
    pub since: Option<Date>,
    /// Whether it goes to the provider it is about, and not to a delegate.
    pub to_subject: bool,
}

impl Digest {
    /// How many items a digest lists.
    pub const SHOWN: usize = 25;
}

/// What an office is told of in a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The list, as a notice.
    pub notice: NoticeId,
    /// Which of the lists of the day, from 1.
    pub number: u32,
    /// How honestly it must arrive.
    pub class: NoticeClass,
    /// What it tells, in the order to show. All of it is listed: the list is the proof of each.
    pub entries: Vec<Entry>,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The notice that it is of: its reference stands beside it.
    pub notice: NoticeId,
    /// The kind of that notice, where it is known.
    pub kind: Option<Kind>,
    /// Whom it is about; nothing when it is about a chart.
    pub about: Option<StaffName>,
    /// The item.
    pub item: NoticeItem,
}

/// Why no message can be made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No templates are known for this kind.
    #[error("the kind of the notice is not known to this version")]
    UnknownKind,
    /// A pre-suspension notice without the day of the suspension would warn of nothing.
    #[error("a pre-suspension notice must name the day of the suspension")]
    NoDate,
    /// A formal notice about items that names none would prove nothing.
    #[error("a notice of this kind must list its items")]
    NoItems,
    /// Only a notice about a chart is about no provider.
    #[error("a notice of this kind must say whom it is about")]
    AboutNobody,
    /// A notice about a suspension must say what it covers.
    #[error("a notice of this kind must say what the suspension covers")]
    NoSuspension,
}

impl Message {
    /// The content of a notice. Only codes with a label in `wording`, numbers, days and ids are taken from the request.
    pub fn of_notice(
        request: &NoticeRequested,
        names: &Names,
        wording: &Wording,
    ) -> Result<Self, MessageError> {
        let kind = Kind::from_name(&request.kind).ok_or(MessageError::UnknownKind)?;
        if kind == Kind::OfficeList {
            // Only the notices that it carries make a list.
            return Err(MessageError::NoItems);
        }
        if kind == Kind::PreSuspension && request.names_date.is_none() {
            return Err(MessageError::NoDate);
        }
        if matches!(kind, Kind::Overdue | Kind::Warning | Kind::PreSuspension) && request.items.is_empty() {
            return Err(MessageError::NoItems);
        }
        if matches!(kind, Kind::Suspended | Kind::SuspensionProposed)
            && request.suspension.as_ref().is_none_or(|facts| facts.scope.is_empty())
        {
            return Err(MessageError::NoSuspension);
        }
        if names.about.is_none() && kind != Kind::RegulatoryLimit {
            return Err(MessageError::AboutNobody);
        }
        let items = request
            .items
            .iter()
            .zip(1..)
            .map(|(item, n)| Item::of(n, item, None, false, &names.zone, wording))
            .collect::<Vec<_>>();
        let to_subject = matches!(&request.recipient,
            countersign_contracts::notice::Recipient::Provider { id, .. } if request.about.as_ref() == Some(id));
        Ok(Self {
            role: wording.role(request.recipient.role()),
            to_subject,
            about: names.about.clone(),
            names_date: request.names_date,
            suspension: request.suspension.as_ref().map(|facts| Suspension::of(facts, &names.zone, wording)),
            policy: Some(Policy::of(&request.policy)),
            ..Self::with(kind, request.class, (request.notice, request.number), items, names)
        })
    }

    /// The content of a digest: always a reminder.
    pub fn of_digest(digest: &Digest, names: &Names, wording: &Wording) -> Self {
        let items = digest
            .items
            .iter()
            .take(Digest::SHOWN)
            .zip(1..)
            .map(|(line, n)| Item::of(n, &line.item, Some(line.standing), line.new, &names.zone, wording))
            .collect();
        Self {
            to_subject: digest.to_subject,
            about: names.about.clone(),
            // Not all of them may be shown.
            item_count: digest.items.len(),
            oldest_days: digest.items.iter().map(|line| line.item.age_days).max().unwrap_or_default(),
            counts: Some(digest.counts),
            since: digest.since,
            ..Self::with(Kind::Digest, NoticeClass::Reminder, (digest.notice, digest.number), items, names)
        }
    }

    /// What every message says: who tells whom, where, when, under which number, and these items.
    fn with(
        kind: Kind,
        class: NoticeClass,
        (notice, number): (NoticeId, u32),
        items: Vec<Item>,
        names: &Names,
    ) -> Self {
        Self {
            kind,
            class,
            notice,
            reference: reference(notice),
            number,
            addressee: names.addressee.clone(),
            role: None,
            to_subject: false,
            about: None,
            facility: names.facility.clone(),
            letterhead: names.letterhead.clone(),
            date: names.at.to_zoned(names.zone.clone()).date(),
            at: names.at,
            item_count: items.len(),
            oldest_days: items.iter().map(|item| item.age_days).max().unwrap_or_default(),
            items,
            counts: None,
            since: None,
            names_date: None,
            suspension: None,
            policy: None,
            at_limit: 0,
            link: names.link.clone(),
        }
    }

    /// The content of an office's list.
    pub fn of_list(list: &List, names: &Names, wording: &Wording) -> Result<Self, MessageError> {
        if list.entries.is_empty() {
            return Err(MessageError::NoItems);
        }
        let items: Vec<Item> = list
            .entries
            .iter()
            .zip(1..)
            .map(|(entry, n)| {
                let item = Item::of(n, &entry.item, None, false, &names.zone, wording);
                let about = entry.about.as_ref().map(|about| format!(", {}", about.as_str()));
                let reference = reference(entry.notice);
                let what = format!("{}, reference {reference}{}", item.what, about.unwrap_or_default());
                Item { what: OneLine::new(&what), ..item }
            })
            .collect();
        let at_limit = list.entries.iter().filter(|entry| entry.kind == Some(Kind::RegulatoryLimit)).count();
        Ok(Self {
            at_limit,
            ..Self::with(Kind::OfficeList, list.class, (list.notice, list.number), items, names)
        })
    }

    /// Which message.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How honestly it must arrive.
    pub fn class(&self) -> NoticeClass {
        self.class
    }

    /// The notice.
    pub fn notice(&self) -> NoticeId {
        self.notice
    }

    /// Its number, for people.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What people quote when they ask about it: the first eight digits of the id, in capitals.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The day that it bears, in the facility's zone.
    pub fn date(&self) -> Date {
        self.date
    }

    /// When it was written.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Head and foot.
    pub fn letterhead(&self) -> &Letterhead {
        &self.letterhead
    }

    /// Who is told.
    pub fn addressee(&self) -> &Addressee {
        &self.addressee
    }

    /// Whether it goes to the one it is about.
    pub fn is_to_subject(&self) -> bool {
        self.to_subject
    }

    /// Whom it is about; nothing when it is about a chart.
    pub fn about(&self) -> Option<&StaffName> {
        self.about.as_ref()
    }

    /// The items as a table: number, item, due day, open for.
    pub(crate) fn rows(&self) -> Vec<Vec<String>> {
        self.items
            .iter()
            .map(|item| {
                let days = if item.age_days == 1 { "day" } else { "days" };
                vec![
                    item.n.to_string(),
                    item.what.to_string(),
                    item.due.map_or_else(|| "\u{2013}".to_owned(), long_day),
                    format!("{} {days}", item.age_days),
                ]
            })
            .collect()
    }

    /// Where the details stand, behind sign-in.
    pub fn link(&self) -> &Link {
        &self.link
    }
}

impl Item {
    fn of(
        n: usize,
        item: &NoticeItem,
        standing: Option<Standing>,
        new: bool,
        zone: &TimeZone,
        wording: &Wording,
    ) -> Self {
        let document = wording.document(&item.document_type);
        Self {
            n,
            what: wording.rule(&item.rule).unwrap_or_else(|| document.clone()),
            document,
            due: item.due_at.map(|at| at.to_zoned(zone.clone()).date()),
            age_days: item.age_days,
            standing,
            new,
        }
    }
}

impl Suspension {
    fn of(facts: &SuspensionFacts, zone: &TimeZone, wording: &Wording) -> Self {
        Self {
            scope: wording.privileges(&facts.scope),
            exempt: wording.privileges(&facts.exempt),
            from: facts.from.map(|at| Moment::of(at, zone)),
            until: facts.until.map(|at| Moment::of(at, zone)),
            authority: facts.authority.as_deref().and_then(|code| wording.authority(code)),
            after_days: facts.after_days,
        }
    }
}

impl Moment {
    fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let local = at.to_zoned(zone.clone());
        Self { date: local.date(), time: local.strftime("%H:%M %Z").to_string() }
    }
}

impl Policy {
    /// Title of the published policy: a governed text of the hospital. Only a hash is taken for a hash.
    fn of(policy: &PolicyReference) -> Self {
        let hash = policy.sha256.as_str();
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        Self {
            version: policy.version,
            title: OneLine::new(&policy.title),
            sha256: if is_hash { hash.to_ascii_lowercase() } else { String::new() },
        }
    }
}

fn reference(notice: NoticeId) -> String {
    notice.0.simple().to_string()[..8].to_ascii_uppercase()
}
