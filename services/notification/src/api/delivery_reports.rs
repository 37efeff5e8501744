//! `POST /api/v1/notification/delivery-reports`: what mail systems report of messages that were sent.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use countersign_contracts::api::notification::{DeliveryReport, DeliveryReports, DeliveryReportsAnswer};
use countersign_kernel::NoticeId;
use countersign_runtime::http::Problem;

use crate::{
    channels::webhook::SigningKey,
    domain::{
        contact::{Contact, events::Trouble},
        notice::{Change, Notice, Refusal},
    },
    service::Notification,
    store::{ChangeError, Origin},
};

/// Reports of one call at the most.
const MOST: usize = 1000;
/// Longest text that is kept, in characters.
const LONGEST: usize = 200;

/// Takes bounces and complaints in, signed per Standard Webhooks with the secret of the configuration
/// (`reports_secret_file`). Reports about messages of others are ignored.
#[utoipa::path(
    post, path = "/api/v1/notification/delivery-reports", tag = "notification", operation_id = "report_delivery",
    request_body = DeliveryReports,
    params(
        ("webhook-id" = String, Header, description = "Name of the call: the same again changes nothing"),
        ("webhook-timestamp" = String, Header, description = "Seconds since 1970, at most five minutes from ours"),
        ("webhook-signature" = String, Header, description = "`v1,` and Base64 of HMAC-SHA256")
    ),
    responses(
        (status = 200, description = "What was made of them", body = DeliveryReportsAnswer),
        (status = 400, description = "The request cannot be understood", body = Problem),
        (status = 401, description = "The signature does not fit", body = Problem),
        (status = 503, description = "Not now; try again", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Notification>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<DeliveryReportsAnswer>, Problem> {
    let unsigned = |why: &str| {
        Problem::new(StatusCode::UNAUTHORIZED, "signature-needed", "A signature that fits is needed")
            .detail(why)
    };
    let secret = service
        .config
        .reports_secret
        .as_ref()
        .ok_or_else(|| unsigned("no secret is configured here, so no reports are taken"))?;
    let key = SigningKey::parse(secret.reveal()).map_err(|error| Problem::internal(&error))?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let call = header("webhook-id");
    key.verify(call, header("webhook-timestamp"), header("webhook-signature"), &body, service.store.now())
        .map_err(|error| unsigned(&error.to_string()))?;
    let DeliveryReports { reports } = serde_json::from_slice(&body).map_err(|_| {
        Problem::bad_request("the body is not `{\"reports\": [...]}` as the description has it")
    })?;
    if reports.len() > MOST {
        return Err(Problem::bad_request(format!("a call takes at most {MOST} reports")));
    }
    let mut answer = DeliveryReportsAnswer { known: 0, ignored: 0 };
    for (index, report) in reports.iter().enumerate() {
        if take_in(&service, &format!("{call} {index}"), report).await? {
            answer.known += 1;
        } else {
            answer.ignored += 1;
        }
    }
    Ok(Json(answer))
}

/// `false`: it is about a message of others, or of a kind that is not known.
async fn take_in(service: &Notification, key: &str, report: &DeliveryReport) -> Result<bool, Problem> {
    let Some((notice, leg)) = leg_of(&report.message_id, &service.config.message_domain) else {
        return Ok(false);
    };
    let detail = without_addresses(&report.detail);
    let complaint = match report.kind.as_str() {
        "bounce" => false,
        "complaint" => true,
        _ => return Ok(false),
    };
    let change = if complaint {
        Change::Complain { leg, detail: detail.clone() }
    } else {
        Change::Bounce { leg, detail: detail.clone() }
    };
    let origin = Origin::command("delivery report", "report", key);
    match service.change_notice(notice, &origin, &change).await {
        Ok(_) => {}
        Err(ChangeError::Refused(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    if complaint {
        let state = service.store.load::<Notice>(&notice.to_string()).await;
        let state = state.map_err(|error| super::internal(&error))?.state;
        if let (Some(requested), Some(leg)) = (state.requested(), state.leg(leg)) {
            let contact = &requested.contact;
            let decide = |state: &Contact, now| {
                let to = Some(&leg.to);
                Ok::<_, Refusal>(state.trouble(contact, Trouble::AddressComplained, to, notice, &detail, now))
            };
            service.store.change::<Contact, Refusal>(contact, &origin, decide).await?;
        }
    }
    Ok(true)
}

/// The leg whose message has this id.
fn leg_of(message_id: &str, domain: &str) -> Option<(NoticeId, u32)> {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, host) = id.rsplit_once('@')?;
    let (notice, leg) = local.split_once('.')?;
    if !host.eq_ignore_ascii_case(domain) {
        return None;
    }
    Some((notice.parse().ok()?, leg.parse().ok()?))
}

/// A text on one line without words that look like an address.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "[address]" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_leads_to_its_leg() {
        let notice = NoticeId::derive(&["n"]);
        let id = format!("<{}>", Notice::message_id(notice, 2, "cs.example.org"));
        assert_eq!(leg_of(&id, "CS.example.org"), Some((notice, 2)));
        assert_eq!(leg_of(&id, "other.example.org"), None);
        assert_eq!(leg_of("nonsense", "cs.example.org"), None);
    }

    #[test]
    fn what_is_kept_of_a_report_holds_no_address() {
        assert_eq!(
            without_addresses("550 5.1.1 <ana@example.org>: no\nsuch user"),
            "550 5.1.1 [address] no such user"
        );
    }
}
