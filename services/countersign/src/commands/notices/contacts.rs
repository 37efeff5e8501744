//! `countersign contacts`

use anyhow::Context;
use countersign_contracts::{
    Field,
    api::notification::{
        AddressesRequest, CadenceView, ContactSummary, ContactTaskView, ContactView, DestinationView,
        DigestPreview, HoursView, PreferencesRequest, WhyRequest,
    },
};

use super::{MOST, destinations, key_of, tell};
use crate::{
    cli::{Asking, Contacts, ContactsAction, Deciding, DigestEvery, SetPreferences},
    client::Client,
    commands::api::Part,
    print,
};

const PATH: &str = "/api/v1/contacts";
const COMMAND: &str = "countersign contacts";

pub async fn run(args: Contacts) -> anyhow::Result<()> {
    match args.action {
        ContactsAction::List { text, bounced, asking } => list(text, bounced, &asking).await,
        ContactsAction::Show { contact, asking } => show(&contact, &asking).await,
        ContactsAction::Addresses { contact, email, webhook, letter, verified, deciding } => {
            let Deciding { why, changing } = deciding;
            let api = changing.api(Part::Notification, COMMAND).await?;
            let key = key(&api, &contact).await?;
            let addresses = destinations(email, webhook, letter);
            let told = if addresses.is_empty() {
                "on record: no address of its own; those of the directory or the configuration count"
            } else {
                "on record: messages go there from now on"
            };
            let request = AddressesRequest { addresses, verified, why };
            tell(&api, &changing, &format!("{PATH}/{key}/addresses"), &request, told).await
        }
        ContactsAction::Preferences(args) => preferences(args).await,
        ContactsAction::Tasks { settled, asking } => tasks(settled, &asking).await,
        ContactsAction::Settle { task, deciding: Deciding { why, changing } } => {
            let api = changing.api(Part::Notification, COMMAND).await?;
            let told = "on record: the task is done";
            tell(&api, &changing, &format!("{PATH}/tasks/{task}/settle"), &WhyRequest { why }, told).await
        }
        ContactsAction::Digest { contact, asking } => digest(&contact, &asking).await,
        ContactsAction::SendDigest { contact, changing } => {
            let api = changing.api(Part::Notification, COMMAND).await?;
            let key = key(&api, &contact).await?;
            let told = "on record: the digest goes out";
            tell(&api, &changing, &format!("{PATH}/{key}/digest"), &(), told).await
        }
    }
}

/// The key of a contact: as it is, or that of the provider with this identifier.
async fn key(client: &Client, contact: &str) -> anyhow::Result<String> {
    if contact.starts_with("provider-") || contact.starts_with("office-") {
        return Ok(contact.to_owned());
    }
    Ok(format!("provider-{}", key_of(client, contact).await?))
}

async fn list(text: Option<String>, bounced: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let mut query: Vec<(&str, String)> = text.into_iter().map(|text| ("text", text)).collect();
    query.extend(bounced.then(|| ("bounced", "true".to_owned())));
    let contacts: Vec<ContactSummary> = api.pages(PATH, &query, MOST).await?;
    if asking.json {
        return print::json(&contacts);
    }
    let rows: Vec<Vec<String>> = contacts
        .iter()
        .map(|contact| {
            let settings = if contact.own_settings { "own" } else { "" };
            let bounced = if contact.bounced { "came back" } else { "" };
            vec![
                contact.name.clone(),
                settings.to_owned(),
                bounced.to_owned(),
                contact.open_tasks.to_string(),
                contact.key.clone(),
            ]
        })
        .collect();
    print::table(&["NAME", "SETTINGS", "ADDRESS", "TASKS", "CONTACT"], &rows)?;
    print::line(&format!("\n{} contacts. How is one reached? {COMMAND} show CONTACT", contacts.len()))
}

fn address(to: &DestinationView) -> (&'static str, String) {
    match to {
        DestinationView::Inbox { .. } => ("inbox", String::new()),
        DestinationView::Email { address } => ("email", address.clone()),
        DestinationView::Webhook { endpoint } => ("webhook", endpoint.clone()),
        DestinationView::Letter { lines } => ("letter", lines.join(", ")),
    }
}

