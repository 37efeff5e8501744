//! Whether anything leaves the installation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::DestinationView;
use crate::api::people::ByWhomView;

/// Whether anything leaves the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModeView {
    /// `live`, `shadow` or `redirect`.
    pub mode: String,
    /// Where everything goes instead.
    pub redirect_to: Option<DestinationView>,
    /// `configuration` or `operator`: a decision of an operator counts before the configuration.
    pub source: String,
    /// Whose decision it is.
    pub decided: Option<ByWhomView>,
    /// Channels that this installation does not have: a notice takes its next channel instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_set_up: Vec<ChannelNotSetUp>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// A channel that an installation does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelNotSetUp {
    /// Which.
    pub channel: String,
    /// What is missing.
    pub missing: String,
}

/// Whether anything is to leave the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModeRequest {
    /// `live`, `shadow`, `redirect`, or `configured` to follow the configuration again.
    pub mode: String,
    /// Where everything goes instead: an e-mail address or an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_to: Option<DestinationView>,
    /// Why.
    pub why: String,
}
