//! By which ways a notice goes out: what the policy demands, in the order that the recipient prefers.

use countersign_contracts::notice::{Channel, NoticeClass, NoticeRequested};
use countersign_kernel::ProviderId;

use super::{Contact, Destination, Mark};
use crate::domain::notice::events::Route;

/// What is known of a recipient beside the contact itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The key of the contact.
    pub key: String,
    /// Addresses from the directory or the configuration, used on channels where the contact has none of its own.
    pub elsewhere: Vec<Destination>,
    /// The delegate, with the key of the delegate's contact and addresses.
    pub delegate: Option<(ProviderId, Vec<Destination>)>,
}

/// Whether the recipient has muted this.
pub fn is_muted(request: &NoticeRequested, contact: &Contact) -> bool {
    request.class == NoticeClass::Reminder && contact.preferences.muted.contains(&request.kind)
}

/// The ways, in the order in which they are tried. Of a notice that goes out on all channels every channel is tried at
/// once, by its best address; else only the first.
pub fn routes(request: &NoticeRequested, contact: &Contact, known: &Known) -> Vec<Route> {
    let channels = channels(request, contact);
    let mut routes: Vec<Route> = Vec::new();
    for channel in &channels {
        for (index, to) in addresses(*channel, request.class, contact, known).into_iter().enumerate() {
            let at_once = if request.on_all { index == 0 } else { routes.is_empty() };
            routes.push(Route { to, copy_for: None, at_once });
        }
    }
    if let Some((delegate, addresses)) =
        known.delegate.as_ref().filter(|_| contact.preferences.copy_to_delegate)
    {
        for to in addresses {
            if !routes.iter().any(|route| route.to == *to) {
                let copy_for = Some(delegate.clone());
                routes.push(Route { to: to.clone(), copy_for, at_once: true });
            }
        }
    }
    routes
}

/// The channels of the policy, those that the contact prefers first. A reminder uses only those, where it has any.
fn channels(request: &NoticeRequested, contact: &Contact) -> Vec<Channel> {
    let asked = &request.channels;
    let preferred: Vec<Channel> =
        contact.preferences.channels.iter().copied().filter(|channel| asked.contains(channel)).collect();
    if request.class == NoticeClass::Reminder && !preferred.is_empty() {
        return preferred;
    }
    let rest = asked.iter().copied().filter(|channel| !preferred.contains(channel));
    let mut channels: Vec<Channel> = Vec::with_capacity(asked.len());
    for channel in preferred.iter().copied().chain(rest) {
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    channels
}

fn addresses(channel: Channel, class: NoticeClass, contact: &Contact, known: &Known) -> Vec<Destination> {
    if channel == Channel::Inbox {
        return vec![Destination::Inbox { owner: known.key.clone() }];
    }
    let on = |all: &[Destination]| -> Vec<Destination> {
        let usable = |to: &&Destination| match contact.mark(to) {
            Some(Mark::Bounced) => false,
            Some(Mark::Complained) => class == NoticeClass::Formal,
            Some(Mark::Verified) | None => true,
        };
        all.iter().filter(|to| to.channel() == channel).filter(usable).cloned().collect()
    };
    let own = on(&contact.addresses);
    if own.is_empty() { on(&known.elsewhere) } else { own }
}
