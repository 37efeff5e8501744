//! `/tracks/{id}`: where somebody stands, what comes next, and why something did or did not happen.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{
    LogEntry, StandingView, SuspensionView, TrackActRequest, TrackDetail, TrackExplanation,
};
use countersign_kernel::{Timestamp, TrackId};

use super::{
    act, by, by_text, leadership::kind_chip, notices_table, npdb, policy_line, standing_table, state_chip,
    told, worklist_of,
};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::Entered,
        sheet::{Block, Entry, Facts, Line, Part, Row, Sent, Sheet, Table},
        sign_in,
        site::Site,
    },
    same_origin,
    show::{Section, localized, sentence},
    visitor,
};

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::NotFound(None))?;
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, act::done);
    page(&portal, id, &Entered::default(), sent, choice.position).await
}

async fn page(
    portal: &Portal,
    id: TrackId,
    entered: &Entered,
    sent: Sent,
    not_before: Option<u64>,
) -> Result<Response, Failure> {
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let (detail, explained) = tokio::try_join!(
        ask::escalation::track(api, id, not_before),
        ask::escalation::explanation(api, id, not_before),
    )?;
    let site = Site::ask(api, now).await;
    let (track, facility) = (&detail.track, detail.track.facility.as_str());
    let under = Line::new().a_chip(state_chip(&track.state)).quiet(facility.to_owned());
    let suspensions = Part::new("suspensions", "Suspensions")
        .table_or(suspensions(&detail, &site), "Privileges were never suspended.");
    let notices = Part::new("notices", "Notices")
        .table_or(notices_table(&detail.notices, &site, facility), "Nothing was sent so far.");
    let story = Part::new("log", "What happened, and what was decided")
        .hint("The latest first. Each decision with the facts that it saw; nothing is ever deleted.")
        .block(if detail.log.is_empty() {
            Block::Empty("Nothing so far.".into())
        } else {
            Block::Story(detail.log.iter().map(|entry| step(entry, &site, facility, now)).collect())
        });
    Sheet::new(track.provider.name.clone(), Section::Escalation, "/tracks")
        .crumb("/tracks", "Tracks")
        .under(under)
        .sent(sent)
        .lead(localized(&explained.summary, now, site.zone(facility)))
        .columns([next(&explained, &site, now), stands(&detail, &site)])
        .part(waiting(&detail, &site, now))
        .part(owed(&explained.standing, &site, facility))
        .part(notices)
        .part(suspensions)
        .part(deciding(&detail, entered))
        .part(story)
        .answer()
}

/// What comes next, what holds it, and what would stop it.
fn next(explained: &TrackExplanation, site: &Site, now: Timestamp) -> Part {
    let (facility, zone) = (explained.facility.as_str(), site.zone(&explained.facility));
    let sentences = |of: &[String]| {
        Block::List(of.iter().map(|text| Line::from(sentence(&localized(text, now, zone)))).collect())
    };
    let mut part = Part::card("next", "What comes next").class("card close");
    part = match &explained.next {
        Some(next) => {
            let when = match next.not_before {
                Some(at) => {
                    let moment = site.moment(at, facility);
                    Line::new().strong(moment.relative.clone()).text("not before").at(moment)
                }
                None => Line::new().quiet("nobody can say yet"),
            };
            part.pairs(vec![
                ("Step", Line::new().strong(told(&next.step))),
                ("Which is", Line::from(sentence(&next.text))),
                ("When", when),
            ])
        }
        None => part.line("Nothing, as things stand."),
    };
    if !explained.held_by.is_empty() {
        part = part.line(Line::new().strong("What holds it")).block(sentences(&explained.held_by));
    }
    if !explained.stopped_by.is_empty() {
        part = part.line(Line::new().strong("What would stop it")).block(sentences(&explained.stopped_by));
    }
    part
}

fn stands(detail: &TrackDetail, site: &Site) -> Part {
    let track = &detail.track;
    let facility = track.facility.as_str();
    let at = |at: Timestamp| site.moment(at, facility);
    let never = || Line::new().quiet("not yet");
    let step = match &track.step {
        Some(step) => Line::new().strong(told(step)).and(track.step_at, |line, taken| line.at(at(taken))),
        None => Line::new().quiet("none so far"),
    };
    let mut pairs = vec![
        ("Last step", step),
        (
            "Counting",
            Line::from(format!("{} items, the oldest for {} days", track.counting, track.oldest_days)),
        ),
        (
            "Cycle",
            Line::from(track.cycle.to_string())
                .and(track.opened_at, |line, opened| line.quiet("since").at(at(opened))),
        ),
        ("Looked at", track.next_at.map_or_else(never, |due| Line::new().at(at(due)))),
    ];
    if let Some(policy) = &track.policy {
        pairs.push(("Policy", policy_line(policy)));
    }
    if let Some(held) = &track.held {
        pairs.push(("Held", Line::new().chip("waiting", told(held))));
    }
    if let Some(granted) = &track.granted {
        let line = Line::new().chip("waiting", told(&granted.kind));
        let line = match granted.until {
            Some(until) => line.quiet("until").at(at(until)),
            None => line.quiet("until it is taken back"),
        };
        pairs.push(("Granted", line));
        pairs.push(("By", by(&granted.by, site, facility)));
    }
    if let Some(from) = track.suspended_from {
        pairs.push(("Suspended", Line::new().late("since").at(at(from))));
    }
    let own = worklist_of(&track.provider);
    pairs.push(("Owes", Line::new().link(own, "Open the worklist")));
    Part::card("stands", "Where it stands").pairs(pairs)
}

