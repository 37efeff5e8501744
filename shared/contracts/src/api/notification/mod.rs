//! Notices, inboxes, letters, contacts, digests: what the notification service answers and takes. No patient data.

mod contact;
mod failed;
mod inbox;
mod letter;
mod mode;
mod notice;
mod report;
mod template;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use contact::{
    AddressesRequest, CadenceView, ContactAddressView, ContactSummary, ContactTaskView, ContactView,
    DigestPreview, HoursView, OpenHoursView, PreferencesRequest,
};
pub use failed::{DeadLetterView, RequeueRequest, ResendReport, ResendRequest};
pub use inbox::InboxMessage;
pub use letter::{LetterConfirmation, LetterView};
pub use mode::{ChannelNotSetUp, ModeRequest, ModeView};
pub use notice::{LegView, NoticeDetail, NoticeItemView, NoticeStep, NoticeView, ProofOfNotice};
pub use report::{DeliveryReport, DeliveryReports, DeliveryReportsAnswer};
pub use template::{TemplateDifference, TemplatePreview, TemplateView};

/// An address on one channel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "channel", rename_all = "snake_case", deny_unknown_fields)]
pub enum DestinationView {
    /// The list of messages behind sign-in.
    Inbox {
        /// Whose: the key of a contact. May be left out where the contact is clear.
        #[serde(default)]
        owner: String,
    },
    /// A mailbox.
    Email {
        /// Its address.
        address: String,
    },
    /// Another system.
    Webhook {
        /// Name of the endpoint in the configuration.
        endpoint: String,
    },
    /// A postal address, or where it is handed over.
    Letter {
        /// Its lines.
        lines: Vec<String>,
    },
}

impl std::fmt::Debug for DestinationView {
    /// Addresses do not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DestinationView")
    }
}

/// What became of a command of the notification service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationStep {
    /// Ask with `Min-Position` set to this to see the effect.
    pub position: u64,
    /// Something changed: now, or when the key was first used.
    pub changed: bool,
}

/// Why something is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Why.
    pub why: String,
}
