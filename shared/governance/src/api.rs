//! The endpoints about a governed text: list, show, compare, lint, draft, check, publish, withdraw.
//!
//! They are the same for all such texts. A service says with [`Offered`] where they stand, how they call the
//! text, and what is told of it; [`routes`] answers, [`Description`] describes.

mod description;
mod reading;
mod steps;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use countersign_contracts::api::governed::VersionView;
use countersign_runtime::http::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Governance, GovernanceError, Guarded, Version, show};

pub use description::Description;

/// Where the endpoints stand, and how their description calls the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// `/api/v1/rule-sets`.
    pub path: &'static str,
    /// The part of the API that they are described in.
    pub tag: &'static str,
    /// One of them: `rule set`.
    pub noun: &'static str,
    /// Several of them: `rule sets`.
    pub plural: &'static str,
    /// One of them, where it is clear of what: `set`.
    pub short: &'static str,
    /// The file that the text is: `rule file`.
    pub file: &'static str,
    /// What stands in it: `rules`.
    pub content: &'static str,
    /// One piece of that: `rule`.
    pub part: &'static str,
}

/// A governed text that the API offers.
pub trait Offered: Guarded {
    /// Where, and in which words.
    const ADDRESS: Address;
    /// One version with everything in it.
    type Detail: Serialize + ToSchema + Send + 'static;
    /// What differs between two versions.
    type Comparison: Serialize + ToSchema + Send + 'static;
    /// Whether a text can be used, and what it says.
    type Lint: Serialize + ToSchema + Send + 'static;

    /// Tells everything of a version; `life` is what became of it.
    fn detail(version: &Version<Self>, life: VersionView) -> Self::Detail;

    /// Tells what differs in a version from another one.
    fn comparison(version: &Version<Self>, against: &Version<Self>) -> Self::Comparison;

    /// Looks at a text without keeping it.
    fn lint(text: &str) -> Self::Lint;
}

impl<T: Offered> Governance<T> {
    /// One version with everything in it.
    ///
    /// # Errors
    /// There is no such version, or the journal cannot be read.
    pub async fn detail(&self, version: u32) -> Result<T::Detail, GovernanceError> {
        let book = self.current().await?;
        let version = book.find(version)?;
        Ok(T::detail(version, show::version(&book, version, self.now())))
    }

    /// What differs in a version from another one; left out, from the one it was based on, or for the first one
    /// from itself.
    ///
    /// # Errors
    /// There is no such version, or the journal cannot be read.
    pub async fn comparison(
        &self,
        version: u32,
        against: Option<u32>,
    ) -> Result<T::Comparison, GovernanceError> {
        let book = self.current().await?;
        let version = book.find(version)?;
        let against = book.find(against.or(version.based_on).unwrap_or(version.version))?;
        Ok(T::comparison(version, against))
    }
}

/// The endpoints.
pub fn routes<T: Offered>(governance: Arc<Governance<T>>) -> Router {
    let at = |rest: &str| format!("{}{rest}", T::ADDRESS.path);
    Router::new()
        .route(&at(""), get(reading::list::<T>).post(steps::draft::<T>))
        .route(&at("/lint"), post(reading::lint::<T>))
        .route(&at("/{version}"), get(reading::show::<T>))
        .route(&at("/{version}/diff"), get(reading::compare::<T>))
        .route(&at("/{version}/check"), post(steps::check::<T>))
        .route(&at("/{version}/publish"), post(steps::publish::<T>))
        .route(&at("/{version}/withdraw"), post(steps::withdraw::<T>))
        .with_state(governance)
}

/// The version in an address.
///
/// # Errors
/// It is no number.
pub fn version<T: Offered>(Path(text): Path<String>) -> Result<u32, Problem> {
    text.parse().map_err(|_| {
        Problem::bad_request(format!("the version of a {} is a whole number from 1", T::ADDRESS.noun))
    })
}
