//! `/api/v1/rule-sets`: rules as governed data.

pub(super) mod apply;
pub(super) mod check;
pub(super) mod diff;
pub(super) mod draft;
pub(super) mod lint;
pub(super) mod list;
pub(super) mod publish;
pub(super) mod show;
pub(super) mod withdraw;

use axum::extract::Path;
use countersign_runtime::http::Problem;

use super::body;

/// The version in an address.
fn version(Path(text): Path<String>) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::bad_request("the version of a rule set is a whole number from 1"))
}
