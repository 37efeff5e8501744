//! `/notices/{id}`: one notice, what was sent to the byte, and everything that became of it.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::notification::{
    DestinationView, LegView, NoticeDetail, NoticeItemView, NoticeStep, RequeueRequest,
};
use countersign_kernel::NoticeId;

use super::{
    HIM, banner, class, dead_letters::RESEND, done, file, leg_key, letters, outcome, state_chip, told, unfit,
};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        sheet::{Block, Entry, Line, Part, Row, Sent, Sheet, Table},
        sign_in,
        site::{Site, day},
    },
    same_origin,
    show::{Chip, Section, sentence, words},
    visitor::{self, Visitor},
};

/// A text longer than this is only offered as a file.
const LONGEST_SHOWN: usize = 64 << 10;

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let id: NoticeId = id.parse().map_err(|_| Failure::NotFound(None))?;
    // the link in an e-mail leads a physician to the message itself
    if visitor::present().only_own() {
        return Ok(Redirect::to(&format!("/messages/{id}")).into_response());
    }
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, done);
    page(&portal, id, &Entered::default(), sent, choice.position).await
}

async fn page(
    portal: &Portal,
    id: NoticeId,
    entered: &Entered,
    sent: Sent,
    not_before: Option<u64>,
) -> Result<Response, Failure> {
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let detail = ask::notification::notice(api, id, not_before).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let notice = &detail.notice;
    let facility = notice.facility.as_str();
    let under =
        class(Line::new().a_chip(state_chip(&notice.state)), &notice.class).quiet(notice.reference.clone());
    let mut contents = Part::new("bytes", "What was sent, to the byte");
    let mut any = false;
    for leg in notice.legs.iter().filter(|leg| leg.sha256.is_some()) {
        any = true;
        contents = contents.line(
            Line::new()
                .strong(told(&leg.channel))
                .quiet(leg.template.clone().unwrap_or_default())
                .mono(leg.sha256.clone().unwrap_or_default())
                .button(
                    format!("/notices/{id}/legs/{}", leg.leg),
                    "Download",
                    format!("what went by {}", leg.channel),
                ),
        );
        if let Some(text) = text(portal, id, leg).await {
            contents = contents.block(Block::Raw {
                summary: format!("Show what went by {}", told(&leg.channel).to_lowercase()),
                name: format!("What went by {}", told(&leg.channel).to_lowercase()),
                text,
            });
        }
    }
    if !any {
        contents = contents.block(Block::Empty("Nothing has been rendered so far.".into()));
    }
    Sheet::new(
        format!("{} to {}", told(&notice.kind), super::recipient(notice)),
        Section::Notices,
        "/notices",
    )
    .crumb("/notices", "Notices")
    .under(under)
    .banner(banner(api).await)
    .sent(sent)
    .columns([what(&detail, &site), rests(&detail)])
    .part(ways(&detail, &site))
    .part(items(&detail.items, &site, facility))
    .part(deciding(&detail, &visitor, entered, portal, &site))
    .part(contents)
    .part(story(&detail, &site))
    .answer()
}

/// What a leg carried, where that is text and not too long. Without it the page is as good.
async fn text(portal: &Portal, id: NoticeId, leg: &LegView) -> Option<String> {
    if leg.content_type.as_deref() == Some("application/pdf") {
        return None;
    }
    let bytes = ask::notification::content(portal.api.as_ref(), id, leg.leg).await.ok()?;
    if bytes.len() > LONGEST_SHOWN || bytes.contains(&0) {
        return None;
    }
    String::from_utf8(bytes.to_vec()).ok()
}

