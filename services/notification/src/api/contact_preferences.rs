//! `POST /api/v1/contacts/{key}/preferences`: what somebody wants to be told, how and when.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::{
    Field,
    api::notification::{NotificationStep, PreferencesRequest},
    notice::Channel,
};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{by, contact_in, internal, may_contact, step};
use crate::{
    authority::Act,
    domain::{
        contact::{self, Cadence, Contact, Every, Preferences, Refusal},
        window::{Hours, OpenHours, weekday_name},
    },
    service::Notification,
    store::Origin,
};

/// Changes preferences: what is left out stays. Formal notices cannot be muted.
#[utoipa::path(
    post, path = "/api/v1/contacts/{key}/preferences", tag = "contacts", operation_id = "set_preferences",
    request_body = PreferencesRequest,
    params(("key" = String, Path, description = "`provider-<key>` or `office-<name>`"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
    responses(
        (status = 200, description = "Done, or done before under the same key", body = NotificationStep),
        (status = 400, description = "The request cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such thing", body = Problem),
        (status = 422, description = "A rule refuses it", body = Problem),
        (status = 503, description = "Not now; try again", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Notification>>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Path(contact): Path<String>,
    Sent(request): Sent<PreferencesRequest>,
) -> Result<Json<NotificationStep>, Problem> {
    let contact = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let contact = contact_in(&contact, &folded.owed)?;
        may_contact(&actor, Act::KeepContacts, &contact, &folded.owed)?;
        contact
    };
    let act = by(&actor, service.store.now(), &request.why);
    let before = service.store.load::<Contact>(&contact).await.map_err(|error| internal(&error))?.state;
    let wanted = wanted(before.preferences, request)?;
    let decide = |state: &Contact, _| state.set_preferences(&wanted, &act);
    let origin = Origin::command(&actor.name, "preferences", &key);
    let done = service.store.change::<Contact, Refusal>(&contact, &origin, decide).await?;
    if let Some(provider) = contact::provider_of(&contact) {
        service.digests.reschedule(provider).await?;
    }
    Ok(step(done))
}

fn wanted(mut preferences: Preferences, request: PreferencesRequest) -> Result<Preferences, Problem> {
    let wrong = |at: &str, what: &str| {
        Problem::bad_request("the request has a part that cannot be understood").part(at, what.to_owned())
    };
    let day = |at: &str, name: &str| {
        weekday_name::parse(name).ok_or_else(|| wrong(at, "must be a day of the week, e.g. `monday`"))
    };
    if let Some(channels) = request.channels {
        let known = |name: &String| {
            Channel::from_name(name)
                .ok_or_else(|| wrong("/channels", "must be `inbox`, `email`, `webhook` or `letter`"))
        };
        preferences.channels = channels.iter().map(known).collect::<Result<_, _>>()?;
    }
    if let Some(muted) = request.muted {
        preferences.muted = muted;
    }
    if let Some(copy) = request.copy_to_delegate {
        preferences.copy_to_delegate = copy;
    }
    if let Some(zone) = request.time_zone {
        preferences.time_zone = zone;
    }
    if let Some(windows) = request.windows {
        let open = |window: &countersign_contracts::api::notification::OpenHoursView| {
            let hours = Hours { from: window.from, until: window.until };
            day("/windows", &window.day).map(|day| OpenHours { day, hours })
        };
        preferences.open = windows.iter().map(open).collect::<Result<_, _>>()?;
    }
    match request.quiet {
        Field::Absent => {}
        Field::Null => preferences.quiet = None,
        Field::Value(hours) => preferences.quiet = Some(Hours { from: hours.from, until: hours.until }),
    }
    if let Some(digest) = request.digest {
        let every = Every::from_name(&digest.every)
            .ok_or_else(|| wrong("/digest/every", "must be `weekly`, `daily` or `never`"))?;
        preferences.digest = Cadence { every, day: day("/digest/day", &digest.day)?, at: digest.at };
    }
    Ok(preferences)
}