fn waiting(detail: &TrackDetail, site: &Site, now: Timestamp) -> Part {
    let facility = detail.track.facility.as_str();
    let rows = detail.inbox.iter().map(|item| {
        Row::new([
            Line::new().a_chip(kind_chip(&item.kind)),
            Line::from(localized(&item.text, now, site.zone(facility))),
            Line::new().at(site.moment(item.since, facility)),
            Line::new().button(format!("/leadership/{}", item.id), "Open", super::matter_words(&item.kind)),
        ])
    });
    let table = Table::new("What waits", &["What", "In a sentence", "Since", "!Decide"]).rows(rows);
    Part::new("waiting", "What waits for somebody").table_or(table, "Nothing.")
}

fn owed(standing: &StandingView, site: &Site, facility: &str) -> Part {
    let mut part = Part::new("owed", "What is owed, and what of it counts").hint(if standing.rechecked {
        "Re-checked in the journal for this page."
    } else {
        "By the read model: every step re-checks it in the journal first."
    });
    if let Some(from) = standing.away_from {
        let line = Line::new().strong("Away since").at(site.moment(from, facility));
        let line =
            line.and(standing.away_until, |line, until| line.text("until").at(site.moment(until, facility)));
        part = part.block(Block::Notice("", line));
    }
    part.table_or(standing_table(standing, site, facility), "Nothing that the policy is about.")
}

fn suspensions(detail: &TrackDetail, site: &Site) -> Table {
    let facility = detail.track.facility.as_str();
    let row = |of: &SuspensionView| {
        let packet = format!("/tracks/{}/packets/{}", of.track, of.proposal);
        let until = match of.until {
            Some(until) => Line::new().at(site.moment(until, facility)),
            None => Line::new().chip("overdue", "In force"),
        };
        let until = until.and(of.ended_because.as_ref(), |line, why| line.below(sentence(why)));
        let from = Line::new().at(site.moment(of.from, facility));
        let from = if of.superseded { from.chip("doubt", "Superseded by a late fact") } else { from };
        Row::new([
            from,
            until,
            Line::from(of.days.to_string()),
            npdb(of, site),
            Line::new().button(packet, "Evidence", format!("about suspension {}", of.proposal)),
        ])
    };
    Table::new("Suspensions", &["From", "Until", "#Days", "NPDB", "!Evidence"])
        .rows(detail.suspensions.iter().map(row))
}

/// One line of the log, with the facts that it saw.
fn step(entry: &LogEntry, site: &Site, facility: &str, now: Timestamp) -> Entry {
    let class = match (&entry.by, entry.kind.as_str()) {
        (Some(_), _) => "act",
        (None, kind) if kind.starts_with("notice") => "fact",
        (None, _) => "decision",
    };
    let facts = entry.seen.as_ref().map(|seen| {
        let source = if seen.rechecked { "the journal itself" } else { "the read model" };
        let mut pairs = vec![
            ("As of", Line::new().at(site.moment(seen.at, facility))),
            ("Read from", Line::from(format!("{source}, up to position {}", seen.position))),
        ];
        if let Some(from) = seen.away_from {
            pairs.push(("Away since", Line::new().at(site.moment(from, facility))));
        }
        let table = standing_table(seen, site, facility);
        Facts { pairs, table: Some(table).filter(|table| !table.rows.is_empty()) }
    });
    Entry {
        class,
        at: site.moment(entry.at, facility),
        kind: told(&entry.kind),
        chip: entry
            .superseded
            .then(|| crate::show::Chip { class: "doubt", label: "Superseded by a late fact".to_owned() }),
        said: sentence(&localized(&entry.text, now, site.zone(facility))),
        by: entry.by.as_ref().map(by_text),
        facts,
    }
}

fn deciding(detail: &TrackDetail, entered: &Entered) -> Part {
    let (visitor, here) = (visitor::present(), format!("/tracks/{}", detail.track.id));
    let part = Part::new("decide", "What you can decide");
    if visitor.who.is_none() {
        let sign_in = sign_in::and_back_to(&here);
        return part.line(Line::new().link(sign_in, "Sign in to decide").text("something about this track."));
    }
    let forms = act::grants(detail.track.granted.as_ref(), &visitor, entered);
    if forms.is_empty() {
        return part.line(Line::new().quiet("Nothing: your roles do not allow it."));
    }
    let seen = detail.track.revision.to_string();
    let sent =
        |form: crate::pages::form::Form| form.sent_to(format!("{here}/acts")).carries("seen", seen.clone());
    part.hint("Every decision goes on record with your name and the reason. Days are those of the facility.")
        .block(Block::Forms(forms.into_iter().map(sent).collect()))
}

/// `POST /tracks/{id}/acts`: a decision about a track. What is refused comes back with the page.
pub(super) async fn decide(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let id: TrackId = id.parse().map_err(|_| Failure::NotFound(None))?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let detail = ask::escalation::track(api, id, None).await?;
    let site = Site::ask(api, now).await;
    let zone = site.zone(&detail.track.facility);
    let (decision, why) = match act::decision(&entered, None, zone) {
        Ok(decided) => decided,
        Err(said) => {
            let refused = Some((StatusCode::UNPROCESSABLE_ENTITY, said));
            return page(&portal, id, &entered, Sent { done: None, refused }, None).await;
        }
    };
    let (seen, deed) = (entered.get("seen").unwrap_or_default(), entered.get("act").unwrap_or_default());
    let request = TrackActRequest { decision, why };
    match ask::escalation::act(api, id, &request, seen, seen.parse().ok()).await {
        Ok(acted) => {
            Ok(Redirect::to(&format!("/tracks/{id}?done={deed}&position={}", acted.position)).into_response())
        }
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            let refused = Some((status, sentence(&localized(&said, now, zone))));
            page(&portal, id, &entered, Sent { done: None, refused }, None).await
        }
        Err(failure) => Err(failure),
    }
}
