//! `countersign escalation tracks`, `track` and `why`

use anyhow::bail;
use countersign_contracts::api::escalation::{
    LogEntry, NoticeView, StandingView, TrackDetail, TrackExplanation, TrackView,
};
use countersign_kernel::TrackId;

use super::{COMMAND, PATH, by_whom, staff};
use crate::{
    cli::{Asking, ListTracks, Why},
    client::Client,
    commands::api::Part,
    print,
};

pub async fn list(args: ListTracks) -> anyhow::Result<()> {
    let api = args.asking.api(Part::Escalation, COMMAND).await?;
    let mut query = Vec::new();
    query.extend(args.facility.map(|facility| ("facility", facility)));
    query.extend(args.state.map(|state| ("state", state.name().to_owned())));
    if let Some(provider) = &args.provider {
        query.extend(whose(&api, provider).await?);
    }
    query.extend(args.held.map(|held| ("held", held)));
    let path = format!("{PATH}/tracks");
    if args.csv.csv {
        query.push(("format", "csv".to_owned()));
        return print::text(&api.text(&path, &query).await?);
    }
    let tracks: Vec<TrackView> = api.all(&path, &query).await?;
    if args.asking.json {
        return print::json(&tracks);
    }
    let rows: Vec<Vec<String>> = tracks
        .iter()
        .map(|track| {
            vec![
                staff(&track.provider),
                track.facility.clone(),
                track.state.clone(),
                track.step.clone().unwrap_or_default(),
                print::instant(track.step_at),
                track.counting.to_string(),
                track.oldest_days.to_string(),
                print::instant(track.next_at),
                track.held.as_deref().map(print::words).unwrap_or_default(),
                track.id.to_string(),
            ]
        })
        .collect();
    print::table(
        &[
            "PROVIDER",
            "FACILITY",
            "STATE",
            "STEP",
            "TAKEN",
            "COUNT",
            "OLDEST DAYS",
            "NEXT LOOK",
            "HELD",
            "TRACK",
        ],
        &rows,
    )?;
    print::line(&format!(
        "\n{} tracks. Why does one stand there? {COMMAND} why TRACK (with the same --data or --url)",
        tracks.len()
    ))
}

pub async fn show(track: TrackId, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let detail: TrackDetail = api.get(&format!("{PATH}/tracks/{track}"), &()).await?;
    if asking.json {
        return print::json(&detail);
    }
    let view = &detail.track;
    print::line(&format!(
        "{} at {} · {} · cycle {}",
        staff(&view.provider),
        view.facility,
        view.state,
        view.cycle
    ))?;
    let policy = view.policy.as_ref().map(|policy| format!("version {}, {}", policy.version, policy.title));
    let granted = view.granted.as_ref().map(|grant| {
        let until = grant.until.map_or_else(|| "it is taken back".to_owned(), print::instant);
        format!("{} until {until}, by {}", grant.kind, by_whom(&grant.by))
    });
    for (name, value) in [
        ("policy", policy),
        ("step", view.step.as_ref().map(|step| format!("{step}, {}", print::instant(view.step_at)))),
        ("suspended", view.suspended_from.map(|from| format!("from {}", print::instant(from)))),
        ("granted", granted),
        ("held", view.held.as_deref().map(print::words)),
        ("next look", view.next_at.map(print::instant)),
    ] {
        if let Some(value) = value {
            print::line(&format!("  {name:<10} {value}"))?;
        }
    }
    standing(&detail.standing)?;
    notices(&detail.notices)?;
    for suspension in &detail.suspensions {
        let until = suspension.until.map_or_else(|| "now".to_owned(), print::instant);
        print::line(&format!(
            "\nSuspension {}: {} to {until}, {} days",
            suspension.proposal,
            print::instant(suspension.from),
            suspension.days
        ))?;
    }
    for item in &detail.inbox {
        print::line(&format!("\nWaits since {}: {}", print::instant(item.since), item.text))?;
    }
    log(&detail.log)
}

/// Prints what is owed, and what of it counts.
pub fn standing(standing: &StandingView) -> anyhow::Result<()> {
    let read = if standing.rechecked { "read in the journal" } else { "by the worklist" };
    print::line(&format!("\nOpen items at {}, {read}:", print::instant(standing.at)))?;
    if let Some(from) = standing.away_from {
        let until =
            standing.away_until.map_or_else(String::new, |at| format!(" until {}", print::instant(at)));
        print::line(&format!("  the provider is away from {}{until}", print::instant(from)))?;
    }
    let rows: Vec<Vec<String>> = standing
        .items
        .iter()
        .map(|item| {
            vec![
                item.rule.clone(),
                item.document_type.clone(),
                item.age_days.to_string(),
                print::instant(item.due_at),
                item.not_counted
                    .as_deref()
                    .map_or_else(|| "yes".to_owned(), |why| format!("no, {}", print::words(why))),
                item.deficiency.to_string(),
            ]
        })
        .collect();
    print::table(&["RULE", "DOCUMENT", "DAYS", "DUE", "COUNTS", "ITEM"], &rows)
}

