//! How people and offices can be reached, and what they want to be told.
//!
//! - [`events`]: what is stored; [`state`]: what the events make, and how they come about.
//! - [`preferences`]: channels, topics, hours, digests; [`destination`]: an address.
//! - [`routes`]: by which ways a notice goes out.

pub mod destination;
pub mod events;
pub mod preferences;
pub mod routes;
pub mod state;

pub use destination::Destination;
pub use events::{CONTACT, ContactEvent};
pub use preferences::{Cadence, Every, Preferences};
pub use state::{Contact, Mark, Refusal};

use countersign_contracts::notice::Recipient;
use uuid::Uuid;

/// The key of a provider's contact. `provider` is the key of the record that remains after merges.
pub fn key_of_provider(provider: Uuid) -> String {
    format!("provider-{provider}")
}

/// The key of an office's contact.
pub fn key_of_office(name: &str) -> String {
    format!("office-{name}")
}

/// The key of a recipient's contact; `provider` tells the record of an identifier.
pub fn key_of(
    recipient: &Recipient,
    provider: impl FnOnce(&countersign_kernel::ProviderId) -> Uuid,
) -> String {
    match recipient {
        Recipient::Provider { id, .. } => key_of_provider(provider(id)),
        Recipient::Office { name } => key_of_office(name),
    }
}

/// The provider whose contact has this key.
pub fn provider_of(key: &str) -> Option<Uuid> {
    key.strip_prefix("provider-")?.parse().ok()
}