/// What it is about, and to whom it goes.
pub(super) fn what(detail: &NoticeDetail, site: &Site) -> Part {
    let notice = &detail.notice;
    let facility = notice.facility.as_str();
    let mut pairs = vec![
        ("About", super::about(notice.about, notice.about_name.as_deref()).quiet(facility)),
        (
            "To",
            Line::new()
                .link(format!("/contacts/{}", notice.recipient), super::recipient(notice))
                .quiet(told(&notice.role)),
        ),
        ("Asked for", Line::new().at(site.moment(notice.requested_at, facility))),
        (
            "Delivered",
            match notice.delivered_at {
                Some(at) => Line::new().strong("yes,").at(site.moment(at, facility)),
                None => Line::new().quiet("not as far as is known"),
            },
        ),
    ];
    if let Some(list) = detail.listed_in {
        let line = Line::new().text("in").link(format!("/notices/{list}"), "the day’s list of the office");
        pairs.push(("Goes out", line.quiet("its bytes name this notice by its reference")));
    }
    if !detail.carries.is_empty() {
        let carried = detail.carries.iter().fold(Line::new(), |line, carried| {
            let reference = carried.0.simple().to_string()[..8].to_ascii_uppercase();
            line.link(format!("/notices/{carried}"), reference)
        });
        pairs.push(("Carries", carried));
    }
    if let Some(date) = notice.names_date {
        pairs.push(("Names", Line::new().strong(day(date))));
    }
    if let Some(because) = &notice.because {
        pairs.push(("Because", Line::from(sentence(because))));
    }
    if let Some(track) = notice.track.filter(|_| notice.about.is_some()) {
        pairs.push((
            "Track",
            Line::new().link(format!("/tracks/{track}"), format!("Number {} of its notices", notice.number)),
        ));
    }
    Part::card("what", "The notice").pairs(pairs)
}

/// What it rests on, and where that can be proved.
fn rests(detail: &NoticeDetail) -> Part {
    let proof =
        Line::new().button(format!("/notices/{}/proof", detail.notice.id), "Proof of notice", "to print");
    // Digests and lists: what they tell rests on a policy each.
    if detail.policy_version == 0 {
        return Part::card("rests", "What it rests on").line(proof);
    }
    let policy = Line::new()
        .link(format!("/policies/{}", detail.policy_version), format!("Version {}", detail.policy_version))
        .text(detail.policy_title.clone());
    Part::card("rests", "What it rests on")
        .pairs(vec![("Policy", policy), ("Its hash", Line::new().mono(detail.policy_sha256.clone()))])
        .line(proof)
}

/// One row a channel and address.
pub(super) fn ways(detail: &NoticeDetail, site: &Site) -> Part {
    let facility = detail.notice.facility.as_str();
    let row = |leg: &LegView| {
        let name = Line::new().strong(told(&leg.channel));
        let name = if leg.copy { name.quiet("copy") } else { name };
        let name = name.and(leg.to.as_ref(), |line, to| line.below(to.clone()));
        let state = Line::new().a_chip(state_chip(&leg.state));
        let state = state.and(leg.detail.as_ref(), |line, detail| line.below(sentence(detail)));
        let when = [
            ("not before", leg.not_before.filter(|_| leg.state == "queued")),
            ("accepted", leg.accepted_at),
            ("printed", leg.printed_at),
            ("delivered", leg.delivered_at),
            ("read", leg.read_at),
        ];
        let when = when.into_iter().fold(Line::new(), |line, (name, at)| {
            line.and(at, |line, at| line.below_at(name, site.moment(at, facility)))
        });
        let message = leg.message_id.clone().map_or_else(Line::new, |id| Line::new().mono(id));
        Row::new([name, state, Line::from(leg.attempts.to_string()), when, message])
    };
    let table = Table::new("Ways", &["By which way", "State", "#Attempts", "When", "Message id"])
        .rows(detail.notice.legs.iter().map(row));
    Part::new("ways", "By which ways").table_or(table, "None so far.")
}

