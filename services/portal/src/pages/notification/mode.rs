//! `/notices/mode`: whether anything leaves the installation, and where to.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::notification::{DestinationView, ModeRequest, ModeView};
use countersign_kernel::Role;

use super::{by, done, outcome, told, unfit};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        sheet::{Block, Line, Part, Sent, Sheet},
        sign_in,
        site::Site,
    },
    same_origin,
    show::{Section, words},
    visitor::{self, Visitor},
};

const CHANGE: &[Role] = &[Role::Administrator, Role::HimManager];
/// Modes: name in the API, in words.
const MODES: [(&str, &str); 4] = [
    ("shadow", "Shadow: nothing leaves"),
    ("redirect", "Redirect: everything goes to one address"),
    ("live", "Live: everybody is told"),
    ("configured", "As the configuration says"),
];

/// An address for people.
pub(super) fn address(to: &DestinationView) -> String {
    match to {
        DestinationView::Inbox { .. } => "the inbox here".to_owned(),
        DestinationView::Email { address } => address.clone(),
        DestinationView::Webhook { endpoint } => format!("endpoint {endpoint}"),
        DestinationView::Letter { lines } => lines.join(", "),
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, done);
    page(&portal, &Entered::default(), sent, choice.position).await
}

async fn page(
    portal: &Portal,
    entered: &Entered,
    sent: Sent,
    not_before: Option<u64>,
) -> Result<Response, Failure> {
    let api = portal.api.as_ref();
    let mode = ask::notification::mode(api, not_before).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let state = match mode.mode.as_str() {
        "live" => Line::new().chip("satisfied", "Live").text("Everybody is told."),
        "shadow" => {
            Line::new().chip("doubt", "Shadow").text("Nothing leaves: notices are prepared and kept.")
        }
        "redirect" => Line::new().chip("doubt", "Redirect").text("Everything goes to one address."),
        other => Line::new().chip("doubt", words(other)),
    };
    let mut pairs = vec![("Now", state)];
    if let Some(to) = &mode.redirect_to {
        pairs.push(("Goes to", Line::new().strong(address(to))));
    }
    let source =
        if mode.source == "operator" { "an operator, before the configuration" } else { "the configuration" };
    pairs.push(("Decided by", Line::from(source)));
    for missing in &mode.not_set_up {
        let line = Line::new().chip("doubt", "Not set up").text(format!("{}:", told(&missing.channel)));
        pairs.push(("Without", line.text(missing.missing.clone()).below("What may go by another way does.")));
    }
    if let Some(decided) = &mode.decided {
        pairs.push(("Who", by(decided, &site)));
    }
    Sheet::new("What leaves this installation", Section::Notices, "/notices/mode")
        .intro(
            "For pilots: in shadow mode everything is decided and prepared as always, and nobody outside is told. \
             A step that needs a delivered notice does not follow, since none is delivered.",
        )
        .sent(sent)
        .part(Part::card("mode", "The mode").pairs(pairs))
        .part(deciding(&mode, entered))
        .answer()
}

fn deciding(mode: &ModeView, entered: &Entered) -> Part {
    let (visitor, part): (Visitor, Part) = (visitor::present(), Part::new("decide", "Change it"));
    if visitor.who.is_none() {
        return part
            .line(Line::new().link(sign_in::and_back_to("/notices/mode"), "Sign in to change the mode"));
    }
    if !visitor.has_any(CHANGE) {
        return part.line(Line::new().quiet("Your roles do not allow it."));
    }
    let kinds = [("email", "E-mail address"), ("webhook", "Endpoint of the configuration")];
    let fields = vec![
        Field::new("mode", "Mode", Kind::Choice(Offer::each(&MODES, Some(&mode.mode)))),
        Field::new("kind", "Where everything goes is an", Kind::Choice(Offer::each(&kinds, None)))
            .hint("Only for redirecting"),
        Field::new("to", "Where everything goes", Kind::Line).optional().hint("Only for redirecting"),
        Field::why(),
        Field::confirm("From now on everybody concerned is told, or nobody is: as chosen above"),
    ];
    let form =
        Form::new("mode", "Change the mode", "Your name and the reason go on record.", "Change", fields);
    let form = form.sent_to("/notices/mode").carries("seen", mode.position.to_string());
    part.block(Block::Forms(vec![form.filled(entered)]))
}

/// `POST /notices/mode`: another mode.
pub(super) async fn change(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let seen = entered.get("seen").unwrap_or_default();
    let result = match request(&entered) {
        Ok(request) => outcome(ask::notification::set_mode(portal.api.as_ref(), &request, seen).await)?,
        Err(said) => Err(unfit(said)),
    };
    match result {
        Ok(step) => {
            Ok(Redirect::to(&format!("/notices/mode?done=mode&position={}", step.position)).into_response())
        }
        Err(sent) => page(&portal, &entered, sent, None).await,
    }
}

fn request(entered: &Entered) -> Result<ModeRequest, String> {
    let mode = entered.must("mode", "Mode")?.to_owned();
    if entered.get("confirmed").is_none() {
        return Err("Tick the box first: this decides about everybody".to_owned());
    }
    let redirect_to = if mode == "redirect" {
        let to = entered.must("to", "Where everything goes")?.to_owned();
        Some(match entered.get("kind") {
            Some("webhook") => DestinationView::Webhook { endpoint: to },
            _ => DestinationView::Email { address: to },
        })
    } else {
        None
    };
    Ok(ModeRequest { mode, redirect_to, why: entered.must("why", "Why")?.to_owned() })
}
