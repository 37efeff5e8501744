//! `countersign people`

use std::process::ExitCode;

use anyhow::{Context, bail};
use countersign_contracts::api::{
    Page,
    people::{
        CancelRequest, LeaveChange, LeaveDecision, LeaveRequest, LeaveView, MergeRequest, PersonView,
        UnmergeRequest,
    },
};
use countersign_deficiency::api::{PeopleFilter, list_people, show_person};
use countersign_kernel::{ProviderId, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

use super::directory::open;
use crate::{
    cli::{Change, LeaveAction, People, PeopleAction, Source, Span},
    client::Client,
    print,
};

const COMMAND: &str = "countersign people";
const PATH: &str = "/api/v1/people";
const LEAVES: &str = "/api/v1/leaves";

pub async fn run(args: People) -> anyhow::Result<ExitCode> {
    match args.action {
        PeopleAction::List { q, department, facility, active, on_leave, source, json } => {
            let filter =
                PeopleFilter { q, department, facility, active, on_leave, ..PeopleFilter::default() };
            done(list(&source, filter, json).await)
        }
        PeopleAction::Show { id, source, json } => done(show(&source, &id, json).await),
        PeopleAction::Import { file, dry_run, change } => {
            change.import(COMMAND, &format!("{PATH}/import"), &file, dry_run).await
        }
        PeopleAction::Merge { retired, survivor, change } => {
            let why = change.why.clone();
            let request = MergeRequest { retired: retired.into(), survivor: survivor.into(), why };
            done(change.tell(COMMAND, &format!("{PATH}/merge"), &request).await)
        }
        PeopleAction::Unmerge { retired, change } => {
            let request = UnmergeRequest { retired: retired.into(), why: change.why.clone() };
            done(change.tell(COMMAND, &format!("{PATH}/unmerge"), &request).await)
        }
        PeopleAction::Leave { action } => done(leave(action).await),
    }
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

async fn leave(action: LeaveAction) -> anyhow::Result<()> {
    match action {
        LeaveAction::Record { provider, kind, span, change } => {
            let (from, until) = span.instants(&change.changing.source)?;
            let request = LeaveRequest {
                provider: provider.into(),
                kind: kind.name().to_owned(),
                from,
                until,
                why: change.why.clone(),
            };
            change.tell(COMMAND, LEAVES, &request).await
        }
        LeaveAction::Amend { leave, kind, span, change } => {
            let (from, until) = span.instants(&change.changing.source)?;
            let request = LeaveChange { kind: kind.name().to_owned(), from, until, why: change.why.clone() };
            change.tell(COMMAND, &format!("{LEAVES}/{leave}"), &request).await
        }
        LeaveAction::Approve { leave, change } => decide(leave, true, &change).await,
        LeaveAction::Refuse { leave, change } => decide(leave, false, &change).await,
        LeaveAction::Cancel { leave, change } => {
            let request = CancelRequest { why: change.why.clone() };
            change.tell(COMMAND, &format!("{LEAVES}/{leave}/cancel"), &request).await
        }
    }
}

async fn decide(leave: uuid::Uuid, approve: bool, change: &Change) -> anyhow::Result<()> {
    let request = LeaveDecision { approve, why: change.why.clone() };
    change.tell(COMMAND, &format!("{LEAVES}/{leave}/decision"), &request).await
}

impl Span {
    /// Its instants: a day begins with its first moment and ends after its last one.
    pub(super) fn instants(&self, source: &Source) -> anyhow::Result<(Timestamp, Option<Timestamp>)> {
        let zone = match &self.time_zone {
            Some(name) => TimeZone::get(name).with_context(|| {
                format!("`{name}` is no IANA time zone: take one such as America/Chicago")
            })?,
            None => super::configure(source.config.config.as_deref(), &[])?.facility.time_zone.zone(),
        };
        let until = self.until.as_deref().map(|text| instant(text, &zone, true)).transpose()?;
        Ok((instant(&self.from, &zone, false)?, until))
    }
}

fn instant(text: &str, zone: &TimeZone, after: bool) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day: Date = text.parse().with_context(|| {
        format!("`{text}` is neither a day (2026-03-01) nor an instant with its offset (2026-03-01T08:00:00-06:00)")
    })?;
    let day = if after { day.tomorrow()? } else { day };
    Ok(day.to_zoned(zone.clone())?.timestamp())
}

async fn list(source: &Source, filter: PeopleFilter, json: bool) -> anyhow::Result<()> {
    let people = if let Some(client) = source.client() {
        let flag = |value: Option<bool>| value.map(|value| value.to_string());
        let query: Vec<(&str, String)> = [
            ("q", filter.q.clone()),
            ("department", filter.department.clone()),
            ("facility", filter.facility.clone()),
            ("active", flag(filter.active)),
            ("on_leave", flag(filter.on_leave)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        client.all::<PersonView>(PATH, &query).await?
    } else {
        let (_ground, service) = open(source, COMMAND).await?;
        list_people(&service, filter, usize::MAX - 1).await?.items
    };
    if json {
        return print::json(&people);
    }
    let rows: Vec<Vec<String>> = people
        .iter()
        .map(|person| {
            let leave = person.leaves.iter().map(period_of).collect::<Vec<_>>().join("; ");
            vec![
                person.name.clone(),
                person
                    .identifiers
                    .iter()
                    .map(|known| named(&known.id, &known.authority))
                    .collect::<Vec<_>>()
                    .join(" "),
                if person.active { "active" } else { "inactive" }.to_owned(),
                person.departments.join(" "),
                leave,
            ]
        })
        .collect();
    print::table(&["NAME", "IDENTIFIERS", "", "DEPARTMENTS", "LEAVE"], &rows)
}

fn named(id: &str, authority: &str) -> String {
    if authority.is_empty() { id.to_owned() } else { format!("{id}^{authority}") }
}

fn period_of(leave: &LeaveView) -> String {
    let until = leave.until.map_or_else(|| "without end".to_owned(), |until| format!("until {until}"));
    let waits = if leave.counts { "" } else { " (not approved)" };
    format!("{} from {} {until}{waits}", leave.kind, leave.from)
}

async fn show(source: &Source, id: &ProviderId, json: bool) -> anyhow::Result<()> {
    let person = if let Some(client) = source.client() {
        asked(&client, id).await?
    } else {
        let (_ground, service) = open(source, COMMAND).await?;
        show_person(&service, id).await?
    };
    let Some(person) = person else {
        bail!("the directory knows nobody as {id}: `countersign people list` shows who it knows");
    };
    if json {
        return print::json(&person);
    }
    print::line(&format!("{} {}", person.name, person.credentials.join(", ")))?;
    let standing = match (person.active, person.inactive_since) {
        (true, _) => "active".to_owned(),
        (false, Some(since)) => format!("inactive since {since}"),
        (false, None) => "not active".to_owned(),
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let other = |value: &Option<countersign_contracts::api::people::IdentifierView>| {
        value.as_ref().map(|known| named(&known.id, &known.authority)).unwrap_or_default()
    };
    let identifiers: Vec<String> =
        person.identifiers.iter().map(|known| named(&known.id, &known.authority)).collect();
    let merged: Vec<String> = person.merged.iter().map(|known| named(&known.id, &known.authority)).collect();
    for (heading, value) in [
        ("standing", standing),
        ("identifiers", identifiers.join(" ")),
        ("merged", merged.join(" ")),
        ("departments", person.departments.join(" ")),
        ("facilities", person.facilities.join(" ")),
        ("service", text(&person.service)),
        ("specialty", text(&person.specialty)),
        ("group", text(&person.group)),
        ("supervisor", other(&person.supervisor)),
        ("delegate", other(&person.delegate)),
        ("e-mail", text(&person.email)),
        ("telephone", text(&person.telephone)),
    ] {
        if !value.is_empty() {
            print::line(&format!("  {heading:12} {value}"))?;
        }
    }
    for leave in &person.leaves {
        print::line(&format!("  leave        {} {}", leave.id, period_of(leave)))?;
    }
    Ok(())
}

/// The provider with this identifier, from a running Countersign.
async fn asked(client: &Client, id: &ProviderId) -> anyhow::Result<Option<PersonView>> {
    let page: Page<PersonView> = client.get(PATH, &[("q", id.id.as_str())]).await?;
    let is = |known: &countersign_contracts::api::people::IdentifierView| {
        known.id == id.id && (id.authority.is_empty() || known.authority == id.authority)
    };
    let mut found: Vec<PersonView> =
        page.items.into_iter().filter(|person| person.identifiers.iter().any(is)).collect();
    match found.len() {
        0 => Ok(None),
        1 => {
            let key = found.remove(0).key;
            Ok(Some(client.get(&format!("{PATH}/{key}"), &()).await?))
        }
        _ => bail!(
            "several providers have the identifier {id}: name its authority, too, as in {}^NORTH",
            id.id
        ),
    }
}