/// The items that it is about.
pub(super) fn items(items: &[NoticeItemView], site: &Site, facility: &str) -> Part {
    let row = |item: &NoticeItemView| {
        let what = Line::new()
            .link(format!("/deficiencies/{}", item.deficiency), words(&item.document_type))
            .quiet(item.rule.clone());
        let what = if item.new { what.chip("open", "New") } else { what };
        let due = item.due_at.map_or_else(
            || Line::new().quiet("its clock stands"),
            |due| Line::new().at(site.moment(due, facility)),
        );
        let due = due.and(item.standing.as_ref(), |line, standing| line.below(words(standing)));
        Row::new([what, due, Line::from(item.age_days.to_string())])
    };
    let table = Table::new("Items", &["Item", "Due", "#Days of its clock"]).rows(items.iter().map(row));
    Part::new("items", "Items that it is about")
        .table_or(table, "None: it is about no item, or all were done meanwhile.")
}

/// Everything that happened, in order.
pub(super) fn story(detail: &NoticeDetail, site: &Site) -> Part {
    let facility = detail.notice.facility.as_str();
    let entry = |step: &NoticeStep| {
        let class = match (&step.by, step.what.as_str()) {
            (Some(_), _) => "act",
            (None, "delivered" | "read" | "bounced" | "complained" | "attempt_ended") => "fact",
            (None, _) => "decision",
        };
        let way = step.channel.as_deref().map(|channel| format!(" by {channel}")).unwrap_or_default();
        let detail = step
            .detail
            .as_deref()
            .map(|detail| format!(": {}", site.localized(detail, facility)))
            .unwrap_or_default();
        Entry {
            class,
            at: site.moment(step.at, facility),
            kind: format!("journal position {}", step.position),
            chip: (step.what == "taken_over")
                .then(|| Chip { class: "satisfied", label: "By hand".to_owned() }),
            said: match step.channel.as_deref().filter(|_| step.what == "not_set_up") {
                Some(channel) => format!("{}: not set up here{detail}", told(channel)),
                None => format!("{}{way}{detail}", told(&step.what)),
            },
            by: step.by.as_ref().map(|by| format!("by {by}")),
            facts: None,
        }
    };
    Part::new("story", "What happened").block(Block::Story(detail.timeline.iter().map(entry).collect()))
}

/// The form that sends a leg again. `sent_to` is where it goes.
pub(super) fn requeue_form(legs: &[LegView], entered: &Entered) -> Option<Form> {
    let failed = legs.iter().filter(|leg| {
        matches!(leg.state.as_str(), "failed" | "bounced" | "unknown" | "withheld" | "dropped" | "not_set_up")
    });
    let offers: Vec<Offer> = failed
        .map(|leg| Offer {
            value: leg.leg.to_string(),
            label: format!("{} ({})", told(&leg.channel), words(&leg.state).to_lowercase()),
            chosen: false,
        })
        .collect();
    let fields = vec![
        Field::new("leg", "Which", Kind::Choice(offers.clone())),
        Field::new("to", "To another address", Kind::Text)
            .optional()
            .hint("Of the same channel; a letter’s address in lines. Left empty: the same"),
        Field::why().optional(),
    ];
    let form = Form::new("requeue", "Send it again", "Under the same notice number.", "Queue again", fields);
    (!offers.is_empty()).then(|| form.filled(entered))
}

/// An address as a form has it, on the channel of a leg.
pub(super) fn destination(channel: &str, text: &str) -> DestinationView {
    let text = text.trim();
    match channel {
        "letter" => DestinationView::Letter {
            lines: text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
        },
        "webhook" => DestinationView::Webhook { endpoint: text.to_owned() },
        "inbox" => DestinationView::Inbox { owner: text.to_owned() },
        _ => DestinationView::Email { address: text.to_owned() },
    }
}

