//! `/contacts/{key}`: how somebody is reached, and what they want to be told; `/preferences`: the same of the visitor.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::{
    Field as Change,
    api::notification::{
        AddressesRequest, CadenceView, ContactAddressView, ContactView, DestinationView, HoursView,
        OpenHoursView, PreferencesRequest,
    },
};
use jiff::civil::Time;

use super::{HIM, banner, by, done, mode::address, outcome, told, unfit};
use crate::{
    ask::{self, notification::is_key},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        sheet::{Block, Line, Part, Row, Sent, Sheet, Table},
        sign_in,
        site::Site,
    },
    same_origin,
    show::{Moment, Section, words},
    visitor::{self, Visitor},
};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const EVERY: [(&str, &str); 3] = [("weekly", "Every week"), ("daily", "Every day"), ("never", "Never")];

/// `/preferences`: the visitor's own page.
pub(super) async fn own(State(portal): State<Portal>) -> Result<Response, Failure> {
    match own_key(&portal, &visitor::present()).await? {
        Some(key) => Ok(Redirect::to(&format!("/contacts/{key}")).into_response()),
        None => Err(Failure::NotFound(Some(
            "You are not signed in as a provider of the directory, so there are no preferences of yours."
                .to_owned(),
        ))),
    }
}

/// The key of the visitor's own contact, for providers of the directory.
async fn own_key(portal: &Portal, visitor: &Visitor) -> Result<Option<String>, Failure> {
    let Some(provider) = visitor.who.as_ref().and_then(|who| who.provider.as_ref()) else { return Ok(None) };
    let wanted =
        ask::people::Wanted { text: Some(&provider.id), limit: 20, ..ask::people::Wanted::default() };
    let people = ask::people::list(portal.api.as_ref(), wanted).await?;
    let is = |of: &countersign_contracts::api::people::IdentifierView| {
        of.id == provider.id && (of.authority == provider.authority || provider.authority.is_empty())
    };
    let found =
        people.items.into_iter().find(|person| person.id == provider.id || person.identifiers.iter().any(is));
    Ok(found.map(|person| format!("provider-{}", person.key)))
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, done);
    page(&portal, &key, &Entered::default(), sent, choice.position).await
}

async fn page(
    portal: &Portal,
    key: &str,
    entered: &Entered,
    sent: Sent,
    not_before: Option<u64>,
) -> Result<Response, Failure> {
    if !is_key(key) {
        return Err(Failure::NotFound(None));
    }
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let contact = ask::notification::contact(api, key, not_before).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let rows = contact.addresses.iter().map(|known| address_row(known, &site));
    let addresses = Table::new("Addresses", &["Address", "By which way", "State", "Comes from"]).rows(rows);
    let mut sheet = Sheet::new(contact.name.clone(), Section::Notices, "/contacts")
        .crumb("/contacts", "Contacts")
        .intro("How they are reached, and what they want to be told. Formal notices cannot be muted.")
        .banner(banner(api).await)
        .sent(sent)
        .part(Part::new("addresses", "Addresses").table_or(addresses, "None: nobody can be told."))
        .part(preferences(&contact, &site, portal.clock.now()))
        .part(digest(portal, key, &site).await)
        .part(deciding(portal, &contact, &visitor, entered).await);
    if let Some(changed) = &contact.changed {
        sheet = sheet.part(Part::card("changed", "Changed last").line(by(changed, &site)));
    }
    sheet.answer()
}

fn address_row(known: &ContactAddressView, site: &Site) -> Row {
    let state = match known.state.as_str() {
        "verified" => Line::new().chip("satisfied", "Verified"),
        "unverified" => Line::new().chip("waiting", "Not verified"),
        other => Line::new().chip("overdue", words(other)),
    };
    Row::new([
        Line::from(address(&known.to)),
        Line::from(told(channel(&known.to))),
        state.and(known.since, |line, at| line.below_at("since", site.moment_anywhere(at))),
        Line::from(words(&known.source)),
    ])
}

const fn channel(to: &DestinationView) -> &'static str {
    match to {
        DestinationView::Inbox { .. } => "inbox",
        DestinationView::Email { .. } => "email",
        DestinationView::Webhook { .. } => "webhook",
        DestinationView::Letter { .. } => "letter",
    }
}

