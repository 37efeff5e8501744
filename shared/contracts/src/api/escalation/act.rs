//! Decisions about tracks.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TrackView;

/// What somebody decides about a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrackAct {
    /// A proposed suspension comes into force; where the policy asks for two people, with the second of them.
    ConfirmSuspension {
        /// Which proposal.
        proposal: u32,
        /// Hash of the packet that was looked at.
        packet_sha256: String,
        /// Exemptions on top of the policy's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exempt: Vec<String>,
        /// A guard that is overridden, e.g. `coverage`; the reason is `why`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<String>,
    },
    /// A proposed suspension does not come into force.
    RejectSuspension {
        /// Which proposal.
        proposal: u32,
        /// Hash of the packet that was looked at.
        packet_sha256: String,
        /// Nothing is proposed again before; left out: not in this cycle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// A suspension ends.
    ConfirmReinstatement {
        /// Which, by its proposal.
        proposal: u32,
    },
    /// More time: no step before.
    Extend {
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    /// No steps at all.
    Exempt {
        /// Until when; left out: until it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// An exemption or extension ends.
    EndGrant,
    /// Seen; stops nothing.
    Acknowledge {
        /// The matter, e.g. `committee_review`; left out: the track as a whole. For `npdb_question`, `why` is the
        /// answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matter: Option<String>,
    },
    /// A note for those who come after.
    Note,
    /// A correction task is done.
    CorrectionDone {
        /// Which rung's step it was about.
        rung: u32,
        /// In which cycle.
        cycle: u32,
    },
}

/// A decision about a track, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackActRequest {
    /// What.
    pub decision: TrackAct,
    /// Why: it goes on record. No patient data.
    pub why: String,
}

/// A decision that is on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackActed {
    /// The track as it stands now.
    pub track: TrackView,
    /// Position after which the decision is visible everywhere.
    pub position: u64,
}
