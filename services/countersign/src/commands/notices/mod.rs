//! `countersign notices`, and the commands beside it about letters, contacts, messages, mode and templates.

pub mod contacts;
pub mod inbox;
pub mod letters;
pub mod mode;
pub mod templates;

use std::{io::Write as _, path::Path};

use anyhow::{Context, bail};
use countersign_contracts::{
    api::{
        notification::{
            DeadLetterView, DestinationView, NoticeDetail, NoticeView, NotificationStep, ProofOfNotice,
            RequeueRequest, ResendReport, ResendRequest, WhyRequest,
        },
        people::PersonView,
    },
    staff,
};
use countersign_kernel::{NoticeId, ProviderId};
use serde::Serialize;
use uuid::Uuid;

use super::api::Part;
use crate::{
    cli::{Asking, Changing, Deciding, ListNotices, NoticeClass, Notices, NoticesAction},
    client::Client,
    print,
};

const PATH: &str = "/api/v1/notices";
const COMMAND: &str = "countersign notices";
/// Rows that the notification service gives to one request at the most.
const MOST: u16 = 500;

pub async fn run(args: Notices) -> anyhow::Result<()> {
    match args.action {
        NoticesAction::List(args) => list(args).await,
        NoticesAction::Show { notice, asking } => show(notice, &asking).await,
        NoticesAction::Content { notice, leg, into, asking } => {
            let api = asking.api(Part::Notification, COMMAND).await?;
            let bytes = content(&api, notice, leg).await?;
            match &into.out {
                Some(file) => write(file, &bytes),
                None => Ok(std::io::stdout().lock().write_all(&bytes)?),
            }
        }
        NoticesAction::Proof { notice, pdf, asking } => proof(notice, pdf.as_deref(), &asking).await,
        NoticesAction::DeadLetters { asking } => dead_letters(&asking).await,
        NoticesAction::TakeOver { notice, deciding: Deciding { why, changing } } => {
            let told = "on record: a human tells its recipient; nothing of it is sent any more";
            let api = changing.api(Part::Notification, COMMAND).await?;
            tell(&api, &changing, &format!("{PATH}/{notice}/take-over"), &WhyRequest { why }, told).await
        }
        NoticesAction::Requeue {
            notice,
            leg,
            email,
            webhook,
            letter,
            deciding: Deciding { why, changing },
        } => {
            let to = destinations(email, webhook, letter).into_iter().next();
            let told = "on record: it is sent again";
            let api = changing.api(Part::Notification, COMMAND).await?;
            tell(&api, &changing, &format!("{PATH}/{notice}/requeue"), &RequeueRequest { leg, to, why }, told)
                .await
        }
        NoticesAction::Resend { since, channel, dry_run, deciding: Deciding { why, changing } } => {
            let channel = channel.map(|channel| channel.name().to_owned());
            resend(&ResendRequest { since, channel, dry_run, why }, &changing).await
        }
    }
}

/// Addresses, as the command line names them; the lines of a letter are one.
fn destinations(
    email: impl IntoIterator<Item = String>,
    webhook: impl IntoIterator<Item = String>,
    letter: Vec<String>,
) -> Vec<DestinationView> {
    let mut all: Vec<DestinationView> =
        email.into_iter().map(|address| DestinationView::Email { address }).collect();
    all.extend(webhook.into_iter().map(|endpoint| DestinationView::Webhook { endpoint }));
    if !letter.is_empty() {
        all.push(DestinationView::Letter { lines: letter });
    }
    all
}

/// Changes something, and says what that means.
async fn tell(
    client: &Client,
    changing: &Changing,
    path: &str,
    request: &impl Serialize,
    told: &str,
) -> anyhow::Result<()> {
    let step: NotificationStep = client.change(path, &changing.acting.key(), request).await?;
    if changing.json {
        return print::json(&step);
    }
    print::line(if step.changed { told } else { "nothing changes: it is so already" })
}

/// Writes a file.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    print::line(&format!("{} bytes written to {}", bytes.len(), file.display()))
}

/// The exact bytes of a leg.
async fn content(client: &Client, notice: NoticeId, leg: u32) -> anyhow::Result<Vec<u8>> {
    client.bytes(&format!("{PATH}/{notice}/legs/{leg}/content")).await
}

