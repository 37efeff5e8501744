//! Who the API takes a caller for.

use countersign_kernel::{Actor, ProviderId, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::IdentifierView;

/// The person to whom the token of a request belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerView {
    /// The name under which decisions go on record.
    pub name: String,
    /// What the person may do, by role.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// Whose own items these are, when the person is a provider.
    pub provider: Option<IdentifierView>,
    /// The providers whose list a delegate looks after.
    pub for_providers: Vec<IdentifierView>,
    /// The facilities the person works for; empty = all of them.
    pub facilities: Vec<String>,
}

impl From<Actor> for CallerView {
    fn from(actor: Actor) -> Self {
        let shown = |id: ProviderId| IdentifierView::from(id);
        Self {
            name: actor.name,
            roles: actor.roles,
            provider: actor.provider.map(shown),
            for_providers: actor.for_providers.into_iter().map(shown).collect(),
            facilities: actor.facilities,
        }
    }
}