fn zone<'a>(contact: &'a ContactView, site: &'a Site) -> &'a str {
    if contact.time_zone.is_empty() { site.any_zone() } else { &contact.time_zone }
}

fn preferences(contact: &ContactView, site: &Site, now: countersign_kernel::Timestamp) -> Part {
    let list = |of: &[String], none: &str| match of {
        [] => Line::new().quiet(none.to_owned()),
        of => Line::from(of.iter().map(|one| told(one)).collect::<Vec<_>>().join(", ")),
    };
    let windows = contact.windows.iter().map(window_text).collect::<Vec<_>>();
    let quiet = contact.quiet.map_or_else(
        || Line::new().quiet("none"),
        |hours| Line::from(format!("{} to {}", clock(hours.from), clock(hours.until))),
    );
    let cadence = match contact.digest.every.as_str() {
        "weekly" => format!("every {} at {}", words(&contact.digest.day), clock(contact.digest.at)),
        "daily" => format!("every day at {}", clock(contact.digest.at)),
        _ => "never".to_owned(),
    };
    let zone = zone(contact, site);
    let next = contact.next_digest_at.map(|at| Moment::new(at, now, zone));
    let copies = if contact.copy_to_delegate { "get copies" } else { "get none" };
    let hours =
        Line::from(if contact.time_zone.is_empty() { "that of the facility" } else { &contact.time_zone });
    Part::card("preferences", "Preferences").pairs(vec![
        ("Ways", list(&contact.channels, "as the policy says")),
        ("Muted", list(&contact.muted, "nothing")),
        ("Digest", Line::from(cadence).and(next, |line, at| line.quiet("next").at(at))),
        (
            "Sent only",
            if windows.is_empty() {
                Line::new().quiet("at any hour")
            } else {
                Line::from(windows.join("; "))
            },
        ),
        ("Quiet hours", quiet),
        ("Time zone", hours),
        ("Delegates", Line::from(copies)),
    ])
}

/// What the next digest would say. Without it the page is as good.
async fn digest(portal: &Portal, key: &str, site: &Site) -> Part {
    let part = Part::card("digest", "The digest as it would go out now");
    let Ok(preview) = ask::notification::digest(portal.api.as_ref(), key).await else {
        return part.line(Line::new().quiet("It cannot be told now, or there is none."));
    };
    if let Some(why) = preview.skipped {
        return part.line(Line::new().text("None would go out:").text(why));
    }
    let since = match preview.since {
        Some(at) => Line::new().at(site.moment(at, &preview.facility)),
        None => Line::new().quiet("it would be the first one"),
    };
    part.pairs(vec![
        ("New", Line::from(preview.new.to_string())),
        ("Due soon", Line::from(preview.due_soon.to_string())),
        ("Overdue", Line::from(preview.overdue.to_string())),
        ("Done", Line::from(preview.done.to_string())),
        ("Since", since),
    ])
}

async fn deciding(portal: &Portal, contact: &ContactView, visitor: &Visitor, entered: &Entered) -> Part {
    let here = format!("/contacts/{}", contact.key);
    let part = Part::new("decide", "Change it");
    if visitor.who.is_none() {
        return part.line(Line::new().link(sign_in::and_back_to(&here), "Sign in to change it"));
    }
    let him = visitor.has_any(HIM);
    let own = own_key(portal, visitor).await.is_ok_and(|key| key.as_deref() == Some(contact.key.as_str()));
    if !him && !own {
        return part.line(Line::new().quiet("Nothing: it is not yours, and your roles do not allow it."));
    }
    let mut forms = vec![preferences_form(contact)];
    if him {
        forms.push(addresses_form(contact));
    }
    let sent =
        |form: Form| form.sent_to(here.clone()).carries("seen", contact.position.to_string()).filled(entered);
    part.block(Block::Forms(forms.into_iter().map(sent).collect()))
}

