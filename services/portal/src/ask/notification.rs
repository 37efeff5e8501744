//! Notices, inboxes, letters, contacts: what the notification service answers and takes.

use axum::body::Bytes;
use countersign_contracts::api::{
    Page,
    notification::{
        AddressesRequest, ContactSummary, ContactTaskView, ContactView, DeadLetterView, DigestPreview,
        InboxMessage, LetterConfirmation, LetterView, ModeRequest, ModeView, NoticeDetail, NoticeView,
        NotificationStep, PreferencesRequest, ProofOfNotice, RequeueRequest, ResendReport, ResendRequest,
        WhyRequest,
    },
};
use countersign_kernel::NoticeId;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{bytes, get, post, with_query};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// Which notices a page wants: the parameters of `GET /api/v1/notices`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) about: Option<&'a str>,
    pub(crate) recipient: Option<&'a str>,
    pub(crate) track: Option<&'a str>,
    pub(crate) class: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: usize,
}

pub(crate) async fn notices(api: &dyn Api, wanted: Wanted<'_>) -> Result<Page<NoticeView>, Failure> {
    let limit = wanted.limit.to_string();
    let path = with_query(
        "/api/v1/notices",
        [
            ("about", wanted.about),
            ("recipient", wanted.recipient),
            ("track", wanted.track),
            ("class", wanted.class),
            ("kind", wanted.kind),
            ("cursor", wanted.cursor),
            ("limit", Some(limit.as_str())),
        ],
    );
    get(api, Call::get(path)).await
}

pub(crate) async fn notice(
    api: &dyn Api,
    id: NoticeId,
    not_before: Option<u64>,
) -> Result<NoticeDetail, Failure> {
    get(api, Call::get(format!("/api/v1/notices/{id}")).not_before(not_before)).await
}

pub(crate) async fn proof(api: &dyn Api, id: NoticeId) -> Result<ProofOfNotice, Failure> {
    get(api, Call::get(format!("/api/v1/notices/{id}/proof"))).await
}

/// The exact bytes that were sent on a leg.
pub(crate) async fn content(api: &dyn Api, id: NoticeId, leg: u32) -> Result<Bytes, Failure> {
    bytes(api, Call::get(format!("/api/v1/notices/{id}/legs/{leg}/content"))).await
}

/// A human takes a notice over: nothing is sent any more.
pub(crate) async fn take_over(
    api: &dyn Api,
    id: NoticeId,
    why: &str,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/notices/{id}/take-over"), &WhyRequest { why: why.to_owned() }, seen).await
}

/// Sends a leg again.
pub(crate) async fn requeue(
    api: &dyn Api,
    id: NoticeId,
    request: &RequeueRequest,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/notices/{id}/requeue"), request, seen).await
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageOf<'a> {
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: usize,
    pub(crate) not_before: Option<u64>,
}

async fn page<T: DeserializeOwned>(
    api: &dyn Api,
    path: &str,
    (name, value): (&str, Option<&str>),
    of: PageOf<'_>,
) -> Result<Page<T>, Failure> {
    let limit = of.limit.to_string();
    let path = with_query(path, [(name, value), ("cursor", of.cursor), ("limit", Some(limit.as_str()))]);
    get(api, Call::get(path).not_before(of.not_before)).await
}

/// What did not arrive.
pub(crate) async fn dead_letters(api: &dyn Api, of: PageOf<'_>) -> Result<Page<DeadLetterView>, Failure> {
    page(api, "/api/v1/notices/dead-letters", ("", None), of).await
}

/// Sends everything again that failed since an instant.
pub(crate) async fn resend(
    api: &dyn Api,
    request: &ResendRequest,
    seen: &str,
) -> Result<ResendReport, Failure> {
    post(api, "/api/v1/notices/resend".to_owned(), request, seen).await
}

/// Letters in one state; none = those that wait to be printed.
pub(crate) async fn letters(
    api: &dyn Api,
    state: Option<&str>,
    of: PageOf<'_>,
) -> Result<Page<LetterView>, Failure> {
    page(api, "/api/v1/letters", ("state", state), of).await
}

