//! The service's part of the public API, one endpoint a file.

mod contact;
mod contact_addresses;
mod contact_preferences;
mod contact_task_settle;
mod contact_tasks;
mod contacts;
mod dead_letters;
mod delivery_reports;
mod digest_preview;
mod digest_run;
mod inbox;
mod inbox_read;
mod letter_confirm;
mod letter_print;
mod letters;
mod mode;
mod mode_set;
mod notice;
mod notice_content;
mod notice_proof;
mod notice_proof_pdf;
mod notice_requeue;
mod notice_take_over;
mod notices;
mod resend;
mod template_difference;
mod template_preview;
mod templates;
mod views;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use countersign_contracts::api::{Page, notification as dto, people::ByWhomView};
use countersign_eventsourcing::journal::{JournalError, Position};
use countersign_kernel::{Actor, NoticeId, Timestamp};
use countersign_owed::Owed;
use countersign_runtime::http::{MinPosition, Problem, partitions};
use utoipa::OpenApi;

use crate::{
    authority::{self, About, Act, permit},
    digests::DigestError,
    domain::{self, act},
    projections::NoticeRow,
    service::Notification,
    store::{ChangeError, Done},
};

/// The endpoints for people and programs with a token.
pub fn routes(service: Arc<Notification>) -> Router {
    Router::new()
        .route("/api/v1/inbox", get(inbox::handle))
        .route("/api/v1/inbox/{id}/read", post(inbox_read::handle))
        .route("/api/v1/notices", get(notices::handle))
        .route("/api/v1/notices/dead-letters", get(dead_letters::handle))
        .route("/api/v1/notices/resend", post(resend::handle))
        .route("/api/v1/notices/{id}", get(notice::handle))
        .route("/api/v1/notices/{id}/legs/{leg}/content", get(notice_content::handle))
        .route("/api/v1/notices/{id}/proof", get(notice_proof::handle))
        .route("/api/v1/notices/{id}/proof.pdf", get(notice_proof_pdf::handle))
        .route("/api/v1/notices/{id}/requeue", post(notice_requeue::handle))
        .route("/api/v1/notices/{id}/take-over", post(notice_take_over::handle))
        .route("/api/v1/letters", get(letters::handle))
        .route("/api/v1/letters/{id}/{leg}/print", post(letter_print::handle))
        .route("/api/v1/letters/{id}/{leg}/confirm", post(letter_confirm::handle))
        .route("/api/v1/contacts", get(contacts::handle))
        .route("/api/v1/contacts/tasks", get(contact_tasks::handle))
        .route("/api/v1/contacts/tasks/{id}/settle", post(contact_task_settle::handle))
        .route("/api/v1/contacts/{key}", get(contact::handle))
        .route("/api/v1/contacts/{key}/addresses", post(contact_addresses::handle))
        .route("/api/v1/contacts/{key}/preferences", post(contact_preferences::handle))
        .route("/api/v1/contacts/{key}/digest", get(digest_preview::handle).post(digest_run::handle))
        .route("/api/v1/notification/mode", get(mode::handle).post(mode_set::handle))
        .route("/api/v1/notification/templates", get(templates::handle))
        .route("/api/v1/notification/templates/{kind}", get(template_preview::handle))
        .route("/api/v1/notification/templates/{kind}/difference", get(template_difference::handle))
        .with_state(Arc::clone(&service))
        .merge(partitions::routes("/api/v1/notification", service))
}

/// The endpoint for mail systems, which sign instead of showing a token.
pub fn report_routes(service: Arc<Notification>) -> Router {
    Router::new()
        .route("/api/v1/notification/delivery-reports", post(delivery_reports::handle))
        .with_state(service)
}