/// The key of a provider: `ID^AUTHORITY`, or `ID` where the directory knows only one with it.
async fn key_of(client: &Client, provider: &str) -> anyhow::Result<Uuid> {
    let (id, authority) = provider.split_once('^').map_or((provider, None), |(id, of)| (id, Some(of)));
    let found: Vec<PersonView> = client.all("/api/v1/people", &[("q", id.to_owned())]).await?;
    let mut keys: Vec<Uuid> = found
        .iter()
        .filter(|person| {
            person
                .identifiers
                .iter()
                .any(|known| known.id == id && authority.is_none_or(|authority| known.authority == authority))
        })
        .map(|person| person.key)
        .collect();
    keys.dedup();
    match (&keys[..], authority) {
        ([key], _) => Ok(*key),
        // Whom no message and no file has entered has a key all the same: charts name them.
        ([], Some(authority)) => {
            Ok(staff::key_of(&ProviderId { id: id.to_owned(), authority: authority.to_owned() }))
        }
        ([], None) => bail!(
            "the directory knows no provider {id}: see `countersign people list --q NAME`, or say {id}^AUTHORITY"
        ),
        _ => bail!("several authorities have a provider {id}: say {id}^AUTHORITY"),
    }
}

async fn list(args: ListNotices) -> anyhow::Result<()> {
    let api = args.asking.api(Part::Notification, COMMAND).await?;
    let mut query = Vec::new();
    if let Some(provider) = &args.provider {
        query.push(("about", key_of(&api, provider).await?.to_string()));
    }
    query.extend(args.recipient.map(|contact| ("recipient", contact)));
    query.extend(args.track.map(|track| ("track", track.to_string())));
    query.extend(args.kind.map(|kind| ("kind", kind)));
    query.extend(args.class.map(|class| {
        let name = if class == NoticeClass::Formal { "formal" } else { "reminder" };
        ("class", name.to_owned())
    }));
    query.extend(args.since.map(|since| ("since", since.to_string())));
    let notices: Vec<NoticeView> = api.pages(PATH, &query, MOST).await?;
    if args.asking.json {
        return print::json(&notices);
    }
    let headings = [
        "ASKED FOR",
        "KIND",
        "CLASS",
        "NO.",
        "ABOUT",
        "TO",
        "STATE",
        "BECAUSE",
        "ITEMS",
        "REFERENCE",
        "NOTICE",
    ];
    let rows: Vec<Vec<String>> = notices.iter().map(cells).collect();
    if args.csv.csv {
        return print::csv(&headings, &rows);
    }
    print::table(&headings, &rows)?;
    print::line(&format!("\n{} notices. What became of one? {COMMAND} show NOTICE", notices.len()))
}

fn cells(notice: &NoticeView) -> Vec<String> {
    vec![
        print::instant(notice.requested_at),
        notice.kind.clone(),
        notice.class.clone(),
        notice.number.to_string(),
        notice.about_name.clone().unwrap_or_default(),
        format!("{} ({})", notice.recipient_name, notice.role),
        print::words(&notice.state),
        notice.because.clone().unwrap_or_default(),
        notice.items.to_string(),
        notice.reference.clone(),
        notice.id.to_string(),
    ]
}

async fn show(notice: NoticeId, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let detail: NoticeDetail = api.get(&format!("{PATH}/{notice}"), &()).await?;
    if asking.json {
        return print::json(&detail);
    }
    tell_all(&detail)
}