/// Says that a letter was printed.
pub(crate) async fn printed(
    api: &dyn Api,
    (id, leg): (NoticeId, u32),
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/letters/{id}/{leg}/print"), &WhyRequest::default(), seen).await
}

/// Says that a letter was mailed or handed over.
pub(crate) async fn confirm_letter(
    api: &dyn Api,
    (id, leg): (NoticeId, u32),
    request: &LetterConfirmation,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/letters/{id}/{leg}/confirm"), request, seen).await
}

/// Tasks that wait, or those that were settled.
pub(crate) async fn contact_tasks(
    api: &dyn Api,
    settled: bool,
    of: PageOf<'_>,
) -> Result<Page<ContactTaskView>, Failure> {
    page(api, "/api/v1/contacts/tasks", ("settled", settled.then_some("true")), of).await
}

/// Everybody who can be told something, by name; those whose name or identifier has this in it, or of whom an address
/// came back.
pub(crate) async fn contacts(
    api: &dyn Api,
    text: Option<&str>,
    bounced: bool,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<ContactSummary>, Failure> {
    let (limit, bounced) = (limit.to_string(), bounced.then_some("true"));
    let path = with_query(
        "/api/v1/contacts",
        [("text", text), ("bounced", bounced), ("cursor", cursor), ("limit", Some(limit.as_str()))],
    );
    get(api, Call::get(path)).await
}

/// Says that an address was looked after.
pub(crate) async fn settle_task(
    api: &dyn Api,
    id: Uuid,
    why: &str,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    let path = format!("/api/v1/contacts/tasks/{id}/settle");
    post(api, path, &WhyRequest { why: why.to_owned() }, seen).await
}

/// How somebody is reached. The key comes from the API, or has been checked by [`is_key`].
pub(crate) async fn contact(
    api: &dyn Api,
    key: &str,
    not_before: Option<u64>,
) -> Result<ContactView, Failure> {
    get(api, Call::get(format!("/api/v1/contacts/{key}")).not_before(not_before)).await
}

/// Whether a text can be the key of a contact: `provider-<key>` or `office-<name>`.
pub(crate) fn is_key(text: &str) -> bool {
    (text.starts_with("provider-") || text.starts_with("office-"))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

pub(crate) async fn set_addresses(
    api: &dyn Api,
    key: &str,
    request: &AddressesRequest,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/contacts/{key}/addresses"), request, seen).await
}

pub(crate) async fn set_preferences(
    api: &dyn Api,
    key: &str,
    request: &PreferencesRequest,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/contacts/{key}/preferences"), request, seen).await
}

/// The digest as it would go out now.
pub(crate) async fn digest(api: &dyn Api, key: &str) -> Result<DigestPreview, Failure> {
    get(api, Call::get(format!("/api/v1/contacts/{key}/digest"))).await
}

/// Messages of the inboxes that are open to the visitor, or only those that nobody has read; the latest first.
pub(crate) async fn messages(
    api: &dyn Api,
    unread: bool,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<InboxMessage>, Failure> {
    let (limit, unread) = (limit.to_string(), unread.then_some("true"));
    let path = with_query(
        "/api/v1/inbox",
        [("unread", unread), ("cursor", cursor), ("limit", Some(limit.as_str()))],
    );
    get(api, Call::get(path)).await
}

/// Says that the visitor has opened a message.
pub(crate) async fn read(api: &dyn Api, id: NoticeId, seen: &str) -> Result<NotificationStep, Failure> {
    post(api, format!("/api/v1/inbox/{id}/read"), &serde_json::Map::new(), seen).await
}

/// Whether anything leaves the installation.
pub(crate) async fn mode(api: &dyn Api, not_before: Option<u64>) -> Result<ModeView, Failure> {
    get(api, Call::get("/api/v1/notification/mode").not_before(not_before)).await
}

pub(crate) async fn set_mode(
    api: &dyn Api,
    request: &ModeRequest,
    seen: &str,
) -> Result<NotificationStep, Failure> {
    post(api, "/api/v1/notification/mode".to_owned(), request, seen).await
}