/// Their description.
#[derive(OpenApi)]
#[openapi(
    nest((path = "/api/v1/notification", api = partitions::Api)),
    paths(
        inbox::handle, inbox_read::handle, notices::handle, dead_letters::handle, resend::handle, notice::handle,
        notice_content::handle, notice_proof::handle, notice_proof_pdf::handle, notice_requeue::handle, notice_take_over::handle,
        letters::handle, letter_print::handle, letter_confirm::handle,
        contacts::handle, contact::handle, contact_addresses::handle, contact_preferences::handle, contact_tasks::handle,
        contact_task_settle::handle, digest_preview::handle, digest_run::handle, mode::handle, mode_set::handle,
        templates::handle, template_preview::handle, template_difference::handle, delivery_reports::handle,
    ),
    components(schemas(
        Page<dto::NoticeView>, Page<dto::InboxMessage>, Page<dto::LetterView>, Page<dto::DeadLetterView>,
        Page<dto::ContactTaskView>, dto::NoticeView, dto::LegView, dto::NoticeDetail,
        dto::NoticeItemView, dto::NoticeStep, dto::InboxMessage, dto::LetterView, dto::LetterConfirmation,
        dto::NotificationStep, dto::WhyRequest, dto::RequeueRequest, dto::ResendRequest, dto::ResendReport,
        dto::DeadLetterView, dto::ContactTaskView, dto::OpenHoursView, dto::HoursView, dto::CadenceView,
        dto::ContactAddressView, dto::ContactView, dto::ContactSummary, Page<dto::ContactSummary>, dto::AddressesRequest, dto::PreferencesRequest, dto::ModeView, dto::ChannelNotSetUp,
        dto::ModeRequest, dto::DeliveryReports, dto::DeliveryReport, dto::DeliveryReportsAnswer, dto::DigestPreview,
        dto::TemplateView, dto::TemplatePreview, dto::TemplateDifference, dto::ProofOfNotice, dto::DestinationView, Problem,
    ))
)]
pub struct Api;

/// Rows of a list at the most.
const MOST_ROWS: usize = 500;

/// The answer to a command.
fn step(done: Done) -> Json<dto::NotificationStep> {
    Json(dto::NotificationStep { position: done.position.0, changed: done.changed })
}

fn notice_in(id: &str) -> Result<NoticeId, Problem> {
    id.parse().map_err(|_| Problem::bad_request("the id of a notice is a UUID"))
}

fn notice_and_leg(Path((id, leg)): &Path<(String, String)>) -> Result<(NoticeId, u32), Problem> {
    let leg = leg.parse().map_err(|_| Problem::bad_request("a leg is a whole number from 1"))?;
    Ok((notice_in(id)?, leg))
}

fn by(actor: &Actor, at: Timestamp, why: &str) -> act::Act {
    act::Act { by: actor.name.clone(), at, why: why.trim().to_owned() }
}

fn by_whom(act: &act::Act) -> ByWhomView {
    ByWhomView { by: act.by.clone(), at: act.at, why: act.why.clone() }
}

fn limit_of(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(100);
    if (1..=MOST_ROWS).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request("the request has a parameter that cannot be understood")
        .part("limit", format!("must be 1 to {MOST_ROWS}")))
}

/// The cursor of a list, as a page before gave it.
fn cursor_of(cursor: Option<String>) -> Result<Option<String>, Problem> {
    match cursor {
        Some(cursor) if !crate::projections::is_cursor(&cursor) => {
            Err(Problem::bad_request("the request has a parameter that cannot be understood")
                .part("cursor", "must be `next` of the page before"))
        }
        cursor => Ok(cursor),
    }
}

fn no_notice() -> Problem {
    Problem::not_found("there is no such notice")
}

fn refused(rule: &str, status: StatusCode, text: &str) -> Problem {
    Problem::new(status, rule, "A rule refuses it").detail(format!("{text} (rule {rule})"))
}

impl From<domain::notice::Refusal> for Problem {
    fn from(refusal: domain::notice::Refusal) -> Self {
        let absent = refusal.is_about_absence();
        let status = if absent { StatusCode::NOT_FOUND } else { StatusCode::UNPROCESSABLE_ENTITY };
        refused(refusal.rule(), status, &refusal.to_string())
    }
}

