//! `/leadership/{id}`: one thing that waits, what it rests on, and what may be decided about it.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{InboxItem, TrackActRequest};
use uuid::Uuid;

use super::{act, auditor, by, leadership::kind_chip, matter_words, packet, person, runs};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        form::{Entered, Form},
        sheet::{Block, Line, Part, Sent, Sheet},
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
) -> Result<Response, Failure> {
    let item = find(&portal, &id).await?;
    page(&portal, &item, &Entered::default(), None).await
}

/// Something that waits; what nobody waits for any more is not there.
async fn find(portal: &Portal, id: &str) -> Result<InboxItem, Failure> {
    let id: Uuid = id.parse().map_err(|_| Failure::NotFound(None))?;
    let inbox = ask::escalation::inbox(portal.api.as_ref(), None).await?;
    let gone = || Failure::NotFound(Some("This does not wait for anybody any more.".to_owned()));
    inbox.into_iter().find(|item| item.id == id).ok_or_else(gone)
}

async fn page(
    portal: &Portal,
    item: &InboxItem,
    entered: &Entered,
    refused: Option<(StatusCode, String)>,
) -> Result<Response, Failure> {
    let (visitor, now) = (visitor::present(), portal.clock.now());
    let site = Site::ask(portal.api.as_ref(), now).await;
    let facility = item.facility.as_deref().unwrap_or_default();
    let zone = if facility.is_empty() { site.any_zone() } else { site.zone(facility) };
    let since = match facility {
        "" => site.moment_anywhere(item.since),
        facility => site.moment(item.since, facility),
    };
    let name = item.provider.as_ref().map(|provider| provider.name.clone());
    let title = match &name {
        Some(name) => format!("{}: {name}", matter_words(&item.kind)),
        None => matter_words(&item.kind),
    };
    let under = Line::new().a_chip(kind_chip(&item.kind)).text(format!("came {}", since.relative)).at(since);
    let mut sheet = Sheet::new(title, Section::Escalation, "/leadership")
        .crumb("/leadership", "Leadership")
        .under(if facility.is_empty() { under } else { under.quiet(facility) })
        .sent(Sent { done: None, refused })
        .lead(localized(&item.text, now, zone));
    let mut known = Vec::new();
    if let Some(provider) = &item.provider {
        known.push(("Provider", person(provider)));
    }
    if let Some(track) = item.track {
        known.push(("Track", Line::new().link(format!("/tracks/{track}"), "Why did or didn’t this happen?")));
    }
    if let Some(chart) = item.chart {
        known.push(("Chart", Line::new().link(format!("/charts/{chart}"), "Open the chart")));
    }
    if let Some(seen) = &item.acknowledged {
        known.push(("Seen by", by(seen, &site, facility)));
    }
    if let Some(first) = &item.first_confirmed_by {
        known.push(("First of two", by(first, &site, facility)));
    }
    if !known.is_empty() {
        sheet = sheet.part(Part::card("about", "What it is about").pairs(known));
    }
    if let (Some(evidence), Some(track)) = (&item.packet, item.track) {
        let document = format!("/tracks/{track}/packets/{}", evidence.proposal);
        sheet =
            sheet.parts(packet::parts(evidence, &site, facility)).part(Part::card("paper", "On paper").line(
                Line::new().link(document, "The evidence as a document").text("to print, for the committee"),
            ));
    }
    sheet.part(deciding(item, &visitor, entered)).answer()
}

/// What the visitor may decide, below what it rests on.
fn deciding(item: &InboxItem, visitor: &visitor::Visitor, entered: &Entered) -> Part {
    let part = Part::new("decide", "What you can decide");
    let here = format!("/leadership/{}", item.id);
    if visitor.who.is_none() {
        let sign_in = sign_in::and_back_to(&here);
        return part.line(Line::new().link(sign_in, "Sign in to decide").text("about this."));
    }
    let forms = match item.kind.as_str() {
        "held_run" => {
            runs::release_form(item.facility.as_deref().unwrap_or_default(), item.since, visitor, entered)
        }
        "clock_doubted" => auditor::trust_form(visitor, entered, item.since),
        _ => offered(item, visitor, entered)
            .into_iter()
            .map(|form| {
                let seen = item.revision.map(|revision| revision.to_string()).unwrap_or_default();
                let form = form.sent_to(format!("{here}/acts")).carries("seen", seen);
                match &item.packet {
                    Some(packet) => form.carries("packet", packet.sha256.clone()),
                    None => form,
                }
            })
            .collect(),
    };
    if forms.is_empty() && item.kind == "regulatory_limit" {
        return part.line(
            "Nothing here: it ends when everything in the chart is done. The chart says what is owed.",
        );
    }
    if forms.is_empty() {
        return part.line(Line::new().quiet("Nothing: your roles do not allow it."));
    }
    part.hint("Every decision goes on record with your name and the reason. Days are those of the facility.")
        .block(Block::Forms(forms))
}

/// What is asked, and what else may be decided about the track.
fn offered(item: &InboxItem, visitor: &visitor::Visitor, entered: &Entered) -> Vec<Form> {
    let mut forms = act::about(item, visitor, entered);
    if item.track.is_some() {
        forms.extend(act::grants(None, visitor, entered));
    }
    forms
}

/// `POST /leadership/{id}/acts`: a decision about something that waits. What is refused comes back with the page.
pub(super) async fn decide(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (entered, item) = (Entered::read(&body), find(&portal, &id).await?);
    let track = item.track.ok_or(Failure::NotFound(None))?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let site = Site::ask(api, now).await;
    let zone = site.zone(item.facility.as_deref().unwrap_or_default());
    let (decision, why) = match act::decision(&entered, Some(&item), zone) {
        Ok(decided) => decided,
        Err(said) => {
            return page(&portal, &item, &entered, Some((StatusCode::UNPROCESSABLE_ENTITY, said))).await;
        }
    };
    let (seen, deed) = (entered.get("seen").unwrap_or_default(), entered.get("act").unwrap_or_default());
    let request = TrackActRequest { decision, why };
    match ask::escalation::act(api, track, &request, seen, seen.parse().ok()).await {
        Ok(acted) => {
            let next = format!("/leadership?done={deed}&position={}", acted.position);
            Ok(Redirect::to(&next).into_response())
        }
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            let said = sentence(&localized(&said, now, zone));
            page(&portal, &item, &entered, Some((status, said))).await
        }
        Err(failure) => Err(failure),
    }
}