/// Prints notices with what became of them.
pub fn notices(notices: &[NoticeView]) -> anyhow::Result<()> {
    if notices.is_empty() {
        return print::line("\nNo notices.");
    }
    print::line("\nNotices:")?;
    let rows: Vec<Vec<String>> = notices
        .iter()
        .map(|notice| {
            let became = match (&notice.withdrawn, notice.delivered_at, notice.answers.last()) {
                (Some(why), ..) => format!("withdrawn, {}", print::words(why)),
                (None, Some(at), _) => format!("delivered {}", print::instant(at)),
                (None, None, Some(last)) => {
                    let channel =
                        last.channel.as_deref().map(|channel| format!(" ({channel})")).unwrap_or_default();
                    format!("{}{channel} {}", print::words(&last.outcome), print::instant(last.at))
                }
                (None, None, None) => "on its way".to_owned(),
            };
            vec![
                notice.number.to_string(),
                notice.kind.clone(),
                notice.class.clone(),
                format!("{} ({})", notice.recipient, notice.role),
                print::instant(notice.requested_at),
                became,
                notice.names_date.map(|date| date.to_string()).unwrap_or_default(),
                notice.id.to_string(),
            ]
        })
        .collect();
    print::table(&["NO.", "KIND", "CLASS", "TO", "ASKED FOR", "BECAME OF IT", "NAMES", "NOTICE"], &rows)
}

fn log(entries: &[LogEntry]) -> anyhow::Result<()> {
    print::line("\nLog, the latest first:")?;
    for entry in entries {
        let by = entry.by.as_ref().map(|by| format!(" · {}: {}", by.name, by.why)).unwrap_or_default();
        let superseded = if entry.superseded { " · superseded by a late fact" } else { "" };
        print::line(&format!("  {}  {}{by}{superseded}", print::instant(entry.at), entry.text))?;
        if let Some(seen) = &entry.seen {
            let counted = seen.items.iter().filter(|item| item.not_counted.is_none()).count();
            print::line(&format!(
                "                     saw {} open items, {counted} of them count, journal position {}",
                seen.items.len(),
                seen.position
            ))?;
        }
    }
    Ok(())
}

pub async fn why(args: Why) -> anyhow::Result<()> {
    let api = args.asking.api(Part::Escalation, COMMAND).await?;
    let track = match (args.track, args.provider) {
        (Some(track), _) => track,
        (None, provider) => {
            find(&api, provider.as_deref().unwrap_or_default(), args.facility.as_deref()).await?
        }
    };
    let explanation: TrackExplanation = api.get(&format!("{PATH}/tracks/{track}/explanation"), &()).await?;
    if args.asking.json {
        return print::json(&explanation);
    }
    print::line(&format!("{} at {} · track {track}", staff(&explanation.provider), explanation.facility))?;
    print::line(&explanation.summary)?;
    if let Some(next) = &explanation.next {
        let when = next.not_before.map_or_else(
            || "nobody can say when".to_owned(),
            |at| format!("not before {}", print::instant(at)),
        );
        print::line(&format!("\nNext: {}, {when}: {}", next.step, next.text))?;
    }
    for (heading, lines) in
        [("What holds it:", &explanation.held_by), ("What would stop it:", &explanation.stopped_by)]
    {
        if !lines.is_empty() {
            print::line(&format!("\n{heading}"))?;
        }
        for line in lines {
            print::line(&format!("  {line}"))?;
        }
    }
    standing(&explanation.standing)?;
    log(&explanation.past)
}

/// How the API is asked about a provider: `ID^AUTHORITY`, or `ID` where the tracks know only one with it.
pub async fn whose(client: &Client, provider: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let part =
        |id: &str, authority: &str| vec![("provider", id.to_owned()), ("authority", authority.to_owned())];
    if let Some((id, authority)) = provider.split_once('^') {
        return Ok(part(id, authority));
    }
    let mut authorities: Vec<String> = every(client)
        .await?
        .into_iter()
        .filter(|track| track.provider.id == provider)
        .map(|track| track.provider.authority)
        .collect();
    authorities.sort_unstable();
    authorities.dedup();
    match &authorities[..] {
        [] => Ok(vec![("provider", provider.to_owned())]),
        [authority] => Ok(part(provider, authority)),
        several => bail!("{} each have a provider {provider}: say {provider}^AUTHORITY", several.join(", ")),
    }
}

/// Every track, idle or not.
async fn every(client: &Client) -> anyhow::Result<Vec<TrackView>> {
    let path = format!("{PATH}/tracks");
    let mut tracks: Vec<TrackView> = client.all(&path, &[]).await?;
    tracks.extend(client.all::<TrackView>(&path, &[("state", "idle".to_owned())]).await?);
    Ok(tracks)
}

/// The track of a provider, idle or not.
async fn find(client: &Client, provider: &str, facility: Option<&str>) -> anyhow::Result<TrackId> {
    let (id, authority) = provider.split_once('^').map_or((provider, None), |(id, of)| (id, Some(of)));
    let tracks: Vec<TrackView> = every(client)
        .await?
        .into_iter()
        .filter(|track| track.provider.id == id)
        .filter(|track| authority.is_none_or(|authority| track.provider.authority == authority))
        .filter(|track| facility.is_none_or(|facility| track.facility == facility))
        .collect();
    match &tracks[..] {
        [track] => Ok(track.id),
        [] => bail!(
            "provider {provider} has no track there: nothing was ever owed that a policy is about, or the identifier \
             is another one (see `countersign people list --q NAME`)"
        ),
        several => {
            let places: Vec<String> = several
                .iter()
                .map(|track| {
                    format!("--provider {id}^{} --facility {}", track.provider.authority, track.facility)
                })
                .collect();
            bail!("provider {provider} has several tracks: say one of\n  {}", places.join("\n  "))
        }
    }
}