async fn show(contact: &str, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let path = format!("{PATH}/{}", key(&api, contact).await?);
    let view: ContactView = api.get(&path, &()).await?;
    if asking.json {
        return print::json(&view);
    }
    print::line(&format!("{} · {}\n", view.name, view.key))?;
    let rows: Vec<Vec<String>> = view
        .addresses
        .iter()
        .map(|known| {
            let (channel, to) = address(&known.to);
            vec![
                channel.to_owned(),
                to,
                known.source.clone(),
                known.state.clone(),
                print::instant(known.since),
            ]
        })
        .collect();
    print::table(&["CHANNEL", "ADDRESS", "FROM", "STATE", "SINCE"], &rows)?;
    let or = |list: &[String], none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
    let digest = &view.digest;
    let when = match &*digest.every {
        "weekly" => format!("weekly, {} at {}", digest.day, digest.at.strftime("%H:%M")),
        "daily" => format!("daily at {}", digest.at.strftime("%H:%M")),
        every => every.to_owned(),
    };
    let windows: Vec<String> = view
        .windows
        .iter()
        .map(|hours| {
            format!("{} {}-{}", hours.day, hours.from.strftime("%H:%M"), hours.until.strftime("%H:%M"))
        })
        .collect();
    let quiet =
        view.quiet.map(|hours| format!("{}-{}", hours.from.strftime("%H:%M"), hours.until.strftime("%H:%M")));
    print::line("")?;
    for (name, value) in [
        ("channels", or(&view.channels, "as the policy says")),
        ("muted", or(&view.muted, "nothing")),
        ("can be muted", view.topics.join(", ")),
        ("copies to delegate", if view.copy_to_delegate { "yes" } else { "no" }.to_owned()),
        ("time zone", or(&words(&view.time_zone), "that of the facility")),
        ("send windows", or(&windows, "any hour that is not quiet")),
        ("quiet hours", quiet.unwrap_or_else(|| "none".to_owned())),
        ("digest", when),
        ("next digest", view.next_digest_at.map_or_else(|| "none is planned".to_owned(), print::instant)),
    ] {
        print::line(&format!("  {name:<18} {value}"))?;
    }
    Ok(())
}

/// Words between commas; an empty text has none.
fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn hours(text: &str) -> anyhow::Result<Field<HoursView>> {
    if text.is_empty() {
        return Ok(Field::Null);
    }
    let problem = || format!("`{text}` is no stretch of a day: write it like 20:00-07:00");
    let (from, until) = text.split_once('-').with_context(problem)?;
    let time = |text: &str| text.trim().parse().with_context(problem);
    Ok(Field::Value(HoursView { from: time(from)?, until: time(until)? }))
}

async fn preferences(args: SetPreferences) -> anyhow::Result<()> {
    let Deciding { why, changing } = args.deciding;
    let digest = args.digest.map(|every| CadenceView {
        every: match every {
            DigestEvery::Weekly => "weekly",
            DigestEvery::Daily => "daily",
            DigestEvery::Never => "never",
        }
        .to_owned(),
        day: args.digest_day,
        at: args.digest_at,
    });
    let request = PreferencesRequest {
        channels: args.channels.as_deref().map(words),
        muted: args.mute.as_deref().map(words),
        copy_to_delegate: args.copy_to_delegate,
        time_zone: args.time_zone,
        windows: None,
        quiet: args.quiet.as_deref().map(hours).transpose()?.unwrap_or_default(),
        digest,
        why,
    };
    let api = changing.api(Part::Notification, COMMAND).await?;
    let key = key(&api, &args.contact).await?;
    let told = "on record: messages keep to it from now on";
    tell(&api, &changing, &format!("{PATH}/{key}/preferences"), &request, told).await
}

async fn tasks(settled: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let tasks: Vec<ContactTaskView> =
        api.pages(&format!("{PATH}/tasks"), &[("settled", settled.to_string())], MOST).await?;
    if asking.json {
        return print::json(&tasks);
    }
    let rows: Vec<Vec<String>> = tasks
        .iter()
        .map(|task| {
            vec![
                print::instant(task.since),
                print::words(&task.kind),
                task.contact_name.clone(),
                task.channel.clone().unwrap_or_default(),
                task.detail.clone(),
                task.settled.as_ref().map(|by| format!("{}: {}", by.by, by.why)).unwrap_or_default(),
                task.contact.clone(),
                task.id.to_string(),
            ]
        })
        .collect();
    print::table(&["SINCE", "WHAT", "WHOSE", "CHANNEL", "SAID", "SETTLED", "CONTACT", "TASK"], &rows)?;
    print::line(&format!(
        "\n{} tasks. Mend the address (`{COMMAND} addresses CONTACT --email ... --verified --why ...`), then \
         `{COMMAND} settle TASK --why ...`",
        tasks.len()
    ))
}

async fn digest(contact: &str, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let path = format!("{PATH}/{}/digest", key(&api, contact).await?);
    let preview: DigestPreview = api.get(&path, &()).await?;
    if asking.json {
        return print::json(&preview);
    }
    if let Some(why) = &preview.skipped {
        return print::line(&format!("No digest would go out now: {why}"));
    }
    let since = preview.since.map_or_else(|| "the beginning".to_owned(), print::instant);
    print::line(&format!(
        "Since {since}: {} new, {} due soon, {} overdue, {} done\n",
        preview.new, preview.due_soon, preview.overdue, preview.done
    ))?;
    let rows: Vec<Vec<String>> = preview
        .items
        .iter()
        .map(|item| {
            vec![
                item.rule.clone(),
                item.document_type.clone(),
                item.standing.as_deref().map(print::words).unwrap_or_default(),
                item.age_days.to_string(),
                print::instant(item.due_at),
                if item.new { "new" } else { "" }.to_owned(),
            ]
        })
        .collect();
    print::table(&["RULE", "DOCUMENT", "STANDS", "DAYS", "DUE", ""], &rows)
}