fn deciding(
    detail: &NoticeDetail,
    visitor: &Visitor,
    entered: &Entered,
    portal: &Portal,
    site: &Site,
) -> Part {
    let notice = &detail.notice;
    let (here, part) = (format!("/notices/{}", notice.id), Part::new("decide", "What you can do"));
    if visitor.who.is_none() {
        let sign_in = sign_in::and_back_to(&here);
        return part.line(Line::new().link(sign_in, "Sign in to do something").text("about this notice."));
    }
    let mut forms = Vec::new();
    if visitor.has_any(RESEND) {
        if !matches!(notice.state.as_str(), "taken_over" | "delivered" | "read") {
            let fields = vec![Field::why(), Field::confirm("I see to it that the recipient gets it")];
            forms.push(
                Form::new(
                    "take_over",
                    "Take it over",
                    "Nothing is sent any more. A formal notice that you take over does not count as delivered by that.",
                    "Take over",
                    fields,
                )
                .filled(entered),
            );
        }
        // What goes out in a list is sent again with the list.
        forms.extend(requeue_form(&notice.legs, entered).filter(|_| detail.listed_in.is_none()));
    }
    if visitor.has_any(HIM) && detail.listed_in.is_none() {
        let today = letters::today(portal.clock.now(), site.zone(&notice.facility));
        for leg in notice.legs.iter().filter(|leg| leg.channel == "letter" && leg.delivered_at.is_none()) {
            forms.push(letters::left_form(&leg_key(notice.id, leg.leg), &notice.reference, &today, entered));
        }
    }
    if forms.is_empty() {
        return part
            .line(Line::new().quiet("Nothing: your roles do not allow it, or nothing is left to do."));
    }
    let seen = notice.changed_at.to_string();
    let sent = |form: Form| {
        let action = if form.act == "left" { "/letters".to_owned() } else { format!("{here}/acts") };
        form.sent_to(action).carries("seen", seen.clone())
    };
    part.block(Block::Forms(forms.into_iter().map(sent).collect()))
}

/// `POST /notices/{id}/acts`: takes a notice over, or sends a leg of it again.
pub(super) async fn decide(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let id: NoticeId = id.parse().map_err(|_| Failure::NotFound(None))?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let (act, seen) = (entered.get("act").unwrap_or_default(), entered.get("seen").unwrap_or_default());
    let result = match (act, entered.get("why"), entered.get("confirmed")) {
        ("take_over", Some(why), Some(_)) => outcome(ask::notification::take_over(api, id, why, seen).await)?,
        ("take_over", None, _) => Err(unfit("“Why” is empty: the reason goes on record")),
        ("take_over", _, None) => Err(unfit("Tick the box first: from then on it is yours to deliver")),
        ("requeue", why, _) => {
            let detail = ask::notification::notice(api, id, None).await?;
            match requeue(&entered, &detail.notice.legs, why) {
                Ok(request) => outcome(ask::notification::requeue(api, id, &request, seen).await)?,
                Err(said) => Err(unfit(said)),
            }
        }
        _ => Err(unfit("That is nothing that can be done here")),
    };
    match result {
        Ok(step) => {
            Ok(Redirect::to(&format!("/notices/{id}?done={act}&position={}", step.position)).into_response())
        }
        Err(sent) => page(&portal, id, &entered, sent, None).await,
    }
}

/// What a form asks to be sent again.
pub(super) fn requeue(
    entered: &Entered,
    legs: &[LegView],
    why: Option<&str>,
) -> Result<RequeueRequest, &'static str> {
    let leg =
        entered.get("leg").and_then(|leg| leg.parse().ok()).ok_or("“Which” names nothing that was sent")?;
    let found = legs.iter().find(|known| known.leg == leg).ok_or("“Which” names nothing that was sent")?;
    let to = entered.get("to").map(|text| destination(&found.channel, text));
    Ok(RequeueRequest { leg, to, why: why.unwrap_or_default().to_owned() })
}

/// `/notices/{id}/legs/{leg}`: the exact bytes as a file.
pub(super) async fn download(
    State(portal): State<Portal>,
    Path((id, leg)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let id: NoticeId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let leg: u32 = leg.parse().map_err(|_| Failure::NotFound(None))?;
    let api = portal.api.as_ref();
    let (detail, bytes) =
        tokio::try_join!(ask::notification::notice(api, id, None), ask::notification::content(api, id, leg))?;
    let found = detail.notice.legs.iter().find(|known| known.leg == leg).ok_or(Failure::NotFound(None))?;
    Ok(file(bytes, found.content_type.as_deref(), &format!("notice-{id}-{leg}")))
}
