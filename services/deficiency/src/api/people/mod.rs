//! `/api/v1/people` and `/api/v1/leaves`: the directory of providers.

pub(super) mod edit;
pub(super) mod import;
pub(super) mod leave;
pub(super) mod leave_cancel;
pub(super) mod leave_change;
pub(super) mod leave_decision;
pub(super) mod list;
pub(super) mod merge;
pub(super) mod show;
pub(super) mod unmerge;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use countersign_contracts::api::people::DirectoryStep;
use countersign_eventsourcing::journal::JournalError;
use countersign_runtime::http::Problem;
use uuid::Uuid;

use crate::{
    domain::people::{LeaveId, LeaveKind, Refusal},
    imports::{FileError, PeopleImportError},
    people::PeopleRefusal,
    register::{CommandError, Done},
    service::Deficiency,
};

/// The endpoints.
pub(super) fn routes() -> Router<Arc<Deficiency>> {
    Router::new()
        .route("/api/v1/people", get(list::handle).post(edit::handle))
        .route("/api/v1/people/import", post(import::handle))
        .route("/api/v1/people/merge", post(merge::handle))
        .route("/api/v1/people/unmerge", post(unmerge::handle))
        .route("/api/v1/people/{key}", get(show::handle))
        .route("/api/v1/leaves", post(leave::handle))
        .route("/api/v1/leaves/{id}", post(leave_change::handle))
        .route("/api/v1/leaves/{id}/decision", post(leave_decision::handle))
        .route("/api/v1/leaves/{id}/cancel", post(leave_cancel::handle))
}

/// The answer to a command.
pub(super) fn step(done: Done, id: Option<Uuid>) -> DirectoryStep {
    DirectoryStep { position: done.position.0, changed: done.changed, id }
}

fn kind_named(name: &str) -> Result<LeaveKind, Problem> {
    LeaveKind::from_name(name).ok_or_else(|| {
        let names = LeaveKind::ALL.map(LeaveKind::name).join(", ");
        Problem::bad_request("the request has a part that cannot be understood")
            .part("/kind", format!("`{name}` is not one of {names}"))
    })
}

fn leave_in(Path(id): &Path<String>) -> Result<LeaveId, Problem> {
    id.parse().map_err(|_| Problem::bad_request("the id of a leave is a UUID"))
}

/// A rule that refused, by its name, with what would be allowed.
pub(super) fn refused(rule: &str, status: StatusCode, text: &str) -> Problem {
    Problem::new(status, rule, "A rule of the directory refuses it").detail(format!("{text} (rule {rule})"))
}

impl From<PeopleRefusal> for Problem {
    fn from(refusal: PeopleRefusal) -> Self {
        match refusal {
            PeopleRefusal::NotPermitted(refusal) => refusal.into(),
            PeopleRefusal::Rule(rule) => {
                let status = match rule {
                    Refusal::OwnLeave => StatusCode::FORBIDDEN,
                    _ if rule.is_about_absence() => StatusCode::NOT_FOUND,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                refused(rule.rule(), status, &rule.to_string())
            }
        }
    }
}

impl<R: std::error::Error + Into<Problem>> From<CommandError<R>> for Problem {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The key was used for another request",
            )
            .detail(error.to_string())
            .part("Idempotency-Key", "used for another request"),
            CommandError::Contended | CommandError::Journal(JournalError::Unavailable(_)) => {
                tracing::warn!(%error, "the directory was not changed");
                Self::unavailable(
                    "the directory cannot be changed now; try again in a moment, with the same key",
                )
            }
            CommandError::Journal(_) | CommandError::Encode(_) => Self::internal(&error),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "file-headings",
            "The headings of the file cannot be used",
        )
        .detail(error.to_string())
    }
}

impl From<PeopleImportError> for Problem {
    fn from(error: PeopleImportError) -> Self {
        match error {
            PeopleImportError::File(error) => error.into(),
            PeopleImportError::Command(error) => error.into(),
        }
    }
}
