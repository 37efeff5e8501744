//! What operators decide about the service as a whole: whether anything leaves.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use serde::{Deserialize, Serialize, de::Error};

use crate::domain::{act::Act, contact::Destination, notice::Mode};

/// Category of the stream.
pub const OPERATOR: &str = "operator";
/// The part of its name after the category.
pub const STREAM: &str = "notification";

/// What an operator decided. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OperatorEvent {
    /// Whether anything leaves.
    ModeSet(ModeSet),
}

impl OperatorEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ModeSet(_) => "notification-mode-set",
        }
    }

    /// Decodes by the stored type name.
    ///
    /// # Errors
    /// The content is not what the type promises, or the type is of a later version.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "notification-mode-set" => Self::ModeSet(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }
}

/// Whether anything leaves the installation from now on. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeSet {
    /// What was decided; nothing: as the configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<StoredMode>,
    /// Who, when, why.
    pub act: Act,
}

/// Whether anything leaves. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum StoredMode {
    /// To its recipient.
    Live,
    /// Nothing leaves.
    Shadow,
    /// Everything goes to this address instead.
    Redirect {
        /// Where.
        to: Destination,
    },
}

impl From<StoredMode> for Mode {
    fn from(stored: StoredMode) -> Self {
        match stored {
            StoredMode::Live => Self::Live,
            StoredMode::Shadow => Self::Shadow,
            StoredMode::Redirect { to } => Self::Redirect(to),
        }
    }
}

/// What operators have decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decided {
    /// The last decision.
    pub last: Option<ModeSet>,
}

impl Decided {
    /// Takes note of a decision.
    pub fn evolve(&mut self, event: &OperatorEvent) {
        match event {
            OperatorEvent::ModeSet(event) => self.last = Some(event.clone()),
        }
    }

    /// The mode that counts. `configured`: where no operator has decided otherwise.
    pub fn mode(&self, configured: &Mode) -> Mode {
        let decided = self.last.as_ref().and_then(|last| last.mode.clone());
        decided.map_or_else(|| configured.clone(), Mode::from)
    }

    /// Takes note of somebody's decision.
    ///
    /// # Errors
    /// It gives no reason, or an address to which nothing can be redirected.
    pub fn set(&self, mode: Option<StoredMode>, act: &Act) -> Result<Vec<OperatorEvent>, Refusal> {
        if act.why.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        if let Some(StoredMode::Redirect { to }) = &mode
            && !(to.disturbs() && to.is_fit())
        {
            return Err(Refusal::RedirectUnfit);
        }
        if self.last.as_ref().is_some_and(|last| last.mode == mode) {
            return Ok(Vec::new());
        }
        Ok(vec![OperatorEvent::ModeSet(ModeSet { mode, act: act.clone() })])
    }
}

/// A decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No reason was given.
    #[error("say why: the reason goes on record")]
    NoReason,
    /// Nothing can be redirected there.
    #[error("everything can be redirected to an e-mail address or an endpoint only")]
    RedirectUnfit,
}

impl Refusal {
    /// The rule's name, the same each time.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NoReason => "mode/no-reason",
            Self::RedirectUnfit => "mode/redirect-unfit",
        }
    }
}
