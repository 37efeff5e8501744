//! What is there: list, show, compare, lint.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::governed::{LintRequest, VersionsView};
use countersign_runtime::http::{Asked, Problem, Sent};
use serde::Deserialize;

use super::{Offered, version};
use crate::Governance;

type Book<T> = State<Arc<Governance<T>>>;

/// `GET …`: every version, and which is in force when.
pub(super) async fn list<T: Offered>(State(book): Book<T>) -> Result<Json<VersionsView>, Problem> {
    Ok(Json(book.list().await?))
}

/// `GET …/{version}`: one version with everything in it.
pub(super) async fn show<T: Offered>(
    State(book): Book<T>,
    wanted: Path<String>,
) -> Result<Json<T::Detail>, Problem> {
    Ok(Json(book.detail(version::<T>(wanted)?).await?))
}

/// What to compare with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Against {
    against: Option<u32>,
}

/// `GET …/{version}/diff`: what differs from another version.
pub(super) async fn compare<T: Offered>(
    State(book): Book<T>,
    wanted: Path<String>,
    against: Result<Asked<Against>, Problem>,
) -> Result<Json<T::Comparison>, Problem> {
    let Asked(Against { against }) = against.map_err(|problem| problem.part("against", "a version"))?;
    Ok(Json(book.comparison(version::<T>(wanted)?, against).await?))
}

/// `POST …/lint`: can this text be used? Changes nothing, so that anybody may ask.
pub(super) async fn lint<T: Offered>(Sent(LintRequest { text }): Sent<LintRequest>) -> Json<T::Lint> {
    Json(T::lint(&text))
}