fn preferences_form(contact: &ContactView) -> Form {
    let days: Vec<Offer> = DAYS
        .iter()
        .map(|day| Offer { value: (*day).to_owned(), label: words(day), chosen: *day == contact.digest.day })
        .collect();
    let mut fields = vec![
        Field::new("every", "Digest", Kind::Choice(Offer::each(&EVERY, Some(&contact.digest.every)))),
        Field::new("day", "On the day, for a weekly one", Kind::Choice(days)),
        Field::new("at", "At", Kind::Time).value(clock(contact.digest.at)),
        Field::new("channels", "Ways, the preferred one first", Kind::Line)
            .optional()
            .value(contact.channels.join(", "))
            .hint("Of inbox, email, webhook, letter. Left empty: as the policy says"),
    ];
    for topic in &contact.topics {
        let muted = contact.muted.contains(topic);
        let field =
            Field::new(format!("mute_{topic}"), format!("Mute: {}", told(topic).to_lowercase()), Kind::Tick);
        fields.push(field.optional().value(if muted { "yes" } else { "" }));
    }
    let window = contact.windows.iter().map(window_text).collect::<Vec<_>>().join("\n");
    let quiet = |of: fn(HoursView) -> Time| contact.quiet.map(of).map(clock).unwrap_or_default();
    fields.extend([
        Field::new("windows", "Sent only", Kind::Text)
            .optional()
            .value(window)
            .hint("One stretch a line, e.g. monday 08:00-12:00. Left empty: at any hour that is not quiet"),
        Field::new("quiet_from", "Quiet from", Kind::Time).optional().value(quiet(|hours| hours.from)),
        Field::new("quiet_until", "Quiet until", Kind::Time).optional().value(quiet(|hours| hours.until)),
        Field::new("time_zone", "Time zone", Kind::Line)
            .optional()
            .value(contact.time_zone.clone())
            .hint("e.g. America/Chicago. Left empty: that of the facility"),
        Field::new("copy_to_delegate", "Delegates get copies", Kind::Tick)
            .optional()
            .value(if contact.copy_to_delegate { "yes" } else { "" }),
        Field::why().optional(),
    ]);
    Form::new("preferences", "Change the preferences", "Formal notices come in any case.", "Change", fields)
}

fn addresses_form(contact: &ContactView) -> Form {
    let set: Vec<&DestinationView> =
        contact.addresses.iter().filter(|known| known.source == "contact").map(|known| &known.to).collect();
    let lines = |of: fn(&DestinationView) -> Option<String>| {
        set.iter().filter_map(|to| of(to)).collect::<Vec<_>>().join("\n")
    };
    let mails = lines(|to| match to {
        DestinationView::Email { address } => Some(address.clone()),
        _ => None,
    });
    let endpoints = lines(|to| match to {
        DestinationView::Webhook { endpoint } => Some(endpoint.clone()),
        _ => None,
    });
    let letters = lines(|to| match to {
        DestinationView::Letter { lines } => Some(lines.join("\n")),
        _ => None,
    });
    let fields = vec![
        Field::new("email", "E-mail", Kind::Text)
            .optional()
            .value(mails)
            .hint("One address a line. Left empty: the one in the directory"),
        Field::new("letter", "Postal address, or where letters are handed over", Kind::Text)
            .optional()
            .value(letters),
        Field::new("webhook", "Endpoints", Kind::Text)
            .optional()
            .value(endpoints)
            .hint("Names of the configuration, one a line"),
        Field::new("verified", "They were checked with their owner", Kind::Tick).optional(),
        Field::why().optional(),
    ];
    Form::new("addresses", "Change the addresses", "These are all that are set here.", "Change", fields)
}

/// `POST /contacts/{key}`: other addresses or preferences.
pub(super) async fn change(
    State(portal): State<Portal>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if !is_key(&key) {
        return Err(Failure::NotFound(None));
    }
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let (act, seen) = (entered.get("act").unwrap_or_default(), entered.get("seen").unwrap_or_default());
    let result = match act {
        "addresses" => {
            let request = addresses(&entered);
            outcome(ask::notification::set_addresses(api, &key, &request, seen).await)?
        }
        "preferences" => {
            let contact = ask::notification::contact(api, &key, None).await?;
            match wanted(&entered, &contact) {
                Ok(request) => outcome(ask::notification::set_preferences(api, &key, &request, seen).await)?,
                Err(said) => Err(unfit(said)),
            }
        }
        _ => Err(unfit("That is nothing that can be done here")),
    };
    match result {
        Ok(step) => {
            Ok(Redirect::to(&format!("/contacts/{key}?done={act}&position={}", step.position))
                .into_response())
        }
        Err(sent) => page(&portal, &key, &entered, sent, None).await,
    }
}

