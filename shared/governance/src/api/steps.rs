//! What can be done: draft, check, publish, withdraw. Each with the person's reason, once for each key.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use countersign_contracts::api::governed::{DraftRequest, PublishRequest, ReasonRequest, StepView};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{Offered, version};
use crate::{Command, Governance};

type Book<T> = State<Arc<Governance<T>>>;
type Taken = Result<(StatusCode, Json<StepView>), Problem>;

async fn take<T: Offered>(
    book: &Governance<T>,
    Caller(actor): Caller,
    IdempotencyKey(key): IdempotencyKey,
    command: Command,
) -> Taken {
    Ok((StatusCode::CREATED, Json(book.execute(&actor, &key, command).await?)))
}

/// `POST …`: proposes a text.
pub(super) async fn draft<T: Offered>(
    State(book): Book<T>,
    caller: Caller,
    key: IdempotencyKey,
    Sent(DraftRequest { title, text, why }): Sent<DraftRequest>,
) -> Taken {
    take(&book, caller, key, Command::Draft { title, text, why }).await
}

/// `POST …/{version}/check`: a second person confirms a draft.
pub(super) async fn check<T: Offered>(
    State(book): Book<T>,
    caller: Caller,
    key: IdempotencyKey,
    wanted: Path<String>,
    Sent(ReasonRequest { why }): Sent<ReasonRequest>,
) -> Taken {
    take(&book, caller, key, Command::Check { version: version::<T>(wanted)?, why }).await
}

/// `POST …/{version}/publish`: puts a checked text in force.
pub(super) async fn publish<T: Offered>(
    State(book): Book<T>,
    caller: Caller,
    key: IdempotencyKey,
    wanted: Path<String>,
    Sent(PublishRequest { effective_from, why }): Sent<PublishRequest>,
) -> Taken {
    take(&book, caller, key, Command::Publish { version: version::<T>(wanted)?, effective_from, why }).await
}

/// `POST …/{version}/withdraw`: takes a text back.
pub(super) async fn withdraw<T: Offered>(
    State(book): Book<T>,
    caller: Caller,
    key: IdempotencyKey,
    wanted: Path<String>,
    Sent(ReasonRequest { why }): Sent<ReasonRequest>,
) -> Taken {
    take(&book, caller, key, Command::Withdraw { version: version::<T>(wanted)?, why }).await
}