fn tell_all(detail: &NoticeDetail) -> anyhow::Result<()> {
    let notice = &detail.notice;
    print::line(&format!(
        "{} notice no. {} `{}` · reference {} · {}",
        notice.class,
        notice.number,
        notice.kind,
        notice.reference,
        print::words(&notice.state)
    ))?;
    let names = notice.names_date.map(|date| date.to_string());
    let delivered = notice.delivered_at.map(print::instant);
    let about = match &notice.about_name {
        None => format!("a chart at {}", notice.facility),
        Some(name) => format!("{name} at {}", notice.facility),
    };
    // What digests and lists tell rests on a policy each.
    let policy = (detail.policy_version > 0)
        .then(|| format!("version {}, {}", detail.policy_version, detail.policy_title));
    for (name, value) in [
        ("about", Some(about)),
        ("told", Some(format!("{} ({})", notice.recipient_name, notice.role))),
        ("asked for", Some(print::instant(notice.requested_at))),
        ("delivered", delivered),
        ("names", names),
        ("because", notice.because.clone()),
        ("policy", policy),
    ] {
        if let Some(value) = value {
            print::line(&format!("  {name:<10} {value}"))?;
        }
    }
    print::line("\nLegs:")?;
    let rows: Vec<Vec<String>> = notice
        .legs
        .iter()
        .map(|leg| {
            vec![
                leg.leg.to_string(),
                leg.channel.clone(),
                leg.to.clone().unwrap_or_default(),
                print::words(&leg.state),
                leg.attempts.to_string(),
                print::instant(leg.accepted_at),
                print::instant(leg.delivered_at),
                leg.detail.clone().unwrap_or_default(),
                leg.sha256.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print::table(
        &[
            "LEG",
            "CHANNEL",
            "TO",
            "STATE",
            "ATTEMPTS",
            "ACCEPTED",
            "DELIVERED",
            "SAID LAST",
            "SHA-256 OF THE BYTES",
        ],
        &rows,
    )?;
    items(detail)?;
    print::line("\nWhat happened:")?;
    let rows: Vec<Vec<String>> = detail
        .timeline
        .iter()
        .map(|step| {
            vec![
                step.at.to_string(),
                print::words(&step.what),
                step.channel.clone().unwrap_or_default(),
                step.detail.clone().unwrap_or_default(),
                step.by.clone().unwrap_or_default(),
                step.position.to_string(),
            ]
        })
        .collect();
    print::table(&["AT", "WHAT", "CHANNEL", "MORE", "BY", "POSITION"], &rows)
}

/// Prints what a notice is about.
fn items(detail: &NoticeDetail) -> anyhow::Result<()> {
    print::line("\nItems:")?;
    let rows: Vec<Vec<String>> = detail
        .items
        .iter()
        .map(|item| {
            vec![
                item.rule.clone(),
                item.document_type.clone(),
                item.age_days.to_string(),
                print::instant(item.due_at),
                item.deficiency.to_string(),
            ]
        })
        .collect();
    print::table(&["RULE", "DOCUMENT", "DAYS", "DUE", "ITEM"], &rows)?;
    if let Some(list) = detail.listed_in {
        print::line(&format!("  goes out in the day's list of the office: {list}"))?;
    }
    for carried in &detail.carries {
        print::line(&format!("  carries {carried}"))?;
    }
    if !detail.dropped_items.is_empty() {
        print::line(&format!("  {} more were done before it was written", detail.dropped_items.len()))?;
    }
    Ok(())
}

async fn proof(notice: NoticeId, pdf: Option<&Path>, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    if let Some(file) = pdf {
        let bytes = api.bytes(&format!("{PATH}/{notice}/proof.pdf")).await?;
        write(file, &bytes)?;
        if !asking.json {
            return Ok(());
        }
    }
    let proof: ProofOfNotice = api.get(&format!("{PATH}/{notice}/proof"), &()).await?;
    if asking.json {
        return print::json(&proof);
    }
    print::line(&format!(
        "Proof of notice, made {} at journal position {}",
        print::instant(proof.made_at),
        proof.position
    ))?;
    print::line(&format!("SHA-256 of the notice's record: {}\n", proof.events_sha256))?;
    tell_all(&proof.detail)
}

async fn dead_letters(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let dead: Vec<DeadLetterView> = api.pages(&format!("{PATH}/dead-letters"), &[], MOST).await?;
    if asking.json {
        return print::json(&dead);
    }
    let rows: Vec<Vec<String>> = dead
        .iter()
        .map(|letter| {
            vec![
                print::instant(letter.since),
                letter.notice.kind.clone(),
                letter.notice.recipient_name.clone(),
                if letter.nothing_left { "nothing" } else { "other channels" }.to_owned(),
                letter.because.clone(),
                letter.notice.id.to_string(),
            ]
        })
        .collect();
    print::table(&["SINCE", "KIND", "TO", "LEFT TO TRY", "BECAUSE", "NOTICE"], &rows)?;
    print::line(&format!(
        "\n{} notices. Send one again with `{COMMAND} requeue NOTICE --leg N --why ...`, or tell its recipient yourself \
         and say `{COMMAND} take-over NOTICE --why ...`",
        dead.len()
    ))
}

async fn resend(request: &ResendRequest, changing: &Changing) -> anyhow::Result<()> {
    let api = changing.api(Part::Notification, COMMAND).await?;
    let report: ResendReport = api.change(&format!("{PATH}/resend"), &changing.acting.key(), request).await?;
    if changing.json {
        return print::json(&report);
    }
    let verb = if request.dry_run { "would be" } else { "are" };
    let more = if report.more { "; there are more: ask again" } else { "" };
    print::line(&format!(
        "{} legs {verb} sent again, a rule refuses {}{more}",
        report.requeued, report.refused
    ))
}