fn lines<'a>(entered: &'a Entered, name: &str) -> impl Iterator<Item = &'a str> {
    entered.get(name).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty())
}

fn addresses(entered: &Entered) -> AddressesRequest {
    let mut addresses: Vec<DestinationView> = lines(entered, "email")
        .map(|address| DestinationView::Email { address: address.to_owned() })
        .collect();
    let letter: Vec<String> = lines(entered, "letter").map(str::to_owned).collect();
    if !letter.is_empty() {
        addresses.push(DestinationView::Letter { lines: letter });
    }
    addresses.extend(
        lines(entered, "webhook").map(|endpoint| DestinationView::Webhook { endpoint: endpoint.to_owned() }),
    );
    AddressesRequest {
        addresses,
        verified: entered.get("verified").is_some(),
        why: entered.get("why").unwrap_or_default().to_owned(),
    }
}

/// Preferences as a form has them.
fn wanted(entered: &Entered, contact: &ContactView) -> Result<PreferencesRequest, String> {
    let time = |name: &str, label: &str| match entered.get(name) {
        None => Ok(None),
        Some(text) => {
            text.parse::<Time>().map(Some).map_err(|_| format!("“{label}” is no time such as 08:00"))
        }
    };
    let quiet = match (time("quiet_from", "Quiet from")?, time("quiet_until", "Quiet until")?) {
        (Some(from), Some(until)) => Change::Value(HoursView { from, until }),
        (None, None) => Change::Null,
        _ => return Err("Quiet hours need a beginning and an end".to_owned()),
    };
    let windows = lines(entered, "windows").map(window).collect::<Result<Vec<_>, _>>()?;
    let muted = contact.topics.iter().filter(|topic| entered.get(&format!("mute_{topic}")).is_some());
    let channels = entered.get("channels").unwrap_or_default();
    let channels = channels.split([',', ' ']).map(str::trim).filter(|channel| !channel.is_empty());
    Ok(PreferencesRequest {
        channels: Some(channels.map(str::to_owned).collect()),
        muted: Some(muted.cloned().collect()),
        copy_to_delegate: Some(entered.get("copy_to_delegate").is_some()),
        time_zone: Some(entered.get("time_zone").unwrap_or_default().to_owned()),
        windows: Some(windows),
        quiet,
        digest: Some(CadenceView {
            every: entered.must("every", "Digest")?.to_owned(),
            day: entered.must("day", "On the day")?.to_owned(),
            at: time("at", "At")?.unwrap_or(contact.digest.at),
        }),
        why: entered.get("why").unwrap_or_default().to_owned(),
    })
}

/// A time of day, as `<input type="time">` takes it.
fn clock(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn window_text(window: &OpenHoursView) -> String {
    format!("{} {}-{}", window.day, clock(window.from), clock(window.until))
}

/// `monday 08:00-12:00`.
fn window(text: &str) -> Result<OpenHoursView, String> {
    let read = || {
        let (day, hours) = text.split_once(' ')?;
        let (from, until) = hours.split_once('-')?;
        let day = day.trim().to_lowercase();
        let known = DAYS.contains(&day.as_str());
        let (from, until) = (from.trim().parse().ok()?, until.trim().parse().ok()?);
        known.then_some(OpenHoursView { day, from, until })
    };
    read().ok_or_else(|| format!("“{text}” is no stretch such as monday 08:00-12:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_a_day_is_read_as_it_is_shown() {
        let read = window("Monday 08:00-12:30").expect("a stretch");
        assert_eq!(window_text(&read), "monday 08:00-12:30");
        for odd in ["", "monday", "someday 08:00-12:00", "monday 8 to 12", "monday 25:00-26:00"] {
            assert!(window(odd).is_err(), "{odd}");
        }
    }
}