impl From<domain::contact::Refusal> for Problem {
    fn from(refusal: domain::contact::Refusal) -> Self {
        let absent = refusal == domain::contact::Refusal::NoTask;
        let status = if absent { StatusCode::NOT_FOUND } else { StatusCode::UNPROCESSABLE_ENTITY };
        refused(refusal.rule(), status, &refusal.to_string())
    }
}

impl From<domain::digest::Refusal> for Problem {
    fn from(refusal: domain::digest::Refusal) -> Self {
        refused(refusal.rule(), StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string())
    }
}

impl From<domain::operator::Refusal> for Problem {
    fn from(refusal: domain::operator::Refusal) -> Self {
        refused(refusal.rule(), StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string())
    }
}

impl<R: std::error::Error + Into<Problem>> From<ChangeError<R>> for Problem {
    fn from(error: ChangeError<R>) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Contended | ChangeError::Journal(JournalError::Unavailable(_)) => {
                tracing::warn!(%error, "nothing was changed");
                Self::unavailable("it cannot be changed now; try again in a moment, with the same key")
            }
            ChangeError::Journal(_) | ChangeError::Encode(_) => Self::internal(&error),
        }
    }
}

impl From<DigestError> for Problem {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Change(error) => error.into(),
            DigestError::Journal(_) | DigestError::ReadModel(_) => Self::internal(&error),
        }
    }
}

/// Whether somebody may do this about a notice: by role, because it is about them, or, to read it, because it was sent
/// to them.
fn may(actor: &Actor, act: Act, row: &NoticeRow, owed: &Owed) -> Result<(), Problem> {
    let actor = authority::as_known(actor, owed);
    if act == Act::ReadNotices && authority::inboxes(&actor, owed).contains(&row.contact) {
        return Ok(());
    }
    let known = row.about.and_then(|key| owed.people().id_of(key).cloned());
    permit(&actor, act, &About::item(known.or_else(|| row.about_id.clone()), row.facility.as_str()))
        .map_err(Problem::from)
}

/// Whether somebody may do this about a contact.
fn may_contact(actor: &Actor, act: Act, key: &str, owed: &Owed) -> Result<(), Problem> {
    let actor = authority::as_known(actor, owed);
    let provider = domain::contact::provider_of(key).and_then(|key| owed.people().id_of(key).cloned());
    permit(&actor, act, &About { provider, ..About::everything() }).map_err(Problem::from)
}

/// The key of a contact, as it is written in addresses. That of a merged record leads to the one that remains.
fn contact_in(key: &str, owed: &Owed) -> Result<String, Problem> {
    if let Some(provider) = domain::contact::provider_of(key) {
        return Ok(domain::contact::key_of_provider(owed.people().root(provider)));
    }
    let office = key.strip_prefix("office-").unwrap_or_default();
    let fits = !office.is_empty()
        && office.len() <= 100
        && office.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits {
        return Ok(key.to_owned());
    }
    Err(Problem::bad_request("the key of a contact is `provider-<key>` or `office-<name>`"))
}

impl Notification {
    /// Waits, bounded, until the lists include what the caller has seen.
    async fn is_at(&self, fresh: MinPosition) -> Result<(), Problem> {
        fresh.reached(|position, limit| self.model.wait_for(Position(position), limit)).await
    }

    /// One notice of the read model.
    async fn row(&self, id: NoticeId) -> Result<NoticeRow, Problem> {
        let found = self.model.query(move |sql| crate::projections::notice(sql, id)).await;
        found.map_err(|error| Problem::internal(&error))?.ok_or_else(no_notice)
    }

    /// Changes a notice on behalf of a person.
    async fn change_notice(
        &self,
        id: NoticeId,
        origin: &crate::store::Origin,
        change: &domain::notice::Change,
    ) -> Result<Done, ChangeError<domain::notice::Refusal>> {
        let patience = self.config.patience;
        let decide = |notice: &domain::notice::Notice, now| notice.decide(change, &patience, now);
        self.store.change(&id.to_string(), origin, decide).await
    }
}

fn internal(error: &JournalError) -> Problem {
    Problem::internal(error)
}
